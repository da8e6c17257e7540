"""From the feed to deliveries: each endpoint's cursor goes over the positions, none left out.

Deliveries are made in the transaction that moves the cursor, in the order of the feed. So each fact
that an endpoint is to have has one row, whoever is killed; and where the cursor was set back, the
rows there are begin anew. An endpoint that lags is not given more than so many: the rest is in the
feed.
"""

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Row, Select, func, not_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.accounts import Organisation, Standing
from app.models.journal import Event, EventPosition
from app.models.webhooks import WebhookCursor, WebhookDelivery, WebhookEndpoint
from app.partners.feed.reads import facts_of
from app.partners.webhooks.deliveries import BEGUN
from app.partners.webhooks.rules import body_of, wants

# Facts that one transaction looks at
BATCH = 500
# Deliveries of an endpoint that wait
MOST_WAITING = 10_000
# Cursors that are so far behind are moved one by one.
MOST_AT_ONCE = 5_000
# Its position, then of its endpoint the types, whose it is, and whether they run the market
Cursor = Row[int, list[str], int, bool]
# Where facts go: to endpoints that are good, of companies that are in the market
IS_SERVED = (
    WebhookEndpoint.disabled_at.is_(None),
    WebhookEndpoint.deleted_at.is_(None),
    Organisation.standing == Standing.APPROVED,
)


async def list_behind(session: AsyncSession, head: int) -> Sequence[int]:
    """Give the endpoints that have not come to a position yet."""
    statement = (
        select(WebhookCursor.endpoint_id)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookCursor.endpoint_id)
        .join(Organisation, Organisation.id == WebhookEndpoint.organisation_id)
        .where(WebhookCursor.position < head, *IS_SERVED)
        .order_by(WebhookCursor.position)
    )
    return (await session.scalars(statement)).all()


async def make_deliveries(session: AsyncSession, endpoint_id: int, head: int) -> bool:
    """Move one endpoint on, up to a position; True where there is more to be done at once."""
    found = await _locked(session, endpoint_id, head)
    if found is None or await _has_enough(session, endpoint_id):
        return False
    facts = (
        await session.execute(
            facts_of(is_organiser=found.is_organiser)
            .where(EventPosition.position > found.position, EventPosition.position <= head)
            .order_by(EventPosition.position)
            .limit(BATCH),
            {"organisation_id": found.organisation_id},
        )
    ).all()
    is_all = len(facts) < BATCH
    await _insert(
        session, endpoint_id, [one for one in facts if wants(found.event_types, one.type)]
    )
    reached = head if is_all else facts[-1].position
    moved = update(WebhookCursor).where(WebhookCursor.endpoint_id == endpoint_id)
    await session.execute(moved.values(position=reached))
    return not is_all


async def _locked(session: AsyncSession, endpoint_id: int, head: int) -> Cursor | None:
    """Lock the cursor of an endpoint that is served and behind; one that others have is theirs."""
    statement = (
        select(
            WebhookCursor.position,
            WebhookEndpoint.event_types,
            WebhookEndpoint.organisation_id,
            Organisation.is_organiser,
        )
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookCursor.endpoint_id)
        .join(Organisation, Organisation.id == WebhookEndpoint.organisation_id)
        .where(WebhookCursor.endpoint_id == endpoint_id, WebhookCursor.position < head, *IS_SERVED)
        .with_for_update(of=WebhookCursor, skip_locked=True)
    )
    return (await session.execute(statement)).one_or_none()


async def _has_enough(session: AsyncSession, endpoint_id: int) -> bool:
    waiting = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.ended_at.is_(None))
        .limit(MOST_WAITING)
    )
    counted = await session.execute(select(func.count()).select_from(waiting.subquery()))
    return counted.scalar_one() >= MOST_WAITING


async def _insert(session: AsyncSession, endpoint_id: int, facts: Sequence[Row[Any]]) -> None:
    if not facts:
        return
    rows = [
        {
            "endpoint_id": endpoint_id,
            "webhook_id": int(fact.id),
            "type": fact.type,
            "payload": body_of(dict(fact._mapping), lambda body: len(to_json(body))),  # noqa: SLF001
        }
        for fact in facts
    ]
    statement = insert(WebhookDelivery).values(rows)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["endpoint_id", "webhook_id"], set_=BEGUN)
    )


async def skip_unconcerned(session: AsyncSession, since: int, head: int) -> None:
    """Move on at once whoever had come to a position, and is not concerned by what is new.

    Who may know of a fact is for the feed to say; this leaves out only whom it can't be: the fact
    is not public, names others, and they do not run the market.
    """
    if not since or not 0 < head - since <= MOST_AT_ONCE:
        return
    new = EventPosition.position.between(since + 1, head)
    concerned = (
        select(func.unnest(Event.organisation_ids))
        .join_from(EventPosition, Event, Event.id == EventPosition.event_id)
        .where(new)
    )
    is_public = _facts(new).where(Event.is_public).exists()
    unconcerned = (
        select(WebhookCursor.endpoint_id)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookCursor.endpoint_id)
        .join(Organisation, Organisation.id == WebhookEndpoint.organisation_id)
        .where(
            WebhookCursor.position.between(since, head - 1),
            not_(Organisation.is_organiser),
            not_(is_public),
            WebhookEndpoint.organisation_id.not_in(concerned),
            *IS_SERVED,
        )
        .with_for_update(of=WebhookCursor, skip_locked=True)
    )
    statement = update(WebhookCursor).where(WebhookCursor.endpoint_id.in_(unconcerned))
    moved = statement.values(position=head).execution_options(synchronize_session=False)
    await session.execute(moved)


def _facts(new: ColumnElement[bool]) -> Select[int]:
    return select(Event.id).join(EventPosition, Event.id == EventPosition.event_id).where(new)
