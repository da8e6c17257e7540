"""What is written is what was read: every real file, and any row, as XML 2.7 and as xlsx 1.9."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.partners.avails import vocabulary
from app.partners.avails.rows import OTHER, AvailRow
from tests.avails import (
    COLUMNS,
    NAMES,
    a_row,
    read,
    real_file,
    require_valid,
    write_xlsx,
    write_xml,
)

# What of each real file the spreadsheet has no column for, and how often
UNSAID = {
    "Avails_Volume_no-err_v2.4.xml": {
        "Avail/ShortDescription": 9,
        "Season/ReleaseDate": 9,
        "Series/ReleaseDate": 9,
        "Metadata/VolumeFirstEpisodeNumber": 2,
        "Metadata/VolumeNumberOfEpisodes": 2,
    },
    "Avails_noErrors_v2.4.xml": {
        "Avail/ShortDescription": 24,
        "AltID@scope": 2,
        "SRP@currency": 2,
        "RatingRegion": 2,
    },
    "Avails_withErrors.xml": {
        "Avail/ShortDescription": 4,
        "RatingRegion": 3,
        "Ratings/md:Rating": 2,
    },
    "EMA_Avails_Movies-TV_v1.6.xlsx": {"EncodeID": 44},
}


def said(rows: list[AvailRow]) -> list[object]:
    return [(row.fields, row.more) for row in rows]


def in_sheets(rows: list[AvailRow]) -> list[dict[str, str]]:
    """Give what the spreadsheet has columns for, films first."""
    films = [row for row in rows if row.described_as == OTHER]
    others = [row for row in rows if row.described_as != OTHER]
    return [
        {name: row.fields[name] for name in COLUMNS[sheet] if name in row.fields}
        for sheet, of_sheet in (("Movies", films), ("TV", others))
        for row in of_sheet
    ]


@pytest.mark.parametrize("name", NAMES)
def test_real_file_comes_back_from_xml_as_it_was(name: str, tmp_path: Path) -> None:
    rows = read(real_file(name))
    file = tmp_path / "avails.xml"
    writer = write_xml(file, rows)
    assert said(read(file)) == said(rows)
    assert not writer.unsaid
    require_valid(file)


@pytest.mark.parametrize("name", NAMES)
def test_real_file_comes_back_from_spreadsheet_but_for_what_is_named(
    name: str, tmp_path: Path
) -> None:
    rows = read(real_file(name))
    file = tmp_path / "avails.xlsx"
    writer = write_xlsx(file, rows)
    assert [row.fields for row in read(file)] == in_sheets(rows)
    assert dict(writer.unsaid) == UNSAID.get(name, {})


PRICES: dict[str, tuple[str, ...]] = {
    "PriceType": ("", "SRP", "WSP", "Tier", "NA", "Bid"),
    "PriceValue": ("", "4.99", "TBD"),
    "PriceCurrency": ("", "USD"),
    "SRP": ("", "9.99", "ask"),
    "SRP@currency": ("", "KZT"),
}


def test_every_price_comes_back_from_xml_as_it_was(tmp_path: Path) -> None:
    rows = [
        a_row({name: cell for name, cell in zip(PRICES, cells, strict=True) if cell})
        for cells in itertools.product(*PRICES.values())
        if not cells[-1] or cells[-2] == "9.99"  # of an amount alone
    ]
    file = tmp_path / "avails.xml"
    writer = write_xml(file, rows)
    assert [row.fields for row in read(file)] == [row.fields for row in rows]
    assert not writer.unsaid
    require_valid(file)


WORDS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs", "Cc")),
    min_size=1,
    max_size=20,
) | st.sampled_from(
    ["=1+1", "+1", "-1", "@a", "a;b", "a, b", "1:2", "%41", "[x]", "a//b", "N/A", "x:y"]
)
DAYS = st.dates().map(str) | st.datetimes().map(lambda at: at.isoformat(timespec="seconds"))
CODES = st.sampled_from(["US", "KZ", "CA", "GB", "ZZ", "419", "US-NY", "WORLD", "us"])
LANGUAGES = st.lists(
    st.sampled_from(["en", "fr-CA", "es-419", "ru:sub", "zh-Hans:dub", "XYZ", "not a tag"]),
    max_size=4,
).map(", ".join)
EIDRS = st.sampled_from(
    [
        "10.5240/7791-8534-2C23-9030-8610-5",
        "urn:eidr:10.5240:7791-8534-2C23-9030-8610-5",
        "10.2340/X",
    ]
)
NUMBERS = st.integers(-3, 10**12).map(str) | st.sampled_from(["01", "4.99", "1000.00", "1e3", ".5"])
TIMES = st.sampled_from(["1:56:20", "56:20", "PT1H", "P30D", "PT36H30M", "long", "720"])
VALUES: dict[str, st.SearchStrategy[str]] = {
    "WorkType": st.sampled_from([*vocabulary.KINDS, "Concert"]),
    "EntryType": st.sampled_from(sorted(vocabulary.ENTRY_TYPES)),
    "LicenseType": st.sampled_from(sorted(vocabulary.LICENSE_TYPES)),
    "FormatProfile": st.sampled_from(sorted(vocabulary.FORMATS)),
    "PriceType": st.sampled_from([*sorted(vocabulary.PRICE_TYPES), "SRP", "Bid"]),
    "PriceCurrency": st.sampled_from(["USD", "KZT"]),
    "Territory": CODES,
    "TerritoryExclusion": st.lists(CODES, max_size=3).map(", ".join),
    **dict.fromkeys(
        ("AssetLanguage", "AllowedLanguages", "HoldbackLanguage", "RequiredFulfillmentLanguages"),
        LANGUAGES,
    ),
    **dict.fromkeys(("TitleID", "EditID", "SeriesID", "SeasonID", "EpisodeID"), EIDRS | WORDS),
    **dict.fromkeys(("Start", "End"), DAYS | st.sampled_from(["Open", "ESTStart", "Immediate"])),
}


def value_of(name: str) -> st.SearchStrategy[str]:
    if (known := VALUES.get(name)) is not None:
        return known | WORDS if name not in {"WorkType", "PriceType"} else known
    if "Date" in name or name.startswith("ReleaseHistory"):
        return DAYS | WORDS
    if name.endswith(("Number", "Count", "Value")) or name == "SRP":
        return NUMBERS | WORDS
    if name.endswith(("Duration", "Lag", "Time")):
        return TIMES | WORDS
    return WORDS | NUMBERS


@st.composite
def rows(draw: st.DrawFn) -> AvailRow:
    names = COLUMNS[draw(st.sampled_from(["Movies", "TV"]))]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=25))
    row = a_row({name: draw(value_of(name)) for name in chosen})
    return next(iter(row.by_territory()))


QUIET = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.slow
@QUIET
@given(many=st.lists(rows(), min_size=1, max_size=4))
def test_any_row_comes_back_from_valid_xml_as_it_was(many: list[AvailRow], tmp_path: Path) -> None:
    file = tmp_path / "avails.xml"
    writer = write_xml(file, many)
    assert [row.fields for row in read(file)] == [row.fields for row in many]
    assert not writer.unsaid
    require_valid(file)


@pytest.mark.slow
@QUIET
@given(many=st.lists(rows(), min_size=1, max_size=4))
def test_any_row_comes_back_from_spreadsheet_with_all_that_has_a_column(
    many: list[AvailRow], tmp_path: Path
) -> None:
    file = tmp_path / "avails.xlsx"
    writer = write_xlsx(file, many)
    sheets = in_sheets(many)
    assert [row.fields for row in read(file)] == [each for each in sheets if each]
    everything = [name for row in many for name in row.fields]
    assert sum(writer.unsaid.values()) == len(everything) - sum(map(len, sheets))
