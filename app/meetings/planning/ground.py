"""An instance by number: people, pools of like places and slots as bits, ready for arithmetic.

A set of slots is a whole number whose bit `s` is slot `s`: what is free for two people in a hall
is then three conjunctions, for a market of any size.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from app.meetings.planning.instance import Instance, Meeting, Person, Request, Slot

Slots = int
Hall = int | None


@dataclass(frozen=True, slots=True)
class Pool:
    """Places that are all alike, but for when they are open."""

    hall: Hall
    company: int | None
    # How many are open, by slot
    rooms: tuple[int, ...]
    open: Slots


class Option(NamedTuple):
    """One way to hold a meeting, all by number."""

    slot: int
    pool: int
    one: int
    other: int


def bits(slots: Slots) -> Iterator[int]:
    """Give the slots of a set, in the order of time."""
    while slots:
        low = slots & -slots
        yield low.bit_length() - 1
        slots ^= low


def as_bits(slots: Iterable[int]) -> Slots:
    """Make a set of slots."""
    return sum(1 << slot for slot in set(slots))


class Ground:
    """What does not change while planning."""

    def __init__(self, instance: Instance) -> None:
        """Number everything, in the order in which it was given."""
        self.instance = instance
        self.slots = instance.slots
        self.requests = instance.requests
        self.people = instance.people
        days = sorted({slot.day for slot in instance.slots})
        self.days = days
        self.day_of = [days.index(slot.day) for slot in instance.slots]
        self.day_slots = [
            as_bits(s for s, day in enumerate(self.day_of) if day == d) for d in range(len(days))
        ]
        self.number = {person.id: p for p, person in enumerate(instance.people)}
        self.free = [self._free(person) for person in instance.people]
        self.a_day = [
            len(instance.slots) if person.meetings_a_day is None else person.meetings_a_day
            for person in instance.people
        ]
        # The locked meetings, by id here and by number below
        self.agreed = {r.id: r.locked for r in instance.requests if r.locked is not None}
        self._pool_places()
        self._measure_walks()
        self.pairs = [self._pairs(request) for request in instance.requests]
        self.locked = {
            r: self.option(self.agreed[request.id])
            for r, request in enumerate(instance.requests)
            if request.id in self.agreed
        }
        self.choices = [
            {slot: rank for rank, slot in reversed(list(enumerate(request.preferred)))}
            for request in instance.requests
        ]
        self._pools_of: dict[tuple[int, int, bool, Hall], tuple[int, ...]] = {}
        self.asked = [0] * len(instance.people)
        for pairs in self.pairs:
            for person in {person for pair in pairs for person in pair}:
                self.asked[person] += 1
        self.homes = self._homes()

    def _homes(self) -> list[Hall]:
        """Give everybody a hall: where their company has places, or else where tables are left."""
        own = {pool.company: pool.hall for pool in reversed(self.pools) if pool.hall is not None}
        tables: dict[int, int] = {}
        for pool in self.pools:
            if pool.company is None and pool.hall is not None and pool.open:
                tables[pool.hall] = tables.get(pool.hall, 0) + sum(pool.rooms)
        wanted = dict.fromkeys(tables, 0)
        homes: list[Hall] = [own.get(person.company) for person in self.people]
        for person in sorted(range(len(homes)), key=lambda p: (-self.asked[p], p)):
            if homes[person] is None and tables and not self.people[person].online:
                hall = min(tables, key=lambda h: (wanted[h] + self.asked[person]) / tables[h])
                homes[person] = hall
                wanted[hall] += self.asked[person]
        return homes

    def _free(self, person: Person) -> Slots:
        return as_bits(
            slot
            for slot in person.free
            if 0 <= slot < len(self.slots)
            and (person.days is None or self.slots[slot].day in person.days)
        )

    def _pool_places(self) -> None:
        members = defaultdict(list)
        for place in self.instance.places:
            members[place.hall, place.company].append(place)
        locked = {(meeting.place, meeting.slot) for meeting in self.agreed.values()}
        self.pools: list[Pool] = []
        self.pool_of: dict[int, int] = {}
        for k, ((hall, company), places) in enumerate(members.items()):
            # What is locked to a place that is closed now takes none of those that are open
            rooms = tuple(
                sum(slot in place.open or (place.id, slot) in locked for place in places)
                for slot in range(len(self.slots))
            )
            open_ = as_bits(slot for place in places for slot in place.open)
            self.pools.append(Pool(hall, company, rooms, open_))
            self.pool_of |= {place.id: k for place in places}

    def _measure_walks(self) -> None:
        self.walks = {}
        for (here, there), minutes in self.instance.walks.items():
            if minutes > 0 and here != there:
                self.walks[here, there] = self.walks[there, here] = minutes
        # By two halls and a slot: the slots that end or begin too near to it for the walk
        self.near = {
            halls: [self._near(slot, walk) for slot in self.slots]
            for halls, walk in self.walks.items()
        }
        # By one hall: the slots from which, or to which, some other hall is too far
        self.cut: dict[int, list[Slots]] = {}
        for (here, _), slots in self.near.items():
            known = self.cut.get(here, [0] * len(slots))
            self.cut[here] = [one | other for one, other in zip(known, slots, strict=True)]

    def _near(self, slot: Slot, walk: int) -> Slots:
        return as_bits(
            s
            for s, other in enumerate(self.slots)
            if other.day == slot.day
            and other != slot
            and max(other.starts - slot.ends, slot.starts - other.ends) < walk
        )

    def _pairs(self, request: Request) -> tuple[tuple[int, int], ...]:
        ones, others = request.sides
        return tuple(
            (self.number[one], self.number[other])
            for one in dict.fromkeys(ones)
            for other in dict.fromkeys(others)
            if one != other
        )

    def option(self, meeting: Meeting) -> Option:
        """Give a meeting by number."""
        one, other = meeting.people
        return Option(
            meeting.slot, self.pool_of[meeting.place], self.number[one], self.number[other]
        )

    def walk(self, here: Hall, there: Hall) -> int:
        """Give the minutes between two halls."""
        if here is None or there is None or here == there:
            return 0
        return self.walks.get((here, there), 0)

    def pools_for(self, one: int, other: int) -> tuple[int, ...]:
        """Give the pools where two people may meet: of their companies, then near the host's home.

        The host is the one whom more requests are about: it is the other who walks.
        """
        a, b = self.people[one], self.people[other]
        host = one if self.asked[one] >= self.asked[other] else other
        key = (a.company, b.company, a.online or b.online, self.homes[host])
        if (found := self._pools_of.get(key)) is None:
            fit = [
                k
                for k, pool in enumerate(self.pools)
                if (pool.hall is None) == key[2] and pool.company in {None, a.company, b.company}
            ]
            found = tuple(sorted(fit, key=lambda k: self._rank(self.pools[k], key[3])))
            self._pools_of[key] = found
        return found

    def _rank(self, pool: Pool, home: Hall) -> tuple[bool, int, bool]:
        return pool.company is None, self.walk(home, pool.hall), pool.hall != home

    def common(self, request: int) -> Slots:
        """Give the slots in which somebody of either side is free, and a place for them open."""
        found = 0
        for one, other in self.pairs[request]:
            open_ = 0
            for k in self.pools_for(one, other):
                open_ |= self.pools[k].open
            found |= self.free[one] & self.free[other] & open_
        return found

    def choice(self, request: int, slot: int) -> int:
        """Count the steps from the first choice to a slot."""
        choices = self.choices[request]
        return choices.get(slot, len(self.requests[request].preferred)) if choices else 0
