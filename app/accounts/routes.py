"""Organisations, people, and the caller's own account."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.accounts import invitations, people, service
from app.accounts.schemas import (
    InvitationAcceptance,
    InvitationIn,
    InvitationOut,
    Me,
    OrganisationOut,
    OrganisationPatch,
    OrganisationSignUp,
    PersonOut,
    PersonPatch,
    RolePatch,
    SignedUp,
)
from app.deps import (
    CurrentActor,
    IfMatchDep,
    OrganiserActor,
    PageDep,
    SessionDep,
    SettingsDep,
    UnsuspendedActor,
)
from app.etags import etag_of, require_match
from app.ids import Id
from app.models.accounts import Organisation, Person, Standing
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import PEOPLE_ONLY, scoped
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["accounts"], route_class=TransactionRoute, dependencies=[scoped("organisations")]
)


@router.get("/me", summary="Who am I", dependencies=[PEOPLE_ONLY])
async def get_me(session: SessionDep, actor: CurrentActor, response: Response) -> Me:
    """Give the caller, and how their organisation stands."""
    person = await people.get_me(session, actor)
    response.headers["ETag"] = etag_of(person.version)
    return _me(person, sells=actor.sells, buys=actor.buys)


@router.patch(
    "/me", summary="Change my account", dependencies=[PEOPLE_ONLY], responses=problems(412)
)
async def update_me(
    session: SessionDep,
    actor: CurrentActor,
    response: Response,
    patch: PersonPatch,
    if_match: IfMatchDep,
) -> Me:
    """Change name, time zone, language or password; a new password ends the other sessions."""
    person = await people.get_me(session, actor)
    require_match(if_match, person.version)
    await people.update_me(session, actor, person, patch)
    response.headers["ETag"] = etag_of(person.version)
    return _me(person, sells=actor.sells, buys=actor.buys)


def _me(person: Person, *, sells: bool, buys: bool) -> Me:
    own = PersonOut.model_validate(person).model_dump()
    organisation = OrganisationOut.model_validate(person.organisation)
    return Me(**own, organisation=organisation, sells=sells, buys=buys)


@router.post("/organisations", summary="Sign a company up", status_code=201)
async def create_organisation(
    session: SessionDep, response: Response, wanted: OrganisationSignUp
) -> SignedUp:
    """Sign a company up with its first person; it is `pending` until an organiser approves it."""
    organisation, person = await service.sign_up(session, wanted)
    response.headers["Location"] = f"/v1/organisations/{organisation.id}"
    return SignedUp.model_validate({"organisation": organisation, "person": person})


@router.get("/organisations", summary="List organisations")
async def list_organisations(
    session: SessionDep,
    actor: UnsuspendedActor,
    response: Response,
    page: PageDep,
    standing: Annotated[Standing | None, Query()] = None,
) -> ItemPage[OrganisationOut]:
    """List the organisations the caller may see, newest first: organisers see all of them."""
    rows, cursor = await service.list_organisations(session, actor, page, standing)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[OrganisationOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/organisations/{organisation_id}", summary="Get an organisation")
async def get_organisation(
    session: SessionDep, actor: UnsuspendedActor, response: Response, organisation_id: Id
) -> OrganisationOut:
    """Give an organisation of the market, or one's own."""
    found = await service.get_organisation(session, actor, organisation_id)
    return _organisation(found, response)


@router.patch(
    "/organisations/{organisation_id}", summary="Change an organisation", responses=problems(412)
)
async def update_organisation(
    session: SessionDep,
    actor: UnsuspendedActor,
    response: Response,
    organisation_id: Id,
    patch: OrganisationPatch,
    if_match: IfMatchDep,
) -> OrganisationOut:
    """Change one's own organisation; its admins only."""
    found = await service.get_organisation(session, actor, organisation_id)
    require_match(if_match, found.version)
    await service.update_organisation(session, actor, found, patch)
    return _organisation(found, response)


@router.post("/organisations/{organisation_id}/approve", summary="Let an organisation in")
async def approve_organisation(
    session: SessionDep, actor: OrganiserActor, response: Response, organisation_id: Id
) -> OrganisationOut:
    """Let a pending or suspended organisation into the market; organisers only."""
    found = await service.get_organisation(session, actor, organisation_id)
    return _organisation(await service.approve(session, actor, found), response)


@router.post("/organisations/{organisation_id}/suspend", summary="Shut an organisation out")
async def suspend_organisation(
    session: SessionDep, actor: OrganiserActor, response: Response, organisation_id: Id
) -> OrganisationOut:
    """Shut an organisation out: its people within 30 s, its titles at once; organisers only."""
    found = await service.get_organisation(session, actor, organisation_id)
    return _organisation(await service.suspend(session, actor, found), response)


def _organisation(organisation: Organisation, response: Response) -> OrganisationOut:
    response.headers["ETag"] = etag_of(organisation.version)
    return OrganisationOut.model_validate(organisation)


@router.get(
    "/organisations/{organisation_id}/people",
    summary="List an organisation's people",
    dependencies=[scoped("people")],
)
async def list_people(
    session: SessionDep,
    actor: UnsuspendedActor,
    response: Response,
    organisation_id: Id,
    page: PageDep,
) -> ItemPage[PersonOut]:
    """List one's own colleagues; organisers list anybody's."""
    rows, cursor = await people.list_people(session, actor, organisation_id, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[PersonOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post(
    "/organisations/{organisation_id}/people",
    summary="Invite a colleague",
    dependencies=[PEOPLE_ONLY],
    status_code=201,
)
async def invite_person(
    session: SessionDep,
    actor: UnsuspendedActor,
    settings: SettingsDep,
    organisation_id: Id,
    wanted: InvitationIn,
) -> InvitationOut:
    """Invite a colleague; the answer's `token` is shown this once, and lets one person in."""
    invitation, token = await invitations.invite(session, actor, organisation_id, wanted, settings)
    return InvitationOut.model_validate({**_columns(invitation), "token": token})


def _columns(row: object) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


@router.patch(
    "/organisations/{organisation_id}/people/{person_id}",
    summary="Change a colleague's role",
    dependencies=[PEOPLE_ONLY],
    responses=problems(409),
)
async def update_person(
    session: SessionDep,
    actor: UnsuspendedActor,
    organisation_id: Id,
    person_id: Id,
    patch: RolePatch,
) -> PersonOut:
    """Make a colleague an admin or a member; admins only, and one admin must stay."""
    person = await people.get_person(session, actor, organisation_id, person_id)
    return PersonOut.model_validate(await people.set_role(session, actor, person, patch.role))


@router.delete(
    "/organisations/{organisation_id}/people/{person_id}",
    summary="Remove a colleague",
    dependencies=[PEOPLE_ONLY],
    status_code=204,
    responses=problems(409),
)
async def remove_person(
    session: SessionDep, actor: UnsuspendedActor, organisation_id: Id, person_id: Id
) -> None:
    """End a colleague's access within 30 s; what they did stays. Admins only."""
    person = await people.get_person(session, actor, organisation_id, person_id)
    await people.remove_person(session, actor, person)


@router.post(
    "/invitations/accept", summary="Accept an invitation", status_code=201, responses=problems(404)
)
async def accept_invitation(session: SessionDep, wanted: InvitationAcceptance) -> PersonOut:
    """Join the organisation that sent the invitation; its token is thereby used up."""
    return PersonOut.model_validate(await invitations.accept_invitation(session, wanted))
