"""Ledgers column by column: what each says of all the days of some territories, media, languages.

To take hundreds of boxes out of one another makes thousands of pieces, each of which has to be held
against every box. Here whatever the same boxes hold is one column, and a column's days are numbers
that are joined with `|`: the work grows with the boxes, not with the pieces.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from app.rights.rules.arithmetic import common
from app.rights.rules.space import Cells

# Of every ledger: the days of it
Days = tuple[int, ...]
# Of some media: the territories
_Places = dict[int, int]


class Column(NamedTuple):
    """Territories, media and languages of which every ledger says the same."""

    territories: int
    media: int
    languages: int
    days: Days

    @property
    def box(self) -> Cells:
        """Give it without days."""
        return Cells(self.territories, self.media, self.languages, 0)


class _Entry(NamedTuple):
    ledger: int
    box: Cells


def columns(asked: Cells, ledgers: Sequence[Iterable[Cells]]) -> Iterator[Column]:
    """Cut a box into columns; together they are all of it."""
    entries = [
        _Entry(ledger, part)
        for ledger, boxes in enumerate(ledgers)
        for box in boxes
        if all(part := common(box, asked))
    ]
    alike: dict[int, _Places] = {}
    by_media = _alike(asked.media, [entry.box.media for entry in entries])
    by_territory = _alike(asked.territories, [entry.box.territories for entry in entries])
    for of_territories, territories in by_territory.items():
        for of_media, media in by_media.items():
            found = alike.setdefault(of_territories & of_media, {})
            found[media] = found.get(media, 0) | territories
    for numbers, found in alike.items():
        known = [entries[number] for number in places(numbers)]
        for languages, days in _by_language(asked.languages, known, len(ledgers)):
            for media, territories in found.items():
                yield Column(territories, media, languages, days)


def _alike(asked: int, sets: Sequence[int]) -> dict[int, int]:
    """Join the atoms that lie in the same sets: by the numbers of those sets, as bits."""
    numbers_of = dict.fromkeys(places(asked), 0)
    for number, found in enumerate(sets):
        bit = 1 << number
        for place in places(found):
            numbers_of[place] |= bit
    alike: dict[int, int] = {}
    for place, numbers in numbers_of.items():
        alike[numbers] = alike.get(numbers, 0) | 1 << place
    return alike


def _by_language(asked: int, entries: Iterable[_Entry], ledgers: int) -> Iterator[tuple[int, Days]]:
    """Cut languages into those of which every ledger says the same."""
    joined: dict[tuple[int, int], int] = {}
    for ledger, box in entries:
        key = ledger, box.languages
        joined[key] = joined.get(key, 0) | box.days
    alike: dict[Days, int] = {}
    for part in _cut(asked, {languages for _, languages in joined}):
        days = [0] * ledgers
        for (ledger, languages), found in joined.items():
            if languages & part:
                days[ledger] |= found
        told = tuple(days)
        alike[told] = alike.get(told, 0) | part
    for told, languages in alike.items():
        yield languages, told


def _cut(whole: int, sets: Iterable[int]) -> list[int]:
    """Cut a set into parts, each inside or outside of every other set."""
    parts = [whole]
    for one in sets:
        parts = [half for part in parts for half in (part & one, part & ~one) if half]
    return parts


def places(bits: int) -> Iterator[int]:
    """Give the places of the ones in a number, lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
