"""What a plan changes is locked before it is looked at, in the order of the house."""

from typing import Any

from sqlalchemy import Select, SQLColumnExpression, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.accounts import Person
from app.models.markets import Place
from app.models.meetings import Meeting, MeetingRequest
from app.models.schedules import ScheduleChange, ScheduleOutcome

CHANGING = (ScheduleChange.NEW, ScheduleChange.MOVED, ScheduleChange.LOST)


async def lock_changing(session: AsyncSession, run_id: int) -> None:
    """Lock the requests, meetings, people and places of a plan; the caller has the market's row."""
    asked = MeetingRequest.id.in_(_of_run(run_id, ScheduleOutcome.request_id))
    await session.execute(
        select(MeetingRequest.id).where(asked).order_by(MeetingRequest.id).with_for_update()
    )
    held = Meeting.request_id.in_(_of_run(run_id, ScheduleOutcome.request_id))
    await session.execute(select(Meeting.id).where(held).order_by(Meeting.id).with_for_update())
    meet = Person.id.in_(
        union(
            _of_run(run_id, ScheduleOutcome.asker_id),
            _of_run(run_id, ScheduleOutcome.taker_id),
            _of_run(run_id, func.unnest(ScheduleOutcome.before_people)),
        )
    )
    await session.execute(
        select(Person.id).where(meet).order_by(Person.id).with_for_update(key_share=True)
    )
    used = Place.id.in_(_of_run(run_id, ScheduleOutcome.place_id))
    await session.execute(
        select(Place.id).where(used).order_by(Place.id).with_for_update(key_share=True)
    )


def _of_run(run_id: int, column: SQLColumnExpression[Any]) -> Select[Any]:
    return select(column).where(
        ScheduleOutcome.run_id == run_id, ScheduleOutcome.change.in_(CHANGING)
    )
