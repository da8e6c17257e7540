"""Events of calendar files (RFC 5545): a meeting, and what somebody keeps their time for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from icalendar import Event, vCalAddress, vUri
from sqlalchemy.dialects.postgresql import Range

from app.agendas.periods import period_of
from app.meetings import reads
from app.meetings.agenda import CalendarOwner
from app.meetings.calendar_text import fit, in_one_line
from app.models.accounts import Person
from app.models.agendas import AgendaEntry
from app.models.meetings import Meeting, MeetingRequest

TITLES_IN_SUMMARY = 3
# A name can have thousands of letters; what a calendar shows in a square needs no more.
LONGEST_SUMMARY = 500
BUSY = "Busy"


@dataclass(frozen=True)
class CalendarView:
    """For whom a file is written, in what words, and by whom."""

    owner: CalendarOwner
    titles: Mapping[int, str]
    public_url: str

    @cached_property
    def host(self) -> str:
        """Whose names `UID`s are."""
        return urlsplit(self.public_url).hostname or "filmmart"


def meeting_event(meeting: Meeting, view: CalendarView, *, names_people: bool = True) -> Event:
    """Write a meeting; `names_people` as its attendees, for whoever has it on their agenda.

    Its `UID` is the same wherever it is written, and its `SEQUENCE` rises with every change.
    """
    people = reads.people_of(meeting, meeting.request)
    event = _event(f"meeting-{meeting.id}@{view.host}", meeting.updated_at, meeting.during)
    is_off = meeting.cancelled_at is not None
    event.add("created", meeting.created_at)
    event.add("last-modified", meeting.updated_at)
    event.add("sequence", meeting.sequence)
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if is_off else "OPAQUE")
    _tell(event, meeting, people, view)
    # The market: either side may call a meeting off, and neither writes to the other.
    organizer = vCalAddress(f"mailto:no-reply@{view.host}")
    organizer.params["CN"] = "FilmMart"
    event.add("organizer", organizer)
    for person in people if names_people else ():
        event.add("attendee", _attendee(person, view.owner))
    return event


def block_event(entry: AgendaEntry, view: CalendarView) -> Event:
    """Write what a person keeps their time for: their own business."""
    event = _event(f"block-{entry.id}@{view.host}", entry.created_at, entry.during)
    event.add("summary", in_one_line(entry.label, LONGEST_SUMMARY) or BUSY)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    return event


def _event(uid: str, changed_at: datetime, during: Range[datetime]) -> Event:
    period = period_of(during)
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", changed_at)
    event.add("dtstart", period.starts_at)
    event.add("dtend", period.ends_at)
    return event


def _tell(event: Event, meeting: Meeting, people: Sequence[Person], view: CalendarView) -> None:
    request = meeting.request
    others = [person for person in people if person.id != view.owner.person_id]
    named = [view.titles[id_] for id_ in request.title_ids if id_ in view.titles]
    event.add("summary", in_one_line(_summary(others, named), LONGEST_SUMMARY))
    event.add("description", fit(_description(others, named, request)))
    if meeting.place:
        event.add("location", fit(meeting.place))
    event.add("url", vUri(f"{view.public_url.rstrip('/')}/v1/meetings/{meeting.id}"))


def _summary(others: Sequence[Person], titles: Sequence[str]) -> str:
    companies = ", ".join(person.organisation.name for person in others)
    shown = ", ".join(titles[:TITLES_IN_SUMMARY])
    if len(titles) > TITLES_IN_SUMMARY:
        shown += f" +{len(titles) - TITLES_IN_SUMMARY}"
    return f"{companies}: {shown}" if shown else companies


def _description(others: Sequence[Person], titles: Sequence[str], request: MeetingRequest) -> str:
    names = [f"{person.name}, {person.organisation.name}" for person in others]
    paragraphs = ["\n".join(names), "\n".join(titles), request.message]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _attendee(person: Person, owner: CalendarOwner) -> vCalAddress:
    """Name somebody; only the owner's own e-mail address is written: programs look for it."""
    own = person.id == owner.person_id
    address = vCalAddress(f"mailto:{owner.email}" if own else f"urn:filmmart:person:{person.id}")
    address.params["CN"] = in_one_line(person.name, LONGEST_SUMMARY)
    address.params["CUTYPE"] = "INDIVIDUAL"
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = "ACCEPTED"
    address.params["RSVP"] = "FALSE"
    return address
