"""Endpoints: where an organisation wants its facts sent, and what they are signed with."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.accounts.people import refuse_nulls
from app.actors import Actor
from app.errors import Conflict, Invalid, NotFound
from app.models.accounts import Organisation
from app.models.webhooks import DisabledReason, WebhookCursor, WebhookEndpoint
from app.pagination import PageRequest, bounded_int
from app.partners.webhooks.positions import head_position
from app.partners.webhooks.schemas import EndpointIn, EndpointPatch
from app.partners.webhooks.signing import new_secret
from app.partners.webhooks.targets import parse_target
from app.security import Signer
from app.settings import Settings

ORDER = "id"
MAX_ENDPOINTS = 20


async def create_endpoint(
    session: AsyncSession, actor: Actor, settings: Settings, signer: Signer, wanted: EndpointIn
) -> tuple[WebhookEndpoint, str]:
    """Have facts sent somewhere from now on; give the secret too.

    Raises:
        Conflict: the organisation has as many endpoints as it may.
        Invalid: no webhook is sent to such an address.
    """
    _require_target(settings, wanted.url)
    await _require_room(session, actor)
    secret = new_secret()
    endpoint = WebhookEndpoint(
        organisation_id=actor.organisation_id,
        url=wanted.url,
        description=wanted.description,
        event_types=wanted.event_types,
        secret=signer.seal(secret.encode()),
        cursor=WebhookCursor(position=await head_position(session)),
    )
    session.add(endpoint)
    await session.flush()
    record(session, actor, endpoint, "created")
    return endpoint, secret


def _require_target(settings: Settings, url: str) -> None:
    try:
        parse_target(url, loopback=settings.webhooks_may_stay_here)
    except ValueError as error:
        raise Invalid.field("/url", str(error)) from None


async def _require_room(session: AsyncSession, actor: Actor) -> None:
    # Their own row, so that two requests of one organisation come one after the other.
    own = select(Organisation.id).where(Organisation.id == actor.organisation_id)
    await session.execute(own.with_for_update(key_share=True))
    count = select(func.count()).select_from(visible_endpoints(actor).subquery())
    if (await session.execute(count)).scalar_one() >= MAX_ENDPOINTS:
        raise Conflict(
            f"Your organisation has {MAX_ENDPOINTS} webhook endpoints. Delete one first.",
            code="too_many_endpoints",
        )


def visible_endpoints(actor: Actor) -> Select[WebhookEndpoint]:
    """Select what an actor may know of: their own organisation's."""
    return select(WebhookEndpoint).where(
        WebhookEndpoint.organisation_id == actor.organisation_id,
        WebhookEndpoint.deleted_at.is_(None),
    )


async def get_endpoint(
    session: AsyncSession, actor: Actor, id_: int, *, lock: bool = False
) -> WebhookEndpoint:
    """Give an endpoint of one's organisation.

    Raises:
        NotFound: it isn't there, or is another organisation's.
    """
    statement = visible_endpoints(actor).where(WebhookEndpoint.id == id_)
    if lock:
        statement = statement.with_for_update(of=WebhookEndpoint, key_share=True)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound("webhook endpoint")
    return found


async def list_endpoints(
    session: AsyncSession, actor: Actor, page: PageRequest
) -> tuple[list[WebhookEndpoint], str | None]:
    """Give a page of one's organisation's endpoints, newest first."""
    statement = visible_endpoints(actor).order_by(WebhookEndpoint.id.desc()).limit(page.fetch)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(WebhookEndpoint.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def update_endpoint(
    session: AsyncSession,
    actor: Actor,
    settings: Settings,
    endpoint: WebhookEndpoint,
    patch: EndpointPatch,
) -> None:
    """Change what is given.

    Raises:
        Invalid: no webhook is sent to such an address, or what must have a value is null.
    """
    given: dict[str, Any] = patch.model_dump(include=patch.model_fields_set)
    refuse_nulls(given, *given)
    if "url" in given:
        _require_target(settings, given["url"])
    changes = {name: value for name, value in given.items() if value != getattr(endpoint, name)}
    if not changes:
        return
    for name, value in changes.items():
        setattr(endpoint, name, value)
    await session.flush()
    record(session, actor, endpoint, "updated", changed=sorted(changes))


async def delete_endpoint(session: AsyncSession, actor: Actor, id_: int) -> None:
    """Send it nothing more, and forget its secrets; the worker throws its deliveries away.

    Raises:
        NotFound: it isn't there, or is another organisation's.
    """
    endpoint = await get_endpoint(session, actor, id_, lock=True)
    endpoint.deleted_at = datetime.now(UTC)
    endpoint.secret = b""
    endpoint.previous_secret = endpoint.previous_secret_expires_at = None
    record(session, actor, endpoint, "deleted")


async def disable_endpoint(session: AsyncSession, actor: Actor, endpoint: WebhookEndpoint) -> None:
    """Send nothing until it is enabled again; disabling twice is disabling once."""
    if endpoint.disabled_at is None:
        endpoint.disabled_at = datetime.now(UTC)
        endpoint.disabled_reason = DisabledReason.REQUESTED
        await session.flush()
        record(session, actor, endpoint, "disabled", reason=DisabledReason.REQUESTED)


# Secrets --------------------------------------------------------------------------------------


async def rotate_secret(
    session: AsyncSession,
    actor: Actor,
    signer: Signer,
    endpoint: WebhookEndpoint,
    overlap: timedelta,
) -> tuple[str, str | None]:
    """Sign by a new secret, and for a while by the one of now as well; give both."""
    secret = new_secret()
    previous = unsealed(signer, endpoint.secret) if overlap > timedelta(0) else None
    is_kept = previous is not None
    endpoint.previous_secret = endpoint.secret if is_kept else None
    endpoint.previous_secret_expires_at = datetime.now(UTC) + overlap if is_kept else None
    endpoint.secret = signer.seal(secret.encode())
    await session.flush()
    record(session, actor, endpoint, "secret_rotated")
    return secret, previous


def unsealed(signer: Signer, sealed: bytes | None) -> str | None:
    """Open a secret; None where there is none, or it was sealed with another key."""
    secret = signer.unseal(sealed) if sealed else None
    return secret.decode() if secret else None


def read_secrets(
    session: AsyncSession, actor: Actor, signer: Signer, endpoint: WebhookEndpoint
) -> tuple[str, str | None]:
    """Unseal the secrets for somebody to see, and note that they did.

    Raises:
        Conflict: it can't be read any more.
    """
    secret = unsealed(signer, endpoint.secret)
    if secret is None:
        raise Conflict(
            "The secret can't be read any more: the operator changed the key it was sealed with. "
            "Rotate it.",
            code="secret_lost",
        )
    record(session, actor, endpoint, "secret_shown")
    until = endpoint.previous_secret_expires_at
    is_good = until is not None and until > datetime.now(UTC)
    return secret, unsealed(signer, endpoint.previous_secret) if is_good else None


def record(
    session: AsyncSession,
    actor: Actor | None,
    endpoint: WebhookEndpoint,
    what: str,
    **data: Any,  # noqa: ANN401  # JSON
) -> None:
    """Write a fact of an endpoint's, for its organisation to know."""
    events.record(
        session,
        actor,
        f"webhook_endpoint.{what}",
        endpoint.id,
        organisation_ids=[endpoint.organisation_id],
        data=data,
    )
