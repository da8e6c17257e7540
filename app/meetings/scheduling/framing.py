"""From a market's rows to what is to be planned: pure, and the same for planning and applying."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.meetings.attending import OTHER_ROLE
from app.meetings.planning.instance import Candidates, Instance, Meeting, Request, Weights
from app.meetings.scheduling.market_rows import MarketRows, MeetingRow, RequestRow
from app.meetings.scheduling.means import Means, Placed
from app.meetings.scheduling.rules import Absent
from app.meetings.scheduling.timetable import Timetable
from app.models.markets import AccreditationRole
from app.models.meetings import MeetingRequestState

MayMove = Callable[[RequestRow], bool]


@dataclass(frozen=True, slots=True)
class Frame:
    """What is to be planned, and how it hangs together with the rows."""

    instance: Instance
    timetable: Timetable
    # From then on slots are to be had
    earliest: datetime
    rows: Mapping[int, RequestRow]
    # Meetings that people know and that may move, or had before they were taken off
    known: Mapping[int, Meeting]
    # Requests that are not in the instance, some with a meeting that nobody can hold any more
    absent: Mapping[int, Absent]


def frame(
    rows: MarketRows, now: datetime, may_move: MayMove, weights: Weights | None = None
) -> Frame:
    """Frame what is to be planned; whatever may not move, or is about to begin, is locked.

    `may_move` is asked of every live meeting that is neither locked nor about to begin.
    """
    sorting = _Sorting(rows, now)
    for row in rows.requests:
        sorting.take(row, may_move)
    means = Means(rows, sorting.timetable, sorting.earliest, sorting.placed)
    instance = Instance(
        slots=sorting.timetable.for_planning(),
        people=means.people(sorting.requests),
        places=means.places(),
        requests=tuple(sorting.requests),
        walks=means.walks,
        weights=weights or Weights(),
    )
    return Frame(
        instance=instance,
        timetable=sorting.timetable,
        earliest=sorting.earliest,
        rows={row.id: row for row in rows.requests},
        known=sorting.known,
        absent=sorting.absent,
    )


class _Sorting:
    """Decides of each request whether it is planned, locked where it is, or in the way."""

    def __init__(self, rows: MarketRows, now: datetime) -> None:
        self.earliest = now + rows.lead
        self.timetable = Timetable(rows.slots, now, rows.zone)
        self.attendees = {row.person_id: row for row in rows.attendees}
        self.place_ids = {row.id for row in rows.places}
        self.takers: dict[tuple[int, AccreditationRole], list[int]] = defaultdict(list)
        for row in rows.attendees:
            self.takers[row.organisation_id, row.role].append(row.person_id)
        self.requests: list[Request] = []
        self.known: dict[int, Meeting] = {}
        self.absent: dict[int, Absent] = {}
        self.placed = Placed()
        # People and places that a locked meeting has in a slot
        self._pinned: set[tuple[int, int]] = set()

    def take(self, row: RequestRow, may_move: MayMove) -> None:
        """Decide of one."""
        meeting = row.meeting if row.meeting is not None and row.meeting.live else None
        if row.state is MeetingRequestState.ACCEPTED:
            self._plan(row)
        elif meeting is None or self.timetable.is_over(meeting.during):
            pass  # nothing of it is left
        elif (at := self._as_meeting(row)) is None:
            self.placed.afloat.append(meeting)
        elif self._is_movable(row, meeting) and may_move(row):
            self.placed.meeting_ids.add(meeting.id)
            self._plan(row)
        else:
            self._lock(row, meeting, at)

    def _is_movable(self, row: RequestRow, meeting: MeetingRow) -> bool:
        return (
            row.state is MeetingRequestState.SCHEDULED
            and not meeting.locked
            and meeting.during.starts_at >= self.earliest
        )

    def _plan(self, row: RequestRow) -> None:
        sides = self._sides(row)
        if isinstance(sides, Absent):
            self.absent[row.id] = sides
            return
        slots = (slot for one in row.proposed for slot in self.timetable.inside(one))
        self.requests.append(Request(row.id, sides, row.priority, tuple(dict.fromkeys(slots))))
        if (known := self._as_meeting(row)) is not None:
            self.known[row.id] = known

    def _lock(self, row: RequestRow, meeting: MeetingRow, at: Meeting) -> None:
        holders = {(holder, at.slot) for holder in (*at.people, at.place)}
        if holders & self._pinned:
            self.placed.afloat.append(meeting)
            return
        self._pinned |= holders
        self.placed.meeting_ids.add(meeting.id)
        self.placed.companies |= dict(meeting.people)
        one, other = at.people
        self.requests.append(Request(row.id, ((one,), (other,)), row.priority, locked=at))

    def _sides(self, row: RequestRow) -> tuple[Candidates, Candidates] | Absent:
        asker = self.attendees.get(row.from_person_id)
        if asker is None or asker.role not in OTHER_ROLE:
            return Absent.ASKER_GONE
        takers = self.takers.get((row.to_organisation_id, OTHER_ROLE[asker.role]), [])
        if row.taker_id is not None:
            takers = [taker for taker in takers if taker == row.taker_id]
        return ((asker.person_id,), tuple(takers)) if takers else Absent.ASKED_GONE

    def _as_meeting(self, row: RequestRow) -> Meeting | None:
        """Give the meeting a request has or had, if the planner has words for it."""
        if (meeting := row.meeting) is None or meeting.place_id not in self.place_ids:
            return None
        slot = self.timetable.number.get(meeting.during)
        sides = {organisation_id: person_id for person_id, organisation_id in meeting.people}
        one, other = sides.get(row.from_organisation_id), sides.get(row.to_organisation_id)
        if slot is None or one is None or other is None or meeting.place_id is None:
            return None
        return Meeting(slot, meeting.place_id, (one, other))
