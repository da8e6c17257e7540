"""Every rule of a schedule, read from the instance alone: shares no code with the planner.

Slow and plain on purpose: what is a rule in the planner's bits and pools is here a sentence.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations, product

from app.meetings.planning.instance import Instance, Meeting, Person, Place, Request
from app.meetings.planning.outcome import Obstacle, Plan, Score

Meetings = Mapping[int, Meeting]
DEPTH = list(Obstacle)


class Checker:
    """Looks things up in an instance."""

    def __init__(self, instance: Instance) -> None:
        """Index it by the caller's ids."""
        self.instance = instance
        self.people = {person.id: person for person in instance.people}
        self.places = {place.id: place for place in instance.places}
        self.requests = {request.id: request for request in instance.requests}
        # One place of each hall that is open, by slot and company
        self.kinds: list[dict[int | None, list[Place]]] = []
        for slot in range(len(instance.slots)):
            kinds = {(p.hall, p.company): p for p in instance.places if slot in p.open}
            self.kinds.append(defaultdict(list))
            for (_, company), place in kinds.items():
                self.kinds[-1][company].append(place)
        self.walks: dict[frozenset[int | None], int] = {
            frozenset(halls): minutes for halls, minutes in instance.walks.items()
        }

    def untold(self, plan: Plan) -> Iterator[str]:
        """Say what is wrong with a plan's own account of itself."""
        yield from self._forgotten(plan)
        yield from self._miscounted(plan)

    def broken(self, meetings: Meetings) -> Iterator[str]:
        """Say which rules some meetings break."""
        for id_, meeting in meetings.items():
            request = self.requests[id_]
            if request.locked not in {None, meeting}:
                yield f"{id_} was moved though it is locked"
            if request.locked is None and (flaw := self.flaw(request, meeting)):
                yield f"{id_}: {flaw}"
        for taken, times in Counter((m.place, m.slot) for m in meetings.values()).items():
            if times > 1:
                yield f"place and slot {taken} are taken {times} times"
        by_person = defaultdict(list)
        for id_, meeting in meetings.items():
            for person in meeting.people:
                by_person[person].append(id_)
        for person, ids in by_person.items():
            yield from self._torn(meetings, person, ids)
            yield from self._too_many(meetings, person, ids)

    def _torn(self, meetings: Meetings, person: int, ids: list[int]) -> Iterator[str]:
        for one, other in combinations(ids, 2):
            both_locked = self.requests[one].locked and self.requests[other].locked
            if not both_locked and (clash := self.clash(meetings[one], meetings[other])):
                yield f"{one} and {other} of {person}: {clash}"

    def flaw(self, request: Request, meeting: Meeting) -> str | None:
        """Say why a meeting can't be held so, if there were no others."""
        one, other = (self.people[id_] for id_ in meeting.people)
        if one.id not in request.sides[0] or other.id not in request.sides[1] or one == other:
            return "somebody else was asked for"
        for person in (one, other):
            if not self.attends(person, meeting.slot):
                return f"{person.id} is not free"
        place = self.places[meeting.place]
        if not self.suits(place, one, other):
            return "the place is not for them"
        if meeting.slot not in place.open:
            return "the place is closed"
        return None

    def attends(self, person: Person, slot: int) -> bool:
        """Tell whether somebody is there and free."""
        day = self.instance.slots[slot].day
        return slot in person.free and (person.days is None or day in person.days)

    def suits(self, place: Place, one: Person, other: Person) -> bool:
        """Tell whether two people may meet at a place."""
        online = one.online or other.online
        return (place.hall is None) == online and (
            place.company is None or place.company in {one.company, other.company}
        )

    def clash(self, one: Meeting, other: Meeting) -> str | None:
        """Say why one person can't have both meetings."""
        slots = self.instance.slots
        early, late = sorted((one, other), key=lambda meeting: slots[meeting.slot].starts)
        if early.slot == late.slot:
            return "at the same time"
        if slots[early.slot].day != slots[late.slot].day:
            return None
        minutes = slots[late.slot].starts - slots[early.slot].ends
        if self.walk(early.place, late.place) > minutes:
            return f"no way from {early.place} to {late.place} in {minutes} minutes"
        return None

    def walk(self, here: int, there: int) -> int:
        """Give the minutes between two places."""
        halls = (self.places[here].hall, self.places[there].hall)
        if None in halls or halls[0] == halls[1]:
            return 0
        return self.walks.get(frozenset(halls), 0)

    def _too_many(self, meetings: Meetings, person: int, ids: list[int]) -> Iterator[str]:
        most = self.people[person].meetings_a_day
        days = defaultdict(list)
        for id_ in ids:
            days[self.instance.slots[meetings[id_].slot].day].append(id_)
        for day, held in days.items():
            if most is not None and len(held) > most:
                if all(self.requests[id_].locked for id_ in held):
                    continue
                yield f"{person} has {len(held)} meetings on day {day}, not {most}"

    def _forgotten(self, plan: Plan) -> Iterator[str]:
        if plan.meetings.keys() & plan.left_out.keys():
            yield "held and left out at once"
        if plan.meetings.keys() | plan.left_out.keys() != self.requests.keys():
            yield "neither held nor left out"
        for id_, request in self.requests.items():
            if request.locked and plan.meetings.get(id_) != request.locked:
                yield f"{id_} was locked"

    def _miscounted(self, plan: Plan) -> Iterator[str]:
        if plan.score != (score := self.score(plan.meetings)):
            yield f"the score is {score}, not {plan.score}"
        if plan.greedy.priority > plan.score.priority:
            yield "greedy was better"

    def score(self, meetings: Meetings) -> Score:
        """Count what a plan is worth."""
        weights = self.instance.weights
        idle, walking = self._days(meetings)
        fairness = self._fairness(meetings)
        choice = 0
        for id_, meeting in meetings.items():
            preferred = self.requests[id_].preferred
            if preferred:
                at = preferred.index(meeting.slot) if meeting.slot in preferred else len(preferred)
                choice += at
        return Score(
            priority=sum(self.requests[id_].priority for id_ in meetings),
            idle=idle,
            walking=walking,
            fairness=fairness,
            choice=choice,
            cost=idle * weights.idle
            + walking * weights.walking
            + fairness * weights.fairness
            + choice * weights.choice,
        )

    def _days(self, meetings: Meetings) -> tuple[int, int]:
        slots = self.instance.slots
        agendas: dict[tuple[int, int], list[Meeting]] = defaultdict(list)
        for meeting in sorted(meetings.values(), key=lambda meeting: meeting.slot):
            for person in meeting.people:
                agendas[person, slots[meeting.slot].day].append(meeting)
        idle = walking = 0
        for (person, _), agenda in agendas.items():
            busy = {meeting.slot for meeting in agenda}
            idle += sum(
                self.attends(self.people[person], slot) and slot not in busy
                for slot in range(min(busy), max(busy))
            )
            halls = [m.place for m in agenda if self.places[m.place].hall is not None]
            walking += sum(map(self.walk, halls, halls[1:]))
        return idle, walking

    def _fairness(self, meetings: Meetings) -> int:
        asked: Counter[int] = Counter()
        missed: Counter[int] = Counter()
        for id_, request in self.requests.items():
            pairs = [pair for pair in product(*request.sides) if pair[0] != pair[1]]
            companies = {self.people[person].company for pair in pairs for person in pair}
            asked.update(companies)
            if id_ not in meetings:
                missed.update(companies)
        return sum(60 * left**2 // asked[company] for company, left in missed.items())

    def ways(self, request: Request) -> Iterator[tuple[int, int, int, int]]:
        """Give every way to hold a request, if there were no others: people, slot and place."""
        for one, other in product(*request.sides):
            a, b = self.people[one], self.people[other]
            if one == other:
                continue
            for slot in range(len(self.instance.slots)):
                if self.attends(a, slot) and self.attends(b, slot):
                    for place in self.instance.places:
                        if slot in place.open and self.suits(place, a, b):
                            yield one, other, slot, place.id
