"""The sellers of the market."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.deps import (
    IfMatchDep,
    IfNoneMatchDep,
    LanguagesDep,
    MarketActor,
    PageDep,
    SessionDep,
    UnsuspendedActor,
)
from app.etags import NOT_MODIFIED, not_modified
from app.ids import Id
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
from app.sellers import service
from app.sellers.schemas import SellerIn, SellerItem, SellerOut
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["sellers"], route_class=TransactionRoute, dependencies=[scoped("organisations")]
)


@router.get("/sellers", summary="List sellers")
async def list_sellers(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    filters: Annotated[ProfileFilters, Query()],
    page: PageDep,
    languages: LanguagesDep,
) -> ItemPage[SellerItem]:
    """List the sellers of the market, newest first, or best match first where `q` is given."""
    rows, cursor = await service.list_sellers(session, actor, filters, page)
    reading = languages_for(actor, languages)
    items = [SellerItem.model_validate(shown(row, reading)) for row in rows]
    response.headers.update(page.link(cursor))
    response.headers.update(content_language(item.language for item in items))
    return ItemPage(items=items, next_cursor=cursor)


@router.get(
    "/sellers/{organisation_id}",
    summary="Get a seller",
    response_model=SellerOut,
    responses=NOT_MODIFIED,
)
async def get_seller(
    session: SessionDep,
    actor: UnsuspendedActor,
    response: Response,
    organisation_id: Id,
    languages: LanguagesDep,
    if_none_match: IfNoneMatchDep,
) -> SellerOut | Response:
    """Give a seller's profile, with its contacts; a company sees its own before it is approved."""
    profile = await service.get_seller(session, actor, organisation_id)
    reading = languages_for(actor, languages)
    headers = headers_of(profile, reading)
    if not_modified(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return SellerOut.model_validate(shown(profile, reading))


@router.put(
    "/sellers/{organisation_id}",
    summary="Sell, or change what you sell",
    responses={
        201: {"description": "The company sells from now on.", "model": SellerOut},
        **problems(412),
    },
)
async def put_seller(
    session: SessionDep,
    actor: UnsuspendedActor,
    response: Response,
    organisation_id: Id,
    wanted: SellerIn,
    if_match: IfMatchDep,
    languages: LanguagesDep,
) -> SellerOut:
    """Create one's own company's seller profile, or replace the whole of it; its admins only.

    The first one makes the company a seller, from its next request on. A company that waits for
    approval may prepare it.
    """
    organisation, found = await service.lock_seller(session, actor, organisation_id)
    require_current(if_match, found)
    profile = await service.put_seller(session, actor, organisation, found, wanted)
    reading = languages_for(actor, languages)
    response.headers.update(headers_of(profile, reading))
    answer_put(response, f"/v1/sellers/{organisation_id}", created=found is None)
    return SellerOut.model_validate(shown(profile, reading))
