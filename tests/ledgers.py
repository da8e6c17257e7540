"""Random ledgers over a small world, and a model of them that knows no arithmetic."""

from collections.abc import Iterator
from datetime import date
from itertools import product
from random import Random

from app.models.vocabulary import Exclusivity
from app.rights.rules.availability import Question, Reason
from app.rights.rules.boxes import Box, Term
from app.rights.rules.ledgers import Holdback, Ledgers, Offer, Taken
from app.trees.multiranges import Multirange, normal

TERRITORIES, MEDIA, LANGUAGES, DAYS = 5, 3, 2, 7
FIRST = date(2027, 1, 1).toordinal()
BUYERS = (1, 2, 3)

# A territory, a medium, a language and a day
Cell = tuple[int, int, int, int]


def random_set(random: Random, size: int) -> Multirange:
    """Draw some leaves, at least one; all of them rather often."""
    if random.random() < 0.3:
        return ((0, size),)
    wanted = random.sample(range(size), random.randint(1, size))
    return normal([(leaf, leaf + 1) for leaf in wanted])


def random_term(random: Random) -> Term:
    """Draw days in a row; now and then without an end."""
    low = random.randrange(DAYS)
    if random.random() < 0.1:
        return Term(date.fromordinal(FIRST + low))
    return Term.of_days(FIRST + low, FIRST + random.randint(low + 1, DAYS))


def random_box(random: Random) -> Box:
    """Draw a box."""
    return Box(
        random_set(random, TERRITORIES),
        random_set(random, MEDIA),
        random_set(random, LANGUAGES),
        random_term(random),
    )


def random_offer(random: Random) -> Offer:
    """Draw an offering, for everybody or for some."""
    named = frozenset(random.sample(BUYERS, random.randint(1, 2)))
    return Offer(
        random_box(random),
        random.choice(list(Exclusivity)),
        random.choice([1, 1, 1, 2, 4]),
        named if random.random() < 0.25 else None,
    )


def random_ledgers(random: Random) -> Ledgers:
    """Draw a title's ledgers; what is sold need not be held, nor be sold only once."""
    return Ledgers(
        holdings=[random_box(random) for _ in range(random.randint(0, 3))],
        offers=[random_offer(random) for _ in range(random.randint(0, 4))],
        holdbacks=[
            Holdback(random_box(random), random.random() < 0.5)
            for _ in range(random.choice([0, 0, 0, 1, 2]))
        ],
        taken=[
            Taken(random_box(random), random.random() < 0.5) for _ in range(random.randint(0, 3))
        ],
    )


def random_question(random: Random) -> Question:
    """Draw a question; it asks for a few days, as its term has an end."""
    low = random.randrange(DAYS)
    high = random.randint(low + 1, DAYS)
    box = Box(
        random_set(random, TERRITORIES),
        random_set(random, MEDIA),
        random_set(random, LANGUAGES),
        Term.of_days(FIRST + low, FIRST + high),
    )
    return Question(box, random.random() < 0.5, random.choice([1, 1, 2, 3]))


def cells(box: Box, beyond: int = 1) -> Iterator[Cell]:
    """Give every combination a box has, up to some days after the last of this world."""
    days = range(max(box.term.low, FIRST - beyond), min(box.term.high, FIRST + DAYS + beyond))
    return product(_leaves(box.territories), _leaves(box.media), _leaves(box.languages), days)


def _leaves(intervals: Multirange) -> list[int]:
    return [leaf for low, high in intervals for leaf in range(low, high)]


def holds(box: Box, cell: Cell) -> bool:
    """Tell whether a box has a combination."""
    *leaves, day = cell
    sets = (box.territories, box.media, box.languages)
    return box.term.low <= day < box.term.high and all(
        any(low <= leaf < high for low, high in intervals)
        for intervals, leaf in zip(sets, leaves, strict=True)
    )


def verdict(cell: Cell, question: Question, ledgers: Ledgers) -> Reason | None:
    """Say of one combination on one day why it is not free; None where it is."""
    days = question.box.term.days
    offers = [offer for offer in ledgers.offers if holds(offer.box, cell)]
    fitting = [o for o in offers if o.allows(exclusive=question.exclusive)]
    taken = [licence for licence in ledgers.taken if holds(licence.box, cell)]
    held_back = [held for held in ledgers.holdbacks if held.is_hard and holds(held.box, cell)]
    complaints = {
        Reason.NO_RIGHTS_IN: not any(holds(box, cell) for box in ledgers.holdings),
        Reason.RIGHTS_OUT: any(one.exclusive or question.exclusive for one in taken),
        Reason.NOT_OFFERED: not offers,
        Reason.EXCLUSIVITY_NOT_OFFERED: not fitting,
        Reason.HOLDBACK: bool(held_back),
        Reason.TERM_TOO_SHORT: not any(offer.min_days <= days for offer in fitting),
    }
    return next((reason for reason, holds_good in complaints.items() if holds_good), None)
