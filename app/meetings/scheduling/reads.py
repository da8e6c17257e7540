"""Who sees which run: organisers, all of them; every read starts from one of these."""

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.base import ExecutableOption

from app.models.accounts import Person
from app.models.schedules import ScheduleOutcome, ScheduleRun

WHOLE_RUN: tuple[ExecutableOption, ...] = (joinedload(ScheduleRun.operation),)
WHOLE_OUTCOME: tuple[ExecutableOption, ...] = (
    joinedload(ScheduleOutcome.place),
    joinedload(ScheduleOutcome.asker).joinedload(Person.organisation, innerjoin=True),
    joinedload(ScheduleOutcome.taker).joinedload(Person.organisation, innerjoin=True),
)


def runs() -> Select[ScheduleRun]:
    """Select runs: nobody but organisers gets so far."""
    return select(ScheduleRun).options(*WHOLE_RUN)


def outcomes_of(run_id: int) -> Select[ScheduleOutcome]:
    """Select what a run says of requests."""
    return select(ScheduleOutcome).where(ScheduleOutcome.run_id == run_id).options(*WHOLE_OUTCOME)
