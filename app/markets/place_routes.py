"""A market's places over HTTP."""

from datetime import UTC, datetime
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
from app.markets import places, service, stranding
from app.markets.answers import StrandedDep
from app.markets.place_schemas import PlaceIn, PlaceOut, PlacePatch, PlacesIn, PlacesOut
from app.models.markets import PlaceKind
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(tags=["markets"], route_class=TransactionRoute, dependencies=[scoped("markets")])


@router.get("/markets/{market_id}/places", summary="List a market's places")
async def list_places(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    market_id: Id,
    page: PageDep,
    hall_id: Annotated[Id | None, Query()] = None,
    seller_id: Annotated[Id | None, Query(description="Those of one seller.")] = None,
    kind: Annotated[PlaceKind | None, Query()] = None,
) -> ItemPage[PlaceOut]:
    """List the tables, stands and rooms of a market, in the order they were made."""
    market = await service.get_market(session, actor, market_id)
    rows, cursor = await places.list_places(
        session, market, page, hall_id=hall_id, seller_id=seller_id, kind=kind
    )
    response.headers.update(page.link(cursor))
    return ItemPage(items=[PlaceOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("/markets/{market_id}/places", summary="Add a place", status_code=201)
async def create_place(
    session: SessionDep, actor: OrganiserActor, response: Response, market_id: Id, wanted: PlaceIn
) -> PlaceOut:
    """Add a table, a stand, a room or an online room to a market; organisers only.

    409 `name_taken` where another place of it has that name.
    """
    market = await service.get_market(session, actor, market_id)
    (place,) = await places.create_places(session, actor, market, [wanted], [""])
    response.headers["Location"] = f"/v1/places/{place.id}"
    return tagged(response, PlaceOut.model_validate(place), place.version)


@router.post("/markets/{market_id}/places/bulk", summary="Add many places", status_code=201)
async def create_places(
    session: SessionDep, actor: OrganiserActor, response: Response, market_id: Id, wanted: PlacesIn
) -> PlacesOut:
    """Add up to 500 places to a market, all of them or none; organisers only.

    409 `name_taken` where other places of it have some of the names: `names` has them.
    """
    market = await service.get_market(session, actor, market_id)
    pointers = [f"/places/{number}" for number in range(len(wanted.places))]
    made = await places.create_places(session, actor, market, wanted.places, pointers)
    response.headers["Location"] = f"/v1/markets/{market_id}/places"
    return PlacesOut(places=[PlaceOut.model_validate(place) for place in made])


@router.get(
    "/places/{place_id}", summary="Get a place", response_model=PlaceOut, responses=NOT_MODIFIED
)
async def get_place(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    place_id: Id,
    if_none_match: IfNoneMatchDep,
) -> PlaceOut | Response:
    """Give a place."""
    place = await places.get_place(session, actor, place_id)
    return unless_known(response, PlaceOut.model_validate(place), place.version, if_none_match)


@router.patch("/places/{place_id}", summary="Change a place", responses=problems(409, 412))
async def update_place(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    place_id: Id,
    patch: PlacePatch,
    if_match: IfMatchDep,
    stranded: StrandedDep = None,
) -> PlaceOut:
    """Change a place, close it or open it again (RFC 7396): what is left out stays.

    Organisers only. 409 `name_taken` where another place of the market has that name.
    409 `strands_meetings` names the meetings to come that could not be any more (`count`,
    `meetings`, each with its `cause`): say with `stranded` what becomes of them.
    """
    market, place = await places.lock_place(session, actor, place_id)
    require_match(if_match, place.version)
    place = await places.update_place(session, actor, place, patch)
    await stranding.settle(session, actor, market, stranded)
    return tagged(response, PlaceOut.model_validate(place), place.version)


@router.delete(
    "/places/{place_id}", summary="Delete a place", status_code=204, responses=problems(409, 412)
)
async def delete_place(
    session: SessionDep,
    actor: OrganiserActor,
    place_id: Id,
    if_match: IfMatchDep,
    stranded: StrandedDep = None,
) -> None:
    """Take a place away, and its blocks; organisers only.

    409 `place_used` where people have met there: close it instead.
    409 `strands_meetings` names the meetings to come that could not be any more (`count`,
    `meetings`, each with its `cause`): say with `stranded` what becomes of them.
    """
    market, place = await places.lock_place(session, actor, place_id)
    require_match(if_match, place.version)
    place.closed_at = place.closed_at or datetime.now(UTC)
    await stranding.settle(session, actor, market, stranded)
    await places.delete_place(session, actor, place)
