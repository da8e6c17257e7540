"""Editions of the market over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

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
from app.markets import service, stranding
from app.markets.answers import StrandedDep
from app.markets.schemas import MarketIn, MarketOut, MarketPatch
from app.models.markets import Market, MarketState
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/markets",
    tags=["markets"],
    route_class=TransactionRoute,
    dependencies=[scoped("markets")],
)


@router.get("", summary="List markets")
async def list_markets(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    page: PageDep,
    state: Annotated[MarketState | None, Query()] = None,
) -> ItemPage[MarketOut]:
    """List the editions of the market, newest first; organisers see drafts, too."""
    rows, cursor = await service.list_markets(session, actor, page, state)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[MarketOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", summary="Make a market", status_code=201)
async def create_market(
    session: SessionDep, actor: OrganiserActor, response: Response, wanted: MarketIn
) -> MarketOut:
    """Make a draft of an edition: give it hours and halls, then open it; organisers only.

    409 `name_taken` where another edition has that name.
    """
    market = await service.create_market(session, actor, wanted)
    response.headers["Location"] = f"/v1/markets/{market.id}"
    return _shown(response, market)


@router.get(
    "/{market_id}", summary="Get a market", response_model=MarketOut, responses=NOT_MODIFIED
)
async def get_market(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    market_id: Id,
    if_none_match: IfNoneMatchDep,
) -> MarketOut | Response:
    """Give an edition: its dates, its clock, and the rules of its meetings."""
    market = await service.get_market(session, actor, market_id)
    shown = MarketOut.model_validate(market)
    return unless_known(response, shown, market.version, if_none_match)


@router.patch("/{market_id}", summary="Change a market", responses=problems(409, 412))
async def update_market(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    market_id: Id,
    patch: MarketPatch,
    if_match: IfMatchDep,
    stranded: StrandedDep = None,
) -> MarketOut:
    """Change an edition (RFC 7396): what is left out stays; organisers only.

    409 `days_outside` where days with hours, or days of people's accreditations, would lie outside
    the new dates (`days` has them); `name_taken` where another edition has that name.
    409 `strands_meetings` names the meetings to come that could not be any more (`count`,
    `meetings`, each with its `cause`): say with `stranded` what becomes of them.
    """
    market = await service.lock_market(session, actor, market_id)
    require_match(if_match, market.version)
    await service.update_market(session, actor, market, patch)
    await stranding.settle(session, actor, market, stranded)
    return _shown(response, market)


@router.post("/{market_id}/open", summary="Open a market")
async def open_market(
    session: SessionDep, actor: OrganiserActor, response: Response, market_id: Id
) -> MarketOut:
    """Show a draft to the companies, which can register their people from then on; or open again.

    Organisers only. 409 `no_hours` for a market without hours; opening twice is opening once.
    """
    market = await service.lock_market(session, actor, market_id)
    await service.open_market(session, actor, market)
    return _shown(response, market)


@router.post("/{market_id}/close", summary="Close a market")
async def close_market(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    market_id: Id,
    stranded: StrandedDep = None,
) -> MarketOut:
    """Say that an edition is over; it stays to be seen. Organisers only.

    409 `not_open` for a draft; closing twice is closing once.
    409 `strands_meetings` names the meetings to come that could not be any more (`count`,
    `meetings`, each with its `cause`): `stranded` says that they are called off.
    """
    market = await service.lock_market(session, actor, market_id)
    await service.close_market(session, actor, market)
    await stranding.settle(session, actor, market, stranded)
    return _shown(response, market)


def _shown(response: Response, market: Market) -> MarketOut:
    return tagged(response, MarketOut.model_validate(market), market.version)
