"""What comes in and goes out of the runs of the schedule."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, JsonValue, model_validator

from app.accounts.schemas import OrganisationRef, Out, PersonRef
from app.ids import Id
from app.incoming import Incoming
from app.meetings.planning.outcome import Ended, Status
from app.meetings.schemas import LocalPeriod, PeriodOut
from app.models.schedules import ScheduleChange, ScheduleMode
from app.operations.schemas import OperationOut

MOST_WEIGHT = 1000
Weight = Annotated[int, Field(strict=True, ge=0, le=MOST_WEIGHT)]


class ScheduleRunState(StrEnum):
    """How far a run is; one that was cancelled with a plan at hand is `planned`."""

    QUEUED = "queued"
    RUNNING = "running"
    PLANNED = "planned"
    APPLIED = "applied"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ScheduleWeights(Incoming):
    """What the secondary goals cost, against each other; the priority met comes before them all."""

    idle: Weight = Field(
        default=4, description="Each slot in which somebody waits between two meetings of a day."
    )
    walking: Weight = Field(
        default=1, description="Each minute somebody walks between two meetings of a day."
    )
    fairness: Weight = Field(
        default=1,
        description="Each sixtieth of `left out² / asked`, summed over companies: it costs more to "
        "leave one company out twice than two companies once.",
    )
    choice: Weight = Field(
        default=2, description="Each step away from the first of the proposed times."
    )


class ScheduleRunIn(Incoming):
    """How to plan."""

    mode: ScheduleMode = Field(
        default=ScheduleMode.PLAN,
        description="`plan`: meetings that have a time stay where they are. `repair`: they move "
        "where they must, and as few as can be.",
    )
    repair_of: Id | None = Field(
        default=None,
        description="Of a repair: an applied run of this market. What it left out waits on, and "
        "moves nobody. Null: the one that was applied last.",
        examples=[None],
    )
    seed: int = Field(
        default=0,
        strict=True,
        ge=0,
        lt=2**31,
        description="The same seed and effort plan the same market in the same way.",
        examples=[0],
    )
    effort: float = Field(
        default=1.0,
        ge=0.05,
        le=20,
        allow_inf_nan=False,
        description="How long to search, in steps: twice as much takes about twice as long.",
        examples=[1.0],
    )
    seconds: int = Field(
        default=600,
        strict=True,
        ge=1,
        le=3600,
        description="How long at most. Where the clock ends the search (`ended` is `clock`), "
        "another run may plan otherwise.",
        examples=[600],
    )
    weights: ScheduleWeights = ScheduleWeights()

    @model_validator(mode="after")
    def _repairs_what_it_names(self) -> Self:
        if self.repair_of is not None and self.mode is not ScheduleMode.REPAIR:
            raise ValueError("repair_of is of the mode repair")
        return self


# Outgoing -------------------------------------------------------------------------------------

_SCORE: dict[str, JsonValue] = {
    "priority": 41,
    "idle_slots": 12,
    "walking_minutes": 30,
    "fairness": 45,
    "choice": 3,
    "cost": 129,
}


class ScheduleScore(Out):
    """How good a plan is: first by `priority`, then by `cost`."""

    priority: int = Field(description="The priorities of all requests that have a meeting, summed.")
    idle_slots: int = Field(description="Slots in which people wait between two meetings of a day.")
    walking_minutes: int = Field(description="Minutes people walk between two meetings of a day.")
    fairness: int = Field(description="Sixtieths of `left out² / asked`, summed over companies.")
    choice: int = Field(description="Steps away from first choices.")
    cost: int = Field(description="The last four, weighed.")


class ScheduleCounts(Out):
    """How many requests there are of each change."""

    requests: int
    meetings: int = Field(description="`new`, `moved` and `kept` ones.")
    new: int
    moved: int
    kept: int
    left_out: int
    lost: int = Field(description="Meetings there are that nobody can hold any more.")


class PlanOut(Out):
    """The figures of a plan."""

    status: Status = Field(
        description="`optimal`: the bound proves that no plan meets more priority. `cancelled`: it "
        "keeps every rule, but is not the best that was to be had."
    )
    ended: Ended = Field(
        description="Why the search went on no longer: `proof`, `effort`, or the `clock` or a "
        "`cancel`, after which the same seed may plan otherwise."
    )
    priority: int = Field(description="The priority met.", examples=[41])
    bound: int = Field(description="No plan meets more: it is proven.", examples=[41])
    gap: float = Field(description="The share of the bound that is missing.", examples=[0.0])
    score: ScheduleScore = Field(examples=[_SCORE])
    greedy: ScheduleScore = Field(
        description="Of first come, first served, by priority.", examples=[_SCORE]
    )
    counts: ScheduleCounts


class ScheduleRunOut(Out):
    """A run of the schedule."""

    id: Id
    market_id: Id
    state: ScheduleRunState
    mode: ScheduleMode
    repair_of: Id | None
    seed: int
    effort: float
    seconds: int
    weights: ScheduleWeights
    operation: OperationOut | None = Field(
        description="The work of planning: its progress, and its problem if it failed. Null once "
        "it is forgotten, after 90 days."
    )
    plan: PlanOut | None = Field(description="Once it is planned.")
    fingerprint: str | None = Field(
        description="Of all that was planned, and how: the same fingerprint is the same plan.",
        examples=["9f2c1d5e0b7a4c3380f1e2d3c4b5a69788796a5b4c3d2e1f0a1b2c3d4e5f6071"],
    )
    planned_at: datetime | None
    applied_at: datetime | None
    created_at: datetime


class PlannedPlace(Out):
    """A place by name."""

    id: Id
    name: str | None = Field(
        description="Null where it was deleted after it was planned for.", examples=["B12"]
    )


class PlannedPerson(Out):
    """Who would meet."""

    person: PersonRef
    organisation: OrganisationRef


class MeetingBefore(PeriodOut):
    """The meeting a request had when it was planned, called off or not."""

    place_id: Id | None
    person_ids: list[Id]


class PlannedMeetingOut(PeriodOut):
    """A meeting of a plan."""

    request_id: Id
    change: ScheduleChange = Field(description="`new`, `moved` or `kept`.")
    local: LocalPeriod = Field(description="On the market's clock.")
    place: PlannedPlace
    people: list[PlannedPerson] = Field(description="Who asked first, then who was asked.")
    before: MeetingBefore | None = Field(description="Where it moves from; null if it never was.")


class LeftOutOut(Out):
    """A request that a plan has no meeting for, and why."""

    request_id: Id
    change: ScheduleChange = Field(
        description="`left_out`: it waits on. `lost`: it has a meeting that nobody can hold any "
        "more, and that is taken off when the run is applied."
    )
    reason: str = Field(
        description="For programs: `no_common_time`, `no_place`, `higher_priority`, `busy`, "
        "`day_full`, `places_taken`, `too_far`; `asker_gone` or `asked_gone` where nobody of a "
        "side attends any more.",
        examples=["busy"],
    )
    detail: str = Field(
        description="For people.", examples=["In each slot somebody has another meeting."]
    )
    obstacles: dict[str, int] = Field(
        description="In how many of the slots it could have had what stands in the way.",
        examples=[{"higher_priority": 2, "busy": 5}],
    )
    before: MeetingBefore | None = Field(description="The meeting it has or had; null if none.")
