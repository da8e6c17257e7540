"""Places in the feed: its end, and where what happened since an instant begins."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.journal import EventPosition

# Of an id: `new_id()` puts the milliseconds of its making above so many bits.
_BITS_BELOW_TIME = 16
_LATEST_MS = 2**46


async def head_position(session: AsyncSession) -> int:
    """Give the last position there is; 0 before the first fact."""
    return await session.scalar(select(func.max(EventPosition.position))) or 0


async def position_before(session: AsyncSession, since: datetime) -> int | None:
    """Give the position before the first fact of an instant or later; None where there is none."""
    milliseconds = min(max(int(since.timestamp() * 1000), 0), _LATEST_MS)
    first = await session.scalar(
        select(func.min(EventPosition.position)).where(
            EventPosition.event_id >= milliseconds << _BITS_BELOW_TIME
        )
    )
    return None if first is None else first - 1
