"""A plan's own account of itself: what its prices prove, and why the others are left out.

Like `plan_checker`, of which it asks the rules, it shares no code with the planner.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice, product
from math import gcd

from app.meetings.planning.instance import Instance, Meeting, Request
from app.meetings.planning.outcome import Kind, LeftOut, Obstacle, Plan, Prices, Reason, Status
from tests.plan_checker import Checker

DEPTH = list(Obstacle)
# What people, and places of a kind, cost in a slot
Costs = tuple[Counter[int], Counter[Kind]]


def faults(instance: Instance, plan: Plan, most_reasons: int | None = None) -> list[str]:
    """Say all that is wrong with a plan; of a large one, look at so many reasons only."""
    checker = Checker(instance)
    return [
        *checker.broken(plan.meetings),
        *checker.untold(plan),
        *Proof(checker).faults(plan),
        *Reasons(checker, plan).faults(most_reasons),
    ]


class Proof:
    """Adds up again what a bound is made of."""

    def __init__(self, checker: Checker) -> None:
        """Remember what is locked."""
        self.checker, self.instance = checker, checker.instance
        self.locked = [r.locked for r in self.instance.requests if r.locked is not None]

    def faults(self, plan: Plan) -> Iterator[str]:
        if plan.score.priority > plan.bound:
            yield "better than the bound"
        if (plan.status is Status.OPTIMAL) > (plan.score.priority == plan.bound):
            yield "called optimal below the bound"
        if plan.prices is not None and (bound := self._sum(plan.prices)) != plan.bound:
            yield f"the prices prove {bound}, not {plan.bound}"

    def _sum(self, prices: Prices) -> int:
        """Add up what a bound's prices come to."""
        total = 0
        for (person, day), price in prices.people.items():
            total += price * self._time_left(person, self._slots_of(day))
        for (person, slot), price in prices.people_then.items():
            total += price * self._time_left(person, {slot})
        for (kind, day), price in prices.places.items():
            total += price * sum(self._places_left(kind, slot) for slot in self._slots_of(day))
        for (kind, slot), price in prices.places_then.items():
            total += price * self._places_left(kind, slot)
        costs = [self._prices_in(prices, slot) for slot in range(len(self.instance.slots))]
        for request in self.instance.requests:
            total += 1_000_000 * request.priority if request.locked else self._wins(costs, request)
        unit = gcd(*(request.priority for request in self.instance.requests)) or 1
        return total // (1_000_000 * unit) * unit

    def _slots_of(self, day: int) -> set[int]:
        return {slot for slot, each in enumerate(self.instance.slots) if each.day == day}

    def _time_left(self, person: int, slots: set[int]) -> int:
        """Count the meetings that somebody can have in some slots of a day, beside locked ones."""
        day = self.instance.slots[min(slots)].day
        held = {m.slot for m in self.locked if person in m.people} & self._slots_of(day)
        who = self.checker.people[person]
        most = who.meetings_a_day
        left = len(slots) if most is None else max(0, most - len(held))
        free = {
            slot for slot in slots - held if self.checker.attends(self.checker.people[person], slot)
        }
        return min(left, len(free))

    def _places_left(self, kind: Kind, slot: int) -> int:
        alike = [p for p in self.instance.places if (p.hall, p.company) == kind]
        taken = {m.place for m in self.locked if m.slot == slot}
        return sum(slot in place.open and place.id not in taken for place in alike)

    def _prices_in(self, prices: Prices, slot: int) -> Costs:
        """Give what people and places cost in a slot."""
        day = self.instance.slots[slot].day
        people: Counter[int] = Counter()
        for by, when in ((prices.people, day), (prices.people_then, slot)):
            people.update({who: price for (who, then), price in by.items() if then == when})
        places: Counter[Kind] = Counter()
        for of, when in ((prices.places, day), (prices.places_then, slot)):
            places.update({kind: price for (kind, then), price in of.items() if then == when})
        return people, places

    def _wins(self, costs: list[Costs], request: Request) -> int:
        checker, people_of = self.checker, self.checker.people
        ways = [
            people[one] + people[other] + places[place.hall, place.company]
            for one, other in product(*request.sides)
            for slot, (people, places) in enumerate(costs)
            if one != other
            and checker.attends(people_of[one], slot)
            and checker.attends(people_of[other], slot)
            for company in {None, people_of[one].company, people_of[other].company}
            for place in checker.kinds[slot].get(company, ())
            if checker.suits(place, people_of[one], people_of[other])
        ]
        return max(0, 1_000_000 * request.priority - min(ways)) if ways else 0


class Reasons:
    """Looks again at what stands in the way of each that is left out."""

    def __init__(self, checker: Checker, plan: Plan) -> None:
        """Index the meetings by who and what they take."""
        self.checker, self.instance = checker, checker.instance
        self.left_out, self.meetings = plan.left_out, plan.meetings
        self.taken = {(m.slot, m.place) for m in plan.meetings.values()}
        self.agendas: dict[int, list[int]] = defaultdict(list)
        for id_, meeting in plan.meetings.items():
            for person in meeting.people:
                self.agendas[person].append(id_)

    def faults(self, most: int | None) -> Iterator[str]:
        """Say what is not true of the reasons."""
        for id_, left_out in islice(self.left_out.items(), most):
            yield from self._untrue(self.checker.requests[id_], left_out)

    def _untrue(self, request: Request, left_out: LeftOut) -> Iterator[str]:
        """Say what is not true of a reason."""
        found: dict[int, list[Obstacle | None]] = defaultdict(list)
        for one, other, slot, place in self.checker.ways(request):
            found[slot].append(self._obstacle(request, (one, other), slot, place))
        if found.keys() != left_out.obstacles.keys():
            yield f"{request.id} has other slots than those told of"
        for slot, obstacles in found.items():
            met = [obstacle for obstacle in obstacles if obstacle is not None]
            if len(met) < len(obstacles):
                yield f"nothing stands in the way of {request.id} in slot {slot}"
            elif left_out.obstacles.get(slot) != max(met, key=DEPTH.index):
                yield f"{request.id} in slot {slot}: not {left_out.obstacles.get(slot)}"
        if left_out.reason != (reason := self._reason(request, left_out)):
            yield f"{request.id} is left out for {reason}, not {left_out.reason}"

    def _reason(self, request: Request, left_out: LeftOut) -> Reason:
        if left_out.obstacles:
            return Reason(max(left_out.obstacles.values(), key=DEPTH.index).value)
        people, attends = self.checker.people, self.checker.attends
        common = any(
            attends(people[one], slot) and attends(people[other], slot)
            for one, other in product(*request.sides)
            if one != other
            for slot in range(len(self.instance.slots))
        )
        return Reason.NO_PLACE if common else Reason.NO_COMMON_TIME

    def _obstacle(
        self, request: Request, pair: tuple[int, int], slot: int, place: int
    ) -> Obstacle | None:
        slots = self.instance.slots
        theirs = {id_: self.meetings[id_] for person in pair for id_ in self.agendas[person]}
        then = [id_ for id_, meeting in theirs.items() if meeting.slot == slot]
        if then:
            higher = any(self.checker.requests[id_].priority > request.priority for id_ in then)
            return Obstacle.HIGHER_PRIORITY if higher else Obstacle.BUSY
        for person in pair:
            most = self.checker.people[person].meetings_a_day
            that_day = [
                m
                for m in theirs.values()
                if person in m.people and slots[m.slot].day == slots[slot].day
            ]
            if most is not None and len(that_day) >= most:
                return Obstacle.DAY_FULL
        if (slot, place) in self.taken:
            return Obstacle.PLACES_TAKEN
        meeting = Meeting(slot, place, pair)
        if any(self.checker.clash(meeting, other) for other in theirs.values()):
            return Obstacle.TOO_FAR
        return None
