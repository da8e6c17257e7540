"""Avails in tests: the real files, and files made for a test."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from lxml import etree

from app.partners.avails.columns import MOVIES, TV
from app.partners.avails.files import open_avails
from app.partners.avails.meaning import Judged, judge
from app.partners.avails.rows import AvailRow
from app.partners.avails.xlsx_writing import XlsxWriter
from app.partners.avails.xml_writing import XmlWriter
from app.partners.imports.rows import UnreadableRow

REAL = Path(__file__).parents[2] / "shared" / "data" / "avails"
NAMES = (
    "Avails_Volume_no-err_v2.4.xml",
    "Avails_noErrors_v2.3_v1.8.xlsx",
    "Avails_noErrors_v2.4.xml",
    "Avails_withErrors.xml",
    "EMA_Avails_Movies-TV_v1.6.xlsx",
    "Movies_v1.7.2.xlsx",
    "Movies_v1.8.xlsx",
    "Movies_v1.9.xlsx",
    "TV_v1.9.xlsx",
)
TODAY = date(2026, 11, 21)

MOVIE = {
    "DisplayName": "Rockstar Films",
    "Territory": "KZ",
    "WorkType": "Movie",
    "EntryType": "Full Extract",
    "TitleInternalAlias": "First Dance, The",
    "LicenseType": "SVOD",
    "FormatProfile": "HD",
    "Start": "2027-01-01",
    "End": "2028-12-31",
    "ContentID": "md:cid:org:rockstar:dance",
    "AvailID": "dance-1",
    "ALID": "md:alid:org:rockstar:dance",
    "AllowedLanguages": "ru, kk",
}
EPISODE = {
    name: value for name, value in MOVIE.items() if name not in {"TitleInternalAlias", "ContentID"}
} | {
    "WorkType": "Episode",
    "SeriesTitleInternalAlias": "Detectives, The",
    "SeasonNumber": "1",
    "EpisodeNumber": "2",
    "EpisodeTitleInternalAlias": "Birds of a Feather",
    "EpisodeCount": "8",
    "SeriesContentID": "md:cid:org:rockstar:detectives",
    "SeasonContentID": "md:cid:org:rockstar:detectives-s1",
    "EpisodeContentID": "md:cid:org:rockstar:detectives-s1e2",
    "ALID": "md:alid:org:rockstar:detectives-s1e2",
    "AvailID": "detectives-2",
}


def real_file(name: str) -> Path:
    """Give a real file, or skip the test where there is none."""
    if not (path := REAL / name).exists():
        pytest.skip(f"there is no {path}")
    return path


def read(path: Path) -> list[AvailRow]:
    """Read a file of which every row can be read."""
    rows = read_all(path)
    assert not [row for row in rows if isinstance(row, UnreadableRow)]
    return [row for row in rows if isinstance(row, AvailRow)]


def read_all(path: Path) -> list[AvailRow | UnreadableRow]:
    """Read a file, whatever becomes of its rows."""
    with open_avails(path) as opened:
        return list(opened.rows())


def a_row(fields: Mapping[str, str], **changed: str) -> AvailRow:
    """Make a row; an empty value takes a field away."""
    row = AvailRow(4, {}, version="1.9")
    for name, value in (dict(fields) | changed).items():
        row.put(name, value)
    return row


def judged(fields: Mapping[str, str], **changed: str) -> Judged:
    """Understand a row on the day that the tests take place."""
    return judge(a_row(fields, **changed), TODAY)


def found(judgement: Judged) -> list[tuple[str, str, str]]:
    """Give field, problem and what was done of every remark."""
    return [(remark.field, remark.problem, remark.done.value) for remark in judgement.remarks]


def write_xml(path: Path, rows: Iterable[AvailRow]) -> XmlWriter:
    """Write rows as XML 2.7."""
    with path.open("wb") as file:
        writer = XmlWriter(file)
        for row in rows:
            writer.write(row)
        writer.close()
    return writer


def write_xlsx(path: Path, rows: Iterable[AvailRow]) -> XlsxWriter:
    """Write rows as a spreadsheet 1.9."""
    with path.open("wb") as file:
        writer = XlsxWriter(file)
        for row in rows:
            writer.write(row)
        writer.close()
    return writer


def workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """Make a workbook of cells as they are."""
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for at, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, at, value, day)
                else:
                    sheet.write(number, at, value)
    book.close()
    return path


def sheet_of(*rows: Mapping[str, Any], version: str = "1.9") -> list[list[Any]]:
    """Make the cells of a sheet: group row, headings, notes, and rows."""
    headings = list(dict.fromkeys(name for row in rows for name in row))
    if "DisplayName" not in headings:
        headings.insert(0, "DisplayName")
    notes = [version if name == "DisplayName" else "//Opt" for name in headings]
    return [
        ["Avail"] * len(headings),
        headings,
        notes,
        *([row.get(name, "") for name in headings] for row in rows),
    ]


@cache
def schema() -> etree.XMLSchema:
    """Give the schema of XML 2.7."""
    return etree.XMLSchema(etree.parse(real_file("xsd/avails-v2.7.xsd")))


def require_valid(path: Path) -> None:
    """Hold a file to the schema."""
    if not schema().validate(etree.parse(path)):
        pytest.fail(str(schema().error_log))


def xml(*avails: str, version: str = "2.4", before: str = "") -> str:
    """Make an AvailList of Avails written out."""
    schemas = "http://www.movielabs.com/schema"
    spaces = f'xmlns:avails="{schemas}/avails/v{version}/avails" xmlns:md="{schemas}/md/v2.7/md"'
    head = f'<?xml version="1.0" encoding="UTF-8"?>{before}'
    return f"{head}<avails:AvailList {spaces}>{''.join(avails)}</avails:AvailList>"


def avail(*transactions: str, alid: str = "dance", inside: str = "") -> str:
    """Write out an Avail of a film, of the Transactions given."""
    return f"""
    <avails:Avail>
      <avails:ALID>{alid}</avails:ALID>
      <avails:Disposition><avails:EntryType>Full Extract</avails:EntryType></avails:Disposition>
      <avails:Licensor><md:DisplayName>Rockstar Films</md:DisplayName></avails:Licensor>
      <avails:AvailType>single</avails:AvailType>
      <avails:ShortDescription>First Dance, The</avails:ShortDescription>
      <avails:Asset contentID="{alid}">
        <avails:WorkType>Movie</avails:WorkType>
        <avails:Metadata>
          <avails:TitleInternalAlias>First Dance, The</avails:TitleInternalAlias>{inside}
        </avails:Metadata>
      </avails:Asset>{"".join(transactions)}
    </avails:Avail>"""


def transaction(inside: str = "", *, territories: str = "KZ", terms: str = "") -> str:
    """Write out a Transaction."""
    regions = "".join(
        f"<avails:Territory><md:country>{code}</md:country></avails:Territory>"
        for code in territories.split()
    )
    return f"""
      <avails:Transaction TransactionID="1">
        <avails:LicenseType>SVOD</avails:LicenseType>{regions}
        <avails:Start>2027-01-01T00:00:00</avails:Start>
        <avails:End>2028-12-31T23:59:59</avails:End>{inside}
        <avails:FormatProfile>HD</avails:FormatProfile>{terms}
      </avails:Transaction>"""


COLUMNS = {"Movies": [column.field for column in MOVIES], "TV": [column.field for column in TV]}
