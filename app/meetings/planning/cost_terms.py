"""What a part of a plan costs, as terms of its model: `scoring` says the same of a board."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from ortools.sat.python import cp_model

from app.meetings.planning.scoring import Fairness, companies_of, unfairness
from app.meetings.planning.ways import Term, Ways


@dataclass(frozen=True, slots=True)
class Cost:
    """A term to be made small."""

    term: Term
    weight: int
    # More than this the term never is
    most: int = 1


class CostTerms:
    """Waiting, walking, fairness and choices of all whom a part is about."""

    def __init__(self, ways: Ways) -> None:
        """Add what the terms need to the model."""
        self.ways, self.model = ways, ways.model
        self.board, self.ground = ways.board, ways.ground
        self.weights = ways.ground.instance.weights
        self.costs: list[Cost] = []
        self._choose()
        for person, day in sorted({(p, self.ground.day_of[slot]) for p, slot in ways.met}):
            slots = [s for s, d in enumerate(self.ground.day_of) if d == day]
            self._wait(person, slots)
            self._walk(person, slots)
        self._miss()

    @property
    def most(self) -> int:
        """Give what all the terms never exceed."""
        return sum(cost.weight * cost.most for cost in self.costs)

    def _choose(self) -> None:
        for r, ways in self.ways.of.items():
            for option, held in ways.items():
                if steps := self.ground.choice(r, option.slot):
                    self.costs.append(Cost(held, self.weights.choice * steps))

    def _wait(self, person: int, slots: Sequence[int]) -> None:
        """Count the free slots that have a meeting before and one after them."""
        meets = [self.ways.meets(person, slot) for slot in slots]
        begun = [0, *accumulate(meets, self._either)]
        ahead = [0, *accumulate(reversed(meets), self._either)]
        for at, slot in enumerate(slots):
            if self.ground.free[person] >> slot & 1:
                waits = self.model.new_bool_var("")
                around = begun[at] + ahead[len(slots) - 1 - at]
                self.model.add(waits >= around - 1 - meets[at])
                self.costs.append(Cost(waits, self.weights.idle))

    def _either(self, one: Term, other: Term) -> Term:
        either = self.model.new_bool_var("")
        self.model.add(either >= one)
        self.model.add(either >= other)
        return either

    def _walk(self, person: int, slots: Sequence[int]) -> None:
        """Follow somebody through the halls of a day, and count the minutes."""
        stays = [stay for slot in slots if (stay := self._stay(person, slot))]
        halls = sorted({hall for stay in stays for hall in stay})
        walk = self.ground.walk
        longest = max((walk(here, there) for here in halls for there in halls), default=0)
        if not longest:
            return
        at = [self._at(stay, halls) for stay in stays]
        for here, there in pairwise(at):
            minutes = self.model.new_int_var(0, longest, "")
            for hall in halls:
                for other in halls:
                    if way := walk(hall, other):
                        self.model.add(minutes >= way * (here[hall] + there[other] - 1))
            self.costs.append(Cost(minutes, self.weights.walking, longest))

    def _stay(self, person: int, slot: int) -> dict[int, Term]:
        """Give the halls in which somebody may be in a slot, and whether they are."""
        for hall, slots in self.board.halls[person].items():
            if slots >> slot & 1:
                return {hall: 1}
        halls = self.ways.halls(person, slot)
        return {hall: cp_model.LinearExpr.sum(held) for hall, held in halls.items()}

    def _at(self, stay: dict[int, Term], halls: Sequence[int]) -> dict[int, cp_model.IntVar]:
        """Say where somebody is; while they meet nobody they may be anywhere on their way."""
        at = {hall: self.model.new_bool_var("") for hall in halls}
        self.model.add_exactly_one(at.values())
        for hall, held in stay.items():
            self.model.add(at[hall] >= held)
        return at

    def _miss(self) -> None:
        """Count what each company misses; each loss by itself, as it costs more than the last."""
        missed: dict[int, list[Term]] = defaultdict(list)
        for r, ways in self.ways.of.items():
            for company in companies_of(self.ground, r):
                missed[company].append(1 - cp_model.LinearExpr.sum(list(ways.values())))
        fairness = Fairness(self.board)
        for company, misses in sorted(missed.items()):
            asked = fairness.asked[company]
            surely = fairness.left_out[company] - len(misses)
            losses = [self.model.new_bool_var("") for _ in misses]
            self.model.add(sum(losses) == sum(misses))
            for early, late in pairwise(losses):
                self.model.add_implication(late, early)
            for left, loss in enumerate(losses, surely):
                cost = unfairness(left + 1, asked) - unfairness(left, asked)
                self.costs.append(Cost(loss, self.weights.fairness * cost))
