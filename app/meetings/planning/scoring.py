"""What a plan is worth: the arithmetic of the objective, on a board."""

from collections import Counter
from itertools import pairwise

from app.meetings.planning.board import Board
from app.meetings.planning.ground import Ground, Slots, bits
from app.meetings.planning.outcome import Score

# What fairness is counted in parts of
SIXTIETHS = 60


def score(board: Board) -> Score:
    """Count everything."""
    ground, weights = board.ground, board.ground.instance.weights
    priority = choice = 0
    for r, option in enumerate(board.where):
        if option is not None:
            priority += ground.requests[r].priority
            choice += ground.choice(r, option.slot)
    people, days = range(len(ground.people)), range(len(ground.days))
    idle = sum(idle_slots(board, p, d) for p in people for d in days)
    walking = sum(walked(board, p, d) for p in people for d in days)
    fairness = sum(Fairness(board).costs())
    return Score(
        priority=priority,
        idle=idle,
        walking=walking,
        fairness=fairness,
        choice=choice,
        cost=weights.idle * idle
        + weights.walking * walking
        + weights.fairness * fairness
        + weights.choice * choice,
    )


def between(slots: Slots) -> Slots:
    """Give all slots from the first of some to the last."""
    return (1 << slots.bit_length()) - (slots & -slots) if slots else 0


def idle_slots(board: Board, person: int, day: int) -> int:
    """Count the slots of a day in which somebody is free and waits for their next meeting."""
    busy = board.busy[person] & board.ground.day_slots[day]
    return (between(busy) & board.ground.free[person] & ~busy).bit_count()


def walked(board: Board, person: int, day: int) -> int:
    """Count the minutes somebody walks on a day, from each meeting in a hall to the next."""
    ground = board.ground
    halls = {
        slot: hall
        for hall, slots in board.halls[person].items()
        for slot in bits(slots & ground.day_slots[day])
    }
    order = [halls[slot] for slot in sorted(halls)]
    return sum(ground.walk(here, there) for here, there in pairwise(order))


class Fairness:
    """How many requests of each company are left out, of how many it has."""

    def __init__(self, board: Board) -> None:
        """Count them."""
        self.asked = Counter[int]()
        self.left_out = Counter[int]()
        for r, option in enumerate(board.where):
            for company in companies_of(board.ground, r):
                self.asked[company] += 1
                self.left_out[company] += option is None

    def costs(self) -> list[int]:
        """Give what each company's share of the misfortune costs."""
        return [unfairness(left, self.asked[company]) for company, left in self.left_out.items()]


def companies_of(ground: Ground, request: int) -> set[int]:
    """Give the companies a request is about."""
    return {ground.people[person].company for pair in ground.pairs[request] for person in pair}


def unfairness(left_out: int, asked: int) -> int:
    """Say what it costs when a company misses so many of what it asked for or was asked.

    The square: a second loss weighs more than a first one elsewhere. Over all it had: one of two
    is more than one of twenty.
    """
    return SIXTIETHS * left_out * left_out // asked if asked else 0
