"""The buyers of the market."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.actors import Actor
from app.buyers import service
from app.buyers.schemas import BuyerIn, BuyerItem, BuyerOut
from app.deps import (
    IfMatchDep,
    IfNoneMatchDep,
    LanguagesDep,
    PageDep,
    SessionDep,
    UnsuspendedActor,
    caller,
)
from app.etags import NOT_MODIFIED, not_modified
from app.ids import Id
from app.models.profiles import BuyerProfile
from app.openapi import problems
from app.pagination import ItemPage
from app.profiles.answers import (
    answer_put,
    content_language,
    headers_of,
    languages_for,
    require_current,
    shown,
)
from app.profiles.schemas import ProfileFilters
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["buyers"], route_class=TransactionRoute, dependencies=[scoped("organisations")]
)

# Not an empty page for other buyers: they would take it for a market without buyers.
SellerOrOrganiserActor = Annotated[
    Actor,
    Depends(
        caller(
            lambda actor: actor.in_market and (actor.sells or actor.is_organiser),
            "a seller (PUT /v1/sellers/{organisation_id} makes your organisation one) or organiser",
        )
    ),
]


@router.get("/buyers", summary="List buyers")
async def list_buyers(
    session: SessionDep,
    actor: SellerOrOrganiserActor,
    response: Response,
    filters: Annotated[ProfileFilters, Query()],
    page: PageDep,
    languages: LanguagesDep,
) -> ItemPage[BuyerItem]:
    """List the buyers of the market, newest first, or best match first where `q` is given.

    Sellers and organisers only: who buys, and what, is not for other buyers to see.
    """
    rows, cursor = await service.list_buyers(session, actor, filters, page)
    reading = languages_for(actor, languages)
    items = [BuyerItem.model_validate(_shown(row, reading)) for row in rows]
    response.headers.update(page.link(cursor))
    response.headers.update(content_language(item.language for item in items))
    return ItemPage(items=items, next_cursor=cursor)


@router.get(
    "/buyers/{organisation_id}",
    summary="Get a buyer",
    response_model=BuyerOut,
    responses=NOT_MODIFIED,
)
async def get_buyer(
    session: SessionDep,
    actor: UnsuspendedActor,
    response: Response,
    organisation_id: Id,
    languages: LanguagesDep,
    if_none_match: IfNoneMatchDep,
) -> BuyerOut | Response:
    """Give a buyer's profile, with its contacts: one's own, or any for sellers and organisers."""
    profile = await service.get_buyer(session, actor, organisation_id)
    reading = languages_for(actor, languages)
    headers = headers_of(profile, reading)
    if not_modified(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return BuyerOut.model_validate(_shown(profile, reading))


@router.put(
    "/buyers/{organisation_id}",
    summary="Buy, or change what you seek",
    responses={
        201: {"description": "The company buys from now on.", "model": BuyerOut},
        **problems(412),
    },
)
async def put_buyer(
    session: SessionDep,
    actor: UnsuspendedActor,
    response: Response,
    organisation_id: Id,
    wanted: BuyerIn,
    if_match: IfMatchDep,
    languages: LanguagesDep,
) -> BuyerOut:
    """Create one's own company's buyer profile, or replace the whole of it; its admins only.

    The first one makes the company a buyer, from its next request on. A company that waits for
    approval may prepare it.
    """
    organisation, found = await service.lock_buyer(session, actor, organisation_id)
    require_current(if_match, found)
    profile = await service.put_buyer(session, actor, organisation, found, wanted)
    reading = languages_for(actor, languages)
    response.headers.update(headers_of(profile, reading))
    answer_put(response, f"/v1/buyers/{organisation_id}", created=found is None)
    return BuyerOut.model_validate(_shown(profile, reading))


def _shown(profile: BuyerProfile, languages: tuple[str, ...]) -> dict[str, object]:
    return shown(profile, languages) | {"budget": service.budget_of(profile)}
