"""What comes of an attempt: taken, tried again later, given up; and endpoints that are disabled.

Most are taken: those are written down together. Each of the others has its own consequences.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import BigInteger, DateTime, Integer, Text

from app.agendas.facts import shown
from app.models.webhooks import (
    DeliveryState,
    DisabledReason,
    WebhookAttempt,
    WebhookCursor,
    WebhookDelivery,
    WebhookEndpoint,
)
from app.partners.webhooks.claiming import Claim
from app.partners.webhooks.endpoints import record
from app.partners.webhooks.rules import LONGEST_REST, next_try
from app.partners.webhooks.sending import Outcome

GONE = 410
SECRET_LOST = "secret_lost"  # noqa: S105  # an error's name


# A delivery that was begun anew meanwhile, or whose time was over, stays as it is.
_TAKEN = text(
    "WITH taken AS (SELECT * FROM unnest(:ids, :attempts, :ended, :statuses, :answers) "
    "AS t (id, number, ended_at, status, answer)), "
    "ended AS (UPDATE webhook_deliveries d SET state = 'succeeded', ended_at = t.ended_at "
    "FROM taken t WHERE d.id = t.id AND d.state = 'sending' AND d.attempts = t.number), "
    "noted AS (UPDATE webhook_attempts a SET ended_at = t.ended_at, status = t.status, "
    "answer = t.answer FROM taken t WHERE a.delivery_id = t.id AND a.number = t.number) "
    "UPDATE webhook_cursors SET failing_since = NULL, rests_until = NULL "
    "WHERE endpoint_id = ANY(:endpoints) AND failing_since IS NOT NULL"
).bindparams(
    bindparam("ids", type_=ARRAY(BigInteger)),
    bindparam("attempts", type_=ARRAY(Integer)),
    bindparam("ended", type_=ARRAY(DateTime(timezone=True))),
    bindparam("statuses", type_=ARRAY(Integer)),
    bindparam("answers", type_=ARRAY(Text)),
    bindparam("endpoints", type_=ARRAY(BigInteger)),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that its receiver took, and when."""

    claim: Claim
    outcome: Outcome
    ended_at: datetime


async def settle_taken(session: AsyncSession, taken: Sequence[Taken]) -> None:
    """Write down deliveries that were taken: their endpoints fail no longer."""
    asked = {
        "ids": [one.claim.id for one in taken],
        "attempts": [one.claim.attempts for one in taken],
        "ended": [one.ended_at for one in taken],
        "statuses": [one.outcome.status for one in taken],
        "answers": [one.outcome.answer for one in taken],
        "endpoints": sorted({one.claim.endpoint_id for one in taken}),
    }
    await session.execute(_TAKEN, asked)


async def settle_failed(
    session: AsyncSession, claim: Claim, outcome: Outcome, patience: timedelta
) -> DisabledReason | None:
    """Write down that an attempt failed; say why its endpoint is to be disabled, if it is."""
    now = datetime.now(UTC)
    since = await _note_endpoint(session, claim, outcome, now)
    await session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.id == claim.id,
            # Not where it was begun anew meanwhile, or our time was over
            WebhookDelivery.state == DeliveryState.SENDING,
            WebhookDelivery.attempts == claim.attempts,
        )
        .values(_end_of(claim, outcome, now))
    )
    await session.execute(
        update(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == claim.id, WebhookAttempt.number == claim.attempts)
        .values(ended_at=now, status=outcome.status, error=outcome.error, answer=outcome.answer)
    )
    if outcome.status == GONE:
        return DisabledReason.GONE
    if outcome.error == SECRET_LOST:
        return DisabledReason.SECRET_LOST
    return DisabledReason.FAILING if since is not None and now - since >= patience else None


async def _note_endpoint(
    session: AsyncSession, claim: Claim, outcome: Outcome, now: datetime
) -> datetime | None:
    """Keep since when an endpoint fails, and until when it wants to be left alone."""
    changes: dict[str, Any] = {"failing_since": func.coalesce(WebhookCursor.failing_since, now)}
    if outcome.rest:
        until = now + min(outcome.rest, LONGEST_REST)
        changes["rests_until"] = func.greatest(WebhookCursor.rests_until, until)
    own = WebhookCursor.endpoint_id == claim.endpoint_id
    statement = update(WebhookCursor).where(own).values(changes)
    since: datetime | None = await session.scalar(statement.returning(WebhookCursor.failing_since))
    return since


def _end_of(claim: Claim, outcome: Outcome, now: datetime) -> dict[str, Any]:
    delay = next_try(claim.tries, outcome.rest, random.random)
    if delay is None:
        return {"state": DeliveryState.FAILED, "ended_at": now}
    return {"state": DeliveryState.PENDING, "due_at": now + delay}


async def disable(session: AsyncSession, endpoint_id: int, reason: DisabledReason) -> None:
    """Send it nothing more until its people enable it, and tell them, by a fact."""
    statement = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id,
        WebhookEndpoint.disabled_at.is_(None),
        WebhookEndpoint.deleted_at.is_(None),
    )
    locked = statement.with_for_update(of=WebhookEndpoint, key_share=True)
    endpoint = await session.scalar(locked)
    if endpoint is None:
        return
    endpoint.disabled_at, endpoint.disabled_reason = datetime.now(UTC), reason
    await session.flush()
    failing = endpoint.failing_since
    record(
        session,
        None,
        endpoint,
        "disabled",
        reason=reason,
        failing_since=shown(failing) if failing else None,
    )
