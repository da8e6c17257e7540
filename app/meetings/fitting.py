"""Who could meet in a slot: pure arithmetic of what people said, what they hold, and their ways."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from app.agendas.rules import Period
from app.markets.rules import Slot
from app.models.markets import AccreditationRole

Walk = Callable[[int, int], timedelta]


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody accredited: on which days (none named: all), and when they are free, if they say."""

    person_id: int
    organisation_id: int
    role: AccreditationRole
    online: bool
    days: frozenset[date]
    free: tuple[Period, ...] | None

    def attends(self, slot: Slot) -> bool:
        """Tell whether they are there and said nothing against it."""
        if self.days and slot.day not in self.days:
            return False
        time = Period(slot.starts_at, slot.ends_at)
        return self.free is None or any(one.covers(time) for one in self.free)


@dataclass(frozen=True, slots=True)
class Hold:
    """What somebody holds: a time, and the hall they are in if it is a meeting at this market."""

    during: Period
    is_meeting: bool
    hall_id: int | None


def is_free(holds: Iterable[Hold], slot: Slot) -> bool:
    """Tell whether nothing that is held is in the way."""
    time = Period(slot.starts_at, slot.ends_at)
    return not any(hold.during.meets(time) for hold in holds)


def meetings_on_day(holds: Iterable[Hold], day: Period) -> int:
    """Count the meetings of this market that are held on a day."""
    return sum(hold.is_meeting and hold.during.meets(day) for hold in holds)


def can_reach(holds: Iterable[Hold], slot: Slot, hall_id: int | None, walk: Walk) -> bool:
    """Tell whether one comes in time from every hall one was in, and gets to the next one."""
    return hall_id is None or all(
        _gap(hold.during, slot) >= walk(hold.hall_id, hall_id)
        for hold in holds
        if hold.hall_id is not None
    )


def minutes_walked(holds: Iterable[Hold], slot: Slot, hall_id: int | None, walk: Walk) -> float:
    """Tell how far a hall is from where one is before and after, for choosing the nearest."""
    if hall_id is None:
        return 0.0
    ways = sorted(
        (_gap(hold.during, slot), walk(hold.hall_id, hall_id).total_seconds() / 60)
        for hold in holds
        if hold.hall_id is not None
    )
    return sum(minutes for _, minutes in ways[:2])


def _gap(during: Period, slot: Slot) -> timedelta:
    return max(slot.starts_at - during.ends_at, during.starts_at - slot.ends_at)
