"""Events of calendar files (RFC 5545): a meeting, and what somebody keeps their time for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from app.agendas.periods import period_of
from app.meetings import reads
from app.meetings.agenda import CalendarOwner
from app.meetings.calendar_text import (
    component,
    in_one_line,
    instant_line,
    line,
    quoted,
    text_line,
)
from app.models.accounts import Person
from app.models.meetings import AgendaEntry, Meeting, MeetingRequest

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


def meeting_event(meeting: Meeting, view: CalendarView, *, names_people: bool = True) -> str:
    """Write a meeting; `names_people` as its attendees, for whoever has it on their agenda.

    Its `UID` is the same wherever it is written, and its `SEQUENCE` rises with every change.
    """
    people = reads.people_of(meeting, meeting.request)
    lines = [*_state(meeting, view), *_told(meeting, people, view)]
    # The market: either side may call a meeting off, and neither writes to the other.
    lines.append(line("ORGANIZER", f"mailto:no-reply@{view.host}", CN="FilmMart"))
    if names_people:
        lines += [_attendee(person, view.owner) for person in people]
    return component("VEVENT", lines)


def block_event(entry: AgendaEntry, view: CalendarView) -> str:
    """Write what a person keeps their time for: their own business."""
    period = period_of(entry.during)
    lines = [
        line("UID", f"block-{entry.id}@{view.host}"),
        instant_line("DTSTAMP", entry.created_at),
        instant_line("DTSTART", period.starts_at),
        instant_line("DTEND", period.ends_at),
        text_line("SUMMARY", in_one_line(entry.label, LONGEST_SUMMARY) or BUSY),
        line("CLASS", "PRIVATE"),
        line("TRANSP", "OPAQUE"),
    ]
    return component("VEVENT", lines)


def _state(meeting: Meeting, view: CalendarView) -> Iterator[str]:
    period, is_off = period_of(meeting.during), meeting.cancelled_at is not None
    yield line("UID", f"meeting-{meeting.id}@{view.host}")
    yield instant_line("DTSTAMP", meeting.updated_at)
    yield instant_line("CREATED", meeting.created_at)
    yield instant_line("LAST-MODIFIED", meeting.updated_at)
    yield line("SEQUENCE", str(meeting.sequence))
    yield line("STATUS", "CANCELLED" if is_off else "CONFIRMED")
    yield line("TRANSP", "TRANSPARENT" if is_off else "OPAQUE")
    yield instant_line("DTSTART", period.starts_at)
    yield instant_line("DTEND", period.ends_at)


def _told(meeting: Meeting, people: Sequence[Person], view: CalendarView) -> Iterator[str]:
    request = meeting.request
    others = [person for person in people if person.id != view.owner.person_id]
    named = [view.titles[id_] for id_ in request.title_ids if id_ in view.titles]
    yield text_line("SUMMARY", in_one_line(_summary(others, named), LONGEST_SUMMARY))
    yield text_line("DESCRIPTION", _description(others, named, request))
    if meeting.place:
        yield text_line("LOCATION", meeting.place)
    yield line("URL", f"{view.public_url.rstrip('/')}/v1/meetings/{meeting.id}")


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


def _attendee(person: Person, owner: CalendarOwner) -> str:
    """Name somebody; only the owner's own e-mail address is written: programs look for it."""
    own = person.id == owner.person_id
    return line(
        "ATTENDEE",
        f"mailto:{owner.email}" if own else f"urn:filmmart:person:{person.id}",
        CN=quoted(in_one_line(person.name, LONGEST_SUMMARY)),
        CUTYPE="INDIVIDUAL",
        ROLE="REQ-PARTICIPANT",
        PARTSTAT="ACCEPTED",
        RSVP="FALSE",
    )
