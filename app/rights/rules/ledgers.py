"""What a title's three ledgers say, as far as sums need it."""

from dataclasses import dataclass, field

from app.models.vocabulary import Exclusivity
from app.rights.rules.boxes import Box


@dataclass(frozen=True, slots=True)
class Offer:
    """What a seller offers now; `min_days` is the shortest term they sell."""

    box: Box
    exclusivity: Exclusivity = Exclusivity.EITHER
    min_days: int = 1
    # The organisations that may see it; None for everybody
    visible_to: frozenset[int] | None = None

    def allows(self, *, exclusive: bool) -> bool:
        """Tell whether it may be bought by one alone (`exclusive`), or by several."""
        wrong = Exclusivity.NON_EXCLUSIVE if exclusive else Exclusivity.EXCLUSIVE
        return self.exclusivity is not wrong


@dataclass(frozen=True, slots=True)
class Holdback:
    """What the seller may not sell for now: a hard one blocks, a soft one is told."""

    box: Box
    is_hard: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """What a licence takes: all of its box where it is exclusive, else only others' exclusivity."""

    box: Box
    exclusive: bool = True

    def blocks(self, *, exclusive: bool) -> bool:
        """Tell whether its box can't be sold again so."""
        return self.exclusive or exclusive


@dataclass(frozen=True, slots=True)
class Ledgers:
    """What there is of one title."""

    holdings: list[Box] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    holdbacks: list[Holdback] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Count them all."""
        return len(self.holdings) + len(self.offers) + len(self.holdbacks) + len(self.taken)
