"""Blocks: time of one's own, and of the market's places."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.deps import MarketActor, OrganiserActor, PageDep, SessionDep
from app.ids import Id
from app.incoming import Instant
from app.markets.places import get_place, hold_place
from app.meetings import blocks
from app.meetings.block_schemas import BlockIn, HeldOut
from app.pagination import ItemPage
from app.scopes import PEOPLE_ONLY, scoped
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["meetings"], route_class=TransactionRoute, dependencies=[scoped("meetings")]
)
FromQuery = Annotated[
    Instant | None, Query(alias="from", description="What ends later; now, if left out.")
]


@router.get("/agenda/blocks", summary="List my blocks", dependencies=[PEOPLE_ONLY])
async def list_blocks(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    page: PageDep,
    from_: FromQuery = None,
) -> ItemPage[HeldOut]:
    """List the times that the caller keeps, in the order of time; nobody else sees them."""
    rows, cursor = await blocks.list_blocks(session, actor.person_id, page, from_)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[blocks.show_held(row) for row in rows], next_cursor=cursor)


@router.post(
    "/agenda/blocks", summary="Keep some of my time", dependencies=[PEOPLE_ONLY], status_code=201
)
async def create_block(
    session: SessionDep, actor: MarketActor, response: Response, wanted: BlockIn
) -> HeldOut:
    """Keep a time of the caller's own: nobody is offered it, and no meeting is made then.

    409 `time_taken` where something is held then (`in_the_way` has it), `too_many_blocks` for more
    than 500 to come.
    """
    entry = await blocks.block_person(session, actor, wanted)
    response.headers["Location"] = "/v1/agenda/blocks"
    return blocks.show_held(entry)


@router.get("/places/{place_id}/blocks", summary="List a place's blocks")
async def list_place_blocks(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    place_id: Id,
    page: PageDep,
    from_: FromQuery = None,
) -> ItemPage[HeldOut]:
    """List the times in which a place is kept free of meetings; organisers only."""
    place = await get_place(session, actor, place_id)
    rows, cursor = await blocks.list_blocks(session, place.id, page, from_)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[blocks.show_held(row) for row in rows], next_cursor=cursor)


@router.post("/places/{place_id}/blocks", summary="Keep a place free", status_code=201)
async def create_place_block(
    session: SessionDep, actor: OrganiserActor, response: Response, place_id: Id, wanted: BlockIn
) -> HeldOut:
    """Keep a place free of meetings for some time; organisers only.

    409 `time_taken` where something is held there then (`in_the_way` has it), `too_many_blocks` for
    more than 500 to come.
    """
    place = await hold_place(session, actor, place_id)
    entry = await blocks.block_place(session, actor, place, wanted)
    response.headers["Location"] = f"/v1/places/{place_id}/blocks"
    return blocks.show_held(entry)


@router.delete("/blocks/{block_id}", summary="Delete a block", status_code=204)
async def delete_block(session: SessionDep, actor: MarketActor, block_id: Id) -> None:
    """Give a kept time back: one's own, or, for organisers, a place's."""
    entry = await blocks.lock_block(session, actor, block_id)
    await blocks.delete_block(session, actor, entry)
