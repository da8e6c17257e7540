"""Meetings are called off: they stay to be seen, and give back what they held."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.facts import record_meeting, record_request
from app.agendas.holding import release
from app.models.meetings import Meeting, MeetingRequest, MeetingRequestState


async def call_off(
    session: AsyncSession,
    actor: Actor,
    meetings: Sequence[tuple[Meeting, MeetingRequest]],
    now: datetime,
    answer: str | None,
) -> None:
    """Cancel meetings and their requests, all of which the caller has locked."""
    await _take_off(session, actor, meetings, now)
    for _, request in meetings:
        request.state = MeetingRequestState.CANCELLED
        request.answer = answer
    await session.flush()
    for _, request in meetings:
        record_request(session, actor, "meeting_request.cancelled", request)


async def unschedule(
    session: AsyncSession,
    actor: Actor,
    meetings: Sequence[tuple[Meeting, MeetingRequest]],
    now: datetime,
) -> None:
    """Take meetings of a market off, for its schedule to give them another time or place."""
    await _take_off(session, actor, meetings, now)
    for _, request in meetings:
        request.state = MeetingRequestState.ACCEPTED
    await session.flush()
    for _, request in meetings:
        record_request(session, actor, "meeting_request.unscheduled", request)


async def _take_off(
    session: AsyncSession,
    actor: Actor,
    meetings: Sequence[tuple[Meeting, MeetingRequest]],
    now: datetime,
) -> None:
    for meeting, request in meetings:
        meeting.cancelled_at = now
        meeting.cancelled_by_id = actor.person_id
        meeting.sequence += 1
        record_meeting(session, actor, "meeting.cancelled", meeting, request)
    await release(session, [meeting.id for meeting, _ in meetings])
