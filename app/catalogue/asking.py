"""What a buyer wants to be free, as parameters of a list: read into sets, and into binds."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Protocol

from pydantic import Field, StringConstraints

from app.catalogue.available import EXCLUSIVELY, SHARED
from app.trees import LANGUAGES, MEDIA, TERRITORIES, Multirange, Tree

MAX_CODES = 300
YEAR = timedelta(days=365)

Code = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Codes = Annotated[list[Code], Field(max_length=MAX_CODES)]

AvailableIn = Annotated[
    Codes,
    Field(
        description="Only titles free in all of these territories: codes of `GET /v1/territories`, "
        "or groups without some (`WORLD`, `-CN`). Goes with `available_media`.",
        examples=[["SCO"]],
    ),
]
AvailableMedia = Annotated[
    Codes,
    Field(description="… for all of these media, codes of `GET /v1/media`.", examples=[["SVOD"]]),
]
AvailableLanguages = Annotated[
    Codes,
    Field(description="… in all of these languages (BCP 47); left out, in all.", examples=[["ru"]]),
]
AvailableFrom = Annotated[
    date | None, Field(description="… from this day on; left out, from today.")
]
AvailableUntil = Annotated[
    date | None, Field(description="… to this day, included; left out, for a year.")
]
Exclusive = Annotated[
    bool, Field(description="… for one buyer alone; left out, beside other buyers.")
]


class Asked(Protocol):
    """Filters that may ask what is free."""

    available_in: list[str]
    available_media: list[str]
    available_languages: list[str]
    available_from: date | None
    available_until: date | None
    exclusive: bool


def check(asked: Asked) -> None:
    """Refuse what can't be asked.

    Raises:
        ValueError: a code is unknown, a part is missing, or the term ends before it begins.
    """
    if not asked.available_in and not asked.available_media:
        others = (asked.available_languages, asked.available_from, asked.available_until)
        if any(others) or asked.exclusive:
            raise ValueError("say where and for what: available_in and available_media")
        return
    if not asked.available_in or not asked.available_media:
        raise ValueError("available_in and available_media go together")
    wanted(asked)


def way_of(asked: Asked) -> str:
    """Give the way in which it is bought, which is a condition's name."""
    return EXCLUSIVELY if asked.exclusive else SHARED


def wanted(asked: Asked) -> dict[str, Any]:
    """Give the values of the conditions' binds.

    Raises:
        ValueError: a code is unknown, or the term ends before it begins.
    """
    first = asked.available_from or datetime.now(UTC).date()
    last = asked.available_until or _a_year_from(first)
    if last < first:
        raise ValueError("available_until is before available_from")
    end = last.isoformat() if last == date.max else (last + timedelta(days=1)).isoformat()
    return {
        "free_territories": _set(TERRITORIES, asked.available_in),
        "free_media": _set(MEDIA, asked.available_media),
        "free_languages": _set(LANGUAGES, asked.available_languages or [LANGUAGES.root]),
        "free_term": f"[{first.isoformat()},{end})",
        "free_days": (last - first).days + 1,
    }


def _a_year_from(first: date) -> date:
    return date.max if date.max - first < YEAR else first + YEAR - timedelta(days=1)


def _set(tree: Tree, codes: list[str]) -> str:
    """Write a set as PostgreSQL reads an `int4multirange`."""
    found: Multirange = tree.parse(codes)
    return "{" + ",".join(f"[{low},{high})" for low, high in found) + "}"
