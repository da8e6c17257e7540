"""The arithmetic of who came: when it can be said, and what it makes of a meeting."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from app.agendas.rules import Period
from app.models.meetings import MeetingRequestState

# So long before it begins those who meet can say that they are there.
EARLY = timedelta(minutes=15)
# How late one may come where no market says so
GRACE = timedelta(minutes=10)


class Mark(StrEnum):
    """What is known of somebody who should be at a meeting."""

    CAME = "came"
    MISSED = "missed"
    UNKNOWN = "unknown"


def opens_at(during: Period) -> datetime:
    """Give the instant from which one can check in."""
    return during.starts_at - EARLY


def no_show_from(during: Period, grace: timedelta) -> datetime:
    """Give the instant from which it can be said that somebody did not come.

    Once the grace is over, or the meeting, if that comes first.
    """
    return min(during.starts_at + grace, during.ends_at)


def state_of(marks: Sequence[Mark]) -> MeetingRequestState:
    """Tell what a meeting is by what is known of its people.

    Held, where all came; a no-show, where somebody did not; else it stays as it was planned. Nobody
    is ever taken to have met of whom nobody said so.
    """
    if all(mark is Mark.CAME for mark in marks):
        return MeetingRequestState.HELD
    if Mark.MISSED in marks:
        return MeetingRequestState.NO_SHOW
    return MeetingRequestState.SCHEDULED


def missing_after(marks: Sequence[Mark]) -> list[int]:
    """Tell, once a meeting is over, which of its people did not come, by their places.

    Who is not said to have come while somebody else was there; nobody, where nobody was: then it is
    not known.
    """
    if Mark.CAME not in marks:
        return []
    return [place for place, mark in enumerate(marks) if mark is Mark.UNKNOWN]
