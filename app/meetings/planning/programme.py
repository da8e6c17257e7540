"""Whom to meet: a linear programme, whose dual says what everybody's time is worth.

Buyers and sellers are a bipartite graph, so that choosing requests within what everybody has time
for is a flow, whose programme has whole solutions and exact prices. Days, shared tables and "any of
us" add rows; walks it does not see, and single slots where it is asked to only. What it chooses may
therefore not all fit, but what it proves holds: no plan meets more.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ortools.linear_solver.python import model_builder

from app.meetings.planning.board import Board
from app.meetings.planning.ground import Ground, Slots, as_bits
from app.meetings.planning.outcome import UNIT
from app.meetings.planning.prices import Row, Tariff, bound, of_person, of_pool, spans

Column = model_builder.Variable
# Places that differ in their halls only: of a company or shared, online or not
Kind = tuple[int | None, bool]
Key = TypeVar("Key")
# Of a request, what the programme must hold for us to choose it
MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Whom:
    """What the programme says of a board with nothing on it but locked meetings."""

    chosen: frozenset[int]
    tariff: Tariff
    bound: int


def whom(board: Board, *, fine: bool = False, seconds: float | None = None) -> Whom:
    """Choose whom to meet, and prove how much can be met at most: by days, or finely by slots."""
    programme = _Programme(board, fine=fine)
    chosen = programme.solve(seconds)
    tariff = programme.tariff() if chosen is not None else Tariff()
    return Whom(chosen or frozenset(), tariff, bound(board, tariff))


def ways_by_slot(ground: Ground) -> int:
    """Count what a programme by slots is about: up to 300,000 it is solved within seconds."""
    return sum(ground.common(r).bit_count() * len(pairs) for r, pairs in enumerate(ground.pairs))


class _Programme:
    """A column for each way to hold a request; a row for whoever and whatever might run out."""

    def __init__(self, board: Board, *, fine: bool) -> None:
        self.board, self.ground, self.fine = board, board.ground, fine
        self.model = model_builder.Model()  # type: ignore[no-untyped-call]
        self.kinds: dict[Kind, list[int]] = defaultdict(list)
        for k in range(len(self.ground.pools)):
            self.kinds[self._kind(k)].append(k)
        self.enough = {kind: self._enough(kind) for kind in self.kinds}
        self.columns: dict[int, list[Column]] = defaultdict(list)
        people: dict[Row, list[Column]] = defaultdict(list)
        places: dict[tuple[Kind, Slots], list[Column]] = defaultdict(list)
        for r in range(len(self.ground.requests)):
            for pair, kind, day, slots in self._ways(r) if board.where[r] is None else ():
                column = self.model.new_num_var(0, 1, None)
                self.columns[r].append(column)
                for person in pair:
                    people[person, slots].append(column)
                    if slots != day and self._has_limit(person, day):
                        people[person, day].append(column)
                if kind is not None:
                    places[kind, slots].append(column)
        self._limit(self.columns, lambda _: 1)
        self.of_people = self._limit(people, lambda row: of_person(board, *row))
        self.of_places = self._limit(
            places, lambda row: sum(of_pool(board, k, row[1]) for k in self.kinds[row[0]])
        )

    def _kind(self, pool: int) -> Kind:
        return self.ground.pools[pool].company, self.ground.pools[pool].hall is None

    def _enough(self, kind: Kind) -> Slots:
        """Give the slots in which a company has a place for each of its people who is free."""
        board, company = self.board, kind[0]
        own = [p for p, person in enumerate(self.ground.people) if person.company == company]
        return as_bits(
            slot
            for slot in range(len(self.ground.slots) if own else 0)
            if sum(of_pool(board, k, 1 << slot) for k in self.kinds[kind])
            >= sum(board.open[p] >> slot & 1 for p in own)
        )

    def _has_limit(self, person: int, day: Slots) -> bool:
        """Tell whether somebody has more time on a day than they may have meetings."""
        return of_person(self.board, person, day) < (self.board.open[person] & day).bit_count()

    def _ways(self, r: int) -> Iterator[tuple[tuple[int, int], Kind | None, Slots, Slots]]:
        """Give who could meet at what kind of places, on what day, and in which of its slots.

        No kind where there is surely a place for them.
        """
        ground = self.ground
        for one, other in ground.pairs[r]:
            open_: dict[Kind, Slots] = defaultdict(int)
            for k in ground.pools_for(one, other):
                open_[self._kind(k)] |= ground.pools[k].open
            for day, slots in spans(ground, ground.free[one] & ground.free[other], fine=self.fine):
                kinds = [kind for kind, when in open_.items() if when & slots]
                sure = any(not slots & ~(open_[kind] & self.enough[kind]) for kind in kinds)
                for kind in [None] if sure else kinds:
                    yield (one, other), kind, day, slots if self.fine else day

    def _limit(
        self, rows: Mapping[Key, list[Column]], limit: Callable[[Key], int]
    ) -> dict[Key, model_builder.LinearConstraint]:
        """Add those rows that have more columns than may be held."""
        limits = {row: limit(row) for row in rows}
        return {
            row: self.model.add(model_builder.LinearExpr.sum(columns) <= limits[row])
            for row, columns in rows.items()
            if len(columns) > limits[row]
        }

    def solve(self, seconds: float | None) -> frozenset[int] | None:
        """Give the requests to hold, or None if nothing could be found in time."""
        if not self.columns:
            return None
        columns = [column for each in self.columns.values() for column in each]
        worth = [
            float(self.ground.requests[r].priority)
            for r, each in self.columns.items()
            for _ in each
        ]
        self.model.maximize(model_builder.LinearExpr.weighted_sum(columns, worth))
        self.solver = model_builder.Solver("glop")
        if seconds is not None:
            self.solver.set_time_limit_in_seconds(seconds)
        if self.solver.solve(self.model) != model_builder.SolveStatus.OPTIMAL:
            return None
        return frozenset(
            r
            for r, columns in self.columns.items()
            if sum(float(self.solver.value(column)) for column in columns) > MOSTLY
        )

    def tariff(self) -> Tariff:
        """Give the dual: what one more of each row would be worth."""
        places = self._duals(self.of_places.items())
        pools = {
            (k, slots): price for (kind, slots), price in places.items() for k in self.kinds[kind]
        }
        return Tariff(self._duals(self.of_people.items()), pools, self.fine)

    def _duals(self, rows: Iterable[tuple[Key, model_builder.LinearConstraint]]) -> dict[Key, int]:
        prices = {row: round(float(self.solver.dual_value(limit)) * UNIT) for row, limit in rows}
        return {row: price for row, price in prices.items() if price > 0}
