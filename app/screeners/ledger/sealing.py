"""Sealing: once a minute, the ends of the chains that have grown are written down, chained as well.

What is cut from the end of a chain, or a whole viewing, leaves nothing behind that does not fit;
but the seal that names it is still there.
"""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.viewings import LedgerSeal, Viewing
from app.screeners.ledger.chain import NO_SEAL, End, seal_hash

# Viewings that one seal names
MOST_ENDS = 1000
# Of PostgreSQL's advisory locks: any number, so long as nobody else takes it
LOCK = 0x5EA1


async def seal(session: AsyncSession, key: bytes, most: int = MOST_ENDS) -> int:
    """Seal viewings whose chains have grown, and tell how many; who comes second finds none.

    The viewings are locked for a moment, so that the end that is sealed is one that stays.
    """
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return 0
    statement = (
        select(Viewing)
        .where(Viewing.unsealed)
        .order_by(Viewing.id)
        .limit(most)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    grown = (await session.scalars(statement)).all()
    if grown:
        await _add(session, key, [End(row.id, row.entry_count, row.entry_hash) for row in grown])
        for viewing in grown:
            viewing.sealed_count = viewing.entry_count
            viewing.unsealed = False
        await session.flush()
    return len(grown)


async def _add(session: AsyncSession, key: bytes, ends: list[End]) -> None:
    last = await session.scalar(select(LedgerSeal).order_by(LedgerSeal.number.desc()).limit(1))
    number = last.number + 1 if last else 1
    now = datetime.now(UTC)
    session.add(
        LedgerSeal(
            number=number,
            sealed_at=now,
            viewing_ids=[end.viewing_id for end in ends],
            entry_counts=[end.entry_count for end in ends],
            hash=seal_hash(key, last.hash if last else NO_SEAL, number, now, ends),
        )
    )
