"""Closing: a viewing that is over gets its last entry, whoever or whatever ended it."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.models.screeners import Screener
from app.models.viewings import Viewing, ViewingEnd
from app.screeners.ledger.entries import append, ended
from app.screeners.viewings.access import EXPIRES_AT, OVER, STANDS_ON

# Viewings that one transaction closes
BATCH = 100


async def close(session: AsyncSession, key: bytes, viewing_id: int) -> None:
    """Close a viewing, if it is over; closing it twice is closing it once."""
    await _close(session, key, [viewing_id])


async def close_those_over(session: AsyncSession, key: bytes, most: int = BATCH) -> int:
    """Close viewings that are over though nobody noticed, and tell how many.

    Those that somebody else holds are left to the next time.
    """
    to_close = select(Viewing.id).where(Viewing.ended_at.is_not(None), ~Viewing.closed)
    to_end = (
        select(Viewing.id)
        .select_from(STANDS_ON)
        .where(Viewing.ended_at.is_(None), OVER.element.is_not(None))
    )
    # Two statements: each reads the index of its own, and nothing of the viewings long closed.
    ids: list[int] = []
    for statement in (to_close, to_end):
        ids += await session.scalars(statement.order_by(Viewing.id).limit(most - len(ids)))
    return await _close(session, key, ids)


async def _close(session: AsyncSession, key: bytes, ids: list[int]) -> int:
    locked = (
        select(Viewing)
        .where(Viewing.id.in_(ids), ~Viewing.closed)
        .order_by(Viewing.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    viewings = {row.id: row for row in (await session.scalars(locked)).all()}
    found = await session.execute(
        select(Viewing.id, OVER, EXPIRES_AT, Screener)
        .select_from(STANDS_ON)
        .where(Viewing.id.in_(viewings))
        .order_by(Viewing.id)
    )
    closed = 0
    for id_, over, expires_at, screener in found.all():
        if over is not None:
            await _end(session, key, viewings[id_], ViewingEnd(over), expires_at, screener)
            closed += 1
    return closed


async def _end(
    session: AsyncSession,
    key: bytes,
    viewing: Viewing,
    reason: ViewingEnd,
    expires_at: datetime,
    screener: Screener,
) -> None:
    if viewing.ended_at is None:
        now = datetime.now(UTC)
        viewing.ended_at = min(expires_at, now) if reason is ViewingEnd.EXPIRED else now
        viewing.end_reason = reason
    await append(session, key, viewing, ended(reason, viewing.ended_at))
    known_to = [screener.organisation_id, screener.administrator_id, viewing.organisation_id]
    events.record(
        session,
        None,
        "viewing.ended",
        viewing.id,
        organisation_ids=[id_ for id_ in known_to if id_ is not None],
        data={
            "screener_id": str(viewing.screener_id),
            "reason": reason.value,
            "watched_milliseconds": viewing.watched_milliseconds,
        },
    )
