"""A market's hours, all days at once, and the slots that they make."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.errors import Conflict, Invalid
from app.markets import reads
from app.markets.rules import DayHours, Slot, slots_of
from app.markets.service import record
from app.models.markets import Market, MarketBreak, MarketHours, MarketState
from app.pagination import PageRequest, bounded_int

ORDER = "slot"


async def put_hours(
    session: AsyncSession, actor: Actor, market: Market, wanted: Sequence[DayHours]
) -> None:
    """Replace the hours of a market, which the caller has locked.

    Raises:
        Invalid: a day lies outside the market's dates.
        Conflict: no day would be left of a market that is not a draft.
    """
    _require_days_of(market, wanted)
    if not wanted and market.state is not MarketState.DRAFT:
        raise Conflict("A market that was opened keeps a day at least.", code="no_hours")
    # The breaks go with them.
    await session.execute(delete(MarketHours).where(MarketHours.market_id == market.id))
    await _insert(session, market, wanted)
    # Hours are part of their market: its version counts this edit, too.
    market.updated_at = datetime.now(UTC)
    await session.flush()
    days = [one.day.isoformat() for one in wanted]
    record(session, actor, "market.hours_changed", market, days=days)


def _require_days_of(market: Market, wanted: Sequence[DayHours]) -> None:
    outside = [
        {
            "pointer": f"/days/{place}/day",
            "detail": f"must be a day of the market, {market.starts_on} to {market.ends_on}",
        }
        for place, one in enumerate(wanted)
        if not market.starts_on <= one.day <= market.ends_on
    ]
    if outside:
        raise Invalid("The request can't be taken as it is: see errors.", errors=outside)


async def _insert(session: AsyncSession, market: Market, wanted: Sequence[DayHours]) -> None:
    days, breaks = [], []
    for one in wanted:
        hours = {
            "market_id": market.id,
            "day": one.day,
            "opens": one.opens,
            "closes": one.closes,
        }
        days.append({**hours, "starts_on": market.starts_on, "ends_on": market.ends_on})
        breaks += [{**hours, "starts": each.starts, "ends": each.ends} for each in one.breaks]
    if days:
        await session.execute(insert(MarketHours), days)
    if breaks:
        await session.execute(insert(MarketBreak), breaks)


async def list_slots(
    session: AsyncSession, market: Market, page: PageRequest, day: date | None
) -> tuple[list[Slot], str | None]:
    """Give a page of a market's slots, or of one day's, in the order of time."""
    hours = await reads.hours_of(session, market.id)
    wanted = [one for one in hours if day is None or one.day == day]
    slots = slots_of(wanted, market.slot_minutes, ZoneInfo(market.time_zone))
    if (after := page.after(ORDER, date.fromisoformat, bounded_int)) is not None:
        slots = [slot for slot in slots if (slot.day, slot.index) > (after[0], after[1])]
    return page.split(slots[: page.fetch], ORDER, lambda slot: (slot.day, slot.index))
