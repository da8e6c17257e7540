"""The arithmetic of a market's days: from hours on its clock to slots of real minutes.

A clock that is moved makes some times come twice and leaves others out. A time that comes twice
means the first of the two; one that never comes means the instant at which the clock jumps over it.
So later on the clock is never earlier in fact, whatever the zone does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_DAYS = 31
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """When nobody meets, on the market's clock."""

    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class DayHours:
    """When a market is open on a day, on its own clock."""

    day: date
    opens: time
    closes: time
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time to meet in, from an instant on, up to another; both in UTC.

    `index` counts from the opening of the day, and counts what a break takes, too: a break that is
    put in or taken away gives no other slot another number.
    """

    day: date
    index: int
    starts_at: datetime
    ends_at: datetime


def slots_of(hours: Iterable[DayHours], slot_minutes: int, zone: ZoneInfo) -> list[Slot]:
    """Give the slots of a market's days, in the order of time.

    From the opening on, one every `slot_minutes` of real time, as long as it ends before the market
    closes; those that touch a break are left out.
    """
    length = timedelta(minutes=slot_minutes)
    in_order = sorted(hours, key=lambda one: one.day)
    return [slot for one in in_order for slot in _slots_of_day(one, length, zone)]


def _slots_of_day(hours: DayHours, length: timedelta, zone: ZoneInfo) -> Iterator[Slot]:
    breaks = [
        (instant_of(hours.day, one.starts, zone), instant_of(hours.day, one.ends, zone))
        for one in hours.breaks
    ]
    starts_at = instant_of(hours.day, hours.opens, zone)
    closes_at = instant_of(hours.day, hours.closes, zone)
    for index in range((closes_at - starts_at) // length):
        ends_at = starts_at + length
        # A break that the clock jumps over takes no time, and no slot.
        if not any(max(begins, starts_at) < min(ends, ends_at) for begins, ends in breaks):
            yield Slot(hours.day, index, starts_at, ends_at)
        starts_at = ends_at


def instant_of(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Give the instant, in UTC, at which a zone's clock shows a time on a day."""
    shown = datetime.combine(day, clock)
    instant = shown.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == shown:
        return instant
    return _jump(shown, zone)


def _jump(skipped: datetime, zone: ZoneInfo) -> datetime:
    """Give the instant at which a zone's clock jumps over a time."""
    # By the offset that holds after the jump it would lie before it, and the other way round.
    before = skipped.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = skipped.replace(tzinfo=zone).astimezone(UTC)
    while after - before > SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < skipped:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def flaw_of_dates(starts_on: date, ends_on: date) -> str | None:
    """Say why a market can't last from one day to another; None where it can."""
    if ends_on < starts_on:
        return "must not be before starts_on"
    if (ends_on - starts_on).days >= MOST_DAYS:
        return f"must be so that the market lasts {MOST_DAYS} days at most"
    return None


def flaw_of_hours(opens: time, closes: time, breaks: Sequence[Break]) -> str | None:
    """Say why a market can't be open so on a day; None where it can."""
    if closes <= opens:
        return "must close after it opens, on the same day"
    reached = opens
    for one in sorted(breaks):
        if one.ends <= one.starts:
            return "has a break that does not end after it starts"
        if one.starts < opens or one.ends > closes:
            return "has a break outside its hours"
        if one.starts < reached:
            return "has breaks that overlap"
        reached = one.ends
    return None
