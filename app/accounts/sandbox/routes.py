"""The way to the sandbox, over HTTP: asked for at the live market."""

from datetime import UTC, datetime

from fastapi import APIRouter

from app import events
from app.accounts import people
from app.accounts.sandbox.schemas import (
    SandboxTicket,
    TicketContent,
    TicketOrganisation,
    TicketPerson,
)
from app.accounts.sandbox.tickets import sign_ticket
from app.actors import Actor
from app.deps import SessionDep, SettingsDep, UnsuspendedActor
from app.errors import Conflict
from app.models.accounts import Person
from app.scopes import PEOPLE_ONLY
from app.transaction import TransactionRoute

router = APIRouter(tags=["clients"], route_class=TransactionRoute, dependencies=[PEOPLE_ONLY])


@router.post("/sandbox-tickets", summary="Go to the sandbox", status_code=201)
async def create_sandbox_ticket(
    session: SessionDep, actor: UnsuspendedActor, settings: SettingsDep
) -> SandboxTicket:
    """Get a ticket into the sandbox, a market beside this one where nothing is real.

    Within a minute: `POST {url}/v1/oauth/token` there, with the `ticket` as `assertion` and
    `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer`. You enter as who you are here, with
    your company, and sign in there by tickets alone. Clients that you make there have secrets
    `fm_test_…`; nothing that is done there is seen here. 409 `no_sandbox` where there is none.
    """
    if settings.sandbox or settings.sandbox_url is None or settings.sandbox_key is None:
        raise Conflict(
            "This is the sandbox: use it as it is."
            if settings.sandbox
            else "This market has no sandbox. Ask its operator for one: FILMMART_SANDBOX_URL in "
            "docs/settings.md.",
            code="no_sandbox",
        )
    person = await people.get_me(session, actor)
    told = {"organisation_id": str(actor.organisation_id)}
    ours = [actor.organisation_id]
    events.record(
        session, actor, "sandbox_ticket.created", person.id, organisation_ids=ours, data=told
    )
    return sign_ticket(
        settings.sandbox_key,
        _content(actor, person),
        issuer=settings.public_url,
        url=settings.sandbox_url,
        now=datetime.now(UTC),
    )


def _content(actor: Actor, person: Person) -> TicketContent:
    organisation = person.organisation
    return TicketContent(
        organisation=TicketOrganisation(
            id=organisation.id,
            name=organisation.name,
            country=organisation.country,
            standing=organisation.standing,
            is_organiser=organisation.is_organiser,
            sells=actor.sells,
            buys=actor.buys,
        ),
        person=TicketPerson(
            id=person.id,
            name=person.name,
            role=person.role,
            time_zone=person.time_zone,
            language=person.language,
        ),
    )
