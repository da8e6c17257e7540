"""Runs of the schedule: begun, listed, looked into, by the organisers of a market."""

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.errors import Invalid, NotFound
from app.markets.service import get_market
from app.meetings.editions import require_open
from app.meetings.scheduling import reads
from app.meetings.scheduling.schemas import ScheduleRunIn
from app.models.markets import Market
from app.models.schedules import ScheduleChange, ScheduleOutcome, ScheduleRun
from app.operations import service as operations
from app.pagination import PageRequest, bounded_int, instant_of

# What the worker knows the work by
KIND = "schedule.plan"
ORDER, MEETINGS_ORDER, LEFT_OUT_ORDER = "id", "starts_at", "request_id"
_starts_at = func.lower(ScheduleOutcome.during)


async def begin_run(
    session: AsyncSession, actor: Actor, market_id: int, wanted: ScheduleRunIn
) -> ScheduleRun:
    """Have the worker plan a market.

    Raises:
        NotFound: there is no such market.
        Invalid: what is to be repaired is no applied run of this market.
        Conflict: the market is not open, or the organisation has too many operations.
    """
    market = await get_market(session, actor, market_id)
    require_open(market)
    await _require_applied(session, market, wanted.repair_of)
    run = ScheduleRun(
        market_id=market.id,
        person_id=actor.person_id,
        mode=wanted.mode,
        repair_of_id=wanted.repair_of,
        seed=wanted.seed,
        effort=wanted.effort,
        seconds=wanted.seconds,
        weights=wanted.weights.model_dump(),
    )
    session.add(run)
    await session.flush()
    run.operation = await operations.begin(session, actor, KIND, {"schedule_run_id": str(run.id)})
    await session.flush()
    data = {"market_id": str(market.id), "mode": run.mode.value}
    events.record(session, actor, "schedule_run.created", run.id, data=data)
    return run


async def _require_applied(session: AsyncSession, market: Market, id_: int | None) -> None:
    if id_ is None:
        return
    found = await session.scalar(
        select(ScheduleRun.id).where(
            ScheduleRun.id == id_,
            ScheduleRun.market_id == market.id,
            ScheduleRun.applied_at.is_not(None),
        )
    )
    if found is None:
        raise Invalid.field(
            "/repair_of", "must be a run of this market that was applied", code="not_applied"
        )


async def get_run(session: AsyncSession, id_: int) -> ScheduleRun:
    """Give a run as it stands.

    Raises:
        NotFound: it isn't there.
    """
    statement = reads.runs().where(ScheduleRun.id == id_)
    found = await session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("schedule run")
    return found


async def list_runs(
    session: AsyncSession, actor: Actor, market_id: int, page: PageRequest
) -> tuple[list[ScheduleRun], str | None]:
    """Give a page of a market's runs, newest first.

    Raises:
        NotFound: there is no such market.
    """
    market = await get_market(session, actor, market_id)
    statement = reads.runs().where(ScheduleRun.market_id == market.id)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(ScheduleRun.id < after[0])
    rows = await session.scalars(statement.order_by(ScheduleRun.id.desc()).limit(page.fetch))
    return page.split(rows.all(), ORDER, lambda row: (row.id,))


async def market_of(session: AsyncSession, actor: Actor, id_: int) -> Market:
    """Give the market of a run.

    Raises:
        NotFound: it isn't there.
    """
    run = await get_run(session, id_)
    return await get_market(session, actor, run.market_id)


async def list_meetings(
    session: AsyncSession, id_: int, page: PageRequest, change: ScheduleChange | None
) -> tuple[list[ScheduleOutcome], str | None]:
    """Give a page of the meetings of a run's plan, in the order of time."""
    statement = reads.outcomes_of(id_).where(ScheduleOutcome.during.is_not(None))
    if change is not None:
        statement = statement.where(ScheduleOutcome.change == change)
    if (after := page.after(MEETINGS_ORDER, instant_of, bounded_int)) is not None:
        statement = statement.where(tuple_(_starts_at, ScheduleOutcome.request_id) > tuple_(*after))
    rows = await session.scalars(
        statement.order_by(_starts_at, ScheduleOutcome.request_id).limit(page.fetch)
    )
    return page.split(
        rows.all(),
        MEETINGS_ORDER,
        lambda row: (row.during.lower if row.during else None, row.request_id),
    )


async def list_left_out(
    session: AsyncSession, id_: int, page: PageRequest
) -> tuple[list[ScheduleOutcome], str | None]:
    """Give a page of what a run's plan leaves out, in the order the requests were made."""
    statement = reads.outcomes_of(id_).where(ScheduleOutcome.during.is_(None))
    if (after := page.after(LEFT_OUT_ORDER, bounded_int)) is not None:
        statement = statement.where(ScheduleOutcome.request_id > after[0])
    rows = await session.scalars(statement.order_by(ScheduleOutcome.request_id).limit(page.fetch))
    return page.split(rows.all(), LEFT_OUT_ORDER, lambda row: (row.request_id,))
