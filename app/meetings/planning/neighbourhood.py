"""A part of the plan, made anew by CP-SAT while everything else stays as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ortools.sat.python import cp_model

from app.meetings.planning.board import Board
from app.meetings.planning.cost_terms import CostTerms
from app.meetings.planning.ground import Option
from app.meetings.planning.scoring import score
from app.meetings.planning.ways import Term, Ways

NOTHING_KNOWN: Mapping[int, Option | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it."""

    # Whether nothing better can be done in this part
    proven: bool
    # No way to plan this part meets more priority
    bound: int
    # The solver's own seconds: counted, not timed
    spent: float


class Neighbourhood:
    """A part of a plan, and what is sought of it.

    It is about priority and moves alone, if not about `costs` as well. `known` are meetings that
    people know of, and how they know them; None where they can't be held so. None of them is given
    up for one that nobody was promised, and of plans that meet as much, the one that moves fewer is
    better.
    """

    def __init__(
        self,
        board: Board,
        requests: Iterable[int],
        known: Mapping[int, Option | None] = NOTHING_KNOWN,
        *,
        costs: bool = False,
        spare: int | None = None,
    ) -> None:
        """Describe it; the board stays as it is.

        Where no plan meets more than `spare` beside what is met, nothing more is looked for.
        """
        self.board, self.ground, self.known, self.costs = board, board.ground, known, costs
        self.requests = [r for r in requests if r not in board.ground.locked]
        self.model = cp_model.CpModel()
        was = {r: board.where[r] for r in self.requests}
        mark = board.mark
        for r in self.requests:
            if board.where[r] is not None:
                board.take(r)
        self.ways = Ways(self.model, board, self.requests)
        for r, ways in self.ways.of.items():
            for option, held in ways.items():
                self.model.add_hint(held, option == was[r])
        self._aim(CostTerms(self.ways) if costs else None)
        if spare is not None:
            met = sum(self.ground.requests[r].priority for r in was if was[r] is not None)
            self.model.add(self._met() <= met + spare)
        board.undo(mark)

    def _aim(self, costs: CostTerms | None) -> None:
        """Weigh each aim so that it outweighs all that come after it."""
        priorities = {r: self.ground.requests[r].priority for r in self.requests}
        move = costs.most + 1 if costs else 1
        # What a unit of priority is worth, of those that came late and of those that are known
        self.unit = move * (len(self.requests) + 1)
        late = sum(priority for r, priority in priorities.items() if r not in self.known)
        self._move = move
        self._worth = {
            r: priority * self.unit * (late + 1 if r in self.known else 1)
            for r, priority in priorities.items()
        }
        terms: list[Term] = []
        for r, ways in self.ways.of.items():
            was = self.known.get(r)
            terms += [
                (self._worth[r] - move * (was is not None and was != option)) * held
                for option, held in ways.items()
            ]
        terms += [-cost.weight * cost.term for cost in costs.costs] if costs else []
        self.model.maximize(cp_model.LinearExpr.sum(terms))

    def _met(self) -> cp_model.LinearExpr:
        """Give the priority met in this part."""
        return cp_model.LinearExpr.sum(
            [
                self.ground.requests[r].priority * held
                for r, ways in self.ways.of.items()
                for held in ways.values()
            ]
        )

    def solve(self, *, seed: int, effort: float, seconds: float | None = None) -> Found:
        """Put the part on the board as well as it can be planned with so much effort.

        What is there is only a hint to the solver: where the first it finds is worse, that stays.
        """
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed
        solver.parameters.max_deterministic_time = effort
        if seconds is not None:
            solver.parameters.max_time_in_seconds = seconds
        status = solver.solve(self.model)
        bound = sum(self.ground.requests[r].priority for r in self.requests)
        if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            mark, before = self.board.mark, self._value()
            self._put(solver)
            if self._value() < before:
                self.board.undo(mark)
            bound = min(bound, (round(solver.best_objective_bound) + self.unit - 1) // self.unit)
        spent = solver.response_proto.deterministic_time
        return Found(status == cp_model.OPTIMAL, bound, spent)

    def _value(self) -> tuple[int, int]:
        """Tell how good this part is on the board: by what is aimed at, then by its costs."""
        value = 0
        for r in self.requests:
            option = self.board.where[r]
            if option is not None:
                known = self.known.get(r)
                value += self._worth[r] - self._move * (known is not None and known != option)
        return value, -score(self.board).cost if self.costs else 0

    def _put(self, solver: cp_model.CpSolver) -> None:
        for r in self.requests:
            if self.board.where[r] is not None:
                self.board.take(r)
        for r, ways in self.ways.of.items():
            for option, held in ways.items():
                if solver.boolean_value(held):
                    self.board.put(r, option)
