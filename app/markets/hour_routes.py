"""A market's hours and slots over HTTP."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.deps import (
    IfMatchDep,
    IfNoneMatchDep,
    MarketActor,
    OrganiserActor,
    PageDep,
    SessionDep,
)
from app.etags import NOT_MODIFIED, require_match, tagged, unless_known
from app.ids import Id
from app.markets import hours, reads, service, stranding
from app.markets.answers import StrandedDep
from app.markets.hour_schemas import DayHoursOut, HoursIn, HoursOut, LocalSlot, SlotOut
from app.markets.rules import Slot
from app.markets.schemas import Day
from app.models.markets import Market
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/markets/{market_id}",
    tags=["markets"],
    route_class=TransactionRoute,
    dependencies=[scoped("markets")],
)


@router.get(
    "/hours", summary="Get a market's hours", response_model=HoursOut, responses=NOT_MODIFIED
)
async def get_hours(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    market_id: Id,
    if_none_match: IfNoneMatchDep,
) -> HoursOut | Response:
    """Give the hours and breaks of each day on which the market is open, on its own clock."""
    market = await service.get_market(session, actor, market_id)
    shown = await _hours(session, market)
    return unless_known(response, shown, market.version, if_none_match)


@router.put("/hours", summary="Set a market's hours", responses=problems(409, 412))
async def put_hours(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    market_id: Id,
    wanted: HoursIn,
    if_match: IfMatchDep,
    stranded: StrandedDep = None,
) -> HoursOut:
    """Replace the hours and breaks of all days at once; organisers only.

    Times are those of the market's clock. One that comes twice, as clocks are set back, means the
    first of the two; one that never comes, as they are set forward, the instant they jump. 409
    `no_hours` where no day would be left of a market that was opened.

    409 `strands_meetings` names the meetings to come that could not be any more (`count`,
    `meetings`, each with its `cause`): say with `stranded` what becomes of them.
    """
    market = await service.lock_market(session, actor, market_id)
    require_match(if_match, market.version)
    await hours.put_hours(session, actor, market, [one.hours for one in wanted.days])
    await stranding.settle(session, actor, market, stranded)
    return tagged(response, await _hours(session, market), market.version)


@router.get("/slots", summary="List a market's slots")
async def list_slots(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    market_id: Id,
    page: PageDep,
    day: Annotated[Day | None, Query(description="Of this day alone.")] = None,
) -> ItemPage[SlotOut]:
    """List the times to meet in, in their order, as instants and on the market's clock.

    From the opening of each day, one after the other, as long as they end before the market closes;
    those that touch a break are left out. They are of equal length in fact, whatever clocks do.
    """
    market = await service.get_market(session, actor, market_id)
    slots, cursor = await hours.list_slots(session, market, page, day)
    response.headers.update(page.link(cursor))
    zone = ZoneInfo(market.time_zone)
    return ItemPage(items=[_slot(slot, zone) for slot in slots], next_cursor=cursor)


async def _hours(session: AsyncSession, market: Market) -> HoursOut:
    days = await reads.hours_of(session, market.id)
    return HoursOut(
        time_zone=market.time_zone, days=[DayHoursOut.model_validate(day) for day in days]
    )


def _slot(slot: Slot, zone: ZoneInfo) -> SlotOut:
    return SlotOut(
        day=slot.day,
        index=slot.index,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        local=LocalSlot(
            starts_at=slot.starts_at.astimezone(zone), ends_at=slot.ends_at.astimezone(zone)
        ),
    )
