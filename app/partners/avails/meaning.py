"""What a row means here: whose work is offered where, how, in which languages and when.

A licence type is a medium: EST and POEST are EST, VOD is TVOD, SVOD is SVOD, AVOD is AVOD with
FAST. Pre-Release and Library class a film and name no medium: such rows are refused.
"""

from dataclasses import dataclass, replace
from datetime import date

from app.partners.avails import vocabulary
from app.partners.avails.dates import Days, days
from app.partners.avails.places import languages, media, territories
from app.partners.avails.prices import Price, price
from app.partners.avails.ratings import look_at_ratings
from app.partners.avails.remarks import Remarks
from app.partners.avails.rows import AvailRow
from app.partners.avails.rules import check, is_over, read_words
from app.partners.avails.works import Work, content_ids, work
from app.partners.imports.findings import Matter, Remark
from app.trees import Multirange

_OLD = "1.6"
# What identifies an edit where there is no ALID: in version 1.6
_EDIT_OF_OLD = ("EditID", "EpisodeID", "AltID", "EpisodeAltID", "ContentID", "EpisodeContentID")
_WHOLE_OF_OLD = ("SeasonContentID", "SeasonAltID", "SeriesContentID", "SeriesAltID")
# What tells a row from the others of its work: all but what is changed by sending it again
_KEY = (
    "AvailID",
    "Licensee",
    "Territory",
    "TerritoryExclusion",
    "LicenseType",
    "LicenseRightsDescription",
    "FormatProfile",
    "HDR",
    "WCG",
    "HFR",
    "NGAudio",
    "AssetLanguage",
    "AllowedLanguages",
    "HoldbackLanguage",
    "Start",
)


@dataclass(frozen=True, slots=True)
class Offered:
    """What an avail offers."""

    territories: Multirange
    media: Multirange
    languages: Multirange
    days: Days
    is_exclusive: bool
    price: Price | None


@dataclass(frozen=True, slots=True)
class Avail:
    """A row that is understood."""

    row: AvailRow
    entry_type: str
    # What a Full Extract replaces and a Full Delete removes: all of an ALID, or before 1.7 an edit
    # in a territory
    scope: str
    key: tuple[str, ...]
    work: Work | None
    # None where nothing is offered (any more)
    offered: Offered | None

    @property
    def licensee(self) -> str:
        """Name whom it is for, if it is not for everybody."""
        return self.row.get("Licensee")


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a row: an avail or none, and what was found."""

    avail: Avail | None
    remarks: list[Remark]


def judge(row: AvailRow, today: date) -> Judged:
    """Understand a row, or say why it can't be."""
    remarks = Remarks(row.remarks)
    read_words(row)
    check(row, today, remarks)
    scope = _scope(row, remarks)
    entry_type = row.get("EntryType")
    if entry_type in {vocabulary.FULL_DELETE, vocabulary.DELETE} or is_over(row, remarks):
        avail = Avail(row, entry_type, scope, key_of(row), None, None)
    else:
        avail = Avail(
            row, entry_type, scope, key_of(row), work(row, remarks), _offered(row, today, remarks)
        )
    return Judged(None if remarks.is_refused else avail, remarks.found)


def key_of(row: AvailRow) -> tuple[str, ...]:
    """Tell a row from the others of its work."""
    return tuple(map(row.get, _KEY))


def scope_of(row: AvailRow) -> str:
    """Name what a Full Extract of the row replaces; "" where nothing identifies it."""
    if alid := row.get("ALID"):
        return alid
    edit = next(filter(None, map(row.get, (*_EDIT_OF_OLD, *_WHOLE_OF_OLD))), "")
    return f"{edit} in {row.get('Territory')}" if edit and row.version == _OLD else ""


def of_today(row: AvailRow) -> AvailRow:
    """Give a row of 1.6 what later versions must have: an ALID, and ContentIDs."""
    if row.get("ALID"):
        return row
    return replace(row, fields=row.fields | content_ids(row) | {"ALID": scope_of(row)})


def _scope(row: AvailRow, remarks: Remarks) -> str:
    scope = scope_of(row)
    if not scope:
        field = "AltID" if row.version == _OLD else "ALID"
        problem = "is missing: nothing identifies what is offered"
        remarks.refuse(field, "", problem, Matter.MISSING)
    return scope


def _offered(row: AvailRow, today: date, remarks: Remarks) -> Offered | None:
    look_at_ratings(row, remarks)
    where, how = territories(row, remarks), media(row, remarks)
    in_what = languages(row, remarks)
    when = days(row, today, remarks)
    costs = price(row, remarks)
    if when is None:
        return None
    return Offered(where, how, in_what, when, row.get("Exclusive") == "Yes", costs)
