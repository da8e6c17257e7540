"""Why a request is left out: what stands in its way in each slot, as the plan is."""

from collections.abc import Iterator

from app.meetings.planning.board import Board
from app.meetings.planning.ground import bits
from app.meetings.planning.outcome import LeftOut, Obstacle, Reason

# From the one that is met first to the one that is met last
DEPTH = {obstacle: depth for depth, obstacle in enumerate(Obstacle)}


def left_out(board: Board, request: int) -> LeftOut:
    """Say why a request has no meeting; there must be no way to hold it."""
    ground = board.ground
    if not any(ground.free[one] & ground.free[other] for one, other in ground.pairs[request]):
        return LeftOut(Reason.NO_COMMON_TIME, {})
    obstacles = {
        slot: max(_obstacles(board, request, slot), key=DEPTH.__getitem__)
        for slot in bits(ground.common(request))
    }
    if not obstacles:
        return LeftOut(Reason.NO_PLACE, {})
    return LeftOut(Reason(max(obstacles.values(), key=DEPTH.__getitem__)), obstacles)


def _obstacles(board: Board, request: int, slot: int) -> Iterator[Obstacle]:
    ground = board.ground
    for one, other in ground.pairs[request]:
        open_ = [k for k in ground.pools_for(one, other) if ground.pools[k].open >> slot & 1]
        if open_ and (ground.free[one] & ground.free[other]) >> slot & 1:
            yield _obstacle(board, request, slot, (one, other), open_)


def _obstacle(
    board: Board, request: int, slot: int, pair: tuple[int, int], pools: list[int]
) -> Obstacle:
    requests = board.ground.requests
    if held := board.in_the_way(slot, pair):
        higher = any(requests[r].priority > requests[request].priority for r in held)
        return Obstacle.HIGHER_PRIORITY if higher else Obstacle.BUSY
    if not all(board.open[person] >> slot & 1 for person in pair):
        return Obstacle.DAY_FULL
    if not any(board.room[pool] >> slot & 1 for pool in pools):
        return Obstacle.PLACES_TAKEN
    return Obstacle.TOO_FAR
