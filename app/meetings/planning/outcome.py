"""What comes of planning: the meetings, how good they are, and why the others are none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.meetings.planning.instance import Meeting

# A price of one unit of priority
UNIT = 1_000_000
# Of a place: its hall, and whose it is
Kind = tuple[int | None, int | None]


class Status(StrEnum):
    """How planning ended."""

    # No plan meets more priority: the bound says so
    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    # Stopped by the caller: a plan that keeps every rule, but not the best that was to be had
    CANCELLED = "cancelled"


class Ended(StrEnum):
    """Why the search did not go on; after `CLOCK` and `CANCEL` the same seed may plan otherwise."""

    PROOF = "proof"
    EFFORT = "effort"
    CLOCK = "clock"
    CANCEL = "cancel"


class Obstacle(StrEnum):
    """What keeps a request out of one slot; of several the one that is hardest to see."""

    # Somebody has a meeting then whose request has a higher priority
    HIGHER_PRIORITY = "higher_priority"
    # Somebody has another meeting then
    BUSY = "busy"
    # Somebody has as many meetings that day as they may
    DAY_FULL = "day_full"
    # Every place that would do is taken
    PLACES_TAKEN = "places_taken"
    # Nobody could walk so fast, from the meeting before or to the next
    TOO_FAR = "too_far"


class Reason(StrEnum):
    """Why a request is left out: the last obstacle it reached in any slot, or that it has none."""

    # There is no slot in which both sides are free
    NO_COMMON_TIME = "no_common_time"
    # There is one, but no place for them is open then
    NO_PLACE = "no_place"
    # In each slot somebody has a meeting of a higher priority
    HIGHER_PRIORITY = Obstacle.HIGHER_PRIORITY.value
    # In each slot somebody has another meeting, not always of a higher priority
    BUSY = Obstacle.BUSY.value
    DAY_FULL = Obstacle.DAY_FULL.value
    PLACES_TAKEN = Obstacle.PLACES_TAKEN.value
    TOO_FAR = Obstacle.TOO_FAR.value


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a request is no meeting: what stands in the way in each slot it could have had."""

    reason: Reason
    obstacles: Mapping[int, Obstacle]


@dataclass(frozen=True, slots=True)
class Score:
    """How good a plan is: first by `priority`, the more the better, then by `cost`, the less."""

    # The sum of the priorities of all requests that have a meeting
    priority: int = 0
    # Slots in which people wait between two meetings of a day
    idle: int = 0
    # Minutes that people walk between two meetings of a day
    walking: int = 0
    # Sixtieths of `left out² / asked`, summed over companies
    fairness: int = 0
    # Steps from the first choices
    choice: int = 0
    # The last four, weighed
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Prices:
    """A proof that no plan meets more than so much priority; in millionths of it.

    Whatever the prices are, no plan is worth more than this sum: each person costs the price of a
    day for each meeting they can still have then, and that of a slot if they can have one; each
    place that of its day and of its slot, for each slot in which it is open; and each request wins
    what its priority exceeds the cheapest way to hold it. Locked meetings are worth their priority,
    and what they use cannot be used. The sum is rounded down to what priorities can come to: a
    multiple of what divides them all.
    """

    # Of (person, day), for a meeting
    people: Mapping[tuple[int, int], int] = field(default_factory=dict)
    # The same of (person, slot)
    people_then: Mapping[tuple[int, int], int] = field(default_factory=dict)
    # Of ((hall, company), day), for a place in a slot: all those of a hall and company are alike
    places: Mapping[tuple[Kind, int], int] = field(default_factory=dict)
    # The same of ((hall, company), slot)
    places_then: Mapping[tuple[Kind, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What came out, by the ids of the requests."""

    meetings: Mapping[int, Meeting]
    left_out: Mapping[int, LeftOut]
    score: Score
    # No plan has a higher `score.priority`
    bound: int
    status: Status
    ended: Ended
    # What proves the bound; None where the whole search is the proof
    prices: Prices | None
    # What the baseline's plan has
    greedy: Score

    @property
    def gap(self) -> float:
        """Give the share of the bound that is missing: 0 where the plan is proven the best."""
        return 1 - self.score.priority / self.bound if self.bound else 0.0
