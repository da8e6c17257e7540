"""Which part of a plan to make anew: meetings near a request, in who meets whom."""

from random import Random

from app.meetings.planning.board import Board
from app.meetings.planning.ground import Ground, bits

# Ways to hold its requests, counted one by one, up to which a market is a part by itself
SMALL = 5_000
# Of the requests in a part, one person's meetings at most
OF_ONE = 20


def is_small(ground: Ground) -> bool:
    """Tell whether the solver can look at all of a market at once."""
    ways = 0
    for r, pairs in enumerate(ground.pairs):
        pools = sum(len(ground.pools_for(one, other)) for one, other in pairs)
        ways += ground.common(r).bit_count() * pools
    return ways <= SMALL


def around(board: Board, request: int, at: Random, most: int) -> list[int]:
    """Give a left-out request, and meetings that could make room for it: near ones first."""
    part = dict.fromkeys([request])
    people = dict.fromkeys(person for pair in board.ground.pairs[request] for person in pair)
    waiting = list(people)
    while waiting and len(part) < most:
        held = _held(board, waiting.pop(0))
        at.shuffle(held)
        for r in held[:OF_ONE]:
            part[r] = None
            option = board.where[r]
            met = [] if option is None else [option.one, option.other]
            waiting += [person for person in met if person not in people]
            people |= dict.fromkeys(met)
    return list(part)[:most]


def _held(board: Board, person: int) -> list[int]:
    held = [board.holds[person][slot] for slot in bits(board.busy[person])]
    return [r for r in held if r not in board.ground.locked]
