"""Offerings over HTTP: what a seller offers of a title now, to everybody or to some."""

from fastapi import APIRouter, Response

from app.actors import Actor
from app.deps import IfMatchDep, IfNoneMatchDep, MarketActor, PageDep, SessionDep
from app.etags import NOT_MODIFIED, require_match, tagged, unless_known
from app.ids import Id
from app.models.rights import Offering
from app.openapi import problems
from app.pagination import ItemPage
from app.rights import offerings
from app.rights.offering_schemas import OfferingIn, OfferingOut, OfferingPatch
from app.rights.views import show_offering
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/titles/{title_id}/offerings",
    tags=["rights"],
    route_class=TransactionRoute,
    dependencies=[scoped("rights")],
)


@router.get("", summary="List a title's offerings")
async def list_offerings(
    session: SessionDep, actor: MarketActor, response: Response, title_id: Id, page: PageDep
) -> ItemPage[OfferingOut]:
    """List what of a title is offered to you, newest first; its seller sees all of it.

    What is offered may be sold already: `GET /v1/titles/{title_id}/availability` knows.
    """
    rows, cursor, seller_id = await offerings.list_offerings(session, actor, title_id, page)
    response.headers.update(page.link(cursor))
    items = [show_offering(row, seller_id, actor) for row in rows]
    return ItemPage(items=items, next_cursor=cursor)


@router.post("", summary="Offer rights", status_code=201)
async def create_offering(
    session: SessionDep, actor: MarketActor, response: Response, title_id: Id, wanted: OfferingIn
) -> OfferingOut:
    """Offer some of what you hold of a title of yours, to everybody or to some.

    409 with `outside_holdings` where you don't hold all of it: `outside` has what you don't;
    with `ledger_full` where a title has 500.
    """
    offering = await offerings.create_offering(session, actor, title_id, wanted)
    response.headers["Location"] = f"/v1/titles/{title_id}/offerings/{offering.id}"
    return _own(response, offering, actor)


@router.get(
    "/{offering_id}",
    summary="Get an offering",
    response_model=OfferingOut,
    responses=NOT_MODIFIED,
)
async def get_offering(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    title_id: Id,
    offering_id: Id,
    if_none_match: IfNoneMatchDep,
) -> OfferingOut | Response:
    """Give an offering of yours, or one that is for you."""
    offering, seller_id = await offerings.get_offering(session, actor, title_id, offering_id)
    shown = show_offering(offering, seller_id, actor)
    return unless_known(response, shown, offering.version, if_none_match)


@router.patch("/{offering_id}", summary="Change an offering", responses=problems(409, 412))
async def update_offering(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    title_id: Id,
    offering_id: Id,
    patch: OfferingPatch,
    if_match: IfMatchDep,
) -> OfferingOut:
    """Change an offering of yours (RFC 7396): what is left out stays, null empties.

    Lists are given whole. 409 with `outside_holdings`, as where it is made.
    """
    offering = await offerings.get_own_offering(session, actor, title_id, offering_id)
    require_match(if_match, offering.version)
    await offerings.update_offering(session, actor, offering, patch)
    return _own(response, offering, actor)


@router.delete(
    "/{offering_id}", summary="Withdraw an offering", status_code=204, responses=problems(412)
)
async def delete_offering(
    session: SessionDep, actor: MarketActor, title_id: Id, offering_id: Id, if_match: IfMatchDep
) -> None:
    """Offer it no longer, and hold nothing back any more; what was sold of it stays sold."""
    offering = await offerings.get_own_offering(session, actor, title_id, offering_id)
    require_match(if_match, offering.version)
    await offerings.delete_offering(session, actor, offering)


def _own(response: Response, offering: Offering, actor: Actor) -> OfferingOut:
    return tagged(response, show_offering(offering, actor.organisation_id, actor), offering.version)
