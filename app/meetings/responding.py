"""Answers to a request: accept, propose other times, give it a slot, decline, call off."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.actors import Actor
from app.agendas.facts import record_meeting, record_request
from app.agendas.periods import range_of
from app.errors import Conflict, NotFound
from app.meetings import booking
from app.meetings.accepting import accept_anywhere, accept_at_market, sides_of
from app.meetings.admission import require_proposable
from app.meetings.answering import (
    require_asked_side,
    require_asking_side,
    require_pending,
    require_side,
    require_turn,
)
from app.meetings.asking import require_ahead
from app.meetings.editions import Edition, hold_edition
from app.meetings.reads import visible_requests
from app.meetings.rules import expiry_of
from app.meetings.schemas import MeetingRequestAcceptance, MeetingRequestCounter
from app.meetings.seating import require_lead, require_slot, seat
from app.meetings.service import EXPIRE_JOB, get_request, lock_request
from app.models.meetings import (
    CounterProposal,
    Meeting,
    MeetingRequest,
    MeetingRequestState,
    RequestSide,
)
from app.settings import Settings


async def accept_request(
    session: AsyncSession, actor: Actor, id_: int, wanted: MeetingRequestAcceptance
) -> MeetingRequest:
    """Meet: the request becomes a meeting that holds the time of both, or waits for the schedule.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: it doesn't wait for the actor's side.
        Conflict: it is not pending, its asker is gone, or somebody's time is taken.
        Invalid: the time lies outside the proposed ones, or can't be.
    """
    edition, request, now = await _lock_at_market(session, actor, id_)
    require_turn(actor, request)
    require_pending(request, now)
    if edition is None:
        meeting: Meeting | None = await accept_anywhere(session, actor, request, wanted, now)
    else:
        meeting = await accept_at_market(session, actor, edition, request, wanted, now)
    state = MeetingRequestState.SCHEDULED if meeting else MeetingRequestState.ACCEPTED
    _answer(request, actor, state, now)
    await session.flush()
    told = {"meeting_id": str(meeting.id)} if meeting else {}
    record_request(session, actor, "meeting_request.accepted", request, **told)
    if meeting is not None:
        record_meeting(session, actor, "meeting.created", meeting, request)
    return await get_request(session, actor, id_)


async def schedule_request(
    session: AsyncSession, actor: Actor, id_: int, starts_at: datetime
) -> MeetingRequest:
    """Give a request that waits for the market's schedule one of the market's slots at once.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor is of neither side, and runs no market.
        Conflict: it does not wait for a time, its asker is gone, or somebody's time is taken.
        Invalid: the time is no slot of the market.
    """
    edition, request, now = await _lock_at_market(session, actor, id_)
    if not actor.is_organiser:
        require_side(actor, request)
    if edition is None or request.state is not MeetingRequestState.ACCEPTED:
        raise Conflict(
            f"The request is {request.state}; only an accepted one waits for a time.",
            code="not_accepted",
            state=request.state,
        )
    slot = require_slot(edition, starts_at, None)
    require_lead(edition, slot, now)
    sides = await sides_of(session, request, request.taker_id)
    meeting = await seat(session, edition, request, sides, slot, now)
    request.state = MeetingRequestState.SCHEDULED
    await session.flush()
    record_request(session, actor, "meeting_request.scheduled", request, meeting_id=str(meeting.id))
    record_meeting(session, actor, "meeting.created", meeting, request)
    return await get_request(session, actor, id_)


async def counter_request(
    session: AsyncSession,
    actor: Actor,
    id_: int,
    wanted: MeetingRequestCounter,
    settings: Settings,
) -> MeetingRequest:
    """Propose other times than were proposed: then it is for the other side to answer.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: it doesn't wait for the actor's side.
        Conflict: it is not pending.
        Invalid: a time can't be.
    """
    edition, request, now = await _lock_at_market(session, actor, id_)
    require_turn(actor, request)
    require_pending(request, now)
    proposed = [time.period for time in wanted.proposed_times]
    for place, period in enumerate(proposed):
        require_ahead(period.starts_at, now, f"/proposed_times/{place}/starts_at")
    if edition is not None:
        await require_proposable(session, actor, edition, proposed, now)
    times = [range_of(period) for period in proposed]
    session.add(
        CounterProposal(
            request_id=id_, by_id=actor.person_id, proposed_times=times, message=wanted.message
        )
    )
    _hand_over(request, actor)
    request.proposed_times = times
    lifetime = edition.request_lifetime(now) if edition else settings.meeting_request_lifetime
    request.expires_at = expiry_of(now, lifetime, proposed)
    await session.flush()
    await jobs.defer(session, EXPIRE_JOB, at=request.expires_at, request_id=str(request.id))
    record_request(session, actor, "meeting_request.countered", request, awaits=request.awaits)
    return await get_request(session, actor, id_)


def _hand_over(request: MeetingRequest, actor: Actor) -> None:
    """Let it wait for the other side; whoever of the asked proposes is who will come."""
    if request.awaits is RequestSide.ASKER:
        request.awaits = RequestSide.ASKED
        return
    request.awaits = RequestSide.ASKER
    if request.to_person_id is None:
        request.taker_id = actor.person_id


async def decline_request(
    session: AsyncSession, actor: Actor, id_: int, answer: str | None
) -> MeetingRequest:
    """Refuse to meet.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor's organisation was not asked.
        Conflict: it is not pending.
    """
    request, now = await lock_request(session, actor, id_)
    require_asked_side(actor, request)
    require_pending(request, now)
    request.answer = answer
    _answer(request, actor, MeetingRequestState.DECLINED, now)
    await session.flush()
    record_request(session, actor, "meeting_request.declined", request)
    return await get_request(session, actor, id_)


async def cancel_request(
    session: AsyncSession, actor: Actor, id_: int, answer: str | None
) -> MeetingRequest:
    """Take a request back, or call its meeting off, which frees both agendas and the place.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: it is neither the actor's request nor the actor's meeting.
        Conflict: there is nothing left to cancel, or the meeting is over.
    """
    request, now = await lock_request(session, actor, id_)
    require_side(actor, request)
    if request.state is MeetingRequestState.SCHEDULED:
        await booking.cancel(session, actor, request, now, answer)
        return await get_request(session, actor, id_)
    if request.state is not MeetingRequestState.ACCEPTED:
        require_asking_side(actor, request)
        require_pending(request, now)
    request.answer = answer
    _answer(request, actor, MeetingRequestState.CANCELLED, now)
    await session.flush()
    record_request(session, actor, "meeting_request.cancelled", request)
    return await get_request(session, actor, id_)


def _answer(
    request: MeetingRequest, actor: Actor, state: MeetingRequestState, now: datetime
) -> None:
    request.state = state
    request.answered_at = now
    request.answered_by_id = actor.person_id


async def _lock_at_market(
    session: AsyncSession, actor: Actor, id_: int
) -> tuple[Edition | None, MeetingRequest, datetime]:
    """Give a request to answer, and before it its market, which stays as it is meanwhile."""
    statement = visible_requests(actor).where(MeetingRequest.id == id_)
    row = (
        await session.execute(statement.with_only_columns(MeetingRequest.market_id))
    ).one_or_none()
    if row is None:
        raise NotFound("meeting request")
    edition = None if row[0] is None else await hold_edition(session, row[0])
    request, now = await lock_request(session, actor, id_)
    return edition, request, now
