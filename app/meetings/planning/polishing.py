"""The secondary goals: meetings move to where they cost less, change times, or take turns.

What is held is worth as much afterwards. Each move is looked at by itself, so that a market of any
size is gone over within seconds.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from random import Random

from app.meetings.planning.board import Board
from app.meetings.planning.budget import Budget
from app.meetings.planning.costs import Costs
from app.meetings.planning.ground import Option, bits
from app.meetings.planning.outcome import Ended
from app.meetings.planning.scoring import score

# Times that everything is gone over, at an effort of 1
ROUNDS = 6
# Less than this share of the cost saved in a round, and it is the last
WORTHWHILE = 0.001
# Meetings for which a left-out request is tried in turn
RIVALS = 4


class Polish:
    """Makes a plan cheaper, a move at a time."""

    def __init__(self, board: Board, at: Random) -> None:
        """Begin with what is there."""
        self.board, self.ground, self.at = board, board.ground, at
        self.costs = Costs(board)

    def run(self, budget: Budget, since: float, bound: int) -> Ended:
        """Go over everything until nothing is saved any more, or often enough."""
        rounds = max(1, round(ROUNDS * budget.effort))
        for number in range(rounds):
            saved = 0
            for move, over in self._moves():
                for each in over:
                    if ended := budget.over():
                        return ended
                    saved += move(each)
                    self.board.forget()
            budget.say(since + (1 - since) * (number + 1) / rounds, self.board.priority, bound)
            if saved < WORTHWHILE * score(self.board).cost:
                break
        return Ended.EFFORT

    def _moves(self) -> Iterator[tuple[Callable[[int], int], Iterable[int]]]:
        held = [
            r
            for r, option in enumerate(self.board.where)
            if option is not None and r not in self.ground.locked
        ]
        self.at.shuffle(held)
        yield self._move, held
        yield self._exchange, range(len(self.ground.people))
        yield self._turn, self.board.left_out

    def _move(self, request: int) -> int:
        """Hold a meeting where it costs least; say what that saves."""
        was = self.board.take(request)
        before = least = self.costs.of(request, was)
        best = was
        for option in self.board.options(request):
            cost = self.costs.of(request, option)
            if cost < least:
                best, least = option, cost
        self.board.put(request, best)
        return before - least

    def _exchange(self, person: int) -> int:
        """Let meetings of somebody change their times, two at a time; say what that saves."""
        saved = 0
        for slot, later in combinations(bits(self.board.busy[person]), 2):
            saved += self._swap(person, slot, later)
        return saved

    def _swap(self, person: int, slot: int, later: int) -> int:
        board = self.board
        one, other = board.holds[person][slot], board.holds[person][later]
        early, late = board.where[one], board.where[other]
        if early is None or late is None or {one, other} & self.ground.locked.keys():
            return 0
        whom, whom_later = _met(early, person), _met(late, person)
        # Whoever is in the other slot already can't come
        if board.busy[whom] >> later & 1 or board.busy[whom_later] >> slot & 1:
            return 0
        mark = board.mark
        before = 0
        for r, option in ((one, early), (other, late)):
            board.take(r)
            before += self.costs.of(r, option)
        for r, option in ((one, early._replace(slot=later)), (other, late._replace(slot=slot))):
            if not board.is_free(option):
                board.undo(mark)
                return 0
            before -= self.costs.of(r, option)
            board.put(r, option)
        if before <= 0:
            board.undo(mark)
            return 0
        return before

    def _turn(self, request: int) -> int:
        """Let a request have its turn for one of the same priority, if that is fairer."""
        if self.board.where[request] is not None:
            return 0
        rivals = [(self.costs.fairer(request, other), other) for other in self._rivals(request)]
        for fairer, other in sorted(rivals, reverse=True)[:RIVALS]:
            if fairer > 0 and (saved := self._take_turns(request, other, fairer)):
                return saved
        return 0

    def _rivals(self, request: int) -> set[int]:
        board, requests = self.board, self.ground.requests
        people = {person for pair in self.ground.pairs[request] for person in pair}
        held = {board.holds[person][slot] for person in people for slot in bits(board.busy[person])}
        priority = requests[request].priority
        return {r for r in held - self.ground.locked.keys() if requests[r].priority == priority}

    def _take_turns(self, request: int, other: int, fairer: int) -> int:
        board, mark = self.board, self.board.mark
        was = board.take(other)
        before = self.costs.of(other, was)
        ways = [(self.costs.of(request, option), option) for option in board.options(request)]
        cost, option = min(ways, default=(before + fairer, was))
        if (saved := before + fairer - cost) <= 0:
            board.undo(mark)
            return 0
        board.put(request, option)
        self.costs.take_turns(request, other)
        return saved


def _met(option: Option, person: int) -> int:
    return option.other if option.one == person else option.one
