"""From rows to what is shown of them."""

from datetime import datetime
from typing import cast

from sqlalchemy.dialects.postgresql import Range

from app.accounts.schemas import OrganisationRef, PersonRef
from app.agendas.periods import period_of
from app.meetings.scheduling.rules import WORDS
from app.meetings.scheduling.schemas import (
    LeftOutOut,
    MeetingBefore,
    PlannedMeetingOut,
    PlannedPerson,
    PlannedPlace,
    PlanOut,
    ScheduleRunOut,
    ScheduleRunState,
    ScheduleWeights,
)
from app.meetings.views import local_period
from app.models.accounts import Person
from app.models.operations import OperationState
from app.models.schedules import ScheduleOutcome, ScheduleRun
from app.operations.schemas import OperationOut

# Before there is a plan; what succeeded has one
STATES = {
    OperationState.QUEUED: ScheduleRunState.QUEUED,
    OperationState.RUNNING: ScheduleRunState.RUNNING,
    OperationState.CANCELLED: ScheduleRunState.CANCELLED,
}


def show_run(run: ScheduleRun) -> ScheduleRunOut:
    """Show a run with its operation and its figures."""
    operation = run.operation
    return ScheduleRunOut(
        id=run.id,
        market_id=run.market_id,
        state=_state(run),
        mode=run.mode,
        repair_of=run.repair_of_id,
        seed=run.seed,
        effort=run.effort,
        seconds=run.seconds,
        weights=ScheduleWeights(**run.weights),
        operation=None if operation is None else OperationOut.model_validate(operation),
        plan=None if run.plan is None else PlanOut.model_validate(run.plan),
        fingerprint=run.fingerprint,
        planned_at=run.planned_at,
        applied_at=run.applied_at,
        created_at=run.created_at,
    )


def _state(run: ScheduleRun) -> ScheduleRunState:
    if run.applied_at is not None:
        return ScheduleRunState.APPLIED
    if run.planned_at is not None:
        return ScheduleRunState.PLANNED
    if run.operation is None:
        return ScheduleRunState.FAILED
    return STATES.get(run.operation.state, ScheduleRunState.FAILED)


def show_meeting(outcome: ScheduleOutcome, time_zone: str) -> PlannedMeetingOut:
    """Show a meeting of a plan, on the market's clock."""
    period = period_of(cast("Range[datetime]", outcome.during))
    name = outcome.place.name if outcome.place is not None else None
    return PlannedMeetingOut(
        request_id=outcome.request_id,
        change=outcome.change,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        local=local_period(period, time_zone),
        place=PlannedPlace(id=cast("int", outcome.place_id), name=name),
        people=[_person(cast("Person", one)) for one in (outcome.asker, outcome.taker)],
        before=_before(outcome),
    )


def _person(person: Person) -> PlannedPerson:
    return PlannedPerson(
        person=PersonRef.model_validate(person),
        organisation=OrganisationRef.model_validate(person.organisation),
    )


def show_left_out(outcome: ScheduleOutcome) -> LeftOutOut:
    """Show a request that is left out, and why."""
    reason = cast("str", outcome.reason)
    return LeftOutOut(
        request_id=outcome.request_id,
        change=outcome.change,
        reason=reason,
        detail=WORDS[reason],
        obstacles=outcome.obstacles,
        before=_before(outcome),
    )


def _before(outcome: ScheduleOutcome) -> MeetingBefore | None:
    if outcome.before_during is None:
        return None
    period = period_of(outcome.before_during)
    return MeetingBefore(
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        place_id=outcome.before_place_id,
        person_ids=outcome.before_people or [],
    )
