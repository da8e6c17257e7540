"""The schedule of a market over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.deps import OrganiserActor, PageDep, SessionDep
from app.ids import Id
from app.meetings.scheduling import service
from app.meetings.scheduling.applying import apply_run
from app.meetings.scheduling.schemas import (
    LeftOutOut,
    PlannedMeetingOut,
    ScheduleRunIn,
    ScheduleRunOut,
)
from app.meetings.scheduling.views import show_left_out, show_meeting, show_run
from app.models.schedules import ScheduleChange
from app.openapi import problems
from app.operations.answers import ACCEPTED, accepted
from app.pagination import ItemPage
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["schedule"], route_class=TransactionRoute, dependencies=[scoped("meetings")]
)


@router.post(
    "/markets/{market_id}/schedule-runs",
    summary="Plan a market's meetings",
    status_code=202,
    responses=ACCEPTED | problems(409),
)
async def create_schedule_run(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    market_id: Id,
    wanted: ScheduleRunIn,
) -> ScheduleRunOut:
    """Have the accepted requests of a market planned into its slots and places; organisers only.

    An operation of kind `schedule.plan` maximises the priority met, then keeps waiting, walking and
    unfairness low and first choices high; cancel it by its own `POST …/cancel`, and it gives what
    it has within seconds. Nothing is changed by a plan: look at it, then apply it. A `repair` moves
    as few of the meetings people know as it can. 409 `market_not_open`; 422 `not_applied` where
    `repair_of` is no applied run of this market.
    """
    run = await service.begin_run(session, actor, market_id, wanted)
    shown = show_run(run)
    if run.operation is not None:
        accepted(run.operation, response)
    return shown


@router.get("/markets/{market_id}/schedule-runs", summary="List a market's schedule runs")
async def list_schedule_runs(
    session: SessionDep, actor: OrganiserActor, response: Response, market_id: Id, page: PageDep
) -> ItemPage[ScheduleRunOut]:
    """List the runs of a market's schedule, newest first; organisers only.

    Those that nobody applied are forgotten after 90 days.
    """
    rows, cursor = await service.list_runs(session, actor, market_id, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[show_run(row) for row in rows], next_cursor=cursor)


@router.get("/schedule-runs/{run_id}", summary="Get a schedule run")
async def get_schedule_run(
    session: SessionDep, actor: OrganiserActor, run_id: Id
) -> ScheduleRunOut:
    """Tell how far a run is and, once it is planned, how good the plan is; organisers only.

    `bound` is proven: no plan meets more priority.
    """
    del actor
    return show_run(await service.get_run(session, run_id))


@router.get("/schedule-runs/{run_id}/meetings", summary="List the meetings of a plan")
async def list_planned_meetings(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    run_id: Id,
    page: PageDep,
    change: Annotated[
        ScheduleChange | None, Query(description="`new`, `moved` or `kept` ones alone.")
    ] = None,
) -> ItemPage[PlannedMeetingOut]:
    """List the meetings of a run's plan in the order of time; organisers only.

    Empty until it is planned.
    """
    market = await service.market_of(session, actor, run_id)
    rows, cursor = await service.list_meetings(session, run_id, page, change)
    response.headers.update(page.link(cursor))
    items = [show_meeting(row, market.time_zone) for row in rows]
    return ItemPage(items=items, next_cursor=cursor)


@router.get("/schedule-runs/{run_id}/left-out", summary="List what a plan leaves out")
async def list_left_out(
    session: SessionDep, actor: OrganiserActor, response: Response, run_id: Id, page: PageDep
) -> ItemPage[LeftOutOut]:
    """List the requests that a run's plan has no meeting for, and why; organisers only.

    The reasons are true of the plan as it is: nothing left out could be added to it.
    """
    await service.market_of(session, actor, run_id)
    rows, cursor = await service.list_left_out(session, run_id, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[show_left_out(row) for row in rows], next_cursor=cursor)


@router.post("/schedule-runs/{run_id}/apply", summary="Apply a plan")
async def apply_schedule_run(
    session: SessionDep, actor: OrganiserActor, run_id: Id
) -> ScheduleRunOut:
    """Make the meetings of a plan, all of them or none; organisers only.

    Everything is checked against the market as it is now. 409 `plan_outdated` where a meeting can't
    be any more: `outdated` has the first 100 requests, each with a code and words, and nothing was
    changed. 409 `not_planned` while there is no plan, `market_not_open` where the market is over.
    Applying twice is applying once.
    """
    await apply_run(session, actor, run_id)
    return show_run(await service.get_run(session, run_id))
