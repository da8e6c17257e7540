"""A client's secret for an access token (RFC 6749, 4.4)."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_plus

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from app.accounts.clients.secrets import is_good
from app.accounts.oauth import InvalidClient, InvalidRequest, InvalidScope, UnauthorizedClient
from app.ids import parse_id
from app.models.clients import ApiClient, ApiClientSecret
from app.networks import is_within
from app.security import Signer, elsewhere, token_hash
from app.settings import Settings

# Of a secret that is used each second its row is not written each second.
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who a client says it is, and what it shows for it."""

    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Given:
    """An access token, and what it is good for."""

    access_token: str
    expires_in: int
    scopes: tuple[str, ...]


def credentials_of(
    authorization: str | None, client_id: str | None, secret: str | None
) -> Credentials:
    """Read a client's credentials from the header or the body (RFC 6749, 2.3.1).

    Raises:
        InvalidRequest: they come both ways.
        InvalidClient: they come neither way, or can't be read.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        if not client_id or not secret:
            raise InvalidClient(
                "Give the client's id and secret, by Authorization: Basic or as client_id and "
                "client_secret."
            )
        return Credentials(client_id, secret)
    if secret is not None:
        raise InvalidRequest("Give the client's secret one way, not both.")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidClient("The Authorization header can't be read.") from None
    name, _, shown = decoded.partition(":")
    return Credentials(unquote_plus(name), unquote_plus(shown))


async def sign_in_client(
    session: AsyncSession,
    settings: Settings,
    signer: Signer,
    shown: Credentials,
    scope: str | None,
    address: str | None,
) -> Given:
    """Give a client an access token, for the scopes it asks for or else for all it has.

    Raises:
        InvalidClient: there is no such client, or not with this secret, or no more; or it is one
            of the sandbox, and this the live market, or the other way round.
        UnauthorizedClient: it may not call from there.
        InvalidScope: it asks for what it was not let do.
    """
    if (where := elsewhere(shown.secret, settings)) is not None:
        raise InvalidClient(where)
    now = datetime.now(UTC)
    secret = await _find_secret(session, shown)
    if secret is None or not is_good(secret, now) or secret.client.revoked_at is not None:
        raise InvalidClient("There is no such client, or this is none of its secrets now.")
    client = secret.client
    networks = tuple(str(network) for network in client.networks)
    if networks and not is_within(address, networks):
        raise UnauthorizedClient(
            "This client may not call from this address: see its `allowed_networks`.",
            code="network_not_allowed",
        )
    asked_for = frozenset(scope.split()) if scope and scope.strip() else None
    if asked_for is not None and (beyond := asked_for - set(client.scopes)):
        raise InvalidScope(f"This client was not given {', '.join(sorted(beyond))}.")
    if secret.last_used_at is None or secret.last_used_at < now - NOTED_EVERY:
        secret.last_used_at = now
    return Given(
        signer.client_token(client.id, secret.id, asked_for),
        int(signer.lifetime.total_seconds()),
        tuple(sorted(asked_for or client.scopes)),
    )


async def _find_secret(session: AsyncSession, shown: Credentials) -> ApiClientSecret | None:
    try:
        client_id = parse_id(shown.client_id)
    except ValueError:
        return None
    statement = (
        select(ApiClientSecret)
        .join(ApiClientSecret.client)
        .options(contains_eager(ApiClientSecret.client))
        .where(ApiClientSecret.secret_hash == token_hash(shown.secret), ApiClient.id == client_id)
    )
    found: ApiClientSecret | None = await session.scalar(statement)
    return found
