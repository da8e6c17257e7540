"""The years and quarters under a picture."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from app.rights.rules.boxes import Term

# More years than these have no quarters; more than those no mark for each, but for every fifth …
MOST_WITH_QUARTERS = 6
MOST_MARKS = 24
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_DAYS_OF_A_YEAR = 365.2425


class Mark(NamedTuple):
    """A day on which a year begins, or a quarter; the first day shown is marked as what it is."""

    day: int
    label: str
    is_year: bool


def marks_of(term: Term) -> list[Mark]:
    """Give the marks of a term, in their order."""
    years = term.days / _DAYS_OF_A_YEAR
    if years <= MOST_WITH_QUARTERS:
        return [mark for mark in _quarters(term) if term.low <= mark.day < term.high]
    step = next((step for step in _STEPS if years <= MOST_MARKS * step), 1000)
    first = -(-term.start.year // step) * step
    last = date.fromordinal(term.high - 1).year
    marks = [
        Mark(date(year, 1, 1).toordinal(), str(year), is_year=True)
        for year in range(first, last + 1, step)
        if year
    ]
    return [mark for mark in marks if mark.day >= term.low]


def _quarters(term: Term) -> Iterator[Mark]:
    last = date.fromordinal(term.high - 1).year
    for year in range(term.start.year, last + 1):
        for quarter in range(4):
            day = date(year, 3 * quarter + 1, 1).toordinal()
            yield Mark(day, f"Q{quarter + 1}" if quarter else str(year), is_year=not quarter)
