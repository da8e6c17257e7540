"""Making room for one more: what is in its way moves elsewhere, and what is in the way of that.

The bipartite graph of who meets whom can be coloured with as many slots as anybody has meetings
(König), and chains of displaced meetings are how the proof does it. Here some slots are closed to
some people, tables run out and halls lie far apart, so a chain may end badly: then it is undone.
"""

from collections import defaultdict
from random import Random

from app.meetings.planning.board import NOBODY, Board
from app.meetings.planning.ground import Option, Slots, bits

# How many meetings a chain is about, at most
LONGEST = 24
# How often what could go elsewhere is looked at, before it is displaced
CARE = 0.5
# How many ways to hold a meeting are looked at closely, once none is free
CLOSELY = 8
# How many meetings one may displace
MOST_OUT = 3


class Chains:
    """Displaces meetings on a board, at random among what costs least."""

    def __init__(self, board: Board, at: Random) -> None:
        """Begin with what is there."""
        self.board, self.ground, self.at = board, board.ground, at
        self.worth = [request.priority for request in board.ground.requests]
        # That of nobody's meeting
        self.worth.append(0)

    def insert(self, request: int) -> bool:
        """Hold one more, if nothing is lost by it that is worth more; tell if something is won.

        Whatever else comes of it: what is held afterwards is worth as much as before, or more.
        """
        board = self.board
        start = best = board.mark
        gain = best_gain = 0
        careful = self.at.random() < CARE
        barred: dict[int, Slots] = {}
        waiting = [request]
        for _ in range(LONGEST):
            if not waiting or best_gain > 0:
                break
            each = waiting.pop()
            option, out = self._cheapest(each, barred.get(each, 0), careful=careful)
            if option is None:
                continue
            for other in out:
                slot = board.take(other).slot
                barred[other] = barred.get(other, 0) | 1 << slot
                gain -= self.worth[other]
            waiting += sorted(out, key=lambda r: (self.worth[r], r))
            board.put(each, option)
            gain += self.worth[each]
            if gain > best_gain or (gain == best_gain and best == start):
                best, best_gain = board.mark, gain
        board.undo(best)
        return best_gain > 0

    def _cheapest(
        self, request: int, barred: Slots, *, careful: bool
    ) -> tuple[Option | None, set[int]]:
        """Give the way to hold a meeting that displaces least, and what it displaces.

        With care what can at once go elsewhere counts as nothing; without, chances are wider.
        """
        if free := self._free(request, barred):
            return free, set()
        best: tuple[Option | None, set[int]] = (None, set())
        least, looked = 1 << 30, 0
        for base, ways in sorted(self._by_worth(request, barred).items()):
            self.at.shuffle(ways)
            for option in ways:
                # What the two themselves would lose is certain, unless it can go elsewhere
                if looked == CLOSELY or least <= (0 if careful else base):
                    return best
                if (out := self._displaced(option)) is not None:
                    looked += 1
                    cost = sum(self.worth[r] for r in out if not (careful and self._free(r, 0)))
                    if cost < least:
                        least, best = cost, (option, out)
        return best

    def _free(self, request: int, barred: Slots) -> Option | None:
        for one, other in self.ground.pairs[request]:
            for pool in self.ground.pools_for(one, other):
                if slots := self.board.slots_for(one, other, pool) & ~barred:
                    return Option(self.at.choice(list(bits(slots))), pool, one, other)
        return None

    def _by_worth(self, request: int, barred: Slots) -> dict[int, list[Option]]:
        """Give the ways to hold a meeting by what the meetings are worth that the two have then."""
        board, ground, worth = self.board, self.ground, self.worth
        found: dict[int, list[Option]] = defaultdict(list)
        for one, other in ground.pairs[request]:
            ones, others = board.holds[one], board.holds[other]
            pools = [(k, ground.pools[k].open) for k in ground.pools_for(one, other)]
            for slot in bits(ground.free[one] & ground.free[other] & ~barred):
                found[worth[ones[slot]] + worth[others[slot]]] += [
                    Option(slot, pool, one, other) for pool, open_ in pools if open_ >> slot & 1
                ]
        return found

    def _displaced(self, option: Option) -> set[int] | None:
        """Give what would have to move away, or None where that is too much or can't."""
        board, pair = self.board, (option.one, option.other)
        out = board.in_the_way(option.slot, pair)
        for person in pair:
            out |= self._too_near(person, option)
        for person in pair:
            out |= self._least_of_day(person, option.slot, out)
        if not board.room[option.pool] >> option.slot & 1:
            inside = board.inside[option.pool][option.slot]
            if not out & inside:
                out.add(self._least(inside))
        if NOBODY in out or out & self.ground.locked.keys() or len(out) > MOST_OUT:
            return None
        return out

    def _too_near(self, person: int, option: Option) -> set[int]:
        """Give meetings from which, or to which, there is no time to walk."""
        hall, near = self.ground.pools[option.pool].hall, self.ground.near
        return {
            self.board.holds[person][slot]
            for other, slots in self.board.halls[person].items()
            if slots and hall is not None and (hall, other) in near
            for slot in bits(slots & near[hall, other][option.slot])
        }

    def _least_of_day(self, person: int, slot: int, out: set[int]) -> set[int]:
        """Give a meeting to go if somebody's day is full, and none of theirs goes already."""
        busy = self.board.busy[person] & self.ground.day_slots[self.ground.day_of[slot]]
        if busy.bit_count() < self.ground.a_day[person]:
            return set()
        held = {self.board.holds[person][each] for each in bits(busy)}
        return set() if held & out else {self._least(held)}

    def _least(self, requests: set[int]) -> int:
        """Give one that is worth least, at random; nobody's if there is none."""
        return min(
            sorted(requests), key=lambda r: (self.worth[r], self.at.random()), default=NOBODY
        )
