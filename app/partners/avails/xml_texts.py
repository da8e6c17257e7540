"""How a field's value is written as the text of an XML type, and whether it can be.

Each function gives the text, or None where the type has no such value: the field is then said by a
Term of its name, so that nothing is lost and the file stays valid.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from urllib.parse import quote, unquote

from app.partners.avails.values import HOUR, seconds_of

Says = Callable[[str], str | None]

_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})", re.ASCII)
_DURATION = re.compile(
    r"-?P(?=\d|T\d)(\d{1,9}Y)?(\d{1,9}M)?(\d{1,9}D)?"
    r"(T(?=\d)(\d{1,9}H)?(\d{1,9}M)?(\d{1,9}(\.\d{1,9})?S)?)?",
    re.ASCII,
)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-](?:0\d|1[0-3]):[0-5]\d)?", re.ASCII
)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_YEAR = re.compile(r"(?!0000)\d{4}", re.ASCII)
_LANGUAGE = re.compile(r"([a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*)(?::(\w{1,20}))?", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_REGION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,20}|\d{3}", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ADDRESS = re.compile(r"https?://[\w.-]+(/|$)", re.ASCII)
_LARGEST_INT = 2**31 - 1
_WHOLE_URN = "urn:eidr:10.5240:"
_PREFIX = "10.5240/"


def anything(text: str) -> str:
    """Write an xs:string."""
    return text


def uri(text: str) -> str:
    """Write an identifier as an xs:anyURI, with percent signs where a URI has no such character."""
    text = quote(text, safe="!\"$&'()*+,/:;<=>?@\\^`{|} ~")
    if not _ADDRESS.match(text):
        text = text.replace("//", "/%2F")
        if ":" in text.partition("/")[0] and not _SCHEME.match(text):
            text = text.replace(":", "%3A")
    return text


def unescaped_uri(text: str) -> str:
    """Read an identifier out of an xs:anyURI."""
    if "%" not in text:
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


def eidr_urn(text: str) -> str | None:
    """Write an EIDR as a URN; another identifier is none."""
    return uri(_WHOLE_URN + text.removeprefix(_PREFIX)) if text.startswith(_PREFIX) else None


def whole(text: str) -> str | None:
    """Write an xs:integer."""
    return text if _WHOLE.fullmatch(text) else None


def small(text: str) -> str | None:
    """Write an xs:int."""
    return text if _WHOLE.fullmatch(text) and abs(int(text)) <= _LARGEST_INT else None


def positive(text: str) -> str | None:
    """Write an xs:positiveInteger."""
    return text if _WHOLE.fullmatch(text) and int(text) > 0 else None


def decimal(text: str) -> str | None:
    """Write an xs:decimal."""
    return text if _DECIMAL.fullmatch(text) else None


def duration(text: str) -> str | None:
    """Write an xs:duration."""
    return text if _DURATION.fullmatch(text) else None


def run_length(text: str) -> str | None:
    """Write a running time, `1:56:20`, as an xs:duration."""
    if ":" not in text:
        return duration(text)
    seconds = seconds_of(text)
    if seconds is None:
        return None
    return f"PT{seconds // HOUR}H{seconds // 60 % 60}M{seconds % 60}S"


def hours(text: str) -> str | None:
    """Write a number of hours as an xs:duration."""
    return f"PT{text}H" if text.isascii() and text.isdecimal() else duration(text)


def day(text: str) -> str | None:
    """Write an xs:date."""
    try:
        return date.fromisoformat(text).isoformat() if len(text) == len("2013-06-14") else None
    except ValueError:
        return None


def moment(text: str) -> str | None:
    """Write an xs:dateTime."""
    if not (found := _MOMENT.fullmatch(text)):
        return None
    try:
        datetime.fromisoformat(found[1])
    except ValueError:
        return None
    return text


def event(text: str) -> str | None:
    """Write an xs:date or an xs:dateTime."""
    return day(text) or moment(text)


def release(text: str) -> str | None:
    """Write a year, a month or a day."""
    return text if _YEAR.fullmatch(text) or _MONTH.fullmatch(text) else day(text)


def history(text: str) -> str | None:
    """Write a year, a day or a moment."""
    return text if _YEAR.fullmatch(text) else event(text)


def truth(text: str) -> str | None:
    """Write an xs:boolean."""
    return {"Yes": "true", "No": "false"}.get(text)


def language(text: str) -> tuple[str, str] | None:
    """Write an xs:language, and the kind of asset it is meant of: `fr:dub`."""
    found = _LANGUAGE.fullmatch(text)
    return (found[1], found[2] or "") if found else None


def country(text: str) -> str | None:
    """Write a country of ISO 3166-1."""
    return text if _COUNTRY.fullmatch(text) else None


def country_region(text: str) -> str | None:
    """Write a part of a country of ISO 3166-2, or a region of UN M49."""
    return text if _REGION.fullmatch(text) else None
