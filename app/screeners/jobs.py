"""What the worker does for screeners: the clock that ends uploads, and the broom at the store."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.screeners import Screener, ScreenerState
from app.s3 import Store
from app.screeners.service import expire
from app.screeners.uploads import KEY_PREFIX

OVER = (ScreenerState.EXPIRED, ScreenerState.REJECTED, ScreenerState.WITHDRAWN)
# An upload is at the store a moment before its row is in the database.
ORPHANED_AFTER = timedelta(days=1)
BATCH = 100


async def expire_upload(session: AsyncSession, screener_id: int) -> None:
    """End an upload whose time is over; one that was completed or withdrawn meanwhile is let be."""
    screener = await _locked(session, screener_id)
    if (
        screener is not None
        and screener.state is ScreenerState.UPLOADING
        and screener.upload_expires_at <= datetime.now(UTC)
    ):
        await expire(session, screener, "The upload was not completed in time.")


async def remove_screener(session: AsyncSession, store: Store, screener_id: int) -> None:
    """Rid the store of the file of a screener that is over, and of what arrived of its upload."""
    screener = await _locked(session, screener_id)
    if screener is None or screener.state not in OVER or screener.removed_at is not None:
        return
    await store.abort_upload(screener.object_key, screener.upload_id)
    await store.delete_object(screener.object_key)
    screener.removed_at = datetime.now(UTC)


async def tidy_store(session: AsyncSession, store: Store) -> None:
    """Do what removals left undone, and abort uploads that no screener knows of.

    Those were begun in a transaction that was then undone.
    """
    over = select(Screener.id).where(Screener.state.in_(OVER), Screener.removed_at.is_(None))
    for screener_id in (await session.scalars(over.order_by(Screener.id).limit(BATCH))).all():
        await remove_screener(session, store, screener_id)
    before = datetime.now(UTC) - ORPHANED_AFTER
    await abort_unknown_uploads(session, store, before)


async def abort_unknown_uploads(session: AsyncSession, store: Store, before: datetime) -> None:
    """Abort uploads begun before an instant that no screener knows of."""
    uploads = [
        upload for upload in await store.list_uploads(KEY_PREFIX) if upload.started_at < before
    ]
    ids = [upload.upload_id for upload in uploads]
    known = set(
        await session.scalars(select(Screener.upload_id).where(Screener.upload_id.in_(ids)))
    )
    for upload in uploads:
        if upload.upload_id not in known:
            await store.abort_upload(upload.key, upload.upload_id)


async def _locked(session: AsyncSession, screener_id: int) -> Screener | None:
    found: Screener | None = await session.scalar(
        select(Screener).where(Screener.id == screener_id).with_for_update()
    )
    return found
