"""How a run at a film ends: each ending is one transaction, with the job that follows from it."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.models.screeners import Screener, ScreenerRendition, ScreenerState, ScreenerSubtitles
from app.operations.handling import Means
from app.screeners.processing.plan import Plan
from app.screeners.processing.rows import Found, Progress, lock, note, seconds_since
from app.screeners.service import record

TASK = "process_screener"
# Between two tries, the longer the longer it lasts
SHORTEST_WAIT, LONGEST_WAIT = 5.0, 600.0


class IncompleteError(Exception):
    """A rendition lacks segments that a finished one has: an error of ours."""


async def defer(session: AsyncSession, screener_id: int, seconds: float = 0.0) -> None:
    """Have the worker process a screener, from where it stands."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    await jobs.defer(session, TASK, queue=jobs.MEDIA, at=at, screener_id=str(screener_id))


async def make_ready(means: Means, found: Found, plan: Plan) -> None:
    """Say that the film can be watched.

    Raises:
        SupersededError: it is no longer this run's.
        IncompleteError: not all of it is there.
    """
    async with means.transaction() as session:
        screener = await lock(session, found)
        await _require_all_segments(session, found, plan)
        screener.state, screener.stage, screener.progress = ScreenerState.READY, None, 1.0
        screener.processed_at = datetime.now(UTC)
        screener.waiting = screener.waiting_since = None
        seconds = plan.facts.duration_ms / 1000
        record(session, None, "screener.ready", screener, duration_seconds=seconds)


async def _require_all_segments(session: AsyncSession, found: Found, plan: Plan) -> None:
    count = func.cardinality(ScreenerRendition.segment_milliseconds)
    rows = await session.execute(
        select(ScreenerRendition.name, count).where(
            ScreenerRendition.screener_id == found.screener_id
        )
    )
    if set(rows.all()) != {(name, plan.segment_count) for name in plan.names}:
        raise IncompleteError


async def reject(means: Means, found: Found, reason: str) -> None:
    """Say why the film will never be watched; the store is rid of it.

    Raises:
        SupersededError: it is no longer this run's.
    """
    async with means.transaction() as session:
        await _reject(session, await lock(session, found), reason)


async def _reject(session: AsyncSession, screener: Screener, reason: str) -> None:
    screener.state, screener.stage = ScreenerState.REJECTED, None
    screener.reason, screener.waiting, screener.pictures = reason, None, None
    for rows in (ScreenerRendition, ScreenerSubtitles):
        await session.execute(delete(rows).where(rows.screener_id == screener.id))
    record(session, None, "screener.rejected", screener, reason=reason)
    await jobs.defer(session, "remove_screener", screener_id=str(screener.id))


async def wait(
    means: Means, progress: Progress, reason: str, patience: timedelta, *, is_counted: bool
) -> None:
    """Say what the film waits for, and try again later; when patience is over, reject it.

    Raises:
        SupersededError: it is no longer this run's.
    """
    found = progress.found
    async with means.transaction() as session:
        screener = await lock(session, found)
        lasts = seconds_since(screener.waiting_since)
        if lasts > patience.total_seconds():
            reason = f"It could not be processed in {_days(patience)}. {reason}"
            await _reject(session, screener, reason)
            return
        given_back = {} if is_counted else progress.given_back()
        since = func.coalesce(Screener.waiting_since, func.now())
        await note(session, found, waiting=reason, waiting_since=since, **given_back)
        await defer(session, found.screener_id, min(LONGEST_WAIT, max(SHORTEST_WAIT, lasts / 4)))


def _days(patience: timedelta) -> str:
    hours = patience.total_seconds() / 3600
    return f"{hours / 24:.0f} days" if hours > 48 else f"{hours:.0f} hours"  # noqa: PLR2004


async def give_back(means: Means, progress: Progress) -> None:
    """Leave the film to the next worker: this one was told to stop.

    Raises:
        SupersededError: it is no longer this run's.
    """
    async with means.transaction() as session:
        await note(session, progress.found, **progress.given_back(), progress=progress.share)
        await defer(session, progress.found.screener_id)
