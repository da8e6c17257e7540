"""What the tests of calendar files share: readers that know nothing of each other, and of us."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
import vobject
from icalendar import Calendar
from sqlalchemy.dialects.postgresql import Range

from app.models import Meeting, MeetingAttendee, MeetingRequest, Organisation, Person
from tests.world import Caller

NOON = datetime(2027, 6, 14, 12, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
HALF_AN_HOUR = timedelta(minutes=30)
Span = tuple[datetime, datetime]


async def read(caller: Caller, path: str = "/agenda.ics", **headers: str) -> bytes:
    """Get a calendar file."""
    answer = await caller.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.content


def parse(content: bytes) -> Any:  # its own types say that everything may be anything
    """Read a file back with icalendar."""
    return Calendar.from_ical(content)


def events(content: bytes) -> list[Any]:
    """Give its events, after both readers found as many, and as many properties of each."""
    found = list(parse(content).walk("VEVENT"))
    others = [one for one in vobject.readOne(content.decode()).components() if one.name == "VEVENT"]
    assert [count_of(one) for one in found] == [len(list(one.lines())) for one in others]
    return found


def count_of(event: Any) -> int:
    """Tell how many properties an event has."""
    return sum(len(one) if isinstance(one, list) else 1 for one in event.values())


def instants(content: bytes) -> list[Span]:
    """Give from when until when its events are, as both readers understand them, in UTC."""
    found = [(one["DTSTART"].dt, one["DTEND"].dt) for one in events(content)]
    others = [
        (one.dtstart.value, one.dtend.value)
        for one in vobject.readOne(content.decode()).components()
    ]
    assert found == others
    assert all(one.utcoffset() == timedelta(0) for span in found + others for one in span)
    return sorted((starts.astimezone(UTC), ends.astimezone(UTC)) for starts, ends in found)


def expanded(content: bytes, first: date, last: date, time_zone: str = "UTC") -> list[Span]:
    """Give what a program shows that expands a calendar over days of its reader's clock."""
    zone = ZoneInfo(time_zone)
    begin, end = (
        datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, last + ONE_DAY)
    )
    shown = recurring_ical_events.of(parse(content)).between(begin, end)
    found = [(event["DTSTART"].dt, event["DTEND"].dt) for event in shown]
    return sorted((starts.astimezone(UTC), ends.astimezone(UTC)) for starts, ends in found)


def require_well_formed(content: bytes) -> None:
    """Hold a file to what RFC 5545 asks of every one."""
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    assert max(len(line) for line in lines) <= 75
    for line in lines:
        assert not set(line) & {*range(9), *range(10, 32), 127}, line
        line.decode()  # no character is torn by a fold
    calendar = parse(content)
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"] == "-//FilmMart//Agenda//EN"
    found = events(content)
    assert len({event["UID"] for event in found}) == len(found)
    for event in found:
        assert event["DTSTAMP"].dt.utcoffset() == timedelta(0)
        assert "DTEND" in event
        assert "DURATION" not in event
        assert event["DTSTART"].dt < event["DTEND"].dt


async def block(caller: Caller, span: Span, label: str = "") -> str:
    """Keep somebody's time for something of their own, and give the block's id."""
    body = {"starts_at": span[0].isoformat(), "ends_at": span[1].isoformat()}
    answer = await caller.post("/agenda/blocks", {**body, "label": label})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


def meeting_of(
    span: Span = (NOON, NOON + HALF_AN_HOUR),
    *,
    name: str = "A name",
    message: str = "",
    place: str | None = None,
    title_ids: Sequence[int] = (),
    id_: int = 1,
) -> Meeting:
    """Make a meeting of persons 10 and 11 that no database has seen."""
    people = [
        Person(id=10 + n, name=name, organisation=Organisation(id=n, name=name)) for n in (0, 1)
    ]
    return Meeting(
        id=id_,
        request=MeetingRequest(from_person_id=10, title_ids=list(title_ids), message=message),
        during=Range(*span),
        place=place,
        sequence=0,
        created_at=NOON,
        updated_at=NOON,
        attendees=[MeetingAttendee(person_id=person.id, person=person) for person in people],
    )
