"""Meetings that a change of their market leaves without a slot, a place or somebody who attends.

The change is made first and looked at then: what it would strand is told, and nothing changes,
until the caller says what shall become of them. It never leaves a meeting hanging.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.calling_off import call_off, unschedule
from app.agendas.facts import shown
from app.agendas.periods import period_of
from app.agendas.rules import Period
from app.errors import Conflict
from app.markets.reads import hours_of
from app.markets.rules import slots_of
from app.models.markets import Accreditation, Attendance, Market, MarketState, Place, PlaceKind
from app.models.meetings import Meeting, MeetingAttendee, MeetingRequest, MeetingRequestState

# As many as a problem document names; it says how many there are.
NAMED = 100


class Stranded(StrEnum):
    """What becomes of meetings that a change strands."""

    CANCEL = "cancel"
    REPLAN = "replan"


class Cause(StrEnum):
    """Why a meeting can't be any more."""

    MARKET_CLOSED = "market_closed"
    NO_SLOT = "no_slot"
    PLACE_CLOSED = "place_closed"
    # It is another company's now, or online where they meet in person, or the other way round
    PLACE_UNFIT = "place_unfit"
    NOT_ATTENDING = "not_attending"


Row = tuple[Meeting, MeetingRequest, Place]


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a market's meetings stand on."""

    market: Market
    slots: dict[Period, date]
    attending: dict[int, list[Accreditation | None]]

    def cause(self, meeting: Meeting, request: MeetingRequest, place: Place) -> Cause | None:
        """Say why a meeting can't be; None where it can."""
        day = self.slots.get(period_of(meeting.during))
        if self.market.state is MarketState.CLOSED:
            return Cause.MARKET_CLOSED
        if day is None:
            return Cause.NO_SLOT
        people = self.attending.get(meeting.id, [])
        if not all(_attends(one, day) for one in people):
            return Cause.NOT_ATTENDING
        if place.closed_at is not None:
            return Cause.PLACE_CLOSED
        companies = {None, request.from_organisation_id, request.to_organisation_id}
        online = any(one is not None and one.attendance is Attendance.ONLINE for one in people)
        if place.seller_id not in companies or online != (place.kind is PlaceKind.ONLINE):
            return Cause.PLACE_UNFIT
        return None


def _attends(accreditation: Accreditation | None, day: date) -> bool:
    return (
        accreditation is not None
        and accreditation.revoked_at is None
        and (not accreditation.days or day in accreditation.days)
    )


async def settle(
    session: AsyncSession, actor: Actor, market: Market, decision: Stranded | None
) -> None:
    """Deal with what a change of a market strands; the change is made, and the market locked.

    Raises:
        Conflict: there are such meetings, and nothing was decided about them.
    """
    await session.flush()
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    ground = await _ground_of(session, market, now)
    rows = await _meetings_to_come(session, market, now)
    stranded = [(row, cause) for row in rows if (cause := ground.cause(*row)) is not None]
    if not stranded:
        return
    if decision is None:
        raise _refusal(stranded)
    held = await _hold(session, [meeting.id for (meeting, _, _), _ in stranded])
    if decision is Stranded.REPLAN and market.state is not MarketState.CLOSED:
        await unschedule(session, actor, held, now)
    else:
        await call_off(session, actor, held, now, "The market changed, and it can't be any more.")


async def _ground_of(session: AsyncSession, market: Market, now: datetime) -> _Ground:
    hours = await hours_of(session, market.id)
    slots = slots_of(hours, market.slot_minutes, ZoneInfo(market.time_zone))
    attending: dict[int, list[Accreditation | None]] = {}
    statement = (
        select(MeetingAttendee.meeting_id, Accreditation)
        .join(Meeting, Meeting.id == MeetingAttendee.meeting_id)
        .outerjoin(
            Accreditation,
            (Accreditation.person_id == MeetingAttendee.person_id)
            & (Accreditation.market_id == Meeting.market_id),
        )
        .where(
            Meeting.market_id == market.id,
            Meeting.cancelled_at.is_(None),
            func.upper(Meeting.during) > now,
        )
    )
    for meeting_id, accreditation in await session.execute(statement):
        attending.setdefault(meeting_id, []).append(accreditation)
    days = {Period(slot.starts_at, slot.ends_at): slot.day for slot in slots}
    return _Ground(market, days, attending)


async def _meetings_to_come(session: AsyncSession, market: Market, now: datetime) -> list[Row]:
    statement = (
        select(Meeting, MeetingRequest, Place)
        .join(Meeting.request)
        .join(Place, Place.id == Meeting.place_id)
        .where(
            Meeting.market_id == market.id,
            # Who has met already, or waited in vain, is no longer stranded
            MeetingRequest.state == MeetingRequestState.SCHEDULED,
            func.upper(Meeting.during) > now,
        )
        .order_by(func.lower(Meeting.during), Meeting.id)
    )
    rows = await session.execute(statement)
    return [(meeting, request, place) for meeting, request, place in rows]


async def _hold(
    session: AsyncSession, meeting_ids: Sequence[int]
) -> list[tuple[Meeting, MeetingRequest]]:
    """Lock meetings by their requests, as those do who answer one; what is off by now stays off."""
    requests = await session.scalars(
        select(MeetingRequest)
        .join(Meeting, Meeting.request_id == MeetingRequest.id)
        .where(Meeting.id.in_(meeting_ids))
        .order_by(MeetingRequest.id)
        .with_for_update(of=MeetingRequest)
        .execution_options(populate_existing=True)
    )
    held = {request.id: request for request in requests}
    meetings = await session.scalars(
        select(Meeting)
        .where(Meeting.id.in_(meeting_ids), Meeting.cancelled_at.is_(None))
        .order_by(Meeting.request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [(meeting, held[meeting.request_id]) for meeting in meetings]


def _refusal(stranded: Sequence[tuple[Row, Cause]]) -> Conflict:
    return Conflict(
        f"{len(stranded)} meetings to come could not be any more: meetings has them, {NAMED} at "
        "most. Repeat with ?stranded=cancel to call them off, or with ?stranded=replan for the "
        "market's schedule to give them another time or place.",
        code="strands_meetings",
        count=len(stranded),
        meetings=list(_named(stranded)),
    )


def _named(stranded: Sequence[tuple[Row, Cause]]) -> Iterator[dict[str, str | None]]:
    for (meeting, request, _), cause in stranded[:NAMED]:
        period = period_of(meeting.during)
        yield {
            "meeting_id": str(meeting.id),
            "meeting_request_id": str(request.id),
            "starts_at": shown(period.starts_at),
            "ends_at": shown(period.ends_at),
            "place": meeting.place,
            "cause": cause.value,
        }
