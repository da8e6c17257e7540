"""Meetings: made of an accepted request, and called off. Both people hold the time, or neither."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.calling_off import call_off
from app.agendas.holding import Taken, hold, take_turns, unless_taken
from app.agendas.periods import period_of, range_of
from app.agendas.rules import Period
from app.errors import Conflict
from app.meetings import reads
from app.meetings.asking import require_person_of
from app.meetings.rules import free_times
from app.meetings.schemas import PeriodOut
from app.models.accounts import Organisation, Person, Standing
from app.models.meetings import Meeting, MeetingAttendee, MeetingRequest

# Where nothing was proposed, other times are looked for so long after the one that is taken.
OUTLOOK = timedelta(days=7)


async def taker_of(
    session: AsyncSession, actor: Actor, request: MeetingRequest, person_id: int | None
) -> int:
    """Tell who of the asked side takes the meeting.

    Raises:
        Invalid: the one named is none of its people.
    """
    taker_id = person_id or request.to_person_id or actor.person_id
    await require_person_of(session, request.to_organisation_id, taker_id, "/person_id")
    return taker_id


async def require_asker(session: AsyncSession, request: MeetingRequest) -> None:
    """Hold to it that the one who asked is still there to be met.

    Raises:
        Conflict: they left, or their organisation is not of the market now.
    """
    asker = await session.scalar(
        select(Person.id)
        .join(Person.organisation)
        .where(
            Person.id == request.from_person_id,
            Person.removed_at.is_(None),
            Organisation.standing == Standing.APPROVED,
        )
    )
    if asker is None:
        raise Conflict(
            "Whoever asked is not at the market now. Decline, or ask one of their colleagues.",
            code="asker_gone",
        )


async def book(
    session: AsyncSession,
    request: MeetingRequest,
    period: Period,
    taker_id: int,
    place: str | None,
    now: datetime,
) -> Meeting:
    """Make the meeting and its two entries; the database refuses them where a time is taken.

    Raises:
        Conflict: one of the two holds something else then; `free_times` suit both.
    """
    people = sorted({request.from_person_id, taker_id})
    await take_turns(session, people)
    try:
        async with unless_taken(session):
            return await _insert(session, request, period, people, place)
    except Taken:
        free_for_both = await _free_times(session, request, period, people, now)
    raise Conflict(
        "One of you holds something else at that time. Accept with another time: free_times suit "
        "both.",
        code="time_taken",
        free_times=[free.model_dump(mode="json") for free in free_for_both],
    )


async def _insert(
    session: AsyncSession,
    request: MeetingRequest,
    period: Period,
    people: list[int],
    place: str | None,
) -> Meeting:
    meeting = Meeting(request_id=request.id, during=range_of(period), place=place)
    session.add(meeting)
    await session.flush()
    session.add_all(
        MeetingAttendee(meeting_id=meeting.id, person_id=person_id) for person_id in people
    )
    await hold(session, meeting, people)
    return meeting


async def _free_times(
    session: AsyncSession,
    request: MeetingRequest,
    period: Period,
    people: list[int],
    now: datetime,
) -> list[PeriodOut]:
    within = reads.proposed_periods(request) or [
        Period(period.starts_at, period.starts_at + OUTLOOK)
    ]
    span = Period(min(within).starts_at, max(one.ends_at for one in within))
    busy = await reads.busy_periods(session, people, span)
    return [
        PeriodOut.model_validate(free)
        for free in free_times(within, busy, length=period.length, after=now)
    ]


async def cancel(
    session: AsyncSession,
    actor: Actor,
    request: MeetingRequest,
    now: datetime,
    answer: str | None,
) -> None:
    """Call a request's meeting off and free what it held; it stays, cancelled.

    Raises:
        Conflict: it is over.
    """
    statement = select(Meeting).where(Meeting.request_id == request.id).with_for_update()
    meeting = (await session.execute(statement)).scalar_one()
    if period_of(meeting.during).ends_at <= now:
        raise Conflict("The meeting is over and can't be cancelled.", code="meeting_over")
    await call_off(session, actor, [(meeting, request)], now, answer)
