"""Clients of the API: made, changed and revoked by an organisation's admins."""

from datetime import UTC, datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from app import events
from app.accounts.clients.schemas import ApiClientIn, ApiClientPatch
from app.accounts.people import add_person, refuse_nulls, require_admin_of
from app.actors import Actor
from app.errors import Conflict, NotFound
from app.models.accounts import Person, Role
from app.models.clients import ApiClient
from app.pagination import PageRequest, bounded_int

ORDER = "id"


def visible_clients(actor: Actor) -> Select[ApiClient]:
    """Select an organisation's own clients, with all that is shown of them."""
    return (
        select(ApiClient)
        .where(ApiClient.organisation_id == actor.organisation_id)
        .options(
            joinedload(ApiClient.person),
            joinedload(ApiClient.created_by),
            joinedload(ApiClient.use),
            selectinload(ApiClient.secrets),
        )
    )


async def list_clients(
    session: AsyncSession, actor: Actor, page: PageRequest
) -> tuple[list[ApiClient], str | None]:
    """Give a page of the actor's organisation's clients, newest first, revoked ones too.

    Raises:
        Forbidden: the actor is no admin.
    """
    require_admin_of(actor, actor.organisation_id)
    statement = visible_clients(actor).order_by(ApiClient.id.desc()).limit(page.fetch)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(ApiClient.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def get_client(
    session: AsyncSession, actor: Actor, id_: int, *, to_change: bool = False
) -> ApiClient:
    """Give a client of the actor's organisation, locked where it is `to_change`.

    Raises:
        NotFound: it isn't there, or is another company's.
        Forbidden: the actor is no admin.
    """
    statement = visible_clients(actor).where(ApiClient.id == id_)
    if to_change:
        statement = statement.with_for_update(of=ApiClient)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound("client")
    require_admin_of(actor, found.organisation_id)
    return found


async def create_client(session: AsyncSession, actor: Actor, wanted: ApiClientIn) -> ApiClient:
    """Make a client and its service account; it has no secret yet.

    Raises:
        Forbidden: the actor is no admin.
    """
    require_admin_of(actor, actor.organisation_id)
    person = Person(
        organisation_id=actor.organisation_id, email=None, name=wanted.name, role=Role.MEMBER
    )
    await add_person(session, person)
    client = ApiClient(
        organisation_id=actor.organisation_id,
        person_id=person.id,
        created_by_id=actor.person_id,
        name=wanted.name,
        scopes=wanted.scopes,
        networks=wanted.allowed_networks,
        secrets=[],
    )
    session.add(client)
    await session.flush()
    record(session, actor, client, "created", name=client.name, scopes=client.scopes)
    return client


async def update_client(
    session: AsyncSession, actor: Actor, client: ApiClient, patch: ApiClientPatch
) -> None:
    """Change what a client is called, what it may do, and from where.

    Raises:
        Conflict: it was revoked.
        Invalid: a member that must have a value was given null.
    """
    require_good(client)
    changes = patch.model_dump(exclude_unset=True)
    refuse_nulls(changes, "name", "scopes", "allowed_networks")
    changed = [*changes]
    if "allowed_networks" in changes:
        changes["networks"] = changes.pop("allowed_networks")
    for name, value in changes.items():
        setattr(client, name, value)
    client.person.name = client.name
    await session.flush()
    record(session, actor, client, "updated", changed=changed, scopes=client.scopes)


async def revoke_client(session: AsyncSession, actor: Actor, client: ApiClient) -> None:
    """End a client: its secrets and tokens are no longer good. Revoking twice is revoking once."""
    if client.revoked_at is not None:
        return
    client.revoked_at = client.person.removed_at = datetime.now(UTC)
    await session.flush()
    record(session, actor, client, "revoked")


def require_good(client: ApiClient) -> None:
    """Leave a revoked client as it is.

    Raises:
        Conflict: it was revoked.
    """
    if client.revoked_at is not None:
        raise Conflict("This client was revoked. Make another one.", code="client_revoked")


def record(
    session: AsyncSession, actor: Actor, client: ApiClient, what: str, **data: object
) -> None:
    """Write a fact of a client, for its own organisation."""
    events.record(
        session,
        actor,
        f"api_client.{what}",
        client.id,
        organisation_ids=[client.organisation_id],
        data={"organisation_id": str(client.organisation_id), **data},
    )
