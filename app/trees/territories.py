"""Where rights are sold: the countries of ISO 3166-1, and the groups of them that the trade names.

`territories.toml` has the groups and their members, `numbers.toml` the countries' numbers.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pycountry

from app.trees.groups import Group, GroupTree, Member

_END: Final = 1024

# What people write instead; ISO's own names and three-letter codes are known from ISO.
_ALSO: Final = {
    "UK": "GB",
    "EL": "GR",
    "AMERICA": "US",
    "ENGLAND": "GB",
    "RUSSIA": "RU",
    "TURKEY": "TR",
    "WW": "WORLD",
    "WORLDWIDE": "WORLD",
    "UNIVERSE": "WORLD",
    "ALL": "WORLD",
    "APAC": "ASIA_PACIFIC",
    "CEECS": "CEE",
    "GSA": "DACH",
    "INDIA": "IN",
    "KOREA": "KR",
    "LATAM": "LATIN_AMERICA",
    "SEA": "SOUTHEAST_ASIA",
    "SSA": "SUB_SAHARAN_AFRICA",
}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("app.trees").joinpath(name).read_text(encoding="utf-8"))


def _group(code: str, data: Mapping[str, Any]) -> Group:
    members = tuple(member for line in data["members"] for member in _members(line))
    return Group(code, data["name"], members, data.get("un"))


def _members(line: str) -> list[Member]:
    days, _, codes = line.rpartition(": ")
    since, _, until = days.partition("..")
    return [Member(code, _day(since), _day(until)) for code in codes.split()]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def _codes_by_name() -> dict[str, str]:
    """Know each country by its three letters and its names, written as codes are."""
    known = {}
    for country in pycountry.countries:
        for field in ("alpha_3", "name", "common_name", "official_name"):
            if name := getattr(country, field, None):
                known[_as_code(name)] = country.alpha_2
    return known | _ALSO


def _as_code(text: str) -> str:
    return re.sub(r"\W+", "_", text.upper()).strip("_")


def _hint(code: str) -> str | None:
    wanted = _as_code(code)
    if wanted in _GROUPS:
        return wanted
    return _codes_by_name().get(wanted)


_NUMBERS: Final[dict[str, int]] = _read("numbers.toml")
_GROUPS: Final = {code: _group(code, data) for code, data in _read("territories.toml").items()}

TERRITORIES: Final = GroupTree(
    "territories",
    "territory",
    numbers=_NUMBERS,
    end=_END,
    groups=_GROUPS,
    order=[*_GROUPS, *sorted(_NUMBERS)],
    hint=_hint,
)
