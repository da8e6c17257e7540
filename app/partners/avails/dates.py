"""When: the first and the last day of an avail, in the first time zone of its territory."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

from app.partners.avails import vocabulary
from app.partners.avails.columns import DAYS_ELSEWHERE
from app.partners.avails.remarks import Remarks
from app.partners.avails.rows import AvailRow
from app.partners.avails.values import DAY, duration
from app.partners.imports.findings import Matter

NOW = frozenset({"Immediate"})
NEVER = "Open"
# The day is that of another avail: `batches` looks for it.
AT_EST = "ESTStart"
_MIDNIGHT = time(0)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_CONDITIONS = {word.casefold(): word for word in vocabulary.CONDITIONS}


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day of an avail; without a last one it has no end."""

    first: date
    last: date | None


def days(row: AvailRow, today: date, remarks: Remarks) -> Days | None:
    """Give the days of an avail, or None where they can't be known."""
    _look_at_other_days(row, remarks)
    first = _first(row, today, remarks)
    last = _last(row, first, today, remarks)
    if first is None or remarks.is_refused:
        return None
    if last is not None and last < first:
        remarks.refuse("End", row.get("End"), f"is before the start, {first}", Matter.IMPOSSIBLE)
        return None
    return Days(first, last)


def _first(row: AvailRow, today: date, remarks: Remarks) -> date | None:
    said = row.get("Start")
    if not said:
        remarks.refuse("Start", "", "is missing", Matter.MISSING)
        return None
    condition = _CONDITIONS.get(said.casefold())
    if condition in NOW:
        return today
    if condition:
        problem = "is an event whose day is not known: give the day it is offered from"
        remarks.refuse("Start", said, problem, Matter.IMPOSSIBLE)
        return None
    if row.get("StartLag"):
        remarks.doubt(
            "StartLag", row.get("StartLag"), "is of use with a condition only", Matter.SUSPICIOUS
        )
    if (moment := _read("Start", said, remarks)) is None:
        return None
    day = _local(moment, row) if isinstance(moment, datetime) else moment
    if isinstance(day, datetime):
        remarks.note("Start", said, f"is understood as {day.date()}: rights are sold by days")
        return day.date()
    return day


def _last(row: AvailRow, first: date | None, today: date, remarks: Remarks) -> date | None:
    said = row.get("End")
    window = _window(row, first)
    if not said:
        if window is None:
            remarks.refuse("End", "", "is missing: an avail without one says Open", Matter.MISSING)
        return window
    condition = _CONDITIONS.get(said.casefold())
    if condition in NOW:
        return max(today, first) if first else today
    if condition:
        if condition not in {NEVER, AT_EST} and window is None:
            remarks.note("End", said, "is an event whose day is not known: taken as open")
        return window
    if row.get("EndLag"):
        remarks.doubt(
            "EndLag", row.get("EndLag"), "is of use with a condition only", Matter.SUSPICIOUS
        )
    if (moment := _read("End", said, remarks)) is None:
        return None
    if not isinstance(moment, datetime):
        return moment
    local = _local(moment, row)
    # What ends as a day begins has nothing of that day.
    day = local.date() - timedelta(days=local.time() == _MIDNIGHT)
    remarks.note("End", said, f"is understood as {day}: rights are sold by days")
    return day


def _window(row: AvailRow, first: date | None) -> date | None:
    """Give the last day by the duration, where only an event would tell it."""
    seconds = duration(row.get("WindowDuration"))
    if not seconds or first is None or seconds < DAY:
        return None
    try:
        return first + timedelta(days=seconds // DAY - 1)
    except OverflowError:
        return None


def _read(field: str, said: str, remarks: Remarks) -> date | None:
    """Read a day, or a moment as a datetime."""
    try:
        if _DAY.fullmatch(said):
            return date.fromisoformat(said)
        if _MOMENT.fullmatch(said):
            return datetime.fromisoformat(said)
    except ValueError:
        remarks.refuse(field, said, "is no day that there is", Matter.IMPOSSIBLE)
        return None
    words = ", ".join(sorted(vocabulary.CONDITIONS))
    problem = f"is neither a day, as 2027-01-31, nor one of {words}"
    remarks.refuse(field, said, problem, Matter.IMPOSSIBLE)
    return None


def _local(moment: datetime, row: AvailRow) -> datetime:
    """Give a moment by the clocks of the territory; one without a time zone is by them already."""
    if moment.tzinfo is None:
        return moment
    zones = _zones(row.get("Territory"))
    try:
        local = [moment.astimezone(zone) for zone in zones]
    except OverflowError:
        return moment
    return max(local, key=lambda at: at.utcoffset() or timedelta(), default=moment)


@lru_cache(1024)
def _zones(territory: str) -> list[ZoneInfo]:
    """Name the time zones of a territory: the first is that where a day begins first."""
    names = get_global("territory_zones").get(territory, [])
    return [ZoneInfo(name) for name in names if name in available_timezones()]


def read_day(said: str) -> date | None:
    """Read a day, or the day of a moment; None where it is none."""
    try:
        if _DAY.fullmatch(said) or _MOMENT.fullmatch(said):
            return datetime.fromisoformat(said).date()
    except ValueError:
        pass
    return None


def _look_at_other_days(row: AvailRow, remarks: Remarks) -> None:
    """Warn of days that are kept, but can't be read."""
    for field in DAYS_ELSEWHERE:
        said = row.get(field)
        if said and said != vocabulary.NO_DATE and read_day(said) is None:
            is_year = field.startswith("Release") and said.isdecimal()
            if not is_year:
                remarks.doubt(field, said, "is no day, as 2027-01-31", Matter.IMPOSSIBLE)
