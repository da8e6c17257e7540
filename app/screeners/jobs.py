"""What the worker does for screeners: the clock that ends uploads, and the broom at the store."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.screeners import Screener, ScreenerState
from app.operations.handling import Means
from app.s3 import Store
from app.screeners.objects import KEY_PREFIX, folder_of
from app.screeners.service import expire

OVER = (ScreenerState.EXPIRED, ScreenerState.REJECTED, ScreenerState.WITHDRAWN)
# An upload is at the store a moment before its row is in the database.
ORPHANED_AFTER = timedelta(days=1)
BATCH = 100
# Ids are 64-bit
MAX_DIGITS = 19


async def expire_upload(session: AsyncSession, screener_id: int) -> None:
    """End an upload whose time is over; one that was completed or withdrawn meanwhile is let be."""
    screener = await _locked(session, screener_id)
    if (
        screener is not None
        and screener.state is ScreenerState.UPLOADING
        and screener.upload_expires_at <= datetime.now(UTC)
    ):
        await expire(session, screener, "The upload was not completed in time.")


async def remove_screener(means: Means, screener_id: int) -> None:
    """Rid the store of everything of a screener that is over, and of what arrived of its upload.

    No lock is held meanwhile: a film has thousands of segments, and doing it twice is harmless.
    """
    async with means.transaction() as session:
        screener = await session.get(Screener, screener_id)
    if screener is None or screener.state not in OVER or screener.removed_at is not None:
        return
    await means.store.abort_upload(screener.object_key, screener.upload_id)
    await means.store.delete_object(screener.object_key)
    await means.store.delete_prefix(folder_of(screener_id))
    async with means.transaction() as session:
        await session.execute(
            update(Screener).where(Screener.id == screener_id).values(removed_at=func.now())
        )


async def tidy_store(means: Means, before: datetime | None = None) -> None:
    """Do what removals left undone, and throw away what no screener knows of.

    Such are uploads begun in a transaction that was then undone, and segments that a worker wrote
    after their screener was over. What is younger than a day is let be: its row may be on its way.
    """
    over = select(Screener.id).where(Screener.state.in_(OVER), Screener.removed_at.is_(None))
    async with means.transaction() as session:
        left = (await session.scalars(over.order_by(Screener.id).limit(BATCH))).all()
    for screener_id in left:
        await remove_screener(means, screener_id)
    before = before or datetime.now(UTC) - ORPHANED_AFTER
    async with means.transaction() as session:
        await abort_unknown_uploads(session, means.store, before)
    await delete_unknown_folders(means, before)


async def delete_unknown_folders(means: Means, before: datetime) -> None:
    """Delete folders last written to before an instant that no screener in being has."""
    names = [
        folder.removeprefix(KEY_PREFIX).strip("/")
        for folder in await means.store.list_folders(KEY_PREFIX)
    ]
    ids = {int(name) for name in names if name.isdecimal() and len(name) < MAX_DIGITS}
    async with means.transaction() as session:
        kept = select(Screener.id).where(
            Screener.id.in_(ids), or_(Screener.state.not_in(OVER), Screener.removed_at.is_(None))
        )
        unknown = ids - set(await session.scalars(kept))
    for screener_id in sorted(unknown):
        written = await means.store.list_objects(folder_of(screener_id))
        if max(written.values(), default=before) < before:
            await means.store.delete_prefix(folder_of(screener_id))


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
