"""The baseline: one request after the other, where it fits best, nothing ever moved again."""

from collections.abc import Iterable

from app.meetings.planning.board import Board
from app.meetings.planning.ground import Ground, Option, bits


def fill(board: Board, requests: Iterable[int]) -> None:
    """Hold each where it is wished for, or else as early as it can be."""
    for request in requests:
        if board.where[request] is None and (option := first(board, request)) is not None:
            board.put(request, option)


def first(board: Board, request: int) -> Option | None:
    """Give the way to hold a meeting with the best choice, of those the one that hinders least."""
    ground = board.ground
    near = [
        (board.slots_for(one, other, pool), pool, one, other)
        for one, other in ground.pairs[request]
        for pool in ground.pools_for(one, other)
    ]
    for wished in ground.requests[request].preferred:
        for slots, pool, one, other in near:
            if slots >> wished & 1:
                return Option(wished, pool, one, other)
    for slots, pool, one, other in near:
        if slots:
            slot = min(bits(slots), key=lambda s: hindrance(board, Option(s, pool, one, other)))
            return Option(slot, pool, one, other)
    return None


def hindrance(board: Board, option: Option) -> int:
    """Count the slots from which somebody who walks there could no longer reach another hall."""
    ground = board.ground
    hall = ground.pools[option.pool].hall
    if hall is None or hall not in ground.cut:
        return 0
    cut = ground.cut[hall][option.slot]
    return sum(
        (cut & board.open[person]).bit_count()
        for person in (option.one, option.other)
        if ground.homes[person] != hall
    )


def by_priority(ground: Ground) -> list[int]:
    """Order the requests: the highest priority first, then those with fewest slots to choose."""
    return sorted(
        range(len(ground.requests)),
        key=lambda r: (-ground.requests[r].priority, ground.common(r).bit_count(), r),
    )
