"""Ratings that are met most, so that a slip is seen; what is not here is taken as it is.

Source: Common Metadata Ratings of Motion Picture Laboratories.
"""

from dataclasses import dataclass

from app.partners.avails.columns import RATING_REGION
from app.partners.avails.remarks import Remarks
from app.partners.avails.rows import AvailRow
from app.partners.avails.values import items
from app.partners.avails.xml_ratings import Rating, other_ratings
from app.partners.imports.findings import Matter


@dataclass(frozen=True, slots=True)
class System:
    """Where a system of ratings is used, its ratings, and its reasons where they are codes."""

    regions: frozenset[str]
    values: frozenset[str]
    reasons: frozenset[str] = frozenset()


def _system(regions: str, values: str, reasons: str = "") -> System:
    return System(*(frozenset(said.split()) for said in (regions, values, reasons)))


_US = "US PR GU VI AS MP UM"
_SYSTEMS = {
    "MPAA": _system(_US, "G PG PG-13 R NC-17 NR UR M GP X"),
    "TVPG": _system(_US, "TV-Y TV-Y7 TV-Y7-FV TV-G TV-PG TV-14 TV-MA NR", "D L S V FV"),
    "CHVRS": _system("CA", "G PG 14A 18A R A E NR"),
    "BBFC": _system("GB IM JE GG", "U Uc PG 12 12A 15 18 R18 NR"),
    "IFCO": _system("IE", "G PG 12 12A 12PG 15 15A 15PG 16 18"),
    "FSK": _system("DE AT CH LU LI", "0 6 12 16 18 NR"),
    "CSA": _system("FR", "TP 10 12 16 18 -10 -12 -16 -18"),
    "CNC": _system("FR", "U TP 12 16 18 -12 -16 -18"),
    "FPB": _system(
        "ZA",
        "A PG 7-9PG 7-9-PG 10 10M 10-12PG 10-12-PG 13 16 18 X18 XX",
        "B CI D H IT L N P PPS S SV V",
    ),
}


def look_at_ratings(row: AvailRow, remarks: Remarks) -> None:
    """Warn of ratings that their system has not, or that belong elsewhere."""
    name, value, reasons = map(row.get, ("RatingSystem", "RatingValue", "RatingReason"))
    if value and not name:
        problem = "is missing: a rating is of a system"
        remarks.doubt("RatingSystem", "", problem, Matter.MISSING)
    region = row.get(RATING_REGION) or row.get("Territory")
    _look(Rating(region, name, value, items(reasons)), remarks)
    for rating in other_ratings(row):
        _look(rating, remarks)


def _look(rating: Rating, remarks: Remarks) -> None:
    name = rating.system
    if (system := _SYSTEMS.get(name.upper())) is None:
        return
    if rating.region and rating.region not in system.regions:
        problem = f"is not the system of {rating.region}"
        remarks.doubt("RatingSystem", name, problem, Matter.SUSPICIOUS)
    if rating.value and rating.value not in system.values:
        problem = f"is no rating of {name}"
        remarks.doubt("RatingValue", rating.value, problem, Matter.UNKNOWN)
    for reason in rating.reasons if system.reasons else ():
        if reason not in system.reasons:
            problem = f"is no code that {name} has"
            remarks.doubt("RatingReason", reason, problem, Matter.UNKNOWN)
