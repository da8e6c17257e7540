"""A plan is applied: as a whole, as it was shown, or not at all."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.agendas.holding import Taken, unless_taken
from app.agendas.periods import period_of
from app.errors import Conflict, NotFound
from app.markets.service import lock_market
from app.meetings.editions import require_open
from app.meetings.scheduling.checking import Fault, Planned, faults_of
from app.meetings.scheduling.framing import Frame, frame
from app.meetings.scheduling.locking import CHANGING, lock_changing
from app.meetings.scheduling.market_rows import RequestRow, now_of, read_market
from app.meetings.scheduling.rules import OUTDATED
from app.meetings.scheduling.writing import write
from app.models.markets import Market
from app.models.schedules import ScheduleOutcome, ScheduleRun

MOST_TOLD = 100


async def apply_run(session: AsyncSession, actor: Actor, id_: int) -> None:
    """Make the meetings of a run, move those it moves, take off those it lost; twice is once.

    Raises:
        NotFound: it isn't there.
        Conflict: it is not planned yet, the market is not open, or something changed meanwhile.
    """
    market_id = await session.scalar(select(ScheduleRun.market_id).where(ScheduleRun.id == id_))
    if market_id is None:
        raise NotFound("schedule run")
    # Whoever books, moves or changes what meetings stand on waits, or is waited for.
    market = await lock_market(session, actor, market_id)
    statement = select(ScheduleRun).where(ScheduleRun.id == id_).with_for_update()
    run = (await session.scalars(statement.execution_options(populate_existing=True))).one()
    if run.applied_at is not None:
        return
    _require_applicable(run, market)
    await lock_changing(session, run.id)
    planned = await _planned(session, run.id)
    framed = await _held_to_the_market(session, market, planned)
    now = await now_of(session)
    try:
        async with unless_taken(session):
            await write(session, actor, run, framed.rows, now)
    except Taken:
        # Somebody took another thing upon them between our look and our writing.
        await _held_to_the_market(session, market, planned)
        raise _outdated([]) from None
    run.applied_at, run.applied_by_id = now, actor.person_id
    await session.flush()
    data = {"market_id": str(market.id), "mode": run.mode.value, "changes": len(planned)}
    events.record(session, actor, "schedule_run.applied", run.id, data=data)


def _require_applicable(run: ScheduleRun, market: Market) -> None:
    if run.planned_at is None:
        raise Conflict("There is no plan to apply yet.", code="not_planned")
    require_open(market)


async def _planned(session: AsyncSession, run_id: int) -> list[Planned]:
    rows = await session.execute(
        select(
            ScheduleOutcome.request_id,
            ScheduleOutcome.change,
            ScheduleOutcome.during,
            ScheduleOutcome.place_id,
            ScheduleOutcome.asker_id,
            ScheduleOutcome.taker_id,
            ScheduleOutcome.before_sequence,
        )
        .where(ScheduleOutcome.run_id == run_id, ScheduleOutcome.change.in_(CHANGING))
        .order_by(ScheduleOutcome.request_id)
    )
    return [
        Planned(
            request_id=row.request_id,
            change=row.change,
            during=None if row.during is None else period_of(row.during),
            place_id=row.place_id,
            people=None if row.asker_id is None else (row.asker_id, row.taker_id),
            before_sequence=row.before_sequence,
        )
        for row in rows
    ]


async def _held_to_the_market(
    session: AsyncSession, market: Market, planned: list[Planned]
) -> Frame:
    """Read the market, and hold a plan to it.

    Raises:
        Conflict: a meeting of it can't be any more.
    """
    rows = await read_market(session, market)
    moving = {one.request_id for one in planned}

    def may_move(row: RequestRow) -> bool:
        return row.id in moving

    framed = frame(rows, await now_of(session), may_move)
    if faults := faults_of(framed, planned):
        raise _outdated(faults)
    return framed


def _outdated(faults: list[Fault]) -> Conflict:
    told = [
        {"request_id": str(one.request_id), "code": one.why, "detail": OUTDATED[one.why]}
        for one in faults[:MOST_TOLD]
    ]
    return Conflict(
        "The market changed after this was planned, and not all of the plan can be carried out any "
        "more: outdated says what. Nothing was changed. Plan again.",
        code="plan_outdated",
        outdated=told,
        outdated_count=len(faults),
    )
