"""What is thrown away: deliveries that ended a month ago, all of endpoints that were deleted."""

from datetime import timedelta

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.webhooks import WebhookDelivery, WebhookEndpoint

KEPT = timedelta(days=30)
BATCH = 5_000


async def forget_deliveries(session: AsyncSession) -> None:
    """Delete what is no longer to be shown, with its attempts; not more than a batch."""
    deleted = select(WebhookEndpoint.id).where(WebhookEndpoint.deleted_at.is_not(None))
    over = or_(
        WebhookDelivery.ended_at < func.now() - KEPT,
        WebhookDelivery.endpoint_id.in_(deleted),
    )
    batch = select(WebhookDelivery.id).where(over).limit(BATCH).with_for_update(skip_locked=True)
    await session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(batch)))
    is_empty = ~exists().where(WebhookDelivery.endpoint_id == WebhookEndpoint.id)
    await session.execute(
        delete(WebhookEndpoint)
        .where(WebhookEndpoint.deleted_at.is_not(None), is_empty)
        .execution_options(synchronize_session=False)
    )
