"""Meetings: made of an accepted request, and called off. Both people hold the time, or neither."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.db import constraint_of
from app.errors import Conflict
from app.meetings import reads
from app.meetings.asking import require_person_of
from app.meetings.rules import Period, free_times
from app.meetings.schemas import PeriodOut
from app.models.accounts import Organisation, Person, Standing
from app.models.meetings import AgendaEntry, Meeting, MeetingAttendee, MeetingRequest

ONE_PLACE = "ex_agenda_entries_holder_is_in_one_place"
# Where nothing was proposed, other times are looked for so long after the one that is taken.
OUTLOOK = timedelta(days=7)


async def taker_of(
    session: AsyncSession, actor: Actor, request: MeetingRequest, person_id: int | None
) -> int:
    """Tell who of the asked side takes the meeting.

    Raises:
        Invalid: the one named is none of its people.
    """
    if person_id is None and request.to_person_id is None:
        return actor.person_id
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
    await _take_turns(session, people)
    try:
        async with session.begin_nested():
            return await _insert(session, request, period, people, place)
    except IntegrityError as error:
        if constraint_of(error) != ONE_PLACE:
            raise
    free_for_both = await _free_times(session, request, period, people, now)
    raise Conflict(
        "One of you holds something else at that time. Accept with another time: free_times suit "
        "both.",
        code="time_taken",
        free_times=[free.model_dump(mode="json") for free in free_for_both],
    )


async def _take_turns(session: AsyncSession, people: list[int]) -> None:
    """Lock both people, always in the same order, until the transaction ends.

    The constraint alone keeps them apart; but two inserts that wait for each other in its index
    deadlock, which PostgreSQL notices only after a second.
    """
    await session.execute(
        select(Person.id)
        .where(Person.id.in_(people))
        .order_by(Person.id)
        .with_for_update(key_share=True)
    )


async def _insert(
    session: AsyncSession,
    request: MeetingRequest,
    period: Period,
    people: list[int],
    place: str | None,
) -> Meeting:
    during = Range(period.starts_at, period.ends_at)
    meeting = Meeting(request_id=request.id, during=during, place=place)
    session.add(meeting)
    await session.flush()
    for person_id in people:
        session.add(MeetingAttendee(meeting_id=meeting.id, person_id=person_id))
        session.add(
            AgendaEntry(
                holder_id=person_id, person_id=person_id, meeting_id=meeting.id, during=during
            )
        )
    await session.flush()
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
    session: AsyncSession, actor: Actor, request: MeetingRequest, now: datetime
) -> Meeting:
    """Call a request's meeting off and free its people; the meeting itself stays, cancelled.

    Raises:
        Conflict: it is over.
    """
    statement = select(Meeting).where(Meeting.request_id == request.id).with_for_update()
    meeting = (await session.execute(statement)).scalar_one()
    if reads.period_of(meeting.during).ends_at <= now:
        raise Conflict("The meeting is over and can't be cancelled.", code="meeting_over")
    meeting.cancelled_at = now
    meeting.cancelled_by_id = actor.person_id
    meeting.sequence += 1
    await session.execute(delete(AgendaEntry).where(AgendaEntry.meeting_id == meeting.id))
    return meeting


def record(
    session: AsyncSession, actor: Actor, type_: str, request: MeetingRequest, meeting: Meeting
) -> None:
    """Write a fact about a meeting, for both sides to know."""
    period = PeriodOut.model_validate(reads.period_of(meeting.during))
    events.record(
        session,
        actor,
        type_,
        meeting.id,
        organisation_ids=[request.from_organisation_id, request.to_organisation_id],
        data={"meeting_request_id": str(request.id), **period.model_dump(mode="json")},
    )
