"""Titles, companies and people by one's own reference, over HTTP."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from pydantic import StringConstraints

from app.accounts.schemas import OrganisationOut
from app.catalogue.answers import TitleOut
from app.catalogue.details import show_written
from app.catalogue.schemas import TitleIn
from app.deps import (
    IfMatchDep,
    LanguagesDep,
    MarketActor,
    OrganiserActor,
    SellerActor,
    SessionDep,
    SettingsDep,
)
from app.etags import etag_of
from app.openapi import problems
from app.partners.bulk import by_reference
from app.partners.bulk.landing import Outcome
from app.partners.bulk.schemas import CompanyFacts, ImportOf, InvitedOut, PersonFacts
from app.partners.bulk.service import require_may_import
from app.profiles.answers import answer_put, languages_for
from app.scopes import PEOPLE_ONLY, scoped
from app.transaction import TransactionRoute

INVITATION = ("id", "organisation_id", "email", "role", "expires_at", "accepted_at")
router = APIRouter(tags=["titles"], route_class=TransactionRoute, dependencies=[scoped("titles")])
registers = APIRouter(tags=["accounts"], route_class=TransactionRoute)

ReferencePath = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
    Path(description="Your own name for it; slashes may stand in it.", examples=["MF-1979-03"]),
]


@router.get(
    "/titles/by-reference/{reference:path}",
    summary="Get a title by your reference",
    response_model=TitleOut,
)
async def get_title_by_reference(
    session: SessionDep, actor: SellerActor, reference: ReferencePath, languages: LanguagesDep
) -> Response:
    """Give your own title of a reference, in any state, as `GET /v1/titles/{title_id}` does."""
    title_id = await by_reference.find_title(session, actor, reference)
    reading = languages_for(actor, languages)
    shown = await show_written(session, actor.organisation_id, title_id, reading)
    return Response(shown.item, headers=shown.headers(), media_type="application/json")


@router.put(
    "/titles/by-reference/{reference:path}",
    summary="Put a title by your reference",
    response_model=TitleOut,
    responses={
        201: {"description": "You had no title of this reference before.", "model": TitleOut},
        **problems(409, 412),
    },
)
async def put_title_by_reference(
    session: SessionDep,
    actor: SellerActor,
    reference: ReferencePath,
    wanted: TitleIn,
    if_match: IfMatchDep,
    languages: LanguagesDep,
    *,
    publish: Annotated[
        bool, Query(description="Publish a draft; 422 where it lacks what the market must know.")
    ] = False,
) -> Response:
    """Make the title of a reference, or have it say this and nothing else; the same again is free.

    What is left out is emptied, but for texts in other languages than those named: they stay. What
    says nothing new changes nothing, not even the `ETag`. With `If-Match` nothing is made anew.
    Thousands of titles are better sent by `POST /v1/imports`.
    """
    title_id, is_new = await by_reference.put_title(
        session, actor, reference, wanted, if_match, publish=publish
    )
    reading = languages_for(actor, languages)
    shown = await show_written(session, actor.organisation_id, title_id, reading)
    headers = shown.headers() | ({"Location": f"/v1/titles/{title_id}"} if is_new else {})
    return Response(shown.item, 201 if is_new else 200, headers, "application/json")


@registers.put(
    "/organisations/by-reference/{reference:path}",
    summary="Put a company by your reference",
    dependencies=[scoped("organisations")],
    responses={
        201: {"description": "You knew none by this reference.", "model": OrganisationOut},
        **problems(409, 412),
    },
)
async def put_organisation_by_reference(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    reference: ReferencePath,
    wanted: CompanyFacts,
    if_match: IfMatchDep,
) -> OrganisationOut:
    """Bring a company of your register to the market, approved; the same again changes nothing.

    It has nobody until you invite its first person. From the day that one has joined it describes
    itself: 409 `describes_itself` for what it says otherwise.
    """
    company, is_new = await by_reference.put_company(session, actor, reference, wanted, if_match)
    answer_put(response, f"/v1/organisations/{company.id}", created=is_new)
    response.headers["ETag"] = etag_of(company.version)
    return OrganisationOut.model_validate(company)


@registers.put(
    "/people/by-reference/{reference:path}",
    summary="Invite a person by your reference",
    dependencies=[PEOPLE_ONLY],
    responses={201: {"description": "They were not invited before.", "model": InvitedOut}},
)
async def put_person_by_reference(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    settings: SettingsDep,
    reference: ReferencePath,
    wanted: PersonFacts,
) -> InvitedOut:
    """Invite a colleague, or as an organiser the first people of a company that you brought.

    The same again changes nothing; another address or role, or an invitation that ran out, makes a
    new `token` in place of the old one. 403 for who is no admin.
    """
    require_may_import(actor, ImportOf.PEOPLE)
    lifetime = settings.invitation_lifetime
    invited = await by_reference.put_person(session, actor, reference, wanted, lifetime)
    is_new = invited.outcome is Outcome.CREATED
    answer_put(response, f"/v1/people/by-reference/{quote(reference)}", created=is_new)
    columns = {name: getattr(invited.invitation, name) for name in INVITATION}
    return InvitedOut(**columns, token=invited.token)
