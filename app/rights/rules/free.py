"""What of a title is free, as the largest boxes: what the market-wide search looks through.

Whoever asks whether a box is free asks whether it lies in one of these. They differ by who may see
an offering, by how it may be bought, and by the shortest term that is sold: each of these is a
*layer*, and a layer with a longer shortest term has all that those with a shorter one have.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.rights.rules.arithmetic import Maximal, maximal, merged, without
from app.rights.rules.boxes import Box
from app.rights.rules.ledgers import Ledgers, Offer
from app.rights.rules.space import Cells, Space

# Boxes a layer has at most. Titles with more say too much instead, and the search, which looks at
# the licences themselves before it answers, finds that out.
LIMIT = 32
Audience = frozenset[int] | None


@dataclass(frozen=True, slots=True)
class FreeBox:
    """A largest free box of one layer."""

    box: Box
    exclusive: bool
    min_days: int
    # The organisations that may see it; None for everybody
    visible_to: Audience
    # It may hold more than is offered, not only more than is left
    is_rough: bool


def free_boxes(ledgers: Ledgers, limit: int = LIMIT) -> list[FreeBox]:
    """Give the largest free boxes of every layer."""
    offers, taken = ledgers.offers, ledgers.taken
    hard = [holdback.box for holdback in ledgers.holdbacks if holdback.is_hard]
    space = Space(
        [*(offer.box for offer in offers), *hard, *(licence.box for licence in taken)],
    )
    held_back = [space.cells(box) for box in hard]
    found: list[FreeBox] = []
    for exclusive in (True, False):
        sold = [space.cells(one.box) for one in taken if one.blocks(exclusive=exclusive)]
        fitting = [offer for offer in offers if offer.allows(exclusive=exclusive)]
        for audience, seen in _audiences(fitting):
            for min_days, layer in _layers(seen):
                offered = _offered(space, layer, held_back, limit)
                left = maximal(offered.boxes, sold, limit).boxes
                found += [
                    FreeBox(box, exclusive, min_days, audience, not offered.exact)
                    for cells in left
                    for box in space.boxes(cells)
                ]
    return found


def _audiences(offers: list[Offer]) -> Iterator[tuple[Audience, list[Offer]]]:
    """Give what everybody sees, and what each group of named organisations sees beyond that."""
    public = [offer for offer in offers if offer.visible_to is None]
    if public:
        yield None, public
    named = [offer for offer in offers if offer.visible_to is not None]
    groups: dict[tuple[int, ...], set[int]] = {}
    for organisation in sorted({one for offer in named for one in offer.visible_to or ()}):
        seen = tuple(at for at, one in enumerate(named) if organisation in (one.visible_to or ()))
        groups.setdefault(seen, set()).add(organisation)
    for seen, organisations in groups.items():
        yield frozenset(organisations), public + [named[at] for at in seen]


def _layers(offers: list[Offer]) -> Iterator[tuple[int, list[Offer]]]:
    for min_days in sorted({offer.min_days for offer in offers}):
        yield min_days, [offer for offer in offers if offer.min_days <= min_days]


def _offered(space: Space, offers: list[Offer], held_back: list[Cells], limit: int) -> Maximal:
    """Give the largest boxes of what is offered and not held back."""
    boxes = merged(space.cells(offer.box) for offer in offers)
    hull = _hull(boxes)
    return maximal([hull], [*merged(without([hull], boxes)), *held_back], limit)


def _hull(boxes: Iterable[Cells]) -> Cells:
    territories = media = languages = days = 0
    for box in boxes:
        territories |= box.territories
        media |= box.media
        languages |= box.languages
        days |= box.days
    return Cells(territories, media, languages, (1 << days.bit_length()) - (days & -days))
