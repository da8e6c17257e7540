"""How far the feed reaches back: a position that moves on with time, and never backwards."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Ids begin with their milliseconds: see `new_id()` in the first migration.
_ID_BITS = 16
_LET_GO = text("""
UPDATE event_retention SET gone_position = greatest(gone_position, coalesce(
    (
        SELECT position - 1 FROM event_positions
        WHERE position > gone_position AND event_id >= :oldest ORDER BY position LIMIT 1
    ),
    (SELECT max(position) FROM event_positions),
    0
))
""")


async def let_go(session: AsyncSession, retention: timedelta) -> None:
    """Have the feed begin at the first fact that is not older than this."""
    oldest = datetime.now(UTC) - retention
    await session.execute(_LET_GO, {"oldest": int(oldest.timestamp() * 1000) << _ID_BITS})
