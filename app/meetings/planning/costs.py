"""What one meeting more or less changes in the cost of a plan, without a count of all of it."""

from app.meetings.planning.board import Board
from app.meetings.planning.ground import Option, Slots
from app.meetings.planning.scoring import Fairness, between, companies_of, unfairness


class Costs:
    """The differences that moves are judged by; `scoring` counts the whole, and agrees."""

    def __init__(self, board: Board) -> None:
        """Begin with what is there: turns taken later must be told."""
        self.board, self.ground = board, board.ground
        self.weights = board.ground.instance.weights
        fairness = Fairness(board)
        self.asked, self.left_out = fairness.asked, fairness.left_out

    def of(self, request: int, option: Option) -> int:
        """Say what it adds to hold a request so, which must not be held now."""
        hall = self.ground.pools[option.pool].hall
        return (
            self._adds(option.one, option.slot, hall)
            + self._adds(option.other, option.slot, hall)
            + self.weights.choice * self.ground.choice(request, option.slot)
        )

    def _adds(self, person: int, slot: int, hall: int | None) -> int:
        ground = self.ground
        busy = self.board.busy[person] & ground.day_slots[ground.day_of[slot]]
        if not busy:
            return 0
        free, more = ground.free[person], busy | 1 << slot
        waits = (between(more) & free & ~more).bit_count()
        waited = (between(busy) & free & ~busy).bit_count()
        walks = self._detour(person, slot, hall, busy) if hall is not None else 0
        return self.weights.idle * (waits - waited) + self.weights.walking * walks

    def _detour(self, person: int, slot: int, hall: int, day: Slots) -> int:
        """Count the minutes that it adds to go there between the meetings before and after."""
        earlier, later = day & (1 << slot) - 1, day >> slot << slot
        before = after = None
        last, first = 0, 1 << len(self.ground.slots)
        for other, slots in self.board.halls[person].items():
            if slots & earlier > last:
                last, before = slots & earlier, other
            if 0 < (low := slots & later & -(slots & later)) < first:
                first, after = low, other
        walk = self.ground.walk
        return walk(before, hall) + walk(hall, after) - walk(before, after)

    def fairer(self, request: int, other: int) -> int:
        """Say what it saves in fairness if a left-out request is held in place of another."""
        gains, losses = companies_of(self.ground, request), companies_of(self.ground, other)
        saved = 0
        for company in gains - losses:
            left, asked = self.left_out[company], self.asked[company]
            saved += unfairness(left, asked) - unfairness(left - 1, asked)
        for company in losses - gains:
            left, asked = self.left_out[company], self.asked[company]
            saved -= unfairness(left + 1, asked) - unfairness(left, asked)
        return saved * self.weights.fairness

    def take_turns(self, request: int, other: int) -> None:
        """Remember that a request is held now, and another is not."""
        self.left_out.subtract(companies_of(self.ground, request))
        self.left_out.update(companies_of(self.ground, other))
