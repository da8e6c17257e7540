"""Calendar files (RFC 5545) of meetings.

Instants are written in UTC: every calendar program shows them on its reader's own clock, and none
has to know, or may get wrong, when which country moved its clocks.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event, vCalAddress, vUri

from app.agendas.periods import period_of
from app.meetings import reads
from app.meetings.agenda import CalendarOwner
from app.models.accounts import Person
from app.models.meetings import Meeting, MeetingRequest

REFRESH_EVERY = timedelta(minutes=15)
TITLES_IN_SUMMARY = 3
# RFC 5545 TEXT holds no control characters but tab and line feed; some readers break at the others.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def calendar_of(
    meetings: Sequence[Meeting],
    titles: dict[int, str],
    owner: CalendarOwner,
    public_url: str,
) -> bytes:
    """Write a person's meetings as an iCalendar file; the same meetings give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//FilmMart//Agenda//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", "FilmMart")
    calendar.add("x-wr-calname", "FilmMart")
    calendar.add("x-wr-timezone", owner.time_zone)
    calendar.add("refresh-interval", REFRESH_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for meeting in meetings:
        calendar.add_component(_event(meeting, titles, owner, public_url))
    content: bytes = calendar.to_ical()
    return content


def _event(
    meeting: Meeting, titles: dict[int, str], owner: CalendarOwner, public_url: str
) -> Event:
    request = meeting.request
    period = period_of(meeting.during)
    people = reads.people_of(meeting, request)
    named = [titles[id_] for id_ in request.title_ids if id_ in titles]
    others = [person for person in people if person.id != owner.person_id]
    event = Event()
    event.add("uid", f"meeting-{meeting.id}@{urlsplit(public_url).hostname}")
    event.add("dtstamp", meeting.updated_at)
    event.add("created", meeting.created_at)
    event.add("last-modified", meeting.updated_at)
    event.add("sequence", meeting.sequence)
    event.add("status", "CANCELLED" if meeting.cancelled_at else "CONFIRMED")
    event.add("dtstart", period.starts_at)
    event.add("dtend", period.ends_at)
    event.add("summary", _fit(_summary(others, named)))
    event.add("description", _fit(_description(others, named, request)))
    if meeting.place:
        event.add("location", _fit(meeting.place))
    event.add("url", vUri(f"{public_url.rstrip('/')}/v1/meetings/{meeting.id}"))
    for person in people:
        if person.id == request.from_person_id:
            event.add("organizer", _address(person, owner))
        event.add("attendee", _attendee(person, owner))
    return event


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


def _address(person: Person, owner: CalendarOwner) -> vCalAddress:
    """Name somebody; only the owner's own e-mail address is written: programs look for it."""
    own = person.id == owner.person_id
    address = vCalAddress(f"mailto:{owner.email}" if own else f"urn:filmmart:person:{person.id}")
    address.params["CN"] = _fit(person.name).replace("\n", " ")
    return address


def _attendee(person: Person, owner: CalendarOwner) -> vCalAddress:
    address = _address(person, owner)
    address.params["CUTYPE"] = "INDIVIDUAL"
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = "ACCEPTED"
    address.params["RSVP"] = "FALSE"
    return address


def _fit(text: str) -> str:
    return _UNFIT.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
