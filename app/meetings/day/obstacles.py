"""What is in the way of a meeting at another time or place: who holds what, and whose way is long.

The organisers are told, who see everything: which meeting it is, and of which companies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.agendas.facts import shown
from app.agendas.holding import held_within
from app.agendas.periods import period_of
from app.agendas.rules import Period
from app.markets.rules import Slot
from app.meetings.attending import participants
from app.meetings.editions import Edition
from app.meetings.fitting import Participant
from app.models.accounts import Organisation, Person
from app.models.agendas import AgendaEntry, EntryKind
from app.models.markets import Place, PlaceKind
from app.models.meetings import Meeting, MeetingRequest

Obstacle = dict[str, Any]
Rows = Sequence[Any]
# No walk is longer (`markets.walk_minutes`, `hall_walks.minutes`).
LONGEST_WALK = timedelta(minutes=240)
_from, _to, _where = aliased(Organisation), aliased(Organisation), aliased(Place)


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a meeting shall be, and when; `slot` is None where its time stays."""

    edition: Edition
    meeting_id: int
    people: tuple[Person, ...]
    organisation_ids: tuple[int, int]
    was: Period
    slot: Slot | None
    place: Place | None

    @property
    def period(self) -> Period:
        """Give the time it shall be at."""
        return self.was if self.slot is None else Period(self.slot.starts_at, self.slot.ends_at)


async def obstacles(session: AsyncSession, wish: Wish) -> list[Obstacle]:
    """Give all that is in the way."""
    which = Person.id.in_([person.id for person in wish.people])
    attending = await participants(session, wish.edition.market.id, which)
    held = await _held(session, wish)
    return [
        *_of_the_place(wish, attending),
        *_of_the_people(wish, {one.person_id: one for one in attending}),
        *_held_then(wish, held),
        *_walks(wish, held),
        *_too_many(wish, held),
    ]


async def _held(session: AsyncSession, wish: Wish) -> Rows:
    """Give what the people and the place hold around that time, this meeting aside."""
    period = wish.period
    around = Period(period.starts_at - LONGEST_WALK, period.ends_at + LONGEST_WALK)
    if wish.slot is not None:
        day = wish.edition.days[wish.slot.day]
        around = Period(min(around.starts_at, day.starts_at), max(around.ends_at, day.ends_at))
    holders = [person.id for person in wish.people]
    if wish.place is not None:
        holders.append(wish.place.id)
    statement = (
        select(
            AgendaEntry.holder_id,
            AgendaEntry.kind,
            AgendaEntry.during,
            AgendaEntry.meeting_id,
            Meeting.market_id,
            _where.hall_id,
            _from.name.label("from_name"),
            _to.name.label("to_name"),
        )
        .outerjoin(Meeting, Meeting.id == AgendaEntry.meeting_id)
        .outerjoin(MeetingRequest, MeetingRequest.id == Meeting.request_id)
        .outerjoin(_where, _where.id == Meeting.place_id)
        .outerjoin(_from, _from.id == MeetingRequest.from_organisation_id)
        .outerjoin(_to, _to.id == MeetingRequest.to_organisation_id)
        .where(
            held_within(holders, around),
            AgendaEntry.meeting_id.is_distinct_from(wish.meeting_id),
        )
        .order_by(AgendaEntry.during, AgendaEntry.id)
    )
    return list(await session.execute(statement))


def _of_the_place(wish: Wish, attending: Sequence[Participant]) -> Iterator[Obstacle]:
    if (place := wish.place) is None:
        return
    if place.closed_at is not None:
        yield {"code": "place_closed", **_named(place)}
    if place.seller_id not in {None, *wish.organisation_ids}:
        yield {"code": "place_is_anothers", **_named(place)}
    online = any(one.online for one in attending)
    if online != (place.kind is PlaceKind.ONLINE):
        code = "someone_attends_online" if online else "nobody_attends_online"
        yield {"code": code, **_named(place)}


def _of_the_people(wish: Wish, attending: dict[int, Participant]) -> Iterator[Obstacle]:
    if wish.slot is None:
        return
    for person in wish.people:
        found = attending.get(person.id)
        if found is None or (found.days and wish.slot.day not in found.days):
            yield {"code": "not_attending", **_named(person), "day": wish.slot.day.isoformat()}
        elif not found.attends(wish.slot):
            yield {"code": "not_available", **_named(person)}


def _held_then(wish: Wish, held: Rows) -> Iterator[Obstacle]:
    for row in held:
        if period_of(row.during).meets(wish.period):
            code = "person_is_taken" if _is_person(wish, row) else "place_is_taken"
            yield {"code": code, **_holder(wish, row), **_told(row)}


def _walks(wish: Wish, held: Rows) -> Iterator[Obstacle]:
    """Tell which ways between halls are longer than the time there is for them."""
    hall_id = wish.place.hall_id if wish.place else None
    if hall_id is None:
        return
    for row in held:
        if not _is_person(wish, row) or row.hall_id is None:
            continue
        if row.market_id != wish.edition.market.id or period_of(row.during).meets(wish.period):
            continue
        walk = wish.edition.walk(row.hall_id, hall_id)
        if (gap := _gap(period_of(row.during), wish.period)) < walk:
            ways = {"walk_minutes": _minutes(walk), "minutes_between": _minutes(gap)}
            yield {"code": "walk_too_long", **_holder(wish, row), **_told(row), **ways}


def _too_many(wish: Wish, held: Rows) -> Iterator[Obstacle]:
    most = wish.edition.market.meetings_a_day
    if most is None or wish.slot is None:
        return
    day = wish.edition.days[wish.slot.day]
    for person in wish.people:
        meetings = [
            row
            for row in held
            if row.holder_id == person.id
            and row.market_id == wish.edition.market.id
            and period_of(row.during).meets(day)
        ]
        if len(meetings) >= most and not wish.was.meets(day):
            yield {"code": "too_many_that_day", **_named(person), "meetings_a_day": most}


def _is_person(wish: Wish, row: Row[Any]) -> bool:
    return any(person.id == row.holder_id for person in wish.people)


def _holder(wish: Wish, row: Row[Any]) -> Obstacle:
    for person in wish.people:
        if person.id == row.holder_id:
            return _named(person)
    return _named(wish.place) if wish.place else {}


def _named(one: Person | Place) -> Obstacle:
    noun = "person" if isinstance(one, Person) else "place"
    return {noun: {"id": str(one.id), "name": one.name}}


def _told(row: Row[Any]) -> Obstacle:
    """Tell what is held; what a block is for is its holder's to know."""
    period = period_of(row.during)
    told: Obstacle = {
        "kind": row.kind,
        "starts_at": shown(period.starts_at),
        "ends_at": shown(period.ends_at),
    }
    if row.kind is EntryKind.MEETING:
        told |= {"meeting_id": str(row.meeting_id), "companies": [row.from_name, row.to_name]}
    return told


def _gap(one: Period, other: Period) -> timedelta:
    return max(other.starts_at - one.ends_at, one.starts_at - other.ends_at)


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)
