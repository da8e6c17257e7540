"""What is held, offered, sold or asked for: territories × media × languages × term."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.trees.multiranges import Multirange

# After the last day there is: the end of a term that has none.
FOREVER = date.max.toordinal() + 1
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """Days, from `start` on and before `end`; without an end, for ever.

    People say the last day (`until`), PostgreSQL's `daterange` the day after: so do sums.
    """

    start: date
    end: date | None = None

    @classmethod
    def inclusive(cls, start: date, until: date | None) -> "Term":
        """Make a term of its first and last day.

        Raises:
            ValueError: it ends before it begins.
        """
        if until is not None and until < start:
            raise ValueError("must end on the day it begins, or later")
        return cls(start, None if until in {None, date.max} else until + _ONE_DAY)

    @classmethod
    def of_days(cls, low: int, high: int) -> "Term":
        """Make a term of the ordinals of its first day and of the day after its last."""
        return cls(date.fromordinal(low), None if high >= FOREVER else date.fromordinal(high))

    @property
    def until(self) -> date | None:
        """Give the last day."""
        return None if self.end is None else self.end - _ONE_DAY

    @property
    def low(self) -> int:
        """Give the ordinal of the first day."""
        return self.start.toordinal()

    @property
    def high(self) -> int:
        """Give the ordinal of the day after the last."""
        return FOREVER if self.end is None else self.end.toordinal()

    @property
    def days(self) -> int:
        """Count the days; a term without an end has all that are left."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Box:
    """Every combination of some territories, media and languages on every day of a term."""

    territories: Multirange
    media: Multirange
    languages: Multirange
    term: Term
