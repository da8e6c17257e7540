"""What the picture of an availability shows: panels of media, rows of territories, runs of days.

Pure. Everything comes out of the answer that `GET …/availability` gives, so the two agree. What
looks alike is one row, and media that look alike are one panel; the picture stays within a page.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.rights.rules.availability import Availability, Question, Reason
from app.rights.rules.boxes import FOREVER, Box, Term
from app.rights.rules.columns import columns, places
from app.rights.rules.space import Cells, Space
from app.trees import TERRITORIES, Multirange

# Rows that a page holds, and steps of days that are still told apart on it
MAX_ROWS = 51
MAX_STEPS = 250
# How far into a term without an end a picture looks, unless something changes later
FEWEST_YEARS, MOST_YEARS = 4, 30


class Kind(StrEnum):
    """How a run of days is drawn, over all the languages that are asked about."""

    FREE = "free"
    FREE_BUT = "free_but_held_back_softly"
    PARTLY = "free_in_part"
    SOLD = "sold"
    HELD_BACK = "held_back"
    OTHER_TERMS = "offered_on_other_terms"
    NOT_OFFERED = "not_offered"
    NOT_HELD = "not_held"
    UNFREE = "not_free_for_several_reasons"


_KINDS = {
    Reason.NO_RIGHTS_IN: Kind.NOT_HELD,
    Reason.RIGHTS_OUT: Kind.SOLD,
    Reason.NOT_OFFERED: Kind.NOT_OFFERED,
    Reason.EXCLUSIVITY_NOT_OFFERED: Kind.OTHER_TERMS,
    Reason.HOLDBACK: Kind.HELD_BACK,
    Reason.TERM_TOO_SHORT: Kind.OTHER_TERMS,
}
# Of every kind, in their order: its days, as bits
_Days = tuple[int, ...]
# What of some media is drawn alike: the territories (as bits) of each
_Rows = dict[_Days, int]


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row that are drawn alike."""

    kind: Kind
    term: Term


@dataclass(frozen=True, slots=True)
class Row:
    """Territories that look alike; or (`is_rest`) all those that had no room, joined."""

    territories: Multirange
    runs: tuple[Run, ...]
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Media that look alike."""

    media: Multirange
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn."""

    question: Question
    # The days that are drawn; where they `go_on`, the last ones look so for ever
    term: Term
    goes_on: bool
    # Several changes within so many days are drawn as one
    step: int
    panels: tuple[Panel, ...]

    @property
    def kinds(self) -> list[Kind]:
        """Give the kinds that are met with, in their order."""
        met = {run.kind for panel in self.panels for row in panel.rows for run in row.runs}
        return [kind for kind in Kind if kind in met]


def picture_of(question: Question, found: Availability) -> Picture:
    """Say what is drawn of an answer."""
    told = list(_told(found))
    asked = question.box
    term, goes_on = _shown(asked.term, [box.term for _, box in told])
    step = _step(term, [box.term for _, box in told])
    asked = replace(asked, term=term)
    drawn = [
        (kind, replace(box, languages=asked.languages, term=_stepped(box.term, term, step)))
        for kind, box in told
        if box.term.low < term.high
    ]
    space = Space([asked, *(box for _, box in drawn)])
    boxes = [[space.cells(box) for kind, box in drawn if kind is one] for one in Kind]
    panels = _panels(space, space.cells(asked), boxes)
    return Picture(question, term, goes_on, step, tuple(panels))


def _told(found: Availability) -> Iterator[tuple[Kind, Box]]:
    yield from ((Kind.FREE, box) for box in found.free)
    yield from ((Kind.FREE_BUT, box) for box in found.held_back)
    for reason, boxes in found.unavailable:
        yield from ((_KINDS[reason], box) for box in boxes)


def _shown(asked: Term, terms: Sequence[Term]) -> tuple[Term, bool]:
    """Choose the days to draw: all that are asked about, or up to a year after the last change."""
    if asked.high < FOREVER:
        return asked, False
    ends = [day for term in terms for day in (term.low, term.high) if day < FOREVER]
    last = date.fromordinal(max([asked.low, *ends]))
    first = asked.start.year
    year = min(max(last.year + 2, first + FEWEST_YEARS), first + MOST_YEARS)
    if year > date.max.year:
        return asked, True
    return Term(asked.start, date(year, 1, 1)), last.year < year


def _step(shown: Term, terms: Iterable[Term]) -> int:
    days = {day for term in terms for day in (term.low, term.high) if day < shown.high}
    return 1 if len(days) <= MAX_STEPS else -(-shown.days // MAX_STEPS)


def _stepped(term: Term, shown: Term, step: int) -> Term:
    """Round a term outwards to whole steps; where two then meet, the steps are of both."""
    low = (term.low - shown.low) // step * step + shown.low
    high = -((shown.low - term.high) // step) * step + shown.low
    return Term.of_days(low, min(high, shown.high))


def _panels(space: Space, asked: Cells, boxes: Sequence[Sequence[Cells]]) -> Iterator[Panel]:
    by_medium: dict[int, _Rows] = {medium: {} for medium in places(asked.media)}
    for column in columns(asked, boxes):
        drawn = _joined(column.days)
        for medium in places(column.media):
            rows = by_medium[medium]
            rows[drawn] = rows.get(drawn, 0) | column.territories
    alike: dict[frozenset[tuple[_Days, int]], int] = {}
    for medium, rows in by_medium.items():
        key = frozenset(rows.items())
        alike[key] = alike.get(key, 0) | 1 << medium
    limit = _limit([len(rows) for rows in alike])
    for panel, media in alike.items():
        yield Panel(space.media(media), tuple(_rows(space, dict(panel), limit)))


def _limit(lengths: Sequence[int]) -> int:
    """Share the page among panels: give the rows that each may have."""
    fits = (
        limit
        for limit in range(MAX_ROWS, 2, -1)
        if sum(min(length, limit) for length in lengths) <= MAX_ROWS
    )
    return next(fits, 2)


def _rows(space: Space, rows: _Rows, limit: int) -> Iterator[Row]:
    """Give rows, those of the most territories first; the last one has what had no room."""
    drawn = {days: space.territories(bits) for days, bits in rows.items()}
    ranked = sorted(drawn, key=lambda days: (-rows[days].bit_count(), drawn[days]))
    kept = ranked if len(ranked) <= limit else ranked[: limit - 1]
    kept.sort(key=lambda days: (-len(TERRITORIES.leaves_in(drawn[days])), drawn[days]))
    for days in kept:
        yield Row(drawn[days], _runs(space, days))
    if rest := ranked[len(kept) :]:
        territories = _union(rows[days] for days in rest)
        joined = _joined([_union(some) for some in zip(*rest, strict=True)])
        yield Row(space.territories(territories), _runs(space, joined), is_rest=True)


def _runs(space: Space, days: _Days) -> tuple[Run, ...]:
    found = [
        Run(kind, term) for kind, bits in zip(Kind, days, strict=True) for term in space.terms(bits)
    ]
    return tuple(sorted(found, key=lambda run: run.term.low))


def _joined(days: Sequence[int]) -> _Days:
    """Join what several languages, or territories, are: different kinds of one day become one."""
    free, free_but, partly, *unfree = days
    some_free, some_unfree = free | free_but | partly, _union(unfree)
    partly |= some_free & some_unfree
    free_but &= ~partly
    free &= ~(partly | free_but)
    *reasons, several = unfree
    alone = [
        bits & ~(some_free | several | _union(reasons[:at] + reasons[at + 1 :]))
        for at, bits in enumerate(reasons)
    ]
    several = some_unfree & ~(some_free | _union(alone))
    return (free, free_but, partly, *alone, several)


def _union(bits: Iterable[int]) -> int:
    found = 0
    for some in bits:
        found |= some
    return found
