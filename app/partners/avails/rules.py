"""What a row must say, and in which words.

Source: the templates' own notes of what is required, and vocabulary 2.7.
"""

from collections.abc import Callable
from datetime import date
from difflib import get_close_matches
from functools import lru_cache

from app.catalogue.values import normal_eidr
from app.partners.avails import vocabulary
from app.partners.avails.dates import read_day
from app.partners.avails.remarks import Remarks
from app.partners.avails.rows import EPISODE, SEASON, SERIES, AvailRow
from app.partners.imports.findings import Matter

_US = "US"
# Whatever the word, a row without it says nothing.
_ESSENTIAL = ("EntryType", "WorkType", "LicenseType")
_EXPECTED = ("DisplayName", "FormatProfile")
_EXPECTED_OF = {
    EPISODE: ("EpisodeNumber", "SeasonNumber"),
    SEASON: ("SeasonNumber",),
    SERIES: (),
}
# Columns and the words they hold; what is unknown in the first two refuses the row.
_WORDS: dict[str, frozenset[str]] = {
    "EntryType": vocabulary.ENTRY_TYPES,
    "LicenseType": vocabulary.LICENSE_TYPES,
    "FormatProfile": vocabulary.FORMATS,
    "LocalizationType": vocabulary.LOCALIZATIONS,
    "TitleStatus": vocabulary.TITLE_STATUSES,
    "CaptionExemption": vocabulary.CAPTION_EXEMPTIONS,
    "LicenseRightsDescription": vocabulary.RIGHTS_DESCRIPTIONS,
}
_DECISIVE = frozenset({"EntryType", "LicenseType"})
_OVER = frozenset({"Revoked", "Expired"})
# Where an EIDR is expected; other identifiers have other prefixes.
_EIDRS = ("TitleID", "EditID", "SeriesID", "SeasonID", "VolumeID", "EpisodeTitleID", "EpisodeID")
_WITH_EIDR = ("ALID", "ContentID", "SeriesContentID", "SeasonContentID", "EpisodeContentID")
_IN_AN_ID = "eidr-s:"
_DOI = "10."


def read_words(row: AvailRow) -> None:
    """Write the words that decide as the vocabulary spells them: `full extract`, `svod`."""
    for field in ("EntryType", "LicenseType", "WorkType"):
        said = row.get(field)
        if said and (word := _SPELLED.get((field, said.casefold()))) and word != said:
            row.fields[field] = word


def check(row: AvailRow, today: date, remarks: Remarks) -> None:
    """Look at everything that a row says by itself."""
    for field in _ESSENTIAL:
        if not row.get(field):
            remarks.refuse(field, "", "is missing", Matter.MISSING)
    for rule in _RULES:
        rule(row, remarks)
    if row.get("EntryType") == vocabulary.FULL_DELETE:
        _check_full_delete(row, today, remarks)


def _expected(row: AvailRow, remarks: Remarks) -> None:
    if row.get("EntryType") in {vocabulary.FULL_DELETE, vocabulary.DELETE}:
        return
    for field in (*_EXPECTED, *_EXPECTED_OF.get(row.described_as, ())):
        if not row.get(field):
            remarks.doubt(field, "", "is missing", Matter.MISSING)


def _words(row: AvailRow, remarks: Remarks) -> None:
    for field, known in _WORDS.items():
        said = row.get(field)
        if not said or said in known:
            continue
        near = get_close_matches(said, sorted(known), 1)
        hint = f": did you mean {near[0]}?" if near else ""
        problem = f"is no word of the vocabulary{hint}"
        if field in _DECISIVE:
            remarks.refuse(field, said, problem, Matter.UNKNOWN)
        else:
            remarks.doubt(field, said, problem, Matter.UNKNOWN)


def _identifiers(row: AvailRow, remarks: Remarks) -> None:
    for field in _EIDRS:
        said = row.get(field)
        if said.startswith(_DOI) and (problem := _wrong_eidr(said)):
            remarks.doubt(field, said, problem, Matter.SUSPICIOUS)
    for field in _WITH_EIDR:
        said = row.get(field)
        found = said.rpartition(_IN_AN_ID)[2] if _IN_AN_ID in said else ""
        found = found or (said if said.startswith("10.5240") else "")
        if found and (problem := _wrong_eidr(found)):
            remarks.doubt(field, said, problem, Matter.SUSPICIOUS)


@lru_cache(4096)
def _wrong_eidr(said: str) -> str | None:
    try:
        normal_eidr(said)
    except ValueError:
        return "is no EIDR: its form or its check character is wrong"
    return None


def _captions(row: AvailRow, remarks: Remarks) -> None:
    """Ask for what the FCC asks of what is shown in the United States."""
    if row.get("Territory") != _US or row.get("EntryType") == vocabulary.FULL_DELETE:
        return
    included, exemption = row.get("CaptionIncluded"), row.get("CaptionExemption")
    if not included and not exemption and row.described_as == EPISODE:
        remarks.doubt("CaptionIncluded", "", "is missing: the US ask for it", Matter.MISSING)
    if included == "No" and not exemption:
        problem = "is missing: without captions the US ask for a reason"
        remarks.doubt("CaptionExemption", "", problem, Matter.MISSING)


def _pre_order(row: AvailRow, remarks: Remarks) -> None:
    is_pre_order = row.get("LicenseType") == "POEST"
    lifted = [
        node
        for node in row.more.get("Transaction", [])
        if node.attributes.get("termName") == "SuppressionLiftDate"
    ]
    if is_pre_order and not row.get("SuppressionLiftDate"):
        problem = "is missing: a pre-order has one, or says N/A"
        remarks.refuse("SuppressionLiftDate", "", problem, Matter.MISSING)
    elif is_pre_order and lifted:
        problem = f"is there {len(lifted) + 1} times: a pre-order has one"
        said = row.get("SuppressionLiftDate")
        remarks.refuse("SuppressionLiftDate", said, problem, Matter.REPEATED)
    if not is_pre_order and (said := row.get("SpecialPreOrderFulfillDate")):
        problem = "is for pre-orders only"
        remarks.doubt("SpecialPreOrderFulfillDate", said, problem, Matter.SUSPICIOUS)


def is_over(row: AvailRow, remarks: Remarks) -> bool:
    """Tell a row that says that it is offered no more."""
    said = row.get("TitleStatus")
    if said not in _OVER:
        return False
    problem = "means that it is offered no more"
    remarks.leave_out("TitleStatus", said, problem, Matter.NOTE)
    return True


def _bundle(row: AvailRow, remarks: Remarks) -> None:
    if (said := row.get("BundledALIDs")) and vocabulary.KINDS.get(
        row.get("WorkType")
    ) != "collection":
        problem = "is for collections only"
        remarks.doubt("BundledALIDs", said, problem, Matter.SUSPICIOUS)


def _check_full_delete(row: AvailRow, today: date, remarks: Remarks) -> None:
    """Hold a Full Delete to its form, which nobody fills in by a slip: a term that is over."""
    days = [read_day(row.get(field)) for field in ("Start", "End")]
    for field, day in zip(("Start", "End"), days, strict=True):
        if day is None or day >= today:
            problem = "must be a day that is past in a Full Delete"
            remarks.refuse(field, row.get(field), problem, Matter.IMPOSSIBLE)
    if days[0] and days[1] and days[0] >= days[1]:
        problem = "must be before the end in a Full Delete"
        remarks.refuse("Start", row.get("Start"), problem, Matter.IMPOSSIBLE)


_RULES: tuple[Callable[[AvailRow, Remarks], None], ...] = (
    _expected,
    _words,
    _identifiers,
    _captions,
    _pre_order,
    _bundle,
)
_SPELLED = {
    (field, word.casefold()): word
    for field, words in {
        "EntryType": vocabulary.ENTRY_TYPES,
        "LicenseType": vocabulary.LICENSE_TYPES,
        "WorkType": frozenset(vocabulary.KINDS),
    }.items()
    for word in words
}
