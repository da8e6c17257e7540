"""What stands on the agendas to print: read for a person or a place, on one clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from app.actors import Actor
from app.agendas.holding import held_within
from app.agendas.periods import period_of
from app.agendas.rules import Period
from app.errors import Invalid, NotFound
from app.markets.rules import instant_of
from app.meetings import reads
from app.meetings.day.sheets import Line, Sheet, SheetDay
from app.models.accounts import Person
from app.models.agendas import AgendaEntry, EntryKind
from app.models.markets import Accreditation, Hall, Market, Place
from app.models.meetings import Meeting

# More than anybody has in the days of a market
MOST_LINES = 500
# How far an agenda that is of no market looks ahead
OUTLOOK = timedelta(days=31)
DAY = timedelta(days=1)
WORDS = {EntryKind.SESSION: "Session", EntryKind.BLOCK: "Taken"}


@dataclass(frozen=True, slots=True)
class Clock:
    """Which days are printed, and on whose clock."""

    time_zone: str
    first: date
    last: date

    @property
    def zone(self) -> ZoneInfo:
        """Give the zone."""
        return ZoneInfo(self.time_zone)

    @property
    def period(self) -> Period:
        """Give the days from midnight to midnight."""
        return Period(
            instant_of(self.first, time(), self.zone),
            instant_of(self.last + DAY, time(), self.zone),
        )


def clock_of(market: Market, day: date | None) -> Clock:
    """Give the days of a market, or one of them.

    Raises:
        Invalid: it is none of them.
    """
    if day is None:
        return Clock(market.time_zone, market.starts_on, market.ends_on)
    if not market.starts_on <= day <= market.ends_on:
        raise Invalid.parameter(
            "day", f"must be a day of the market, {market.starts_on} to {market.ends_on}"
        )
    return Clock(market.time_zone, day, day)


def clock_from_today(time_zone: str) -> Clock:
    """Give the next days of somebody."""
    today = datetime.now(UTC).astimezone(ZoneInfo(time_zone)).date()
    return Clock(time_zone, today, today + OUTLOOK)


async def own_sheet(
    session: AsyncSession, actor: Actor, market: Market | None, languages: Sequence[str]
) -> Sheet:
    """Give somebody's own agenda: their next days, or those of a market."""
    person = await _person(session, actor.person_id)
    clock = clock_of(market, None) if market else clock_from_today(person.time_zone)
    days = await _days(session, person.id, clock, languages, is_own=True)
    return _sheet(_name(person), market.name if market else "", clock, days)


async def sheet_of_person(
    session: AsyncSession, market: Market, person_id: int, clock: Clock, languages: Sequence[str]
) -> Sheet:
    """Give the agenda of somebody who attends a market.

    Raises:
        NotFound: they do not.
    """
    attends = select(Accreditation.id).where(
        Accreditation.market_id == market.id, Accreditation.person_id == person_id
    )
    if await session.scalar(attends) is None:
        raise NotFound("person at this market")
    person = await _person(session, person_id)
    days = await _days(session, person_id, clock, languages)
    return _sheet(_name(person), market.name, clock, days)


async def sheet_of_place(
    session: AsyncSession, market: Market, place: Place, clock: Clock, languages: Sequence[str]
) -> Sheet:
    """Give the agenda of a place."""
    hall = await session.scalar(select(Hall.name).where(Hall.id == place.hall_id))
    days = await _days(session, place.id, clock, languages, is_own=True)
    return _sheet(", ".join(filter(None, (hall, place.name))), market.name, clock, days)


async def _person(session: AsyncSession, id_: int) -> Person:
    statement = (
        select(Person)
        .join(Person.organisation)
        .options(contains_eager(Person.organisation))
        .where(Person.id == id_)
    )
    return (await session.scalars(statement)).one()


def _sheet(title: str, market: str, clock: Clock, days: Sequence[SheetDay]) -> Sheet:
    printed = datetime.now(UTC).astimezone(clock.zone)
    subtitle = ", ".join(filter(None, (market, f"times of {clock.time_zone}")))
    return Sheet(title, subtitle, tuple(days), f"Printed {printed:%Y-%m-%d %H:%M}")


async def _days(
    session: AsyncSession,
    holder_id: int,
    clock: Clock,
    languages: Sequence[str],
    *,
    is_own: bool = False,
) -> list[SheetDay]:
    statement = (
        select(AgendaEntry)
        .where(held_within([holder_id], clock.period))
        .order_by(AgendaEntry.during)
        .limit(MOST_LINES)
    )
    entries = (await session.scalars(statement)).all()
    met = select(Meeting).where(Meeting.id.in_({entry.meeting_id for entry in entries}))
    meetings = {one.id: one for one in await session.scalars(met.options(*reads.WHOLE_MEETING))}
    ids = {id_ for one in meetings.values() for id_ in one.request.title_ids}
    refs = await reads.title_refs(session, ids, languages)
    titles = {id_: ref.title for id_, ref in refs.items()}
    written = [
        _written(entry, meetings.get(entry.meeting_id or 0), titles, is_own=is_own)
        for entry in entries
    ]
    return list(_by_day(entries, written, clock.zone))


def _by_day(
    entries: Sequence[AgendaEntry], written: Sequence[tuple[str, tuple[str, ...]]], zone: ZoneInfo
) -> Iterator[SheetDay]:
    timed = []
    for entry, (who, notes) in zip(entries, written, strict=True):
        period = period_of(entry.during)
        starts, ends = period.starts_at.astimezone(zone), period.ends_at.astimezone(zone)
        timed.append((starts.date(), Line(f"{starts:%H:%M}–{ends:%H:%M}", who, notes)))
    for day, lines in groupby(timed, key=lambda one: one[0]):
        heading = format_date(day, "EEEE, d MMMM y", locale="en")
        yield SheetDay(heading, tuple(line for _, line in lines))


def _written(
    entry: AgendaEntry, meeting: Meeting | None, titles: dict[int, str], *, is_own: bool
) -> tuple[str, tuple[str, ...]]:
    """Say with whom it is; what a block is for is its holder's to read."""
    if meeting is None:
        label = entry.label if is_own else ""
        return label or WORDS[entry.kind], ()
    request = meeting.request
    people = [
        _name(person)
        for person in reads.people_of(meeting, request)
        if person.id != entry.holder_id
    ]
    about = ", ".join(titles[id_] for id_ in request.title_ids if id_ in titles)
    where = "" if entry.place_id else meeting.place or ""
    return "; ".join(people), (where, about, ", ".join(request.topics))


def _name(person: Person) -> str:
    return f"{person.name}, {person.organisation.name}"
