"""A market as its meetings need it: its slots, and how long one walks between its halls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agendas.holding import share_market
from app.agendas.rules import Period
from app.errors import Conflict
from app.markets.reads import hours_of
from app.markets.rules import Slot, slots_of
from app.models.markets import HallWalk, Market, MarketState


@dataclass(frozen=True, slots=True)
class Edition:
    """A market, its slots in the order of time, and minutes from hall to hall, said either way."""

    market: Market
    slots: tuple[Slot, ...]
    walks: Mapping[tuple[int, int], int]
    # From the first to the last slot of each day
    days: Mapping[date, Period]

    def slot_at(self, starts_at: datetime) -> Slot | None:
        """Give the slot that begins at an instant."""
        return next((slot for slot in self.slots if slot.starts_at == starts_at), None)

    def slots_after(self, now: datetime) -> list[Slot]:
        """Give the slots for which a meeting can still be made."""
        earliest = now + timedelta(minutes=self.market.lead_minutes)
        return [slot for slot in self.slots if slot.starts_at >= earliest]

    def request_lifetime(self, now: datetime) -> timedelta:
        """Tell how long a request may wait for an answer: until the last slot at most."""
        longest = timedelta(hours=self.market.request_lifetime_hours)
        left = max((slot.starts_at - now for slot in self.slots[-1:]), default=timedelta())
        return max(min(longest, left), timedelta())

    def walk(self, hall_id: int, other_hall_id: int) -> timedelta:
        """Tell how long one walks; nothing within a hall, the market's own time if nothing is said.

        Either may be given first.
        """
        if hall_id == other_hall_id:
            return timedelta()
        pair = (min(hall_id, other_hall_id), max(hall_id, other_hall_id))
        return timedelta(minutes=self.walks.get(pair, self.market.walk_minutes))


def period_of_slot(slot: Slot) -> Period:
    """Give a slot's time."""
    return Period(slot.starts_at, slot.ends_at)


async def hold_edition(session: AsyncSession, market_id: int) -> Edition:
    """Give a market that stays as it is until the transaction ends: who changes it waits.

    Raises:
        Conflict: it is not open.
    """
    await share_market(session, market_id)
    statement = select(Market).where(Market.id == market_id)
    market = (await session.scalars(statement.execution_options(populate_existing=True))).one()
    require_open(market)
    return await edition_of(session, market)


def require_open(market: Market) -> None:
    """Hold to it that meetings can be made at a market.

    Raises:
        Conflict: it is over, or not open yet.
    """
    if market.state is not MarketState.OPEN:
        raise Conflict(
            "Meetings are made while the market is open.",
            code="market_not_open",
            state=market.state,
        )


async def edition_of(session: AsyncSession, market: Market) -> Edition:
    """Read a market's slots and walks."""
    hours = await hours_of(session, market.id)
    walks = await session.execute(
        select(HallWalk.hall_id, HallWalk.other_hall_id, HallWalk.minutes).where(
            HallWalk.market_id == market.id
        )
    )
    slots = tuple(slots_of(hours, market.slot_minutes, ZoneInfo(market.time_zone)))
    days = groupby(slots, key=lambda slot: slot.day)
    return Edition(
        market=market,
        slots=slots,
        days={day: _span(tuple(same)) for day, same in days},
        walks={(hall, other): minutes for hall, other, minutes in walks},
    )


def _span(slots: Sequence[Slot]) -> Period:
    return Period(slots[0].starts_at, slots[-1].ends_at)
