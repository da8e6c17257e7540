"""Secrets of clients: shown once, kept as digests, two good at once while they are rotated."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.clients.service import record, require_good
from app.actors import Actor
from app.errors import Conflict, Invalid, NotFound
from app.models.clients import ApiClient, ApiClientSecret
from app.security import new_token, token_hash

OVERLAP = timedelta(days=1)
MOST_OVERLAP = timedelta(days=90)
# The prefix, and enough of the rest to tell a secret from others by
HINT_LETTERS = 12


async def add_secret(
    session: AsyncSession, client: ApiClient, prefix: str
) -> tuple[ApiClientSecret, str]:
    """Give a client a secret: its row, and itself."""
    secret = prefix + new_token()
    row = ApiClientSecret(
        client_id=client.id, secret_hash=token_hash(secret), hint=secret[:HINT_LETTERS]
    )
    client.secrets.insert(0, row)
    await session.flush()
    return row, secret


async def rotate_secret(
    session: AsyncSession, actor: Actor, client: ApiClient, prefix: str, until: datetime | None
) -> tuple[ApiClientSecret, str]:
    """Give a client its next secret; the one of before goes on `until` then, or for a day.

    Raises:
        Conflict: the client was revoked, or two of its secrets are good already.
        Invalid: the overlap is too long.
    """
    require_good(client)
    now = datetime.now(UTC)
    until = now + OVERLAP if until is None else until
    if until > now + MOST_OVERLAP:
        raise Invalid.field("/old_good_until", "must be within 90 days from now")
    good = [secret for secret in client.secrets if is_good(secret, now)]
    if len(good) > 1:
        raise Conflict(
            "Two secrets of this client are good already. Revoke the older one, or wait until it "
            "expires.",
            code="two_secrets",
        )
    ends = max(until, now)
    for secret in good:
        secret.expires_at = min(secret.expires_at or ends, ends)
    await session.flush()
    row, secret_text = await add_secret(session, client, prefix)
    record(session, actor, client, "secret_rotated", secret_id=str(row.id))
    return row, secret_text


async def revoke_secret(
    session: AsyncSession, actor: Actor, client: ApiClient, secret_id: int
) -> None:
    """End a secret and the tokens that it gave. Revoking twice is revoking once.

    Raises:
        NotFound: the client has no such secret.
    """
    secret = next((secret for secret in client.secrets if secret.id == secret_id), None)
    if secret is None:
        raise NotFound("secret")
    if secret.revoked_at is None:
        secret.revoked_at = datetime.now(UTC)
        await session.flush()
        record(session, actor, client, "secret_revoked", secret_id=str(secret.id))


def is_good(secret: ApiClientSecret, now: datetime) -> bool:
    """Tell whether a secret gives tokens now."""
    return secret.revoked_at is None and (secret.expires_at is None or secret.expires_at > now)
