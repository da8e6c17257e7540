"""How long to search: told from outside, and asked between two steps."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from app.meetings.planning.outcome import Ended


@dataclass(frozen=True, slots=True)
class Progress:
    """How far planning has come."""

    # From 0 to 1
    done: float
    priority: int
    bound: int


@dataclass(slots=True)
class Budget:
    """Steps are counted and not timed, so that the same seed takes the same ones everywhere.

    A clock that runs out ends the search like a caller who cancels it: what is found then is a
    whole plan, but another run may find another one.
    """

    # Twice as much takes about twice as long
    effort: float = 1.0
    seconds: float | None = None
    stop: Event | None = None
    tell: Callable[[Progress], None] | None = None
    # What counts the seconds
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin now."""
        self._began = self.clock()

    def over(self, share: float = 1.0) -> Ended | None:
        """Say what ends a search now that may use so much of the time, if anything does."""
        if self.stop is not None and self.stop.is_set():
            return Ended.CANCEL
        if self.left(share) == 0:
            return Ended.CLOCK
        return None

    def left(self, share: float = 1.0) -> float | None:
        """Give the seconds until a search is over that may use so much of the time."""
        if self.seconds is None:
            return None
        return max(0.0, share * self.seconds - (self.clock() - self._began))

    def say(self, done: float, priority: int, bound: int) -> None:
        """Tell how far it has come."""
        if self.tell is not None:
            self.tell(Progress(done, priority, bound))
