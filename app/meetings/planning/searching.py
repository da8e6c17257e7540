"""The search for priority: where the prices say that something is lost, make room for one more."""

from random import Random

from app.meetings.planning.board import Board
from app.meetings.planning.budget import Budget
from app.meetings.planning.chains import Chains
from app.meetings.planning.neighbourhood import Found, Neighbourhood
from app.meetings.planning.outcome import Ended, Prices
from app.meetings.planning.parts import around, is_small
from app.meetings.planning.prices import Tariff, missing, published
from app.meetings.planning.programme import Whom, ways_by_slot, whom

# Chains in vain after which the solver is called, for each request that is missing
PATIENCE = 10
# As if no more than so many were
MANY = 50
# What the solver is given: requests in a part, its own seconds for it, and parts before the chains
# go on; the next line when nothing came of one
LEVELS = ((150, 4.0, 10), (300, 10.0, 5))
# The solver's seconds in vain after which the search gives up, at an effort of 1
VAIN = 60.0
# The same, for all of a small market
WHOLE = 5.0
# What a part is counted as at least, of what it was given
LEAST = 0.1
# Of the time left, what a closer look may take
LOOKING = 0.5
# Ways to hold the requests up to which it pays at once, and once the search is stuck
AT_ONCE, AFTERWARDS = 20_000, 300_000


class Search:
    """Adds to what is on a board, and never makes it worth less."""

    def __init__(self, board: Board, whom: Whom, at: Random) -> None:
        """Begin with what is there."""
        self.board, self.at = board, at
        self.tariff, self.bound = whom.tariff, whom.bound
        # What proves the bound, if not that all was tried
        self.prices: Prices | None = published(board.ground, whom.tariff)
        self.chains = Chains(board, at)
        self.vain = 0.0
        self.start = board.priority
        self.looked = False

    def prove(self, bound: int, tariff: Tariff | None = None) -> None:
        """Learn that no plan meets more: by these prices, or because all was tried."""
        if bound < self.bound:
            self.bound = bound
            self.prices = None
            if tariff is not None:
                self.tariff, self.prices = tariff, published(self.board.ground, tariff)

    def run(self, budget: Budget, upto: float) -> Ended:
        """Search until nothing is missing, or until it does not seem to pay any more."""
        level = 0
        self._look_closer(budget, upto, AT_ONCE)
        self._try_all(budget, upto)
        while self.vain < VAIN * budget.effort:
            before = self.board.priority
            if ended := self._displace(budget, upto) or self._solve(budget, upto, level):
                return ended
            if self.board.priority > before:
                self.vain, level = 0.0, max(0, level - 1)
            else:
                if level == len(LEVELS) - 1:
                    self._look_closer(budget, upto, AFTERWARDS)
                level = min(level + 1, len(LEVELS) - 1)
            self._say(budget, upto)
        return self._ended(budget, upto) or Ended.EFFORT

    def _say(self, budget: Budget, upto: float) -> None:
        gap = self.bound - self.start
        won = (self.board.priority - self.start) / gap if gap else 1
        tried = self.vain / (VAIN * budget.effort)
        budget.say(upto * min(1, max(won, tried)), self.board.priority, self.bound)

    def _ended(self, budget: Budget, upto: float) -> Ended | None:
        return Ended.PROOF if self.board.priority >= self.bound else budget.over(upto)

    def _look_closer(self, budget: Budget, upto: float, most: int) -> None:
        """Find out, once, whether the bound is lower if single slots have prices, too."""
        ground = self.board.ground
        if self.looked or ways_by_slot(ground) > most or self._ended(budget, upto):
            return
        self.looked = True
        left = budget.left(upto)
        seconds = None if left is None else left * LOOKING
        fine = whom(Board(ground), fine=True, seconds=seconds)
        self.prove(fine.bound, fine.tariff)

    def _try_all(self, budget: Budget, upto: float) -> None:
        """Make the whole plan anew, if the market is small, and see what no plan exceeds."""
        ground = self.board.ground
        if not is_small(ground) or self._ended(budget, upto):
            return
        everything = list(range(len(ground.requests)))
        found = self._make_anew(everything, WHOLE, budget.left(upto))
        self.prove(found.bound + sum(ground.requests[r].priority for r in ground.locked))

    def _make_anew(self, part: list[int], effort: float, seconds: float | None) -> Found:
        spare = self.bound - self.board.priority
        model = Neighbourhood(self.board, part, spare=spare)
        found = model.solve(seed=self.at.randrange(1 << 31), effort=effort, seconds=seconds)
        self.board.forget()
        return found

    def _missing(self) -> list[int]:
        """Give what seems to be lost; where the prices know of nothing, all that is left out."""
        return missing(self.board, self.tariff) or self.board.left_out

    def _displace(self, budget: Budget, upto: float) -> Ended | None:
        """Insert what is missing; and others now and then, in exchange, for another way in."""
        in_vain = 0
        while (lost := self._missing()) and in_vain <= PATIENCE * min(len(lost), MANY):
            others = self.board.left_out
            tries = [*lost, *self.at.sample(others, min(len(lost), len(others)))]
            self.at.shuffle(tries)
            for r in tries:
                if ended := self._ended(budget, upto):
                    return ended
                if self.board.where[r] is None:
                    in_vain = 0 if self.chains.insert(r) else in_vain + 1
                    self.board.forget()
        return self._ended(budget, upto)

    def _solve(self, budget: Budget, upto: float, level: int) -> Ended | None:
        most, effort, parts = LEVELS[level]
        lost = self._missing()
        for r in self.at.sample(lost, min(parts, len(lost))):
            if ended := self._ended(budget, upto):
                return ended
            if self.board.where[r] is None:
                part = around(self.board, r, self.at, most)
                left = max(0.0, VAIN * budget.effort - self.vain)
                found = self._make_anew(part, min(effort, left), budget.left(upto))
                self.vain += max(found.spent, LEAST * effort)
        self.vain += LEAST
        return self._ended(budget, upto)
