"""A market's halls, and the walks between them, over HTTP."""

from fastapi import APIRouter, Response
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
from app.markets import halls, service
from app.markets.hall_schemas import HallIn, HallOut, HallPatch, WalkOut, WalksIn, WalksOut
from app.models.markets import Market
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(tags=["markets"], route_class=TransactionRoute, dependencies=[scoped("markets")])


@router.get("/markets/{market_id}/halls", summary="List a market's halls")
async def list_halls(
    session: SessionDep, actor: MarketActor, response: Response, market_id: Id, page: PageDep
) -> ItemPage[HallOut]:
    """List the halls of a market, in the order they were made."""
    market = await service.get_market(session, actor, market_id)
    rows, cursor = await halls.list_halls(session, market, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[HallOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("/markets/{market_id}/halls", summary="Add a hall", status_code=201)
async def create_hall(
    session: SessionDep, actor: OrganiserActor, response: Response, market_id: Id, wanted: HallIn
) -> HallOut:
    """Add a hall to a market; organisers only.

    409 `name_taken` where another hall of it has that name, `too_many_halls` where it has 50.
    """
    market = await service.lock_market(session, actor, market_id)
    hall = await halls.create_hall(session, actor, market, wanted)
    response.headers["Location"] = f"/v1/halls/{hall.id}"
    return tagged(response, HallOut.model_validate(hall), hall.version)


@router.get(
    "/halls/{hall_id}", summary="Get a hall", response_model=HallOut, responses=NOT_MODIFIED
)
async def get_hall(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    hall_id: Id,
    if_none_match: IfNoneMatchDep,
) -> HallOut | Response:
    """Give a hall."""
    hall = await halls.get_hall(session, actor, hall_id)
    return unless_known(response, HallOut.model_validate(hall), hall.version, if_none_match)


@router.patch("/halls/{hall_id}", summary="Change a hall", responses=problems(409, 412))
async def update_hall(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    hall_id: Id,
    patch: HallPatch,
    if_match: IfMatchDep,
) -> HallOut:
    """Change a hall (RFC 7396): what is left out stays; organisers only.

    409 `name_taken` where another hall of the market has that name.
    """
    hall, _ = await halls.lock_hall(session, actor, hall_id)
    require_match(if_match, hall.version)
    await halls.update_hall(session, actor, hall, patch)
    return tagged(response, HallOut.model_validate(hall), hall.version)


@router.delete(
    "/halls/{hall_id}", summary="Delete a hall", status_code=204, responses=problems(409, 412)
)
async def delete_hall(
    session: SessionDep, actor: OrganiserActor, hall_id: Id, if_match: IfMatchDep
) -> None:
    """Take a hall away, and the walks to it; organisers only.

    409 `hall_in_use` while places stand in it.
    """
    hall, market = await halls.lock_hall(session, actor, hall_id)
    require_match(if_match, hall.version)
    await halls.delete_hall(session, actor, hall, market)


# Walks ----------------------------------------------------------------------------------------


@router.get(
    "/markets/{market_id}/walks",
    summary="Get the walks between a market's halls",
    response_model=WalksOut,
    responses=NOT_MODIFIED,
)
async def get_walks(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    market_id: Id,
    if_none_match: IfNoneMatchDep,
) -> WalksOut | Response:
    """Give how long one walks from hall to hall, in minutes.

    Inside a hall, no time at all; between two halls that are not listed, `walk_minutes`.
    """
    market = await service.get_market(session, actor, market_id)
    return unless_known(response, await _walks(session, market), market.version, if_none_match)


@router.put(
    "/markets/{market_id}/walks",
    summary="Set the walks between a market's halls",
    responses=problems(412),
)
async def put_walks(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    market_id: Id,
    wanted: WalksIn,
    if_match: IfMatchDep,
) -> WalksOut:
    """Replace all that is known of walks between the halls of a market; organisers only.

    Each pair counts both ways. What holds for pairs that are not listed, `walk_minutes`, is changed
    with `PATCH /v1/markets/{market_id}`.
    """
    market = await service.lock_market(session, actor, market_id)
    require_match(if_match, market.version)
    await halls.put_walks(session, actor, market, wanted.walks)
    return tagged(response, await _walks(session, market), market.version)


async def _walks(session: AsyncSession, market: Market) -> WalksOut:
    walks = [
        WalkOut(hall_ids=[one.hall_id, one.other_hall_id], minutes=one.minutes)
        for one in await halls.list_walks(session, market)
    ]
    return WalksOut(walk_minutes=market.walk_minutes, walks=walks)
