"""The arithmetic of periods."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From an instant on, up to but not including another."""

    starts_at: datetime
    ends_at: datetime

    @property
    def length(self) -> timedelta:
        """How long it is; not above zero for one that is none."""
        return self.ends_at - self.starts_at

    def covers(self, other: "Period") -> bool:
        """Tell whether the other lies inside."""
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def meets(self, other: "Period") -> bool:
        """Tell whether the two have an instant in common."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def united(periods: Iterable[Period]) -> list[Period]:
    """Give the same time in the fewest periods, in order: what overlaps or touches is one."""
    found: list[Period] = []
    for period in sorted(periods):
        if found and period.starts_at <= found[-1].ends_at:
            ends_at = max(found[-1].ends_at, period.ends_at)
            found[-1] = Period(found[-1].starts_at, ends_at)
        else:
            found.append(period)
    return found
