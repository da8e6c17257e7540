"""A market as its schedule needs it, read in a few statements however large it is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agendas.periods import period_of
from app.agendas.rules import Period
from app.markets.rules import Slot
from app.meetings.editions import edition_of
from app.models.accounts import Organisation, Person, Standing
from app.models.agendas import AgendaEntry
from app.models.markets import (
    Accreditation,
    AccreditationRole,
    Attendance,
    Market,
    Place,
)
from app.models.meetings import Meeting, MeetingAttendee, MeetingRequest, MeetingRequestState

# What is to be planned, and what has a meeting that counts
STATES = (
    MeetingRequestState.ACCEPTED,
    MeetingRequestState.SCHEDULED,
    MeetingRequestState.HELD,
    MeetingRequestState.NO_SHOW,
)


@dataclass(frozen=True, slots=True)
class AttendeeRow:
    """Somebody whose accreditation is good; no days are all days, and None is free always."""

    person_id: int
    organisation_id: int
    role: AccreditationRole
    online: bool
    days: frozenset[date]
    free: tuple[Period, ...] | None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Where people meet."""

    id: int
    hall_id: int | None
    seller_id: int | None
    closed: bool


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """A meeting, called off or not; its people with their organisations."""

    id: int
    during: Period
    place_id: int | None
    locked: bool
    sequence: int
    live: bool
    people: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request that is to have a meeting, or has one."""

    id: int
    state: MeetingRequestState
    from_person_id: int
    from_organisation_id: int
    to_organisation_id: int
    taker_id: int | None
    priority: int
    proposed: tuple[Period, ...]
    meeting: MeetingRow | None


@dataclass(frozen=True, slots=True)
class HoldRow:
    """What a person or a place holds."""

    holder_id: int
    meeting_id: int | None
    during: Period


@dataclass(frozen=True, slots=True)
class MarketRows:
    """All of it, in the order of ids."""

    zone: ZoneInfo
    slots: tuple[Slot, ...]
    lead: timedelta
    meetings_a_day: int | None
    walk_minutes: int
    walks: Mapping[tuple[int, int], int]
    attendees: tuple[AttendeeRow, ...]
    places: tuple[PlaceRow, ...]
    requests: tuple[RequestRow, ...]
    holds: tuple[HoldRow, ...]


async def read_market(session: AsyncSession, market: Market) -> MarketRows:
    """Read a market as it stands."""
    edition = await edition_of(session, market)
    return MarketRows(
        zone=ZoneInfo(market.time_zone),
        slots=edition.slots,
        lead=timedelta(minutes=market.lead_minutes),
        meetings_a_day=market.meetings_a_day,
        walk_minutes=market.walk_minutes,
        walks=edition.walks,
        attendees=await _attendees(session, market.id),
        places=await _places(session, market.id),
        requests=await _requests(session, market.id),
        holds=await _holds(session, market.id, edition.slots),
    )


async def _attendees(session: AsyncSession, market_id: int) -> tuple[AttendeeRow, ...]:
    rows = await session.execute(
        select(
            Accreditation.person_id,
            Person.organisation_id,
            Accreditation.role,
            Accreditation.attendance,
            Accreditation.days,
            Accreditation.free,
        )
        .join(Person, Person.id == Accreditation.person_id)
        .join(Organisation, Organisation.id == Person.organisation_id)
        .where(
            Accreditation.market_id == market_id,
            Accreditation.revoked_at.is_(None),
            Person.removed_at.is_(None),
            Organisation.standing == Standing.APPROVED,
        )
        .order_by(Accreditation.person_id)
    )
    return tuple(
        AttendeeRow(
            person_id,
            organisation_id,
            role,
            attendance is Attendance.ONLINE,
            frozenset(days),
            None if free is None else tuple(period_of(one) for one in free),
        )
        for person_id, organisation_id, role, attendance, days, free in rows
    )


async def _places(session: AsyncSession, market_id: int) -> tuple[PlaceRow, ...]:
    rows = await session.execute(
        select(Place.id, Place.hall_id, Place.seller_id, Place.closed_at.is_not(None))
        .where(Place.market_id == market_id)
        .order_by(Place.id)
    )
    return tuple(PlaceRow(*row) for row in rows)


async def _requests(session: AsyncSession, market_id: int) -> tuple[RequestRow, ...]:
    wanted = [MeetingRequest.market_id == market_id, MeetingRequest.state.in_(STATES)]
    meetings = await _meetings(session, wanted)
    rows = await session.execute(
        select(
            MeetingRequest.id,
            MeetingRequest.state,
            MeetingRequest.from_person_id,
            MeetingRequest.from_organisation_id,
            MeetingRequest.to_organisation_id,
            MeetingRequest.taker_id,
            MeetingRequest.priority,
            MeetingRequest.proposed_times,
        )
        .where(*wanted)
        .order_by(MeetingRequest.id)
    )
    return tuple(
        RequestRow(
            id=row.id,
            state=row.state,
            from_person_id=row.from_person_id,
            from_organisation_id=row.from_organisation_id,
            to_organisation_id=row.to_organisation_id,
            taker_id=row.taker_id,
            priority=row.priority,
            proposed=tuple(period_of(one) for one in row.proposed_times),
            meeting=meetings.get(row.id),
        )
        for row in rows
    )


async def _meetings(
    session: AsyncSession, wanted: Sequence[ColumnElement[bool]]
) -> dict[int, MeetingRow]:
    of_requests = Meeting.request_id == MeetingRequest.id
    people: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for meeting_id, person_id, organisation_id in await session.execute(
        select(MeetingAttendee.meeting_id, Person.id, Person.organisation_id)
        .join(Person, Person.id == MeetingAttendee.person_id)
        .join(Meeting, Meeting.id == MeetingAttendee.meeting_id)
        .join(MeetingRequest, of_requests)
        .where(*wanted)
        .order_by(MeetingAttendee.meeting_id, Person.id)
    ):
        people[meeting_id].append((person_id, organisation_id))
    rows = await session.execute(
        select(
            Meeting.request_id,
            Meeting.id,
            Meeting.during,
            Meeting.place_id,
            Meeting.locked,
            Meeting.sequence,
            Meeting.cancelled_at.is_(None),
        )
        .join(MeetingRequest, of_requests)
        .where(*wanted)
    )
    return {
        request_id: MeetingRow(
            id_, period_of(during), place_id, locked, sequence, live, tuple(people[id_])
        )
        for request_id, id_, during, place_id, locked, sequence, live in rows
    }


async def _holds(
    session: AsyncSession, market_id: int, slots: Sequence[Slot]
) -> tuple[HoldRow, ...]:
    """Read what anybody who attends, or meets there, and any place holds while the market lasts."""
    if not slots:
        return ()
    within = func.tstzrange(slots[0].starts_at, slots[-1].ends_at)
    people = select(Accreditation.person_id).where(Accreditation.market_id == market_id)
    places = select(Place.id).where(Place.market_id == market_id)
    rows = await session.execute(
        select(AgendaEntry.holder_id, AgendaEntry.meeting_id, AgendaEntry.during)
        .where(AgendaEntry.during.op("&&")(within))
        .where(AgendaEntry.person_id.in_(people) | AgendaEntry.place_id.in_(places))
        .order_by(AgendaEntry.id)
    )
    return tuple(HoldRow(holder, meeting, period_of(during)) for holder, meeting, during in rows)


async def now_of(session: AsyncSession) -> datetime:
    """Ask the database, whose clock everybody else goes by, too."""
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return now
