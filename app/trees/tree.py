"""What the three trees have in common: how a set is read."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import groupby

from app.trees.multiranges import EMPTY, Multirange, difference, union

# How much of a code that nobody knows is said back
_SHOWN = 40


class Tree(ABC):
    """A vocabulary whose every code stands for a set of numbers."""

    # As in "territories", and "territory"
    name: str
    one: str
    # The code that stands for everything, and its numbers
    root: str
    everything: Multirange

    def parse(self, codes: Sequence[str], on: date | None = None) -> Multirange:
        """Read a set from its codes: each adds what it stands for, with a `-` it takes that away.

        They are read from left to right; where the first takes away, it does so from everything.
        Upper and lower case are the same. `on` is the day whose members a group has, today unless
        told.

        Raises:
            ValueError: a code is unknown, or nothing is left; the message is a sentence.
        """
        if not codes:
            raise ValueError(f"Name at least one {self.one}, or {self.root}.")
        day = on or today()
        taken_away = [code.strip().startswith("-") for code in codes]
        found = self.everything if taken_away[0] else EMPTY
        for takes_away, run in groupby(
            zip(taken_away, codes, strict=True), key=lambda pair: pair[0]
        ):
            named = union(*(self.find(code.strip().removeprefix("-"), day) for _, code in run))
            found = difference(found, named) if takes_away else union(found, named)
        if not found:
            raise ValueError(f"No {self.one} is left: all that is named is taken away again.")
        return found

    @abstractmethod
    def find(self, code: str, on: date | None = None) -> Multirange:
        """Give what one code stands for on a day, today unless told.

        Raises:
            ValueError: it is unknown; the message is a sentence that says what comes near.
        """

    @abstractmethod
    def write(self, found: Multirange, on: date | None = None) -> list[str]:
        """Write a set in the shortest form that `parse` reads on that day, always the same one.

        Raises:
            ValueError: it is no set that `parse` can give.
        """


def _takes_away(code: str) -> bool:
    return code.lstrip().startswith("-")


def today() -> date:
    """Give the day on which a group is meant that is named without one."""
    return datetime.now(tz=UTC).date()


def shown(code: str) -> str:
    """Give as much of a code as a refusal says back."""
    return code if len(code) <= _SHOWN else f"{code[:_SHOWN]}…"
