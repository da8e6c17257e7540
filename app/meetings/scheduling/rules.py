"""The words of a schedule: why a request is left out, and why a plan is outdated."""

from enum import StrEnum

from app.meetings.planning.outcome import Reason


class Absent(StrEnum):
    """Why a request is not for the planner: there is nobody to meet."""

    ASKER_GONE = "asker_gone"
    ASKED_GONE = "asked_gone"


class Outdated(StrEnum):
    """What changed since a plan was made, so that a meeting of it can't be."""

    REQUEST_CHANGED = "request_changed"
    MEETING_CHANGED = "meeting_changed"
    PERSON_GONE = "person_gone"
    PERSON_BUSY = "person_busy"
    DAY_FULL = "day_full"
    SLOT_GONE = "slot_gone"
    TOO_LATE = "too_late"
    PLACE_CLOSED = "place_closed"
    PLACE_TAKEN = "place_taken"
    PLACE_UNSUITABLE = "place_unsuitable"
    TOO_FAR = "too_far"


# Why a request is left out, for people to read
WORDS: dict[str, str] = {
    Reason.NO_COMMON_TIME: "There is no slot left in which both sides are free.",
    Reason.NO_PLACE: "Whenever both sides are free, no place that is for them is open.",
    Reason.HIGHER_PRIORITY: "In each slot somebody has a meeting whose request has a higher "
    "priority.",
    Reason.BUSY: "In each slot somebody has another meeting.",
    Reason.DAY_FULL: "On each day that is left somebody has as many meetings as they may.",
    Reason.PLACES_TAKEN: "In the slots that are left every place that is for them is taken.",
    Reason.TOO_FAR: "In the slots that are left somebody could not walk there in time, or not "
    "on to the next meeting.",
    Absent.ASKER_GONE: "Whoever asked does not attend the market now as a buyer or a seller.",
    Absent.ASKED_GONE: "None of those who could take it attends the market now.",
}

# Why a meeting of a plan can't be any more
OUTDATED: dict[Outdated, str] = {
    Outdated.REQUEST_CHANGED: "The request is no longer accepted for these people to meet, or has "
    "a meeting already.",
    Outdated.MEETING_CHANGED: "The meeting to be moved or taken off was moved, locked or called "
    "off.",
    Outdated.PERSON_GONE: "One of the two does not attend the market any more.",
    Outdated.PERSON_BUSY: "One of the two is not free at that time any more.",
    Outdated.DAY_FULL: "One of the two has as many meetings that day as they may.",
    Outdated.SLOT_GONE: "The market has no such slot any more.",
    Outdated.TOO_LATE: "It is too late for a meeting at that time.",
    Outdated.PLACE_CLOSED: "The place is closed, or no longer there.",
    Outdated.PLACE_TAKEN: "The place holds something else at that time.",
    Outdated.PLACE_UNSUITABLE: "The place is for others now, or one of the two is to be met "
    "elsewhere: online, or no longer so.",
    Outdated.TOO_FAR: "One of the two could not walk there in time, or not on to the next meeting.",
}
