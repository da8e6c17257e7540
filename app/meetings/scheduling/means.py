"""What a plan is made with: people with their free time, places with theirs, ways between halls."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import combinations

from app.agendas.rules import Period
from app.meetings.planning.instance import Person, Place, Request
from app.meetings.scheduling.market_rows import AttendeeRow, MarketRows, MeetingRow
from app.meetings.scheduling.timetable import Timetable


@dataclass(slots=True)
class Placed:
    """Meetings that are there already, told apart by whether the planner reckons with them."""

    # Locked, or to be planned anew: what they hold is the planner's to know
    meeting_ids: set[int] = field(default_factory=set)
    # At no slot or place that the planner knows: they are in the way, and count for the day
    afloat: list[MeetingRow] = field(default_factory=list)
    # Of the people of the locked ones, who may attend no more
    companies: dict[int, int] = field(default_factory=dict)


class Means:
    """Looks up who is free, and what is open, in which slots."""

    def __init__(
        self, rows: MarketRows, timetable: Timetable, earliest: datetime, placed: Placed
    ) -> None:
        """Reckon what is held."""
        self._rows, self._timetable, self._placed = rows, timetable, placed
        self._later = frozenset(timetable.after(earliest))
        self._halls = {row.id: row.hall_id for row in rows.places}
        self.walks = dict(self._walks())
        self._busy = self._held()
        self._floating = self._count_afloat()

    # People -----------------------------------------------------------------------------------

    def people(self, requests: Iterable[Request]) -> tuple[Person, ...]:
        """Give everybody whom a request is about."""
        attendees = {row.person_id: row for row in self._rows.attendees}
        asked = {person for one in requests for side in one.sides for person in side}
        return tuple(self._person(id_, attendees.get(id_)) for id_ in sorted(asked))

    def _person(self, id_: int, row: AttendeeRow | None) -> Person:
        most = self._rows.meetings_a_day
        if most is not None:
            most = max(0, most - self._floating.get(id_, 0))
        if row is None:  # locked to what they no longer attend
            return Person(id_, self._placed.companies[id_], frozenset(), meetings_a_day=most)
        free = self._attended(row) & self._later - self._busy.get(id_, set())
        return Person(id_, row.organisation_id, free, row.online, meetings_a_day=most)

    def _attended(self, row: AttendeeRow) -> frozenset[int]:
        slots = self._timetable.slots
        said = (
            range(len(slots))
            if row.free is None
            else (slot for one in row.free for slot in self._timetable.inside(one))
        )
        return frozenset(slot for slot in said if not row.days or slots[slot].day in row.days)

    def _count_afloat(self) -> dict[int, int]:
        """Count the meetings of people's fullest day that the planner does not know of."""
        days: Counter[tuple[int, date]] = Counter()
        for meeting in self._placed.afloat:
            day = meeting.during.starts_at.astimezone(self._rows.zone).date()
            days.update((person_id, day) for person_id, _ in meeting.people)
        most: dict[int, int] = {}
        for (person_id, _), meetings in days.items():
            most[person_id] = max(meetings, most.get(person_id, 0))
        return most

    # Places -----------------------------------------------------------------------------------

    def places(self) -> tuple[Place, ...]:
        """Give all places, and when they are open: a closed one never."""
        return tuple(
            Place(
                row.id,
                row.hall_id,
                frozenset() if row.closed else self._later - self._busy.get(row.id, set()),
                row.seller_id,
            )
            for row in self._rows.places
        )

    def _walks(self) -> Iterator[tuple[tuple[int, int], int]]:
        """Give the minutes between any two halls: the market's own where nothing is said of two."""
        halls = sorted({hall_id for hall_id in self._halls.values() if hall_id is not None})
        for pair in combinations(halls, 2):
            minutes = self._rows.walks.get(pair, self._rows.walk_minutes)
            if minutes:
                yield pair, minutes

    # What is held -----------------------------------------------------------------------------

    def _held(self) -> dict[int, set[int]]:
        """Give the slots in which people and places hold what the planner does not know of."""
        busy: dict[int, set[int]] = defaultdict(set)
        for hold in self._rows.holds:
            if hold.meeting_id not in self._placed.meeting_ids:
                busy[hold.holder_id].update(self._timetable.met_by(hold.during))
        for meeting in self._placed.afloat:
            for person_id, _ in meeting.people:
                busy[person_id].update(self._timetable.met_by(self._with_walks(meeting)))
        return busy

    def _with_walks(self, meeting: MeetingRow) -> Period:
        """Give a meeting's time, and that of the longest walk before and after it."""
        hall_id = self._halls.get(meeting.place_id or 0)
        ways = [minutes for halls, minutes in self.walks.items() if hall_id in halls]
        walk = timedelta(minutes=max(ways, default=0))
        return Period(meeting.during.starts_at - walk, meeting.during.ends_at + walk)
