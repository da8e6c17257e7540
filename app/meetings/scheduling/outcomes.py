"""From a plan to what is kept of it: a row for each request, and the figures of the whole."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy.dialects.postgresql import Range

from app.agendas.periods import range_of
from app.meetings.editions import period_of_slot
from app.meetings.planning.instance import Instance, Meeting
from app.meetings.planning.outcome import Plan, Score
from app.meetings.scheduling.framing import Frame
from app.meetings.scheduling.job import Job
from app.meetings.scheduling.market_rows import MeetingRow, RequestRow
from app.models.base import JsonObject
from app.models.schedules import ScheduleChange

Outcome = dict[str, Any]
NOTHING: Outcome = dict.fromkeys(
    (
        *("during", "place_id", "asker_id", "taker_id", "reason"),
        *("before_during", "before_place_id", "before_people", "before_sequence"),
    )
) | {"obstacles": {}}


def outcomes_of(framed: Frame, plan: Plan) -> list[Outcome]:
    """Give what a plan says of each request, as rows of `schedule_outcomes`, by id."""
    found = [*_meetings(framed, plan), *_left_out(framed, plan)]
    return sorted(found, key=lambda outcome: int(outcome["request_id"]))


def _meetings(framed: Frame, plan: Plan) -> Iterator[Outcome]:
    for id_, meeting in plan.meetings.items():
        row = framed.rows[id_]
        asker_id, taker_id = meeting.people
        yield _outcome(row, _change(framed, row, meeting)) | {
            "during": _during(framed, meeting),
            "place_id": meeting.place,
            "asker_id": asker_id,
            "taker_id": taker_id,
        }


def _left_out(framed: Frame, plan: Plan) -> Iterator[Outcome]:
    for id_, left_out in plan.left_out.items():
        obstacles = Counter(obstacle.value for obstacle in left_out.obstacles.values())
        yield _without(framed.rows[id_], left_out.reason.value) | {"obstacles": dict(obstacles)}
    for id_, absent in framed.absent.items():
        yield _without(framed.rows[id_], absent.value)


def _without(row: RequestRow, reason: str) -> Outcome:
    change = ScheduleChange.LEFT_OUT if _live(row) is None else ScheduleChange.LOST
    return _outcome(row, change) | {"reason": reason}


def _outcome(row: RequestRow, change: ScheduleChange) -> Outcome:
    found = {**NOTHING, "request_id": row.id, "change": change}
    if (meeting := row.meeting) is not None:
        found |= {
            "before_during": range_of(meeting.during),
            "before_place_id": meeting.place_id,
            "before_people": [person_id for person_id, _ in meeting.people],
            "before_sequence": meeting.sequence,
        }
    return found


def _change(framed: Frame, row: RequestRow, meeting: Meeting) -> ScheduleChange:
    if (live := _live(row)) is None:
        return ScheduleChange.NEW
    stays = (
        framed.timetable.number.get(live.during) == meeting.slot
        and live.place_id == meeting.place
        and {person_id for person_id, _ in live.people} == set(meeting.people)
    )
    return ScheduleChange.KEPT if stays else ScheduleChange.MOVED


def _live(row: RequestRow) -> MeetingRow | None:
    return row.meeting if row.meeting is not None and row.meeting.live else None


def _during(framed: Frame, meeting: Meeting) -> Range[datetime]:
    return range_of(period_of_slot(framed.timetable.slots[meeting.slot]))


# The whole ------------------------------------------------------------------------------------


def figures_of(plan: Plan, outcomes: list[Outcome]) -> JsonObject:
    """Give the figures of a plan, as `PlanOut` shows them."""
    changes = Counter(outcome["change"].value for outcome in outcomes)
    return {
        "status": plan.status.value,
        "ended": plan.ended.value,
        "priority": plan.score.priority,
        "bound": plan.bound,
        "gap": plan.gap,
        "score": _shown(plan.score),
        "greedy": _shown(plan.greedy),
        "counts": {
            "requests": len(outcomes),
            "meetings": sum(outcome["during"] is not None for outcome in outcomes),
            **{change.value: changes[change.value] for change in ScheduleChange},
        },
    }


def _shown(score: Score) -> JsonObject:
    return {
        "priority": score.priority,
        "idle_slots": score.idle,
        "walking_minutes": score.walking,
        "fairness": score.fairness,
        "choice": score.choice,
        "cost": score.cost,
    }


def fingerprint_of(job: Job) -> str:
    """Name all that a plan depends on: the same name, the same plan, unless a clock ended it."""
    known = sorted((id_, _told(meeting)) for id_, meeting in (job.known or {}).items())
    said = [
        [job.seed, job.effort, job.known is not None, sorted(job.waiting), known],
        _facts(job.instance),
    ]
    return hashlib.sha256(to_json(said)).hexdigest()


def _told(meeting: Meeting) -> list[Any]:
    return [meeting.slot, meeting.place, *meeting.people]


def _facts(instance: Instance) -> list[Any]:
    weights = instance.weights
    return [
        [(slot.day, slot.starts, slot.ends) for slot in instance.slots],
        [
            (one.id, one.company, sorted(one.free), one.online, one.meetings_a_day)
            for one in instance.people
        ],
        [(one.id, one.hall, sorted(one.open), one.company) for one in instance.places],
        [
            (one.id, one.sides, one.priority, one.preferred, one.locked and _told(one.locked))
            for one in instance.requests
        ],
        sorted(instance.walks.items()),
        (weights.idle, weights.walking, weights.fairness, weights.choice),
    ]
