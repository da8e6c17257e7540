"""What runs leave behind, and what no run is at: thrown away, taken up again."""

import asyncio
from pathlib import Path

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.screeners import Screener, ScreenerState
from app.operations.handling import Means
from app.screeners.objects import folder_of
from app.screeners.processing import endings, scratch
from app.screeners.processing.rows import Found
from app.stored import StorageUnavailable

BATCH = 100
logger = structlog.get_logger("app.screeners.processing")


async def clean_up(means: Means, found: Found) -> None:
    """Rid the store of what this run put there after the screener was over."""
    async with means.transaction() as session:
        state = await session.scalar(select(Screener.state).where(Screener.id == found.screener_id))
    if state in (ScreenerState.PROCESSING, ScreenerState.READY):
        return
    try:
        await means.store.delete_prefix(folder_of(found.screener_id))
    except StorageUnavailable:  # found by the broom
        logger.warning("left_over", screener_id=found.screener_id)


async def sweep(means: Means, root: Path) -> None:
    """Throw away the folders of films that are processed no more."""
    kept = scratch.kept_ids(root)
    async with means.transaction() as session:
        waiting = await session.scalars(
            select(Screener.id).where(
                Screener.id.in_(kept), Screener.state == ScreenerState.PROCESSING
            )
        )
        wanted = set(waiting)
    for screener_id in kept:
        if screener_id not in wanted:
            await asyncio.to_thread(scratch.remove, root, screener_id)


_ABANDONED = text(
    "SELECT s.id FROM screeners s WHERE s.state = 'processing' AND NOT EXISTS ("
    "SELECT FROM procrastinate_jobs j WHERE j.task_name = :task "
    "AND j.status IN ('todo', 'doing') AND j.args ->> 'screener_id' = s.id::text"
    ") LIMIT :batch"
)


async def rescue(session: AsyncSession) -> None:
    """Have the worker process what no job is about: its job failed in dying."""
    for id_ in await session.scalars(_ABANDONED, {"task": endings.TASK, "batch": BATCH}):
        logger.warning("processing_rescued", screener_id=id_)
        await endings.defer(session, id_)
