"""Meetings at a market: a slot, two people and a place for them at once, or nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agendas.holding import Taken, hold, take_turns, unless_taken
from app.agendas.periods import range_of
from app.errors import Conflict, Invalid
from app.markets.rules import Slot
from app.meetings import reads
from app.meetings.editions import Edition, period_of_slot
from app.meetings.openings import Opening, Sides, openings
from app.meetings.placing import take_place
from app.meetings.rules import MOST_FREE_TIMES
from app.meetings.schemas import PeriodOut
from app.models.meetings import Meeting, MeetingAttendee, MeetingRequest, MeetingRequestState

# Each time somebody else was faster, and took the place that was free a moment before.
TRIES = 8


def require_slot(edition: Edition, starts_at: datetime, ends_at: datetime | None) -> Slot:
    """Give the slot that a time means.

    Raises:
        Invalid: it is none of the market's.
    """
    slot = edition.slot_at(starts_at)
    if slot is None:
        raise Invalid.field(
            "/starts_at",
            "must be the start of one of the market's slots: GET /v1/markets/{market_id}/slots",
            code="not_a_slot",
        )
    if ends_at not in {None, slot.ends_at}:
        raise Invalid.field(
            "/ends_at", "must be the end of that slot; it may be left out", code="not_a_slot"
        )
    return slot


def require_lead(edition: Edition, slot: Slot, now: datetime) -> None:
    """Hold a meeting to the market's time before it begins.

    Raises:
        Invalid: it is too late to make it.
    """
    if slot not in edition.slots_after(now):
        raise Invalid.field(
            "/starts_at",
            f"must be in the future, {edition.market.lead_minutes} minutes from now at least",
            code="too_late",
        )


def slots_for(edition: Edition, request: MeetingRequest, now: datetime) -> list[Slot]:
    """Give the slots in which a request could become a meeting; inside what is proposed, if any."""
    waits = request.state is MeetingRequestState.PENDING
    proposed = reads.proposed_periods(request) if waits else []
    return [
        slot
        for slot in edition.slots_after(now)
        if not proposed or any(one.covers(period_of_slot(slot)) for one in proposed)
    ]


async def seat(
    session: AsyncSession,
    edition: Edition,
    request: MeetingRequest,
    sides: Sides,
    slot: Slot,
    now: datetime,
) -> Meeting:
    """Make the meeting in a slot, at the best place that both can reach.

    Raises:
        Conflict: somebody holds something else then, or every place is taken.
    """
    await take_turns(session, sides.people())
    for _ in range(TRIES):
        found = await openings(session, edition, sides, [slot], at_most=1)
        if not found:
            break
        if (meeting := await _take(session, request, found[0], sides)) is not None:
            return meeting
    others = await openings(
        session, edition, sides, slots_for(edition, request, now), MOST_FREE_TIMES
    )
    raise Conflict(
        "One of you is not free then, or every place that both could reach is taken. Take another "
        "time: free_times suit both, and have a place.",
        code="time_taken",
        free_times=[_shown(other.slot) for other in others],
    )


async def _take(
    session: AsyncSession, request: MeetingRequest, opening: Opening, sides: Sides
) -> Meeting | None:
    for venue in opening.venues:
        taken = await take_place(session, opening.meant, opening.slot, venue)
        if taken is None:
            continue
        people = sorted((sides.asker.person_id, opening.taker.person_id))
        try:
            async with unless_taken(session):
                return await _put(session, request, opening.slot, people, taken)
        except Taken:
            continue
    return None


async def _put(
    session: AsyncSession,
    request: MeetingRequest,
    slot: Slot,
    people: Sequence[int],
    place: tuple[int, str],
) -> Meeting:
    """Write the meeting; one that was taken off is the same meeting at another time."""
    statement = select(Meeting).where(Meeting.request_id == request.id).with_for_update()
    meeting = (await session.scalars(statement)).one_or_none()
    if meeting is None:
        meeting = Meeting(request_id=request.id, market_id=request.market_id)
        session.add(meeting)
    else:
        meeting.sequence += 1
        meeting.cancelled_at = meeting.cancelled_by_id = None
    meeting.during = range_of(period_of_slot(slot))
    meeting.place_id, meeting.place = place
    await session.flush()
    await _meet(session, meeting, people)
    return meeting


async def _meet(session: AsyncSession, meeting: Meeting, people: Sequence[int]) -> None:
    await session.execute(delete(MeetingAttendee).where(MeetingAttendee.meeting_id == meeting.id))
    session.add_all(
        MeetingAttendee(meeting_id=meeting.id, person_id=person_id) for person_id in people
    )
    await session.flush()
    await hold(session, meeting, people)


def _shown(slot: Slot) -> dict[str, object]:
    return PeriodOut.model_validate(slot).model_dump(mode="json")
