"""What is left of a box when others are taken out of it, said in few boxes or in the largest."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from app.rights.rules.space import Cells, stretches


def overlap(one: Cells, other: Cells) -> bool:
    """Tell whether two boxes have anything in common."""
    return bool(
        one.territories & other.territories
        and one.media & other.media
        and one.languages & other.languages
        and one.days & other.days
    )


def common(one: Cells, other: Cells) -> Cells:
    """Give what two boxes have in common; one axis is empty where that is nothing."""
    return Cells(
        one.territories & other.territories,
        one.media & other.media,
        one.languages & other.languages,
        one.days & other.days,
    )


def contains(outer: Cells, inner: Cells) -> bool:
    """Tell whether a box holds the whole of another."""
    return not (
        inner.territories & ~outer.territories
        or inner.media & ~outer.media
        or inner.languages & ~outer.languages
        or inner.days & ~outer.days
    )


def minus(box: Cells, other: Cells) -> list[Cells]:
    """Give what is left of a box without another, in at most four boxes that do not overlap."""
    if not overlap(box, other):
        return [box]
    territories, media, languages, days = box
    pieces = [Cells(territories & ~other.territories, media, languages, days)]
    territories &= other.territories
    pieces.append(Cells(territories, media & ~other.media, languages, days))
    media &= other.media
    pieces.append(Cells(territories, media, languages & ~other.languages, days))
    languages &= other.languages
    pieces.append(Cells(territories, media, languages, days & ~other.days))
    return [piece for piece in pieces if all(piece)]


def without(boxes: Iterable[Cells], others: Iterable[Cells]) -> list[Cells]:
    """Give what is left of boxes without others; where those do not overlap, neither do these."""
    left = list(boxes)
    for other in others:
        if not left:
            break
        left = [piece for box in left for piece in minus(box, other)]
    return left


def merged(boxes: Iterable[Cells]) -> list[Cells]:
    """Say boxes in fewer: those that differ on one axis only become one, until none do."""
    found = sorted(set(boxes))
    count = len(found) + 1
    while len(found) < count:
        count = len(found)
        for axis in range(4):
            found = _merged_along(found, axis)
    return sorted(found)


def _merged_along(boxes: Iterable[Cells], axis: int) -> list[Cells]:
    groups: dict[tuple[int, ...], int] = {}
    for box in boxes:
        others = box[:axis] + box[axis + 1 :]
        groups[others] = groups.get(others, 0) | box[axis]
    return [
        Cells._make((*others[:axis], together, *others[axis:]))
        for others, together in groups.items()
    ]


class Maximal(NamedTuple):
    """The largest boxes; where it is not `exact`, they hold more than there is."""

    boxes: list[Cells]
    exact: bool


def maximal(largest: Iterable[Cells], obstacles: Iterable[Cells], limit: int) -> Maximal:
    """Give every largest box that meets no obstacle, out of the largest without obstacles.

    Each is of one stretch of days.

    Whatever box fits between the obstacles lies in one of them: to ask whether a box is free is to
    ask whether one of these contains it. There may be very many: at the first obstacle that would
    make them more than `limit` the rest are left out, the smaller ones, and the answer then is not
    exact, but holds all that is free.
    """
    found = [part for box in largest for part in _of_one_stretch(box)]
    for obstacle in sorted(obstacles, key=_atoms, reverse=True):
        kept = [box for box in found if not overlap(box, obstacle)]
        if len(kept) == len(found):
            continue
        hit = [box for box in found if overlap(box, obstacle)]
        pieces = {piece for box in hit for piece in _around(box, obstacle)}
        fresh = _largest(pieces, kept)
        if len(kept) + len(fresh) > limit:
            return Maximal(found, exact=False)
        found = kept + fresh
    return Maximal(found, exact=True)


def _of_one_stretch(box: Cells) -> Iterator[Cells]:
    for low, high in stretches(box.days):
        yield box._replace(days=(1 << high) - (1 << low))


def _around(box: Cells, obstacle: Cells) -> Iterator[Cells]:
    """Give the largest boxes inside a box that avoid an obstacle: each does so on one axis."""
    territories = box.territories & ~obstacle.territories
    media = box.media & ~obstacle.media
    languages = box.languages & ~obstacle.languages
    if territories:
        yield box._replace(territories=territories)
    if media:
        yield box._replace(media=media)
    if languages:
        yield box._replace(languages=languages)
    yield from _of_one_stretch(box._replace(days=box.days & ~obstacle.days))


def _largest(pieces: set[Cells], kept: Sequence[Cells]) -> list[Cells]:
    """Leave out the pieces that lie in another, or in what is kept."""
    found: list[Cells] = []
    for piece in sorted(pieces, key=_atoms, reverse=True):
        if not any(contains(box, piece) for box in found):
            found.append(piece)
    return [piece for piece in found if not any(contains(box, piece) for box in kept)]


def _atoms(box: Cells) -> int:
    """Count the atoms of a box: one that lies in another has fewer."""
    count = 1
    for axis in box:
        count *= axis.bit_count()
    return count
