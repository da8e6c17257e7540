"""The slots that are left of a market, by number: those of today, the held ones, too, and later."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from app.agendas.rules import Period
from app.markets.rules import Slot
from app.meetings.editions import period_of_slot
from app.meetings.planning.instance import Slot as PlanSlot


class Timetable:
    """Finds slots. What was held this morning counts this afternoon: all of today is in it."""

    def __init__(self, slots: tuple[Slot, ...], now: datetime, zone: ZoneInfo) -> None:
        """Number them."""
        today = now.astimezone(zone).date()
        self.slots = tuple(slot for slot in slots if slot.day >= today)
        self.number = {period_of_slot(slot): place for place, slot in enumerate(self.slots)}
        self._starts = [slot.starts_at for slot in self.slots]
        self._ends = [slot.ends_at for slot in self.slots]

    def is_over(self, one: Period) -> bool:
        """Tell whether a period ends before all of them."""
        return not self.slots or one.ends_at <= self._starts[0]

    def inside(self, one: Period) -> Iterator[int]:
        """Give the slots inside a period."""
        for slot in range(bisect_left(self._starts, one.starts_at), len(self.slots)):
            if self._ends[slot] > one.ends_at:
                return
            yield slot

    def met_by(self, one: Period) -> range:
        """Give the slots that have an instant of a period."""
        return range(
            bisect_right(self._ends, one.starts_at), bisect_left(self._starts, one.ends_at)
        )

    def after(self, earliest: datetime) -> range:
        """Give the slots that begin then or later."""
        return range(bisect_left(self._starts, earliest), len(self.slots))

    def for_planning(self) -> tuple[PlanSlot, ...]:
        """Give them in minutes of one clock."""
        return tuple(
            PlanSlot(slot.day.toordinal(), _minutes(slot.starts_at), _minutes(slot.ends_at))
            for slot in self.slots
        )


def _minutes(instant: datetime) -> int:
    return int(instant.timestamp()) // 60
