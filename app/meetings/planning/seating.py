"""Which table: places of a pool are alike, so any of them will do that is open and not taken."""

from collections import defaultdict
from collections.abc import Mapping

from app.meetings.planning.board import Board
from app.meetings.planning.ground import Option
from app.meetings.planning.instance import Meeting


def seat(board: Board, known: Mapping[int, Meeting]) -> dict[int, Meeting]:
    """Give every meeting on the board its place, by the ids of requests.

    Meetings that are held as they are known keep their places; others stay, where that is
    possible, at the table where one of the two sat before.
    """
    ground = board.ground
    kept = {
        r: known[request.id].place
        for r, request in enumerate(ground.requests)
        if request.id in known and board.where[r] == ground.option(known[request.id])
    }
    held = [(option, r) for r, option in enumerate(board.where) if option is not None]
    seats = _Seats(board, {(board.where[r], place) for r, place in kept.items()})
    return {
        ground.requests[r].id: Meeting(
            option.slot,
            seats.take(option, kept.get(r)),
            (ground.people[option.one].id, ground.people[option.other].id),
        )
        for option, r in sorted(held)
    }


class _Seats:
    """Which places of each pool are left in each slot, and where everybody sat last."""

    def __init__(self, board: Board, kept: set[tuple[Option | None, int]]) -> None:
        ground = board.ground
        gone = {(place, option.slot) for option, place in kept if option is not None}
        self.left: dict[tuple[int, int], dict[int, None]] = defaultdict(dict)
        for place in ground.instance.places:
            for slot in place.open:
                if (place.id, slot) not in gone:
                    self.left[ground.pool_of[place.id], slot][place.id] = None
        self.last: dict[tuple[int, int], int] = {}

    def take(self, option: Option, kept: int | None) -> int:
        """Give a place to a meeting: slot after slot."""
        left = self.left[option.pool, option.slot]
        pair = [(person, option.pool) for person in (option.one, option.other)]
        sat = [self.last[key] for key in pair if self.last.get(key) in left]
        place = kept if kept is not None else [*sat, *left][0]
        left.pop(place, None)
        self.last |= dict.fromkeys(pair, place)
        return place
