"""What of a title is free, what is not and why: the exact answer, out of its ledgers."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from app.rights.rules.arithmetic import merged
from app.rights.rules.boxes import Box, Term
from app.rights.rules.columns import Column, columns
from app.rights.rules.ledgers import Ledgers
from app.rights.rules.space import Cells, Space, runs
from app.trees.multiranges import Multirange

_EVER = Term(date.min)


class Reason(StrEnum):
    """Why something is not free; where several hold, the first of these is told."""

    NO_RIGHTS_IN = "no_rights_in"
    RIGHTS_OUT = "rights_out"
    NOT_OFFERED = "not_offered"
    EXCLUSIVITY_NOT_OFFERED = "exclusivity_not_offered"
    HOLDBACK = "holdback"
    TERM_TOO_SHORT = "term_too_short"


class Match(StrEnum):
    """How a free window must lie to the term that is asked for."""

    COVERS_ALL = "covers_all"
    OVERLAPS = "overlaps"
    STARTS_WITHIN = "starts_within"
    ENDS_WITHIN = "ends_within"


@dataclass(frozen=True, slots=True)
class Question:
    """Is this box free: for the buyer alone (`exclusive`), or beside others?

    Windows of fewer than `min_days` are of no use to who asks.
    """

    box: Box
    exclusive: bool = False
    min_days: int = 1


@dataclass(frozen=True, slots=True)
class Availability:
    """The answer: `free` and `unavailable` together are the box that was asked for."""

    free: list[Box]
    unavailable: list[tuple[Reason, list[Box]]]
    # What is free, but not without a word: soft holdbacks
    held_back: list[Box]
    # The stretches of days, in the term asked for or beyond it, on which all the rest is free
    windows: list[Term]
    # The longest of their parts inside the term
    largest_window: Term | None
    # The territories in which all the rest is free for the whole term
    territories: Multirange
    matches: dict[Match, bool]


def availability(question: Question, ledgers: Ledgers) -> Availability:
    """Answer a question exactly, by what the ledgers say and nothing else."""
    asked = question.box
    ever = Box(asked.territories, asked.media, asked.languages, _EVER)
    space = Space(
        [
            asked,
            ever,
            *ledgers.holdings,
            *(offer.box for offer in ledgers.offers),
            *(holdback.box for holdback in ledgers.holdbacks),
            *(taken.box for taken in ledgers.taken),
        ]
    )
    whole = space.cells(asked)
    judged = _Judged(whole.days)
    for column in columns(space.cells(ever), _ledgers(question, ledgers, space)):
        judged.add(column)
    windows = [term for term in space.terms(judged.days) if term.days >= question.min_days]
    inside = [part for window in windows if (part := _inside(window, asked.term)) is not None]
    return Availability(
        free=_boxes(space, judged.free),
        unavailable=[
            (reason, _boxes(space, found)) for reason, found in judged.refused.items() if found
        ],
        held_back=_boxes(space, judged.held_back),
        windows=windows,
        largest_window=max(inside, key=lambda term: (term.days, -term.low), default=None),
        territories=space.territories(whole.territories & ~judged.blocked),
        matches=_matches(asked.term, windows),
    )


class _Ledger(IntEnum):
    """What a column's days are told of, by place."""

    HELD = 0
    SOLD = 1
    OFFERED = 2
    OFFERED_SO = 3
    HELD_BACK = 4
    LONG_ENOUGH = 5
    HELD_BACK_SOFTLY = 6


# The reasons in their order: by which ledger, and whether to be in it is what makes it unfree
_TESTS = (
    (Reason.NO_RIGHTS_IN, _Ledger.HELD, False),
    (Reason.RIGHTS_OUT, _Ledger.SOLD, True),
    (Reason.NOT_OFFERED, _Ledger.OFFERED, False),
    (Reason.EXCLUSIVITY_NOT_OFFERED, _Ledger.OFFERED_SO, False),
    (Reason.HOLDBACK, _Ledger.HELD_BACK, True),
    (Reason.TERM_TOO_SHORT, _Ledger.LONG_ENOUGH, False),
)


def _ledgers(question: Question, ledgers: Ledgers, space: Space) -> list[list[Cells]]:
    """Give the boxes of every ledger, as far as this question asks for them."""
    asks_exclusive, days = question.exclusive, question.box.term.days
    fitting = [offer for offer in ledgers.offers if offer.allows(exclusive=asks_exclusive)]
    boxes = {
        _Ledger.HELD: ledgers.holdings,
        _Ledger.SOLD: [one.box for one in ledgers.taken if one.blocks(exclusive=asks_exclusive)],
        _Ledger.OFFERED: [offer.box for offer in ledgers.offers],
        _Ledger.OFFERED_SO: [offer.box for offer in fitting],
        _Ledger.HELD_BACK: [one.box for one in ledgers.holdbacks if one.is_hard],
        _Ledger.LONG_ENOUGH: [offer.box for offer in fitting if offer.min_days <= days],
        _Ledger.HELD_BACK_SOFTLY: [one.box for one in ledgers.holdbacks if not one.is_hard],
    }
    return [merged(map(space.cells, boxes[ledger])) for ledger in _Ledger]


class _Judged:
    """What comes out, column by column, of the days that are asked about."""

    def __init__(self, asked: int) -> None:
        self.asked = asked
        self.free: list[Cells] = []
        self.held_back: list[Cells] = []
        self.refused: dict[Reason, list[Cells]] = {reason: [] for reason in Reason}
        # The days, asked about or not, on which all columns are free
        self.days = -1
        # The territories that are not free on all the days asked about
        self.blocked = 0

    def add(self, column: Column) -> None:
        left = ~0
        for reason, ledger, is_out in _TESTS:
            found = column.days[ledger]
            out = left & (found if is_out else ~found)
            left &= ~out
            self._note(self.refused[reason], column, out)
        self._note(self.free, column, left)
        self._note(self.held_back, column, left & column.days[_Ledger.HELD_BACK_SOFTLY])
        self.days &= left
        if self.asked & ~left:
            self.blocked |= column.territories

    def _note(self, found: list[Cells], column: Column, days: int) -> None:
        if days := days & self.asked:
            found += (column.box._replace(days=part) for part in runs(days))


def _boxes(space: Space, cells: list[Cells]) -> list[Box]:
    return [box for piece in merged(cells) for box in space.boxes(piece)]


def _inside(window: Term, asked: Term) -> Term | None:
    low, high = max(window.low, asked.low), min(window.high, asked.high)
    return Term.of_days(low, high) if low < high else None


def _matches(asked: Term, windows: list[Term]) -> dict[Match, bool]:
    """Compare the free windows with the term asked for, as buyers of rights do."""
    low, high = asked.low, asked.high
    return {
        Match.COVERS_ALL: any(w.low <= low and high <= w.high for w in windows),
        Match.OVERLAPS: any(w.low < high and low < w.high for w in windows),
        Match.STARTS_WITHIN: any(low <= w.low < high for w in windows),
        Match.ENDS_WITHIN: any(low < w.high <= high for w in windows),
    }
