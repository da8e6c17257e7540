"""What everybody's time and every table is worth, and what that proves of all plans there are."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import gcd
from typing import TypeVar

from app.meetings.planning.board import Board
from app.meetings.planning.ground import Ground, Option, Slots, bits
from app.meetings.planning.outcome import UNIT, Prices

# Somebody or a pool, by number, in some slots of a day: all of them, or one
Row = tuple[int, Slots]
Of = TypeVar("Of")


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one more meeting of somebody, or in a pool, is worth; in millionths of priority."""

    people: Mapping[Row, int] = field(default_factory=dict)
    pools: Mapping[Row, int] = field(default_factory=dict)
    # Whether single slots have prices, beside whole days
    fine: bool = False

    def of(self, ground: Ground, option: Option) -> int:
        """Add up what a meeting costs that is held so."""
        day = ground.day_slots[ground.day_of[option.slot]]
        rows = {day, 1 << option.slot} if self.fine else {day}
        pair = self.people, (option.one, option.other)
        return sum(
            prices.get((number, slots), 0)
            for prices, numbers in (pair, (self.pools, (option.pool,)))
            for number in numbers
            for slots in rows
        )


def bound(board: Board, tariff: Tariff) -> int:
    """Add up what a board can be worth at some prices: no plan is worth more, whatever they are."""
    ground = board.ground
    total = sum(price * of_person(board, *row) for row, price in tariff.people.items())
    total += sum(price * of_pool(board, *row) for row, price in tariff.pools.items())
    for r, request in enumerate(ground.requests):
        if board.where[r] is not None:
            total += UNIT * request.priority
        elif (least := cheapest(ground, tariff, r)) is not None:
            total += max(0, UNIT * request.priority - least)
    # The priorities that are met come to a multiple of what divides them all
    unit = gcd(*(request.priority for request in ground.requests)) or 1
    return total // (UNIT * unit) * unit


def cheapest(ground: Ground, tariff: Tariff, request: int) -> int | None:
    """Give the least that time and a place for a request cost; None if there is no way."""
    return min(_costs(ground, tariff, request), default=None)


def _costs(ground: Ground, tariff: Tariff, request: int) -> Iterator[int]:
    people, pools = tariff.people, tariff.pools
    for one, other in ground.pairs[request]:
        free, near = ground.free[one] & ground.free[other], ground.pools_for(one, other)
        for day, slots in spans(ground, free, fine=tariff.fine):
            if open_ := [k for k in near if ground.pools[k].open & slots]:
                rows = {day, slots} if tariff.fine else {day}
                yield sum(people.get((p, row), 0) for p in (one, other) for row in rows) + min(
                    sum(pools.get((k, row), 0) for row in rows) for k in open_
                )


def spans(ground: Ground, slots: Slots, *, fine: bool) -> Iterator[tuple[Slots, Slots]]:
    """Divide slots into those with one price: each with its day, of which it may be all."""
    for day in ground.day_slots:
        if fine:
            yield from ((day, 1 << slot) for slot in bits(slots & day))
        elif slots & day:
            yield day, slots & day


def of_person(board: Board, person: int, slots: Slots) -> int:
    """Count the meetings somebody can still have in some slots of a day."""
    ground = board.ground
    day = ground.day_slots[ground.day_of[slots.bit_length() - 1]]
    left = ground.a_day[person] - (board.busy[person] & day).bit_count()
    return max(0, min(left, (board.open[person] & slots).bit_count()))


def of_pool(board: Board, pool: int, slots: Slots) -> int:
    """Count the meetings for which there is still a place in a pool."""
    return sum(max(0, board.left[pool][slot]) for slot in bits(slots))


def missing(board: Board, tariff: Tariff) -> list[int]:
    """Give what is left out though it is worth more than what would be lost by holding it."""
    now = _as_it_stands(board, tariff)
    requests = board.ground.requests
    return [
        r
        for r in board.left_out
        if (cost := cheapest(board.ground, now, r)) is not None
        and cost < UNIT * requests[r].priority
    ]


def _as_it_stands(board: Board, tariff: Tariff) -> Tariff:
    """Give what is lost by one more meeting: nothing where there is time, or a place, left.

    Where a meeting is held that is not worth its price, that much less is lost by giving it up.
    """
    people, pools = _at_a_loss(board, tariff)
    return Tariff(
        {
            row: 0 if of_person(board, *row) else price - people[row]
            for row, price in tariff.people.items()
        },
        {
            row: 0 if of_pool(board, *row) else price - pools[row]
            for row, price in tariff.pools.items()
        },
        tariff.fine,
    )


def _at_a_loss(board: Board, tariff: Tariff) -> tuple[dict[Row, int], dict[Row, int]]:
    """Give the most that a meeting loses of whoever, and of whatever, is held at a price."""
    ground = board.ground
    people: dict[Row, int] = defaultdict(int)
    pools: dict[Row, int] = defaultdict(int)
    for r, option in enumerate(board.where):
        if option is None or r in ground.locked:
            continue
        loss = tariff.of(ground, option) - UNIT * ground.requests[r].priority
        if loss > 0:
            for slots in (ground.day_slots[ground.day_of[option.slot]], 1 << option.slot):
                for person in (option.one, option.other):
                    people[person, slots] = max(people[person, slots], loss)
                pools[option.pool, slots] = max(pools[option.pool, slots], loss)
    return people, pools


def published(ground: Ground, tariff: Tariff) -> Prices:
    """Give prices by the caller's ids, days and slots."""
    people = {(ground.people[p].id, slots): price for (p, slots), price in tariff.people.items()}
    kinds = {
        ((ground.pools[k].hall, ground.pools[k].company), slots): price
        for (k, slots), price in tariff.pools.items()
    }
    days = dict(zip(ground.day_slots, ground.days, strict=True))
    return Prices(*_by_day_and_slot(people, days), *_by_day_and_slot(kinds, days))


def _by_day_and_slot(
    prices: Mapping[tuple[Of, Slots], int], days: Mapping[Slots, int]
) -> tuple[dict[tuple[Of, int], int], dict[tuple[Of, int], int]]:
    by_day = {(of, days[slots]): price for (of, slots), price in prices.items() if slots in days}
    by_slot = {
        (of, slots.bit_length() - 1): price
        for (of, slots), price in prices.items()
        if slots not in days
    }
    return by_day, by_slot
