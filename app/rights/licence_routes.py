"""Licences over HTTP: what is sold, to whom. For the two sides alone."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.actors import Actor
from app.deps import IfMatchDep, IfNoneMatchDep, MarketActor, PageDep, SessionDep
from app.etags import NOT_MODIFIED, require_match, tagged, unless_known
from app.ids import Id
from app.models.rights import Licence
from app.openapi import problems
from app.pagination import ItemPage
from app.rights import licences, selling
from app.rights.licence_schemas import (
    LicenceIn,
    LicenceOut,
    LicencePatch,
    LicenceSide,
    LicenceSold,
    TerminationIn,
)
from app.rights.rules.states import LicenceState
from app.rights.selling import Warnings, today
from app.rights.views import show_licence, show_warning
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(tags=["rights"], route_class=TransactionRoute, dependencies=[scoped("rights")])

StateQuery = Annotated[LicenceState | None, Query(description="How it stands today, by UTC.")]


@router.get("/titles/{title_id}/licences", summary="List a title's licences")
async def list_title_licences(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    title_id: Id,
    page: PageDep,
    state: StateQuery = None,
) -> ItemPage[LicenceOut]:
    """List what you sold of a title of yours, newest first."""
    day = today()
    rows, cursor = await licences.list_licences_of_title(session, actor, title_id, page, day, state)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[show_licence(row, actor, day) for row in rows], next_cursor=cursor)


@router.post("/titles/{title_id}/licences", summary="Sell a licence", status_code=201)
async def create_licence(
    session: SessionDep, actor: MarketActor, response: Response, title_id: Id, wanted: LicenceIn
) -> LicenceSold:
    """Sell some of what you hold of a title of yours; it need not have been offered.

    Nothing is sold twice. 409 with `already_licensed` where some of it is: `clashes` names each
    licence in the way, and what both have in common (the first 20). Licences that are not
    exclusive may share. 409 with `outside_holdings` where you don't hold all of it: `outside` has
    what you don't; with `held_back` where a hard holdback of one of the title's offerings is in the
    way. Soft ones come back as `warnings`.
    """
    licence, warnings = await selling.create_licence(session, actor, title_id, wanted)
    response.headers["Location"] = f"/v1/licences/{licence.id}"
    return _sold(response, licence, warnings, actor)


@router.get("/licences", summary="List licences")
async def list_licences(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    page: PageDep,
    side: Annotated[
        LicenceSide | None,
        Query(description="`sold`: your organisation is the seller; `bought`: the licensee."),
    ] = None,
    title_id: Annotated[Id | None, Query(description="Of one title.")] = None,
    state: StateQuery = None,
) -> ItemPage[LicenceOut]:
    """List what your organisation sold and what it bought, newest first."""
    day = today()
    rows, cursor = await licences.list_licences(
        session, actor, page, day, side=side, title_id=title_id, state=state
    )
    response.headers.update(page.link(cursor))
    return ItemPage(items=[show_licence(row, actor, day) for row in rows], next_cursor=cursor)


@router.get(
    "/licences/{licence_id}",
    summary="Get a licence",
    response_model=LicenceOut,
    responses=NOT_MODIFIED,
)
async def get_licence(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    licence_id: Id,
    if_none_match: IfNoneMatchDep,
) -> LicenceOut | Response:
    """Give a licence that your organisation sold or bought."""
    licence = await licences.get_licence(session, actor, licence_id)
    shown = show_licence(licence, actor, today())
    return unless_known(response, shown, licence.version, if_none_match)


@router.patch("/licences/{licence_id}", summary="Amend a licence", responses=problems(409, 412))
async def update_licence(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    licence_id: Id,
    patch: LicencePatch,
    if_match: IfMatchDep,
) -> LicenceSold:
    """Amend a licence that you sold (RFC 7396): what is left out stays, null empties.

    Refused as a sale is: 409 with `already_licensed`, `outside_holdings` or `held_back`. Of one
    that is terminated, fee and note alone: else 409 with `licence_terminated`.
    """
    licence = await licences.get_own_licence(session, actor, licence_id)
    require_match(if_match, licence.version)
    warnings = await selling.update_licence(session, actor, licence, patch)
    return _sold(response, licence, warnings, actor)


@router.post("/licences/{licence_id}/terminate", summary="Terminate a licence")
async def terminate_licence(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    licence_id: Id,
    wanted: TerminationIn,
) -> LicenceOut:
    """End a licence that you sold before its term: from that day on, its rights are free again.

    For its first day, it never held. Twice for the same day is once; 409 with `licence_terminated`
    where it is terminated for another.
    """
    licence = await licences.get_own_licence(session, actor, licence_id)
    await selling.terminate_licence(session, actor, licence, wanted)
    return tagged(response, show_licence(licence, actor, today()), licence.version)


def _sold(response: Response, licence: Licence, warnings: Warnings, actor: Actor) -> LicenceSold:
    shown = LicenceSold(
        **dict(show_licence(licence, actor, today())),
        warnings=[show_warning(holdback, boxes) for holdback, boxes in warnings],
    )
    return tagged(response, shown, licence.version)
