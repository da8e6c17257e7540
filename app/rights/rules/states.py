"""How a licence stands on a day."""

from datetime import date
from enum import StrEnum

from app.rights.rules.boxes import Term


class LicenceState(StrEnum):
    """Sold, and not over yet; ended before its term; come to the end of it."""

    ACTIVE = "active"
    TERMINATED = "terminated"
    EXPIRED = "expired"


def state_on(day: date, term: Term, terminated_on: date | None) -> LicenceState:
    """Tell how a licence stands on a day; before its term begins, it is active already.

    One that is terminated for a day to come holds until then.
    """
    if terminated_on is not None and terminated_on <= day:
        return LicenceState.TERMINATED
    if term.end is not None and term.end <= day:
        return LicenceState.EXPIRED
    return LicenceState.ACTIVE


def may_end(day: date, term: Term) -> bool:
    """Tell whether a licence may be terminated for a day: one of its term."""
    return term.low <= day.toordinal() < term.high
