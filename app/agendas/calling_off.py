"""Meetings are called off: they stay to be seen, and give back what they held."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.facts import record_meeting, record_request
from app.agendas.holding import release
from app.models.meetings import (
    Meeting,
    MeetingAttendee,
    MeetingRequest,
    MeetingRequestState,
)


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
    await forget_who_came(session, [meeting.id for meeting, _ in meetings])
    for _, request in meetings:
        record_request(session, actor, "meeting_request.unscheduled", request)


async def forget_who_came(session: AsyncSession, meeting_ids: Collection[int]) -> None:
    """Take back who checked in: their meetings are to be at another time."""
    unknown = {"checked_in_at": None, "missed_at": None, "marked_by_id": None}
    await session.execute(
        update(MeetingAttendee).where(MeetingAttendee.meeting_id.in_(meeting_ids)).values(unknown)
    )


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
