"""What is to be planned. Ids are the caller's; a slot is known by its position, from 0."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

Candidates = tuple[int, ...]
PRIORITIES = range(1, 4)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time for one meeting, in minutes of one clock that runs through all the days."""

    day: int
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Person:
    """Who meets: `free` are the slots in which they could, on whichever of the days they attend."""

    id: int
    company: int
    free: frozenset[int]
    # Online they meet in online rooms, and so does who meets them
    online: bool = False
    # None for all
    days: frozenset[int] | None = None
    meetings_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A table, stand or room for one meeting at a time; online where it has no hall."""

    id: int
    hall: int | None
    open: frozenset[int]
    # Whose meetings it is for; None where it is shared
    company: int | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """When, where and who: one of each side."""

    slot: int
    place: int
    people: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Request:
    """Two sides that wish to meet, each one person or several of a company, of whom one will do."""

    id: int
    sides: tuple[Candidates, Candidates]
    # 1 to 3, the most wanted
    priority: int = 1
    # Slots, the first choice first; none where any will do
    preferred: tuple[int, ...] = ()
    # Already agreed and not to be moved, whatever else would be better
    locked: Meeting | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """What the secondary goals cost, against each other."""

    # Each slot in which a person waits between two meetings of a day
    idle: int = 4
    # Each minute a person walks between two meetings
    walking: int = 1
    # Each sixtieth of `left out² / asked`, summed over companies
    fairness: int = 1
    # Each step from the first choice; past the last one, where there are any
    choice: int = 2


@dataclass(frozen=True, slots=True)
class Instance:
    """A market to plan."""

    slots: tuple[Slot, ...]
    people: tuple[Person, ...]
    places: tuple[Place, ...]
    requests: tuple[Request, ...]
    # Minutes between two halls, either way round; none where they aren't named
    walks: Mapping[tuple[int, int], int] = field(default_factory=dict)
    weights: Weights = Weights()

    def __post_init__(self) -> None:
        """Refuse what has no meaning.

        Raises:
            ValueError: an id is used twice or is nobody's, slots are out of order, a priority is
                out of range, or two locked meetings need the same person or place at once.
        """
        _require_once("person", (person.id for person in self.people))
        _require_once("place", (place.id for place in self.places))
        _require_once("request", (request.id for request in self.requests))
        for early, late in pairwise(self.slots):
            if early.ends > late.starts or early.day > late.day:
                raise ValueError("slots must be in the order of time and not overlap")
        people = {person.id for person in self.people}
        for request in self.requests:
            _require_known(request, people, len(self.slots))
        _require_apart(self)


def _require_once(what: str, ids: Iterable[int]) -> None:
    for id_, times in Counter(ids).items():
        if times > 1:
            raise ValueError(f"{what} {id_} is there {times} times")


def _require_known(request: Request, people: set[int], slots: int) -> None:
    if request.priority not in PRIORITIES:
        raise ValueError(f"request {request.id} has priority {request.priority}, not 1 to 3")
    asked = {*request.sides[0], *request.sides[1]}
    if not all(request.sides) or not asked <= people:
        raise ValueError(f"request {request.id} names nobody, or people who are not there")
    if not all(0 <= slot < slots for slot in request.preferred):
        raise ValueError(f"request {request.id} prefers slots that are not there")


def _require_apart(instance: Instance) -> None:
    places = {place.id for place in instance.places}
    held: set[tuple[str, int, int]] = set()
    for request in instance.requests:
        if (meeting := request.locked) is None:
            continue
        if meeting.place not in places or not 0 <= meeting.slot < len(instance.slots):
            raise ValueError(f"request {request.id} is locked to what is not there")
        for one, side in zip(meeting.people, request.sides, strict=True):
            if one not in side:
                raise ValueError(f"request {request.id} is locked to somebody it did not ask for")
        holders = (
            ("place", meeting.place),
            ("person", meeting.people[0]),
            ("person", meeting.people[1]),
        )
        for kind, holder in holders:
            if (kind, holder, meeting.slot) in held:
                raise ValueError(f"{kind} {holder} is locked twice in slot {meeting.slot}")
            held.add((kind, holder, meeting.slot))
