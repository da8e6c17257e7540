"""The plan as it stands while it is made: who is where in which slot, and what is still open."""

from collections.abc import Iterator

from app.meetings.planning.ground import Ground, Option, Slots, bits

NOBODY = -1


class Board:
    """Meetings put down and taken up; each change is remembered, and can be undone."""

    def __init__(self, ground: Ground) -> None:
        """Begin with the locked meetings."""
        self.ground = ground
        people, slots = len(ground.people), len(ground.slots)
        self.where: list[Option | None] = [None] * len(ground.requests)
        # The request that a person meets for, by person and slot
        self.holds = [[NOBODY] * slots for _ in range(people)]
        self.busy: list[Slots] = [0] * people
        # The slots in which a person could take one more
        self.open: list[Slots] = [
            free if a_day else 0 for free, a_day in zip(ground.free, ground.a_day, strict=True)
        ]
        # The slots in which a person is in a hall, by hall
        self.halls: list[dict[int, Slots]] = [{} for _ in range(people)]
        self.left = [list(pool.rooms) for pool in ground.pools]
        self.room: list[Slots] = [pool.open for pool in ground.pools]
        self.inside: list[list[set[int]]] = [[set() for _ in pool.rooms] for pool in ground.pools]
        # What is held is worth so much
        self.priority = 0
        self._past: list[tuple[int, Option | None]] = []
        for request, option in ground.locked.items():
            self.put(request, option)
        self.forget()

    def put(self, request: int, option: Option) -> None:
        """Hold a meeting so; it must have been held nowhere, and this must be free."""
        self._past.append((request, None))
        self._put(request, option)

    def take(self, request: int) -> Option:
        """Hold a meeting no more, and say where it was."""
        option = self._take(request)
        self._past.append((request, option))
        return option

    def copy(self) -> "Board":
        """Give another board with the same on it."""
        board = Board(self.ground)
        for request, option in enumerate(self.where):
            if option is not None and request not in self.ground.locked:
                board.put(request, option)
        board.forget()
        return board

    @property
    def left_out(self) -> list[int]:
        """Give the requests that have no meeting."""
        return [r for r, option in enumerate(self.where) if option is None]

    @property
    def mark(self) -> int:
        """Give the point to which `undo` can go back."""
        return len(self._past)

    def undo(self, mark: int) -> None:
        """Undo what was done since."""
        while len(self._past) > mark:
            request, option = self._past.pop()
            if option is None:
                self._take(request)
            else:
                self._put(request, option)

    def forget(self) -> None:
        """Let what was done so far be for good."""
        self._past.clear()

    def _put(self, request: int, option: Option) -> None:
        slot, bit = option.slot, 1 << option.slot
        self.where[request] = option
        self.priority += self.ground.requests[request].priority
        hall = self.ground.pools[option.pool].hall
        for person in (option.one, option.other):
            self.holds[person][slot] = request
            self.busy[person] |= bit
            if hall is not None:
                self.halls[person][hall] = self.halls[person].get(hall, 0) | bit
            self._reopen(person, slot)
        self.inside[option.pool][slot].add(request)
        self.left[option.pool][slot] -= 1
        if self.left[option.pool][slot] <= 0:
            self.room[option.pool] &= ~bit

    def _take(self, request: int) -> Option:
        option = self.where[request]
        if option is None:
            raise ValueError("it is held nowhere")
        self.where[request] = None
        self.priority -= self.ground.requests[request].priority
        slot, bit = option.slot, 1 << option.slot
        hall = self.ground.pools[option.pool].hall
        for person in (option.one, option.other):
            self.holds[person][slot] = NOBODY
            self.busy[person] &= ~bit
            if hall is not None:
                self.halls[person][hall] &= ~bit
            self._reopen(person, slot)
        self.inside[option.pool][slot].remove(request)
        self.left[option.pool][slot] += 1
        if self.left[option.pool][slot] > 0:
            self.room[option.pool] |= bit
        return option

    def _reopen(self, person: int, slot: int) -> None:
        ground = self.ground
        day = ground.day_slots[ground.day_of[slot]]
        self.open[person] &= ~day
        if (self.busy[person] & day).bit_count() < ground.a_day[person]:
            self.open[person] |= day & ground.free[person] & ~self.busy[person]

    def too_far(self, person: int, hall: int | None) -> Slots:
        """Give the slots in which a person could not reach a hall, or could not go on from it."""
        found = 0
        if hall is None:
            return found
        near = self.ground.near
        for other, slots in self.halls[person].items():
            if slots and (other, hall) in near:
                by_slot = near[other, hall]
                for slot in bits(slots):
                    found |= by_slot[slot]
        return found

    def slots_for(self, one: int, other: int, pool: int) -> Slots:
        """Give the slots in which two people could meet there, as things stand."""
        slots = self.open[one] & self.open[other] & self.room[pool]
        if slots and self.ground.near:
            hall = self.ground.pools[pool].hall
            slots &= ~self.too_far(one, hall)
            if slots:
                slots &= ~self.too_far(other, hall)
        return slots

    def is_free(self, option: Option) -> bool:
        """Tell whether a meeting could be held so, as things stand."""
        return bool(self.slots_for(option.one, option.other, option.pool) >> option.slot & 1)

    def options(self, request: int) -> Iterator[Option]:
        """Give every way to hold a meeting, as things stand."""
        for one, other in self.ground.pairs[request]:
            for pool in self.ground.pools_for(one, other):
                for slot in bits(self.slots_for(one, other, pool)):
                    yield Option(slot, pool, one, other)

    def in_the_way(self, slot: int, pair: tuple[int, int]) -> set[int]:
        """Give the requests whose meetings two people have in a slot."""
        held = {self.holds[pair[0]][slot], self.holds[pair[1]][slot]}
        return held - {NOBODY}
