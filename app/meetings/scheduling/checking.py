"""Whether a plan can still be carried out, by the market as it is now: pure, and to the letter."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from app.agendas.rules import Period
from app.meetings.planning.instance import Meeting, Person, Place
from app.meetings.scheduling.framing import Frame
from app.meetings.scheduling.rules import Outdated
from app.models.meetings import MeetingRequestState
from app.models.schedules import ScheduleChange


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan wants of a request; no time and nobody where its meeting is taken off."""

    request_id: int
    change: ScheduleChange
    during: Period | None
    place_id: int | None
    people: tuple[int, int] | None
    before_sequence: int | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a plan from being carried out."""

    request_id: int
    why: Outdated


def faults_of(framed: Frame, planned: Sequence[Planned]) -> list[Fault]:
    """Say what of a plan can't be any more, by request; nothing if all of it can."""
    return _Checking(framed, planned).faults()


class _Checking:
    def __init__(self, framed: Frame, planned: Sequence[Planned]) -> None:
        self.framed, self.planned = framed, planned
        instance = framed.instance
        self.people = {one.id: one for one in instance.people}
        self.places = {one.id: one for one in instance.places}
        self.requests = {one.id: one for one in instance.requests}
        self.halls = {one.id: one.hall for one in instance.places}
        # All meetings there would be, those that are there already first
        self.meetings = {one.id: one.locked for one in instance.requests if one.locked is not None}
        self.locked = frozenset(self.meetings)

    def faults(self) -> list[Fault]:
        found: dict[int, Outdated] = {}
        for one in self.planned:
            if (why := self._flaw(one)) is not None:
                found[one.request_id] = why
        for request_id, why in self._clashes():
            if request_id not in self.locked:
                found.setdefault(request_id, why)
        return [Fault(request_id, why) for request_id, why in sorted(found.items())]

    # One by one ---------------------------------------------------------------------------------

    def _flaw(self, one: Planned) -> Outdated | None:
        """Say why a meeting can't be, if there were no others; note it if it can."""
        if (why := self._flaw_of_request(one)) is not None:
            return why
        if one.during is None or one.place_id is None or one.people is None:
            return None  # it is only taken off
        if (why := self._flaw_of_people(one.request_id, one.people)) is not None:
            return why
        if (slot := self.framed.timetable.number.get(one.during)) is None:
            return Outdated.SLOT_GONE
        if one.during.starts_at < self.framed.earliest:
            return Outdated.TOO_LATE
        self.meetings[one.request_id] = Meeting(slot, one.place_id, one.people)
        people = [self.people[id_] for id_ in one.people]
        return _flaw_of_slot(self.places.get(one.place_id), slot, people)

    def _flaw_of_people(self, request_id: int, people: tuple[int, int]) -> Outdated | None:
        if (request := self.requests.get(request_id)) is None:
            return Outdated.PERSON_GONE
        if all(id_ in side for id_, side in zip(people, request.sides, strict=True)):
            return None
        is_there = all(id_ in self.people for id_ in people)
        return Outdated.REQUEST_CHANGED if is_there else Outdated.PERSON_GONE

    def _flaw_of_request(self, one: Planned) -> Outdated | None:
        row = self.framed.rows.get(one.request_id)
        if row is None:
            return Outdated.REQUEST_CHANGED
        if one.change is ScheduleChange.NEW:
            is_waiting = row.state is MeetingRequestState.ACCEPTED
            return None if is_waiting else Outdated.REQUEST_CHANGED
        if row.state is not MeetingRequestState.SCHEDULED or row.meeting is None:
            return Outdated.MEETING_CHANGED
        is_same = row.meeting.live and row.meeting.sequence == one.before_sequence
        return None if is_same and one.request_id not in self.locked else Outdated.MEETING_CHANGED

    # Together -----------------------------------------------------------------------------------

    def _clashes(self) -> Iterator[tuple[int, Outdated]]:
        """Say which meetings can't be together; of what one person or place has, both are named."""
        days: dict[tuple[int, int], list[int]] = defaultdict(list)
        places: dict[tuple[int, int], list[int]] = defaultdict(list)
        slots = self.framed.instance.slots
        for request_id, meeting in self.meetings.items():
            places[meeting.place, meeting.slot].append(request_id)
            for person_id in meeting.people:
                days[person_id, slots[meeting.slot].day].append(request_id)
        for (person_id, _), request_ids in days.items():
            for one, other in combinations(request_ids, 2):
                if (why := self._clash(self.meetings[one], self.meetings[other])) is not None:
                    yield from ((either, why) for either in (one, other))
            most = self.people[person_id].meetings_a_day
            if most is not None and len(request_ids) > most:
                yield from ((one, Outdated.DAY_FULL) for one in request_ids)
        for request_ids in places.values():
            if len(request_ids) > 1:
                yield from ((one, Outdated.PLACE_TAKEN) for one in request_ids)

    def _clash(self, one: Meeting, other: Meeting) -> Outdated | None:
        """Say why nobody can have both on a day."""
        if one.slot == other.slot:
            return Outdated.PERSON_BUSY
        early, late = sorted((one.slot, other.slot))
        slots = self.framed.instance.slots
        halls = (self.halls.get(one.place), self.halls.get(other.place))
        pair = tuple(sorted(hall for hall in set(halls) if hall is not None))
        walk = self.framed.instance.walks.get((pair[0], pair[1]), 0) if len(pair) > 1 else 0
        return Outdated.TOO_FAR if slots[late].starts - slots[early].ends < walk else None


def _flaw_of_slot(place: Place | None, slot: int, people: Sequence[Person]) -> Outdated | None:
    """Say why two can't meet there then; first, why they can't meet at all."""
    if any(slot not in person.free for person in people):
        return Outdated.PERSON_BUSY
    if place is None or not place.open:
        return Outdated.PLACE_CLOSED
    is_online = any(person.online for person in people)
    companies = {None, *(person.company for person in people)}
    if (place.hall is None) != is_online or place.company not in companies:
        return Outdated.PLACE_UNSUITABLE
    return None if slot in place.open else Outdated.PLACE_TAKEN
