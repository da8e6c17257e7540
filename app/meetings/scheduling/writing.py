"""A plan becomes meetings: a handful of statements, however many meetings there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.calling_off import forget_who_came
from app.agendas.facts import Placed, record_placed
from app.agendas.holding import hold_each, release
from app.agendas.periods import period_of
from app.meetings.scheduling.market_rows import RequestRow
from app.models.meetings import Meeting
from app.models.schedules import ScheduleChange, ScheduleOutcome, ScheduleRun

# What was taken off before is the same meeting again: its UID stays, and its SEQUENCE rises.
_PUT = text("""
    INSERT INTO meetings AS m (request_id, market_id, during, place_id, place)
    SELECT o.request_id, r.market_id, o.during, o.place_id, concat_ws(', ', h.name, p.name)
    FROM schedule_outcomes o
        JOIN schedule_runs r ON r.id = o.run_id
        JOIN places p ON p.id = o.place_id
        LEFT JOIN halls h ON h.id = p.hall_id
    WHERE o.run_id = :run_id AND o.change = :change
    ORDER BY o.request_id
    ON CONFLICT (request_id) DO UPDATE SET
        during = excluded.during, place_id = excluded.place_id, place = excluded.place,
        cancelled_at = NULL, cancelled_by_id = NULL, sequence = m.sequence + 1,
        version = m.version + 1, updated_at = now()
    RETURNING m.id, m.request_id, m.during, m.place_id
""")
_TAKE_OFF = text("""
    UPDATE meetings m SET
        cancelled_at = :now, cancelled_by_id = :person_id, sequence = m.sequence + 1,
        version = m.version + 1, updated_at = now()
    FROM schedule_outcomes o
    WHERE o.run_id = :run_id AND o.change = 'lost' AND m.request_id = o.request_id
    RETURNING m.id, m.request_id, m.during, m.place_id
""")
_PART = text("""
    DELETE FROM meeting_attendees a USING meetings m, schedule_outcomes o
    WHERE m.id = a.meeting_id AND m.id = ANY (:ids) AND o.run_id = :run_id
        AND o.request_id = m.request_id AND a.person_id NOT IN (o.asker_id, o.taker_id)
""")
_MEET = text("""
    INSERT INTO meeting_attendees (meeting_id, person_id)
    SELECT m.id, unnest(ARRAY[o.asker_id, o.taker_id])
    FROM schedule_outcomes o JOIN meetings m ON m.request_id = o.request_id
    WHERE o.run_id = :run_id AND m.id = ANY (:ids)
    ON CONFLICT DO NOTHING
""")
_ANSWER = text("""
    UPDATE meeting_requests r SET state = :state, version = r.version + 1, updated_at = now()
    FROM schedule_outcomes o
    WHERE o.run_id = :run_id AND o.change = :change AND r.id = o.request_id
""")
Rows = Sequence[Row[Any]]


async def write(
    session: AsyncSession,
    actor: Actor,
    run: ScheduleRun,
    requests: Mapping[int, RequestRow],
    now: datetime,
) -> None:
    """Make, move and take off the meetings of a plan, all of which the caller has locked.

    The database refuses all of it where somebody would be in two places.
    """
    of = {"run_id": run.id}
    # All that move give their time back first: so two may change places.
    await release(session, await _leaving(session, run.id))
    made, moved = [
        (await session.execute(_PUT, of | {"change": change})).all() for change in ("new", "moved")
    ]
    off = of | {"now": now, "person_id": actor.person_id}
    gone = (await session.execute(_TAKE_OFF, off)).all()
    await forget_who_came(session, [row.id for row in (*moved, *gone)])
    ids = [row.id for row in (*made, *moved)]
    await session.execute(_PART, of | {"ids": ids})
    await session.execute(_MEET, of | {"ids": ids})
    await hold_each(session, ids)
    for change, state in (("new", "scheduled"), ("lost", "accepted")):
        await session.execute(_ANSWER, of | {"change": change, "state": state})
    for rows, fact, of_request in (
        (made, "meeting.created", "meeting_request.scheduled"),
        (moved, "meeting.moved", None),
        (gone, "meeting.cancelled", "meeting_request.unscheduled"),
    ):
        placed = [_placed(row, requests[row.request_id], run.market_id) for row in rows]
        await record_placed(session, actor, fact, of_request, placed)


async def _leaving(session: AsyncSession, run_id: int) -> Sequence[int]:
    """Give the meetings that give their time back."""
    statement = (
        select(Meeting.id)
        .join(ScheduleOutcome, ScheduleOutcome.request_id == Meeting.request_id)
        .where(ScheduleOutcome.run_id == run_id)
        .where(ScheduleOutcome.change.in_((ScheduleChange.MOVED, ScheduleChange.LOST)))
    )
    return (await session.scalars(statement)).all()


def _placed(row: Row[Any], request: RequestRow, market_id: int) -> Placed:
    sides = (request.from_organisation_id, request.to_organisation_id)
    return Placed(row.id, request.id, market_id, sides, period_of(row.during), row.place_id)
