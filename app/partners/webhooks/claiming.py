"""Taking deliveries to send: a few of an endpoint at once, and never those of another sender.

Whoever takes one holds it until `due_at`; after that its sender must have died, and it is due
again. The dispatcher asks for one to each endpoint before it asks for more, and for few to those
that fail: so a receiver that hangs delays its own deliveries and nobody else's.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import BigInteger

# Longer than any attempt takes, with what is written before and after it
LEASE = timedelta(minutes=2)

_READY = text(
    "SELECT c.endpoint_id FROM webhook_cursors c "
    "JOIN webhook_endpoints e ON e.id = c.endpoint_id "
    "JOIN organisations o ON o.id = e.organisation_id "
    "WHERE e.disabled_at IS NULL AND e.deleted_at IS NULL AND o.standing = 'approved' "
    "AND (c.failing_since IS NOT NULL) = :failing "
    "AND (c.rests_until IS NULL OR c.rests_until <= now()) "
    "AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = c.endpoint_id "
    "AND d.ended_at IS NULL AND d.due_at <= now()) "
    # Nobody is always first.
    "ORDER BY random() LIMIT :limit FOR UPDATE OF c SKIP LOCKED"
)
_CLAIM = text(
    "WITH picked AS ("
    "SELECT due.id FROM unnest(:endpoints) AS e (id) CROSS JOIN LATERAL ("
    "SELECT d.id FROM webhook_deliveries d WHERE d.endpoint_id = e.id "
    "AND d.ended_at IS NULL AND d.due_at <= now() ORDER BY d.due_at, d.id "
    "LIMIT greatest(0, :each - (SELECT count(*) FROM webhook_deliveries s "
    "WHERE s.endpoint_id = e.id AND s.ended_at IS NULL AND s.state = 'sending' "
    "AND s.due_at > now()))) due LIMIT :limit), "
    "claimed AS ("
    "UPDATE webhook_deliveries d SET state = 'sending', due_at = now() + :lease, "
    "attempts = attempts + 1, tries = tries + 1 "
    "FROM picked WHERE d.id = picked.id RETURNING d.*), "
    "noted AS (INSERT INTO webhook_attempts (delivery_id, number) "
    "SELECT id, attempts FROM claimed) "
    "SELECT c.id, c.endpoint_id, c.webhook_id, c.payload, c.attempts, c.tries, e.url, "
    "e.secret, CASE WHEN e.previous_secret_expires_at > now() THEN e.previous_secret END "
    "AS previous_secret "
    "FROM claimed c JOIN webhook_endpoints e ON e.id = c.endpoint_id ORDER BY c.id"
).bindparams(bindparam("endpoints", type_=ARRAY(BigInteger)))


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours to send until its lease ends."""

    id: int
    endpoint_id: int
    webhook_id: int
    payload: dict[str, Any]
    # The number of this attempt: whoever has a later one has it now
    attempts: int
    tries: int
    url: str
    secret: bytes
    previous_secret: bytes | None


async def claim(session: AsyncSession, limit: int, each: int, *, failing: bool) -> list[Claim]:
    """Take what is due, to endpoints that fail or to all others, until each has so many."""
    if limit <= 0:
        return []
    found = await session.scalars(_READY, {"failing": failing, "limit": limit})
    endpoints = found.all()
    if not endpoints:
        return []
    asked = {"endpoints": endpoints, "each": each, "limit": limit, "lease": LEASE}
    return [Claim(*row) for row in await session.execute(_CLAIM, asked)]
