"""Operations that will go: told in every answer, and in the description.

`@router.get("/old", **deprecated(on, sunset_on=…, instead="/v1/new"))` marks one; what that means
for clients, and how long they have, is in docs/api/versioning.md.
"""

from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any, TypedDict

WORD = "x-deprecation"
# Asked of every route that answers: one look-up where there is nothing to tell.
Headers = list[tuple[bytes, bytes]]


class Marker(TypedDict):
    """What a route's decorator is given."""

    deprecated: bool
    openapi_extra: dict[str, Any]


def deprecated(on: date, *, sunset_on: date, instead: str) -> Marker:
    """Mark a route: since when not to build on it, until when it answers, what to call instead."""
    told = {"deprecated_on": on.isoformat(), "sunset_on": sunset_on.isoformat(), "instead": instead}
    return {"deprecated": True, "openapi_extra": {WORD: told}}


def headers_of(route: object) -> Headers:
    """Tell it as RFC 9745 and RFC 8594 have it; nothing for a route that stays."""
    told = (getattr(route, "openapi_extra", None) or {}).get(WORD)
    if told is None:
        return []
    links = f'<{told["instead"]}>; rel="successor-version", </docs>; rel="deprecation"'
    return [
        (b"deprecation", f"@{int(_midnight(told['deprecated_on']).timestamp())}".encode()),
        (b"sunset", format_datetime(_midnight(told["sunset_on"]), usegmt=True).encode()),
        (b"link", links.encode()),
    ]


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)
