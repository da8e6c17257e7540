"""The chain of title: what of a box is held by none, and where two boxes meet."""

from collections.abc import Iterable

from app.rights.rules.arithmetic import merged, without
from app.rights.rules.boxes import Box, Term
from app.rights.rules.space import Space
from app.trees.multiranges import intersection


def shared(one: Box, other: Box) -> Box | None:
    """Give what two boxes have in common; None where that is nothing."""
    term = _shared_term(one.term, other.term)
    territories = intersection(one.territories, other.territories)
    media = intersection(one.media, other.media)
    languages = intersection(one.languages, other.languages)
    if term and territories and media and languages:
        return Box(territories, media, languages, term)
    return None


def outside(box: Box, others: Iterable[Box]) -> list[Box]:
    """Give what of a box lies in none of the others, in few boxes that do not overlap."""
    near = [other for other in others if shared(box, other)]
    space = Space([box, *near])
    left = without([space.cells(box)], map(space.cells, near))
    return [piece for cells in merged(left) for piece in space.boxes(cells)]


def _shared_term(one: Term, other: Term) -> Term | None:
    low, high = max(one.low, other.low), min(one.high, other.high)
    return Term.of_days(low, high) if low < high else None
