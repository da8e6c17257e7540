"""Holdings over HTTP: what a seller may sell of a title. Theirs alone to see."""

from fastapi import APIRouter, Response

from app.deps import IfMatchDep, IfNoneMatchDep, MarketActor, PageDep, SessionDep
from app.etags import NOT_MODIFIED, require_match, tagged, unless_known
from app.ids import Id
from app.openapi import problems
from app.pagination import ItemPage
from app.rights import holdings
from app.rights.holding_schemas import HoldingIn, HoldingOut, HoldingPatch
from app.rights.views import show_holding
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/titles/{title_id}/holdings",
    tags=["rights"],
    route_class=TransactionRoute,
    dependencies=[scoped("rights")],
)


@router.get("", summary="List a title's holdings")
async def list_holdings(
    session: SessionDep, actor: MarketActor, response: Response, title_id: Id, page: PageDep
) -> ItemPage[HoldingOut]:
    """List what you may sell of a title of yours, newest first."""
    rows, cursor = await holdings.list_holdings(session, actor, title_id, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[show_holding(row) for row in rows], next_cursor=cursor)


@router.post("", summary="Record a holding", status_code=201)
async def create_holding(
    session: SessionDep, actor: MarketActor, response: Response, title_id: Id, wanted: HoldingIn
) -> HoldingOut:
    """Record what you may sell of a title of yours: where, how, in which languages, for how long.

    Offerings and licences must lie inside your holdings, taken together. Holdings may overlap. 409
    with `ledger_full` where a title has 300.
    """
    holding = await holdings.create_holding(session, actor, title_id, wanted)
    response.headers["Location"] = f"/v1/titles/{title_id}/holdings/{holding.id}"
    return tagged(response, show_holding(holding), holding.version)


@router.get(
    "/{holding_id}",
    summary="Get a holding",
    response_model=HoldingOut,
    responses=NOT_MODIFIED,
)
async def get_holding(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    title_id: Id,
    holding_id: Id,
    if_none_match: IfNoneMatchDep,
) -> HoldingOut | Response:
    """Give a holding of yours."""
    holding = await holdings.get_holding(session, actor, title_id, holding_id)
    return unless_known(response, show_holding(holding), holding.version, if_none_match)


@router.patch("/{holding_id}", summary="Change a holding", responses=problems(409, 412))
async def update_holding(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    title_id: Id,
    holding_id: Id,
    patch: HoldingPatch,
    if_match: IfMatchDep,
) -> HoldingOut:
    """Change a holding of yours (RFC 7396): what is left out stays, null empties.

    What is sold or offered must stay held. 409 with `licensed` names in `licences` what stands in
    the way, and what of it would no longer be held; with `offered`, in `offerings`.
    """
    holding = await holdings.get_holding(session, actor, title_id, holding_id, lock=True)
    require_match(if_match, holding.version)
    await holdings.update_holding(session, actor, holding, patch)
    return tagged(response, show_holding(holding), holding.version)


@router.delete(
    "/{holding_id}", summary="Strike out a holding", status_code=204, responses=problems(409, 412)
)
async def delete_holding(
    session: SessionDep, actor: MarketActor, title_id: Id, holding_id: Id, if_match: IfMatchDep
) -> None:
    """Strike a holding of yours out.

    409 with `licensed` or `offered`, as where it is changed: what is sold or offered must be held.
    """
    holding = await holdings.get_holding(session, actor, title_id, holding_id, lock=True)
    require_match(if_match, holding.version)
    await holdings.delete_holding(session, actor, holding)
