"""A plan that something happened to: as much of it as can be stays, and what changes is told."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from random import Random

from app.meetings.planning import greedy
from app.meetings.planning.board import NOBODY, Board
from app.meetings.planning.budget import Budget
from app.meetings.planning.ground import Ground, Option
from app.meetings.planning.instance import Instance, Meeting
from app.meetings.planning.neighbourhood import Neighbourhood
from app.meetings.planning.outcome import Ended, Plan
from app.meetings.planning.parts import around, is_small
from app.meetings.planning.prices import published
from app.meetings.planning.programme import whom
from app.meetings.planning.reporting import report
from app.meetings.planning.scoring import score

# The solver's own seconds to find room for one
EFFORT = 1.0
# Requests planned anew for that
MOST = 60
# The same for all of a small market
WHOLE = 5.0


@dataclass(frozen=True, slots=True)
class Repair:
    """The new plan, and what is new in it; by the ids of requests."""

    plan: Plan
    # Held at another time or place, or with somebody else, than people know
    moved: frozenset[int]
    # Known, and in no way to be held any more
    lost: frozenset[int]
    # Held now, and not known
    added: frozenset[int]


def repair(
    instance: Instance,
    known: Mapping[int, Meeting],
    *,
    waiting: Collection[int] = (),
    seed: int = 0,
    budget: Budget | None = None,
) -> Repair:
    """Plan a market anew so that what people know holds, as far as it can.

    Given is the market as it is now, in which whoever is gone has no free slots. What counts, in
    this order: that the `known` meetings are held, with their priorities; the priority of requests
    that came late; that few known meetings move. Those that were left out before are `waiting`:
    they get what is free, and move nobody.
    """
    budget = budget or Budget()
    at = Random(seed)  # noqa: S311  # a search, no secret
    ground = Ground(instance)
    baseline = Board(ground)
    greedy.fill(baseline, greedy.by_priority(ground))
    board = Board(ground)
    asked = whom(board)
    prices = published(ground, asked.tariff)
    mending = _Mending(board, known, set(waiting), at)
    ended = mending.run(budget, asked.bound)
    greedy.fill(board, greedy.by_priority(ground))
    plan = report(
        board,
        bound=asked.bound,
        prices=prices,
        ended=ended,
        greedy=score(baseline),
        known={ground.requests[r].id: known[ground.requests[r].id] for r in mending.holding}
        | ground.agreed,
    )
    there = {request.id for request in ground.requests}
    return Repair(
        plan=plan,
        moved=frozenset(id_ for id_, was in known.items() if plan.meetings.get(id_, was) != was),
        lost=frozenset(known.keys() & there - plan.meetings.keys()),
        added=frozenset(plan.meetings.keys() - known.keys()),
    )


class _Mending:
    """Puts back what still holds, then finds room for the rest, one after the other."""

    def __init__(
        self, board: Board, known: Mapping[int, Meeting], waiting: set[int], at: Random
    ) -> None:
        self.board, self.ground, self.at = board, board.ground, at
        self.open = {place.id: place.open for place in self.ground.instance.places}
        self.known: dict[int, Option | None] = {}
        self.was: dict[int, int] = {}
        order = greedy.by_priority(board.ground)
        for r in order:
            request = board.ground.requests[r]
            if request.id in known and r not in board.ground.locked:
                self.known[r] = self._still(r, known[request.id])
                self.was[r] = known[request.id].slot
        self.late = [
            r
            for r in order
            if r not in self.known
            and r not in board.ground.locked
            and board.ground.requests[r].id not in waiting
        ]

    def _still(self, r: int, meeting: Meeting) -> Option | None:
        """Give a known meeting as it could still be held, others aside; None if it could not."""
        ground = self.ground
        if meeting.slot not in self.open.get(meeting.place, ()):
            return None
        one, other = (ground.number.get(person, NOBODY) for person in meeting.people)
        option = Option(meeting.slot, ground.pool_of[meeting.place], one, other)
        if (one, other) not in ground.pairs[r] or option.pool not in ground.pools_for(one, other):
            return None
        return option if self.board.is_free(option) else None

    @property
    def holding(self) -> list[int]:
        """Give those that could be held as they are known."""
        return [r for r, option in self.known.items() if option is not None]

    def run(self, budget: Budget, bound: int) -> Ended:
        """Mend; what was known first, then what came late."""
        board = self.board
        for r, option in self.known.items():
            if option is not None and self.board.is_free(option):
                board.put(r, option)
        stranded = [r for r in self.known if board.where[r] is None]
        for r in stranded:
            self._at_once(r)
        greedy.fill(board, self.late)
        board.forget()
        if ended := budget.over():
            return ended
        if is_small(self.ground):
            self._solve([*self.known, *self.late], WHOLE, budget)
            return Ended.EFFORT
        missing = [r for r in (*stranded, *self.late) if board.where[r] is None]
        for done, r in enumerate(missing):
            if ended := budget.over():
                return ended
            if board.where[r] is None and self._has_time(r):
                self._solve(around(board, r, self.at, MOST), EFFORT, budget)
            budget.say(done / len(missing), board.priority, bound)
        return Ended.EFFORT

    def _at_once(self, r: int) -> None:
        """Hold a stranded meeting at its time, or else at another one."""
        ways = list(self.board.options(r))
        then = [option for option in ways if option.slot == self.was[r]]
        option = then[0] if then else greedy.first(self.board, r)
        if option is not None:
            self.board.put(r, option)

    def _has_time(self, r: int) -> bool:
        """Tell whether both have time left: if not, no moving of meetings makes any."""
        return any(
            self.board.open[one] and self.board.open[other] for one, other in self.ground.pairs[r]
        )

    def _solve(self, part: list[int], effort: float, budget: Budget) -> None:
        model = Neighbourhood(self.board, part, self.known)
        seed = self.at.randrange(1 << 31)
        model.solve(seed=seed, effort=effort, seconds=budget.left())
        self.board.forget()
