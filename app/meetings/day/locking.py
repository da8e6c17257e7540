"""A meeting to change on the day, held so that of two changes one comes first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.periods import period_of
from app.agendas.rules import Period
from app.errors import NotFound
from app.meetings import reads
from app.meetings.day.marks import GRACE, Mark
from app.models.markets import Market
from app.models.meetings import Meeting, MeetingAttendee, MeetingRequest


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting and its request, both locked, and the time it is."""

    meeting: Meeting
    request: MeetingRequest
    now: datetime

    @property
    def during(self) -> Period:
        """Give the meeting's time."""
        return period_of(self.meeting.during)

    @property
    def marks(self) -> list[Mark]:
        """Tell what is known of its people, in their order."""
        return [mark_of(attendee) for attendee in self.meeting.attendees]


def mark_of(attendee: MeetingAttendee) -> Mark:
    """Tell what is known of somebody who should be there."""
    if attendee.checked_in_at is not None:
        return Mark.CAME
    return Mark.UNKNOWN if attendee.missed_at is None else Mark.MISSED


async def lock_meeting(session: AsyncSession, actor: Actor, id_: int) -> Held:
    """Lock a meeting's request, then the meeting: the order that all keep.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    request = await session.scalar(
        reads.visible_requests(actor)
        .join(Meeting, Meeting.request_id == MeetingRequest.id)
        .where(Meeting.id == id_)
        .with_for_update(of=MeetingRequest)
        .execution_options(populate_existing=True)
    )
    if request is None:
        raise NotFound("meeting")
    return await held(session, request, id_)


async def held(session: AsyncSession, request: MeetingRequest, id_: int) -> Held:
    """Lock a meeting whose request the caller has locked."""
    statement = select(Meeting).where(Meeting.id == id_).options(*reads.WHOLE_MEETING)
    meeting = (
        await session.scalars(
            statement.with_for_update(of=Meeting).execution_options(populate_existing=True)
        )
    ).one()
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return Held(meeting, request, now)


async def grace_of(session: AsyncSession, meeting: Meeting) -> timedelta:
    """Give how late one may come: as the market says, or the usual where there is none."""
    minutes = await session.scalar(
        select(Market.grace_minutes).where(Market.id == meeting.market_id)
    )
    return GRACE if minutes is None else timedelta(minutes=minutes)
