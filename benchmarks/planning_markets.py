"""Made-up markets to plan, the same for the same seed.

People are away for a day or busy for an hour here and there, some sellers are asked for by many,
half of the exhibitors have stands in one of four halls and the others meet at shared tables, a few
people are online, and a company with several people often asks for any of them.
"""

from dataclasses import dataclass
from random import Random

from app.meetings.planning.instance import Instance, Person, Place, Request, Slot

HALLS = range(1, 5)
WALKS = {(1, 2): 5, (1, 3): 8, (1, 4): 12, (2, 3): 5, (2, 4): 8, (3, 4): 5}
MINUTES = 30
# The chances that somebody comes for some of the days only, is online, has a limit to a day
SOME_DAYS, ONLINE, LIMITED = 0.15, 0.03, 0.3
# That an exhibitor has a stand, that any of its people will do, that some times are preferred
STAND, ANYBODY, PREFERS = 0.5, 0.6, 0.3
# From then on the tables are open that open late
LATE = 600


@dataclass(frozen=True, slots=True)
class Size:
    """How large a market is."""

    buyers: int
    exhibitors: int
    days: int
    slots_a_day: int
    requests: int
    # People of each exhibitor, at most
    staff: int = 1


SIZES = {
    "3,000 / 48 slots": Size(300, 200, 3, 16, 3_000),
    "4,000 / 32 slots": Size(300, 200, 2, 16, 4_000),
    "MIPCOM": Size(3_340, 350, 4, 16, 25_000),
    "MIPCOM, with staff": Size(3_340, 350, 4, 16, 25_000, staff=4),
}
# The seller's number is above every buyer's
SELLERS_FROM = 1_000_000
PLACES_FROM = 2_000_000
REQUESTS_FROM = 3_000_000


def market(size: Size, seed: int = 2026) -> Instance:
    """Make a market."""
    at = Random(f"{seed}:{size}")  # noqa: S311  # data, not secrets
    slots = tuple(_slots(size))
    buyers = [_person(at, slots, number, company=number // 2) for number in range(size.buyers)]
    staff: list[list[Person]] = []
    for exhibitor in range(size.exhibitors):
        first = SELLERS_FROM + exhibitor * 10
        staff.append(
            [
                _person(at, slots, first + each, company=SELLERS_FROM + exhibitor)
                for each in range(at.randint(1, size.staff))
            ]
        )
    return Instance(
        slots=slots,
        people=(*buyers, *(person for company in staff for person in company)),
        places=tuple(_places(at, size, slots, staff)),
        requests=tuple(_requests(at, size, slots, buyers, staff)),
        walks=WALKS,
    )


def _slots(size: Size) -> list[Slot]:
    """Half hours from nine o'clock, with an hour for lunch."""
    half = size.slots_a_day // 2
    return [
        Slot(day, begin, begin + MINUTES)
        for day in range(size.days)
        for index in range(size.slots_a_day)
        for begin in [day * 1440 + 540 + index * MINUTES + 60 * (index >= half)]
    ]


def _person(at: Random, slots: tuple[Slot, ...], number: int, company: int) -> Person:
    free = set(range(len(slots)))
    for _ in range(len(slots) // 16):
        begin = at.randrange(len(slots))
        free -= set(range(begin, begin + at.randint(1, 4)))
    days = sorted({slot.day for slot in slots})
    stays = at.sample(days, at.randint(1, len(days))) if at.random() < SOME_DAYS else days
    return Person(
        id=number,
        company=company,
        free=frozenset(free),
        online=at.random() < ONLINE,
        days=frozenset(stays) if len(stays) < len(days) else None,
        meetings_a_day=at.randint(6, 12) if at.random() < LIMITED else None,
    )


def _places(
    at: Random, size: Size, slots: tuple[Slot, ...], staff: list[list[Person]]
) -> list[Place]:
    always = frozenset(range(len(slots)))
    found: list[Place] = []
    shared = 0
    for exhibitor, people in enumerate(staff):
        if at.random() < STAND:
            company, hall = SELLERS_FROM + exhibitor, at.choice(HALLS)
            found += [
                Place(PLACES_FROM + len(found) + each, hall, always, company)
                for each in range(len(people))
            ]
        else:
            shared += len(people)
    # Fewer tables than people without a stand: they can't all meet at once
    tables = max(1, int(0.8 * shared))
    for number in range(tables):
        late = frozenset(slot for slot in always if slots[slot].starts % 1440 >= LATE)
        hours = late if number % 10 == 0 else always
        found.append(Place(PLACES_FROM + len(found), HALLS[number % len(HALLS)], hours))
    rooms = max(1, size.buyers // 20)
    found += [Place(PLACES_FROM + len(found) + each, None, always) for each in range(rooms)]
    return found


def _requests(
    at: Random,
    size: Size,
    slots: tuple[Slot, ...],
    buyers: list[Person],
    staff: list[list[Person]],
) -> list[Request]:
    wanted = [1 / (rank + 10) ** 0.6 for rank in range(len(staff))]
    at.shuffle(wanted)
    eager = [at.uniform(0.3, 1.7) for _ in buyers]
    asked: dict[tuple[int, int], Request] = {}
    while len(asked) < size.requests:
        buyer = at.choices(range(len(buyers)), eager)[0]
        exhibitor = at.choices(range(len(staff)), wanted)[0]
        if (buyer, exhibitor) in asked:
            continue
        people = staff[exhibitor]
        anybody = len(people) > 1 and at.random() < ANYBODY
        preferred = at.sample(range(len(slots)), at.randint(1, 3)) if at.random() < PREFERS else []
        asked[buyer, exhibitor] = Request(
            id=REQUESTS_FROM + len(asked),
            sides=(
                (buyers[buyer].id,),
                tuple(p.id for p in people) if anybody else (at.choice(people).id,),
            ),
            priority=at.choices((1, 2, 3), (40, 35, 25))[0],
            preferred=tuple(preferred),
        )
    return list(asked.values())
