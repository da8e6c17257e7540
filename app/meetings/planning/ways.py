"""The model of a part of a plan: a truth value for each way to hold a meeting, and the rules."""

from collections import defaultdict
from collections.abc import Iterable

from ortools.sat.python import cp_model

from app.meetings.planning.board import Board
from app.meetings.planning.ground import Option, bits

Held = cp_model.IntVar
Term = cp_model.LinearExpr | int


class Ways:
    """What may become of some requests, which are not on the board, beside what is."""

    def __init__(self, model: cp_model.CpModel, board: Board, requests: Iterable[int]) -> None:
        """Add a truth value for each way, and every rule that more than one of them could break."""
        self.model, self.board, self.ground = model, board, board.ground
        self.of: dict[int, dict[Option, Held]] = {
            r: {option: model.new_bool_var("") for option in board.options(r)} for r in requests
        }
        # By person and slot, and by pool and slot
        self.met: dict[tuple[int, int], list[tuple[Option, Held]]] = defaultdict(list)
        self.used: dict[tuple[int, int], list[Held]] = defaultdict(list)
        # By person, slot and hall
        self.stays: dict[int, dict[int, dict[int, list[Held]]]] = {}
        for ways in self.of.values():
            for option, held in ways.items():
                hall = self.ground.pools[option.pool].hall
                for person in (option.one, option.other):
                    self.met[person, option.slot].append((option, held))
                    if hall is not None:
                        stay = self.stays.setdefault(person, {}).setdefault(option.slot, {})
                        stay.setdefault(hall, []).append(held)
                self.used[option.pool, option.slot].append(held)
        self._once()
        self._a_day()
        self._places()
        self._walks()

    def meets(self, person: int, slot: int) -> Term:
        """Give 1 if somebody has a meeting in a slot, and 0 if not."""
        if self.board.busy[person] >> slot & 1:
            return 1
        found = [held for _, held in self.met.get((person, slot), ())]
        return cp_model.LinearExpr.sum(found) if found else 0

    def halls(self, person: int, slot: int) -> dict[int, list[Held]]:
        """Give the ways in which somebody is in each hall in a slot."""
        return self.stays.get(person, {}).get(slot, {})

    def _once(self) -> None:
        for ways in self.of.values():
            self.model.add_at_most_one(ways.values())
        for found in self.met.values():
            if len(found) > 1:
                self.model.add_at_most_one(held for _, held in found)

    def _a_day(self) -> None:
        days: dict[tuple[int, int], list[Held]] = defaultdict(list)
        for (person, slot), found in self.met.items():
            days[person, self.ground.day_of[slot]] += [held for _, held in found]
        for (person, day), held in days.items():
            has = (self.board.busy[person] & self.ground.day_slots[day]).bit_count()
            self._at_most(held, self.ground.a_day[person] - has)

    def _places(self) -> None:
        for (pool, slot), held in self.used.items():
            self._at_most(held, self.board.left[pool][slot])

    def _at_most(self, held: list[Held], most: int) -> None:
        if len(held) > most:
            self.model.add(cp_model.LinearExpr.sum(held) <= most)

    def _walks(self) -> None:
        """Keep apart what is too far apart; the board's own meetings were seen to by `options`."""
        near = self.ground.near
        for stays in self.stays.values() if near else ():
            for slot, halls in stays.items():
                for hall, here in halls.items():
                    later = self.ground.cut.get(hall, {slot: 0})[slot] >> slot + 1 << slot + 1
                    for each in bits(later):
                        there = [
                            held
                            for other, some in stays.get(each, {}).items()
                            if (hall, other) in near and near[hall, other][slot] >> each & 1
                            for held in some
                        ]
                        if there:
                            self.model.add_at_most_one([*here, *there])
