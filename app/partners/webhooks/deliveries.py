"""The log of deliveries, and what is sent on asking: pings, replays, what waited."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.facts import shown
from app.errors import Conflict, NotFound
from app.models.base import NEW_ID
from app.models.webhooks import (
    DeliveryState,
    WebhookAttempt,
    WebhookCursor,
    WebhookDelivery,
    WebhookEndpoint,
)
from app.pagination import PageRequest, bounded_int
from app.partners.webhooks.endpoints import record
from app.partners.webhooks.positions import head_position, position_before
from app.partners.webhooks.schemas import EnablingIn, ReplayIn

ORDER = "id"
PING = "ping"
SHOWN_ATTEMPTS = 50
# What a delivery is once it is to be sent anew
BEGUN: dict[str, Any] = {
    "state": DeliveryState.PENDING,
    "tries": 0,
    "due_at": func.now(),
    "ended_at": None,
}


async def list_deliveries(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    page: PageRequest,
    state: DeliveryState | None,
) -> tuple[list[WebhookDelivery], str | None]:
    """Give a page of an endpoint's deliveries, newest first."""
    statement = (
        select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint.id)
        .order_by(WebhookDelivery.id.desc())
        .limit(page.fetch)
    )
    if state is not None:
        statement = statement.where(WebhookDelivery.state == state)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(WebhookDelivery.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def get_delivery(
    session: AsyncSession, endpoint: WebhookEndpoint, id_: int
) -> WebhookDelivery:
    """Give a delivery of an endpoint's.

    Raises:
        NotFound: it isn't there, or is another endpoint's.
    """
    found = await session.scalar(
        select(WebhookDelivery).where(
            WebhookDelivery.id == id_, WebhookDelivery.endpoint_id == endpoint.id
        )
    )
    if found is None:
        raise NotFound("webhook delivery")
    return found


async def list_attempts(session: AsyncSession, delivery: WebhookDelivery) -> list[WebhookAttempt]:
    """Give the last attempts of a delivery, newest first."""
    statement = (
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == delivery.id)
        .order_by(WebhookAttempt.number.desc())
        .limit(SHOWN_ATTEMPTS)
    )
    return list(await session.scalars(statement))


async def ping(session: AsyncSession, actor: Actor, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send a message that tells of nothing, signed and tried as all others are.

    The worker looks for what there is to send when the feed has something new: that is the fact.

    Raises:
        Conflict: the endpoint is disabled.
    """
    _require_enabled(endpoint)
    id_ = (await session.execute(select(NEW_ID))).scalar_one()
    delivery = WebhookDelivery(
        endpoint_id=endpoint.id,
        webhook_id=id_,
        type=PING,
        payload={
            "type": PING,
            "timestamp": shown(datetime.now(UTC)),
            "data": {"endpoint_id": str(endpoint.id)},
        },
    )
    session.add(delivery)
    await session.flush()
    record(session, actor, endpoint, "pinged", delivery_id=str(delivery.id))
    return delivery


async def replay_delivery(
    session: AsyncSession, actor: Actor, endpoint: WebhookEndpoint, id_: int
) -> WebhookDelivery:
    """Send one again at once, with ten attempts before it.

    Raises:
        NotFound: it isn't there, or is another endpoint's.
        Conflict: the endpoint is disabled.
    """
    delivery = await get_delivery(session, endpoint, id_)
    _require_enabled(endpoint)
    await lock_cursor(session, endpoint)
    statement = update(WebhookDelivery).where(WebhookDelivery.id == id_).values(BEGUN)
    await session.execute(statement.execution_options(synchronize_session=False))
    await session.refresh(delivery)
    record(session, actor, endpoint, "replayed", delivery_id=str(id_))
    return delivery


async def replay_since(
    session: AsyncSession, actor: Actor, endpoint: WebhookEndpoint, wanted: ReplayIn
) -> None:
    """Send again what happened since an instant, or of what was made since then what was given up.

    Raises:
        Conflict: the endpoint is disabled.
    """
    _require_enabled(endpoint)
    cursor = await lock_cursor(session, endpoint)
    if wanted.failed_only:
        await _begin_failed(session, endpoint, wanted.since)
    elif (before := await position_before(session, wanted.since)) is not None:
        # Made again, a delivery is the row that it was, begun anew.
        cursor.position = min(cursor.position, before)
    since = shown(wanted.since)
    record(session, actor, endpoint, "replayed", since=since, failed_only=wanted.failed_only)


async def _begin_failed(session: AsyncSession, endpoint: WebhookEndpoint, since: datetime) -> None:
    statement = (
        update(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.state == DeliveryState.FAILED,
            WebhookDelivery.created_at >= since,
        )
        .values(BEGUN)
    )
    await session.execute(statement.execution_options(synchronize_session=False))


async def enable_endpoint(
    session: AsyncSession, actor: Actor, endpoint: WebhookEndpoint, wanted: EnablingIn
) -> None:
    """Go on where it stopped; enabling twice is enabling once."""
    if endpoint.disabled_at is None:
        return
    endpoint.disabled_at = endpoint.disabled_reason = None
    await session.flush()
    cursor = await lock_cursor(session, endpoint)
    cursor.failing_since = cursor.rests_until = None
    if wanted.skip_missed:
        cursor.position = await head_position(session)
        waiting = update(WebhookDelivery).where(
            WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.ended_at.is_(None)
        )
        given_up = waiting.values(state=DeliveryState.FAILED, ended_at=func.now())
        await session.execute(given_up.execution_options(synchronize_session=False))
    record(session, actor, endpoint, "enabled", skip_missed=wanted.skip_missed)


async def lock_cursor(session: AsyncSession, endpoint: WebhookEndpoint) -> WebhookCursor:
    """Keep the worker from giving it more, or taking more of it, meanwhile."""
    statement = select(WebhookCursor).where(WebhookCursor.endpoint_id == endpoint.id)
    locked = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(locked)).one()


def _require_enabled(endpoint: WebhookEndpoint) -> None:
    if endpoint.disabled_at is not None:
        raise Conflict("The endpoint is disabled: POST …/enable first.", code="endpoint_disabled")
