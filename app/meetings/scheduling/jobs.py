"""What the worker does with runs: plan them, keep the plans, and forget those nobody applied."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.errors import Forbidden
from app.meetings.planning.budget import Progress as Planning
from app.meetings.planning.instance import Weights
from app.meetings.planning.outcome import Plan
from app.meetings.scheduling.apart import plan_apart
from app.meetings.scheduling.framing import Frame, frame
from app.meetings.scheduling.job import Job
from app.meetings.scheduling.market_rows import RequestRow, now_of, read_market
from app.meetings.scheduling.outcomes import figures_of, fingerprint_of, outcomes_of
from app.models.base import JsonObject
from app.models.markets import Market
from app.models.schedules import ScheduleChange, ScheduleMode, ScheduleOutcome, ScheduleRun
from app.operations.handling import Means, Progress, Run

KEPT = timedelta(days=90)
FORGOTTEN_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class _Task:
    schedule: ScheduleRun
    framed: Frame
    job: Job


async def plan_schedule(means: Means, run: Run, progress: Progress) -> JsonObject | None:
    """Plan a run; begun again, it is planned as the market is then.

    Raises:
        Forbidden: whoever asked for it no longer runs the market.
    """
    if not run.actor.is_organiser:
        raise Forbidden("Only organisers plan a market.", code="forbidden")
    task = await _read(means, int(run.input["schedule_run_id"]))

    async def tell(planning: Planning) -> None:
        await progress.tell(planning.done, {"priority": planning.priority, "bound": planning.bound})

    plan = await plan_apart(task.job, tell, progress.is_cancelled)
    if plan is None:
        return None
    await progress.tell(1)
    return await _keep(means, task, plan)


async def _read(means: Means, id_: int) -> _Task:
    """Read a market as it is at one instant, and frame what is to be planned."""
    async with means.transaction() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        schedule = await session.get_one(ScheduleRun, id_)
        market = await session.get_one(Market, schedule.market_id)
        now = await now_of(session)
        rows = await read_market(session, market)
        left_out = await _left_out_before(session, schedule)
    may_move = _anything if schedule.mode is ScheduleMode.REPAIR else _nothing
    framed = await asyncio.to_thread(frame, rows, now, may_move, Weights(**schedule.weights))
    is_repair = schedule.mode is ScheduleMode.REPAIR
    waiting = frozenset(one.id for one in framed.instance.requests if one.id in left_out)
    job = Job(
        framed.instance,
        seed=schedule.seed,
        effort=schedule.effort,
        seconds=schedule.seconds,
        known=framed.known if is_repair else None,
        waiting=waiting - framed.known.keys() if is_repair else frozenset(),
    )
    return _Task(schedule, framed, job)


def _anything(row: RequestRow) -> bool:
    del row
    return True


def _nothing(row: RequestRow) -> bool:
    del row
    return False


async def _left_out_before(session: AsyncSession, schedule: ScheduleRun) -> set[int]:
    """Give what the run that is repaired left out: else, the one that was applied last."""
    if schedule.mode is not ScheduleMode.REPAIR:
        return set()
    repaired = schedule.repair_of_id or await session.scalar(
        select(ScheduleRun.id)
        .where(ScheduleRun.market_id == schedule.market_id, ScheduleRun.applied_at.is_not(None))
        .order_by(ScheduleRun.applied_at.desc())
        .limit(1)
    )
    left_out = select(ScheduleOutcome.request_id).where(
        ScheduleOutcome.run_id == repaired, ScheduleOutcome.change == ScheduleChange.LEFT_OUT
    )
    return set(await session.scalars(left_out))


async def _keep(means: Means, task: _Task, plan: Plan) -> JsonObject:
    """Keep a plan; one of a run that was given up for dead is replaced, if it was not applied."""
    outcomes = await asyncio.to_thread(outcomes_of, task.framed, plan)
    fingerprint = await asyncio.to_thread(fingerprint_of, task.job)
    figures = figures_of(plan, outcomes)
    async with means.transaction() as session:
        schedule = await session.get_one(ScheduleRun, task.schedule.id, with_for_update=True)
        if schedule.applied_at is None:
            of_run = ScheduleOutcome.run_id == schedule.id
            await session.execute(delete(ScheduleOutcome).where(of_run))
            rows = [outcome | {"run_id": schedule.id} for outcome in outcomes]
            if rows:
                await session.execute(insert(ScheduleOutcome), rows)
            now = await now_of(session)
            schedule.plan, schedule.fingerprint, schedule.planned_at = figures, fingerprint, now
            data = {"market_id": str(schedule.market_id), "mode": schedule.mode.value}
            events.record(session, None, "schedule_run.planned", schedule.id, data=data)
    return {"schedule_run_id": str(task.schedule.id), **figures}


async def forget_runs(session: AsyncSession) -> None:
    """Delete runs that nobody applied for long, with all they say."""
    old = (
        select(ScheduleRun.id)
        .where(ScheduleRun.applied_at.is_(None), ScheduleRun.created_at < func.now() - KEPT)
        .limit(FORGOTTEN_AT_ONCE)
    )
    await session.execute(delete(ScheduleRun).where(ScheduleRun.id.in_(old)))
