"""Boxes as bits: the coordinates that matter to a handful of boxes, and to no others.

Where a hundred boxes cut the axes, each axis falls into a few *atoms*: stretches that no box
begins or ends inside of. Over atoms a set is an integer, and the arithmetic is `&`, `|` and `~`.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.rights.rules.boxes import Box, Term
from app.trees.multiranges import Multirange


class Cells(NamedTuple):
    """A box over the atoms of a space; its days need not be one stretch."""

    territories: int
    media: int
    languages: int
    days: int


class _Axis:
    """The atoms of one axis, numbered from below."""

    def __init__(self, sets: Iterable[Multirange]) -> None:
        self._cuts = sorted(
            {cut for intervals in sets for interval in intervals for cut in interval}
        )
        self._places = {cut: place for place, cut in enumerate(self._cuts)}

    def bits(self, intervals: Multirange) -> int:
        found = 0
        for low, high in intervals:
            found |= (1 << self._places[high]) - (1 << self._places[low])
        return found

    def intervals(self, bits: int) -> Multirange:
        return tuple((self._cuts[low], self._cuts[high]) for low, high in stretches(bits))


class Space:
    """The atoms that some boxes fall into; it can say those boxes, and any made of their parts."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        """Cut the axes wherever one of the boxes begins or ends."""
        known = list(boxes)
        self._territories = _Axis(box.territories for box in known)
        self._media = _Axis(box.media for box in known)
        self._languages = _Axis(box.languages for box in known)
        self._days = _Axis(((box.term.low, box.term.high),) for box in known)

    def cells(self, box: Box) -> Cells:
        """Say a box in atoms."""
        return Cells(
            self._territories.bits(box.territories),
            self._media.bits(box.media),
            self._languages.bits(box.languages),
            self._days.bits(((box.term.low, box.term.high),)),
        )

    def boxes(self, cells: Cells) -> Iterator[Box]:
        """Say atoms as boxes: one for each stretch of days."""
        territories = self._territories.intervals(cells.territories)
        media = self._media.intervals(cells.media)
        languages = self._languages.intervals(cells.languages)
        for term in self.terms(cells.days):
            yield Box(territories, media, languages, term)

    def terms(self, days: int) -> list[Term]:
        """Say days as terms."""
        return [Term.of_days(low, high) for low, high in self._days.intervals(days)]

    def territories(self, bits: int) -> Multirange:
        """Say territories."""
        return self._territories.intervals(bits)

    def media(self, bits: int) -> Multirange:
        """Say media."""
        return self._media.intervals(bits)


def stretches(bits: int) -> Iterator[tuple[int, int]]:
    """Give the runs of ones in a number, lowest first, as half-open intervals of places."""
    place = 0
    while bits:
        zeros = (bits & -bits).bit_length() - 1
        bits >>= zeros
        ones = (~bits & (bits + 1)).bit_length() - 1
        yield place + zeros, place + zeros + ones
        bits >>= ones
        place += zeros + ones


def runs(bits: int) -> Iterator[int]:
    """Give the runs of ones in a number as numbers of their own, lowest first."""
    for low, high in stretches(bits):
        yield (1 << high) - (1 << low)
