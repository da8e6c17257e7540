"""Where, how and in which languages: the sets of a row, as numbers of our trees."""

from collections.abc import Iterator
from functools import lru_cache

import pycountry

from app.partners.avails.remarks import Remarks
from app.partners.avails.rows import AvailRow
from app.partners.avails.values import items
from app.partners.imports.findings import Matter
from app.trees import LANGUAGES, MEDIA, TERRITORIES, Multirange
from app.trees.multiranges import EMPTY, difference, union

# An avail's licence type, as codes of our media; a pre-order is sold through as EST.
_MEDIA = {
    "EST": ("EST",),
    "POEST": ("EST",),
    "VOD": ("TVOD",),
    "SVOD": ("SVOD",),
    # Advertising pays for channels as for what is asked for: Avails don't tell them apart.
    "AVOD": ("AVOD",),
}
# These say how a film is classed, and not by which medium it goes.
_NO_MEDIUM = frozenset({"Pre-Release", "Library"})
_REMEMBERED = 4096


def territories(row: AvailRow, remarks: Remarks) -> Multirange:
    """Give where: its territory, or the world, without what is excluded."""
    code, excluded = row.get("Territory"), items(row.get("TerritoryExclusion"))
    if not code and not excluded:
        remarks.refuse("Territory", "", "is missing: an avail has one", Matter.MISSING)
        return EMPTY
    wanted = _territory("Territory", code, remarks) if code else TERRITORIES.everything
    without = union(*(_territory("TerritoryExclusion", each, remarks) for each in excluded))
    found = difference(wanted, without)
    if not found and not remarks.is_refused:
        problem = "excludes all of the territory"
        remarks.refuse(
            "TerritoryExclusion", row.get("TerritoryExclusion"), problem, Matter.IMPOSSIBLE
        )
    return found


def _territory(field: str, code: str, remarks: Remarks) -> Multirange:
    found = _parsed_territory(code)
    if isinstance(found, str):
        remarks.refuse(field, code, found, Matter.UNKNOWN)
        return EMPTY
    return found


@lru_cache(_REMEMBERED)
def _parsed_territory(code: str) -> Multirange | str:
    try:
        return TERRITORIES.parse([code])
    except ValueError as error:
        return f"can't be read: {error}"


def media(row: AvailRow, remarks: Remarks) -> Multirange:
    """Give by which media."""
    license_type = row.get("LicenseType")
    if codes := _MEDIA.get(license_type):
        return _parsed_media(codes)
    if license_type in _NO_MEDIUM:
        problem = f"names no medium: say {', '.join(_MEDIA)}"
        remarks.refuse("LicenseType", license_type, problem, Matter.IMPOSSIBLE)
    return EMPTY


@lru_cache(_REMEMBERED)
def _parsed_media(codes: tuple[str, ...]) -> Multirange:
    return MEDIA.parse(codes)


def languages(row: AvailRow, remarks: Remarks) -> Multirange:
    """Give in which languages: those allowed, or all but those held back, or all."""
    allowed, held_back = row.get("AllowedLanguages"), row.get("HoldbackLanguage")
    if allowed and held_back:
        problem = "can't be there with AllowedLanguages: give one of the two"
        remarks.refuse("HoldbackLanguage", held_back, problem, Matter.IMPOSSIBLE)
    for doubt in _doubts(row.get("AssetLanguage")):
        remarks.doubt("AssetLanguage", *doubt)
    if held_back:
        return _all_but(held_back, remarks)
    return _allowed(allowed, remarks) if allowed else LANGUAGES.everything


def _allowed(said: str, remarks: Remarks) -> Multirange:
    found, unknown = _parsed_languages(said)
    for tag, problem in unknown:
        remarks.leave_out("AllowedLanguages", tag, problem, Matter.UNKNOWN)
    for doubt in _doubts(said, unknown=False):
        remarks.doubt("AllowedLanguages", *doubt)
    if not found:
        remarks.refuse("AllowedLanguages", said, "names no language that is known", Matter.UNKNOWN)
    return found


def _all_but(said: str, remarks: Remarks) -> Multirange:
    """Leave out what is held back; of a language nobody knows, nobody knows what that is."""
    found, unknown = _parsed_languages(said)
    for tag, problem in unknown:
        remarks.refuse("HoldbackLanguage", tag, problem, Matter.UNKNOWN)
    return difference(LANGUAGES.everything, found)


@lru_cache(_REMEMBERED)
def _parsed_languages(said: str) -> tuple[Multirange, tuple[tuple[str, str], ...]]:
    """Give what a list stands for, and which tags of it nobody knows, with the reason."""
    found: list[Multirange] = []
    unknown: list[tuple[str, str]] = []
    for item in items(said):
        # Allowed as subtitles alone, `fr:sub`, it is allowed all the same.
        tag = item.partition(":")[0]
        try:
            found.append(LANGUAGES.parse([tag]))
        except ValueError as error:
            unknown.append((item, f"can't be read: {error}"))
    return union(*found), tuple(unknown)


def _doubts(said: str, *, unknown: bool = True) -> Iterator[tuple[str, str, Matter]]:
    if not said:
        return
    if unknown:
        for tag, problem in _parsed_languages(said)[1]:
            yield tag, problem, Matter.UNKNOWN
    for item in items(said):
        if short := _shorter(item.partition(":")[0]):
            yield item, f"is written {short} in BCP 47", Matter.SUSPICIOUS


@lru_cache(_REMEMBERED)
def _shorter(tag: str) -> str | None:
    """Give the two letters of a language written with three, where it has two."""
    language, dash, rest = tag.partition("-")
    known = pycountry.languages.get(alpha_3=language.lower()) if len(language) == 3 else None  # noqa: PLR2004
    short = getattr(known, "alpha_2", None)
    return f"{short}{dash}{rest}" if short else None
