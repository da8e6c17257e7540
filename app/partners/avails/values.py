"""One notation for every value, so that rows compare however they were written.

Spreadsheets and XML write the same date, duration, list, flag and identifier differently; fields
hold them as the functions here give them. What is none of these stays as it was given, but for
white space: each run of it is one space, since XML can't keep more.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from app.partners.avails.columns import DAYS_ELSEWHERE

_JUNK = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff\ufffe\uffff]+")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.0+)?(Z|[+-]\d\d:\d\d)?")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d\d)")
_DURATION = re.compile(
    r"P(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})(?:\.0+)?S)?)?"
)
_EIDR = re.compile(
    r"(?:urn:eidr:10\.5240:|(?:https?://)?(?:dx\.)?doi\.org/10\.5240/)(.+)", re.IGNORECASE
)
_FLAGS = {"1": "Yes", "true": "Yes", "yes": "Yes", "y": "Yes"} | {
    "0": "No", "false": "No", "no": "No", "n": "No"
}  # fmt: skip
SEPARATOR = ", "
_BETWEEN = re.compile(r"[,;|]")
HOUR, DAY = 3600, 86400
_SHORT, _REMEMBERED = 60, 8192


def clean(text: str) -> str:
    """Make every run of white space, and of characters that XML has not, one space."""
    if not text.isprintable() or "  " in text:
        text = _JUNK.sub(" ", text)
    return text.strip(" ")


def start(text: str) -> str:
    """Write when something starts: a day, where it does at its first moment."""
    return moment(text).removesuffix("T00:00:00")


def end(text: str) -> str:
    """Write when something ends: a day, where it does at its last second."""
    return moment(text).removesuffix("T23:59:59")


def moment(text: str) -> str:
    """Write a day `2013-06-14`, or a moment `2013-06-14T12:00:00`, with a time zone if it has."""
    if found := _MOMENT.fullmatch(text):
        return f"{found[1]}T{found[2]}{found[3] or ''}"
    return text


def run_time(text: str) -> str:
    """Write a running time as hours, minutes and seconds: `56:20` and PT56M20S are `0:56:20`."""
    if (seconds := seconds_of(text)) is None:
        return text
    return f"{seconds // HOUR}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def hours(text: str) -> str:
    """Write a duration in hours: PT720H and P30D are `720`."""
    seconds = duration(text)
    return text if seconds is None or seconds % HOUR else str(seconds // HOUR)


def seconds_of(text: str) -> int | None:
    """Read a running time, `1:56:20`, `56:20` or PT1H56M20S, as seconds."""
    if found := _CLOCK.fullmatch(text):
        return int(found[1] or 0) * HOUR + int(found[2]) * 60 + int(found[3])
    return duration(text)


def duration(text: str) -> int | None:
    """Read an ISO 8601 duration without months and years, as seconds."""
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()):
        return None
    days, hours_, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * DAY + hours_ * HOUR + minutes * 60 + seconds


def listed(text: str) -> str:
    """Write a list with `, ` between its items, of which none is empty."""
    return SEPARATOR.join(items(text))


def codes(text: str) -> str:
    """Write a list of codes of countries."""
    return listed(text).upper()


def items(text: str) -> list[str]:
    """Read a list: `EN, FR`, `EN;FR`, or TV 1.6's `EN|FR`."""
    return [item for piece in _BETWEEN.split(text) if (item := piece.strip(" "))]


def flag(text: str) -> str:
    """Write a flag as Yes or No."""
    return _FLAGS.get(text.casefold(), text)


def eidr(text: str) -> str:
    """Write an EIDR by its prefix, `10.5240/…`; another identifier stays what it is."""
    found = _EIDR.fullmatch(text)
    return f"10.5240/{found[1]}" if found else text


_WRITTEN: dict[str, Callable[[str], str]] = {
    "Start": start,
    "End": end,
    "TotalRunTime": run_time,
    **dict.fromkeys(("Territory", "TerritoryExclusion"), codes),
    **dict.fromkeys(("RentalDuration", "WatchDuration"), hours),
    **dict.fromkeys(("ExceptionFlag", "Exclusive", "BrandingRights", "CaptionIncluded"), flag),
    **dict.fromkeys(DAYS_ELSEWHERE, moment),
    **dict.fromkeys(
        (
            "AssetLanguage",
            "AllowedLanguages",
            "HoldbackLanguage",
            "RequiredFulfillmentLanguages",
            "RatingReason",
            "BundledALIDs",
        ),
        listed,
    ),
    **dict.fromkeys(
        (
            "TitleID",
            "EditID",
            "SeriesID",
            "SeasonID",
            "VolumeID",
            "EpisodeTitleID",
            "EpisodeID",
        ),
        eidr,
    ),
}


def canonical(field: str, text: str) -> str:
    """Give a field's value in its one notation; an empty text is no value."""
    write = _WRITTEN.get(field)
    if write is None:
        return clean(text)
    return _written(write, text) if len(text) <= _SHORT else write(clean(text))


@lru_cache(_REMEMBERED)
def _written(write: Callable[[str], str], text: str) -> str:
    """Write a short text, of which a file has few."""
    text = clean(text)
    return write(text) if text else text
