"""Accreditations over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.accounts.schemas import OrganisationRef, PersonRef
from app.agendas.periods import period_of
from app.agendas.rules import Period
from app.deps import IfMatchDep, IfNoneMatchDep, MarketActor, PageDep, SessionDep
from app.etags import NOT_MODIFIED, require_match, tagged, unless_known
from app.ids import Id
from app.markets import accreditations, arrivals, service, stranding
from app.markets.accreditation_schemas import (
    AccreditationIn,
    AccreditationOut,
    AccreditationPatch,
    ArrivalOut,
    FreeTimeOut,
    FreeTimesIn,
)
from app.markets.answers import StrandedDep
from app.models.markets import Accreditation, AccreditationRole
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(tags=["markets"], route_class=TransactionRoute, dependencies=[scoped("markets")])


@router.get("/markets/{market_id}/accreditations", summary="List accreditations")
async def list_accreditations(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    market_id: Id,
    page: PageDep,
    role: Annotated[AccreditationRole | None, Query()] = None,
    organisation_id: Annotated[Id | None, Query(description="Of one company's people.")] = None,
    *,
    revoked: Annotated[bool | None, Query(description="The revoked ones alone, or none.")] = None,
) -> ItemPage[AccreditationOut]:
    """List which of your people attend a market, newest first; organisers see everybody."""
    market = await service.get_market(session, actor, market_id)
    rows, cursor = await accreditations.list_accreditations(
        session, actor, market, page, role=role, organisation_id=organisation_id, revoked=revoked
    )
    response.headers.update(page.link(cursor))
    return ItemPage(items=[_out(row) for row in rows], next_cursor=cursor)


@router.post("/markets/{market_id}/accreditations", summary="Register somebody", status_code=201)
async def create_accreditation(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    market_id: Id,
    wanted: AccreditationIn,
) -> AccreditationOut:
    """Register one of your people while the market is open, as an admin of your company.

    Organisers register anybody, at any time. 409 `already_accredited` where they are registered
    (`accreditation_id` names it), revoked or not; `market_not_open` where the market is over.
    """
    market = await service.get_market(session, actor, market_id)
    accreditation = await accreditations.create_accreditation(session, actor, market, wanted)
    response.headers["Location"] = f"/v1/accreditations/{accreditation.id}"
    return _shown(response, accreditation)


@router.get(
    "/accreditations/{accreditation_id}",
    summary="Get an accreditation",
    response_model=AccreditationOut,
    responses=NOT_MODIFIED,
)
async def get_accreditation(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    accreditation_id: Id,
    if_none_match: IfNoneMatchDep,
) -> AccreditationOut | Response:
    """Give the accreditation of one of your people; organisers see everybody's."""
    found = await accreditations.get_accreditation(session, actor, accreditation_id)
    return unless_known(response, _out(found), found.version, if_none_match)


@router.patch(
    "/accreditations/{accreditation_id}",
    summary="Change an accreditation",
    responses=problems(409, 412),
)
async def update_accreditation(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    accreditation_id: Id,
    patch: AccreditationPatch,
    if_match: IfMatchDep,
    stranded: StrandedDep = None,
) -> AccreditationOut:
    """Change as what, how or when somebody attends (RFC 7396): what is left out stays.

    Admins change their own people's while the market is open, organisers anybody's. 409
    `accreditation_revoked` for one that is revoked, `market_not_open` where the market is over.
    409 `strands_meetings` names the meetings to come that could not be any more (`count`,
    `meetings`, each with its `cause`): say with `stranded` what becomes of them.
    """
    found, market = await accreditations.lock_accreditation(session, actor, accreditation_id)
    require_match(if_match, found.version)
    await accreditations.update_accreditation(session, actor, found, market, patch)
    await stranding.settle(session, actor, market, stranded)
    return _shown(response, found)


@router.put(
    "/accreditations/{accreditation_id}/free-times",
    summary="Say when somebody can be met",
    responses=problems(409, 412),
)
async def put_free_times(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    accreditation_id: Id,
    wanted: FreeTimesIn,
    if_match: IfMatchDep,
) -> AccreditationOut:
    """Replace the times in which somebody can be met at the market: your own, or your people's.

    Slots outside them are offered to nobody, and the schedule keeps to them; meetings that are made
    already stay. Admins set their people's, organisers anybody's. 409 `accreditation_revoked`,
    `market_not_open` where the market is over.
    """
    found = await accreditations.lock_own_accreditation(session, actor, accreditation_id)
    require_match(if_match, found.version)
    free = wanted.free
    periods = None if free is None else [Period(one.starts_at, one.ends_at) for one in free]
    await accreditations.put_free_times(session, actor, found, periods)
    return _shown(response, found)


@router.post("/accreditations/{accreditation_id}/revoke", summary="Revoke an accreditation")
async def revoke_accreditation(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    accreditation_id: Id,
    stranded: StrandedDep = None,
) -> AccreditationOut:
    """Say that somebody does not attend after all, or may not.

    Admins revoke their own people's while the market is open, organisers anybody's; revoking twice
    is revoking once. 409 `market_not_open` where the market is over.
    409 `strands_meetings` names the meetings to come that could not be any more (`count`,
    `meetings`, each with its `cause`): say with `stranded` what becomes of them.
    """
    found, market = await accreditations.lock_accreditation(session, actor, accreditation_id)
    await accreditations.revoke_accreditation(session, actor, found)
    await stranding.settle(session, actor, market, stranded)
    return _shown(response, found)


@router.post("/accreditations/{accreditation_id}/restore", summary="Restore an accreditation")
async def restore_accreditation(
    session: SessionDep, actor: MarketActor, response: Response, accreditation_id: Id
) -> AccreditationOut:
    """Make a revoked accreditation good again; what the organisers revoked, only they restore.

    403 `revoked_by_organisers` for everybody else; restoring twice is restoring once. 409
    `market_not_open` where the market is over.
    """
    found, _ = await accreditations.lock_accreditation(session, actor, accreditation_id)
    await accreditations.restore_accreditation(session, actor, found)
    return _shown(response, found)


@router.post("/accreditations/{accreditation_id}/check-in", summary="Let somebody in")
async def check_in_accreditation(
    session: SessionDep, actor: MarketActor, accreditation_id: Id
) -> ArrivalOut:
    """Check somebody in at the entrance, today on the market's clock; twice is once.

    Organisers, and people accredited as staff of that market. 409 `accreditation_revoked`,
    `not_today` for a day they do not attend, `market_not_open`.
    """
    found, arrival = await arrivals.check_in(session, actor, accreditation_id)
    return ArrivalOut(
        accreditation_id=found.id,
        person=PersonRef.model_validate(found.person),
        organisation=OrganisationRef.model_validate(found.person.organisation),
        role=found.role,
        attendance=found.attendance,
        day=arrival.day,
        checked_in_at=arrival.checked_in_at,
    )


def _out(accreditation: Accreditation) -> AccreditationOut:
    person = accreditation.person
    return AccreditationOut(
        id=accreditation.id,
        market_id=accreditation.market_id,
        person=PersonRef.model_validate(person),
        organisation=OrganisationRef.model_validate(person.organisation),
        role=accreditation.role,
        attendance=accreditation.attendance,
        days=accreditation.days,
        free=None
        if accreditation.free is None
        else [FreeTimeOut.model_validate(period_of(one)) for one in accreditation.free],
        revoked_at=accreditation.revoked_at,
        created_at=accreditation.created_at,
        updated_at=accreditation.updated_at,
    )


def _shown(response: Response, accreditation: Accreditation) -> AccreditationOut:
    return tagged(response, _out(accreditation), accreditation.version)
