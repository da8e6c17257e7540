"""Avails into the spreadsheet 1.9, a row at a time: Movies and TV apart, their columns in order."""

from collections import Counter
from datetime import date
from typing import IO, Any

import xlsxwriter

from app.partners.avails import xml_texts
from app.partners.avails.columns import DAYS_ELSEWHERE, MOVIES, TV, Column
from app.partners.avails.rows import OTHER, AvailRow

VERSION = "1.9"
# What Excel has; the rows beyond go into a further sheet.
MAX_ROWS = 1_048_576
_FIRST_RIGHT_DAY = date(1900, 3, 1)
# Excel's numbers have fifteen digits.
_DIGITS = 15
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_REQUIRED = frozenset(
    {
        "DisplayName",
        "Territory",
        "WorkType",
        "EntryType",
        "ALID",
        "LicenseType",
        "FormatProfile",
        "Start",
        "End",
        "TitleInternalAlias",
        "ContentID",
        "SeriesTitleInternalAlias",
        "SeasonNumber",
        "EpisodeNumber",
        "EpisodeCount",
        "EpisodeTitleInternalAlias",
        "SeriesContentID",
        "SeasonContentID",
        "EpisodeContentID",
    }
)
_NOTES = {
    "PriceType": "//REQ for all but SVOD LicenseType",
    "PriceValue": "//REQ for all but SVOD LicenseType",
    "SuppressionLiftDate": "//REQ for pre-orders",
    "CaptionIncluded": "//REQ in US",
    "CaptionExemption": "//REQ in US if captions are not included",
}
_DATES = frozenset({"Start", "End", *DAYS_ELSEWHERE})
_NUMBERS = frozenset(
    {
        "SeasonNumber",
        "VolumeNumber",
        "EpisodeNumber",
        "EpisodeCount",
        "SeasonCount",
        "PriceValue",
        "SRP",
        "ReleaseYear",
        "RentalDuration",
        "WatchDuration",
        "CaptionExemption",
    }
)


class XlsxWriter:
    """Writes rows to a file; what the spreadsheet has no column for is counted by its name."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin at the beginning of a file."""
        self.unsaid: Counter[str] = Counter()
        self._book = xlsxwriter.Workbook(file, _OPTIONS)
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheets = {
            name: _Sheet(self._book, name, columns) for name, columns in _SHEETS.items()
        }

    def write(self, row: AvailRow) -> None:
        """Write a row."""
        name = _sheet_of(row)
        number, page = self._sheets[name].next_row()
        for at, column in enumerate(_SHEETS[name]):
            if value := row.get(column.field):
                self._put(page, number, at, column.field, value)
        self.unsaid.update(unsaid_of(row))

    def close(self) -> None:
        """End the file."""
        self._book.close()

    def _put(self, page: Any, number: int, at: int, field: str, value: str) -> None:  # noqa: ANN401  # it ships no types
        if field in _DATES and (day := _excel_day(value)):
            page.write_datetime(number, at, day, self._day)
        elif field in _NUMBERS and (amount := _excel_number(value)) is not None:
            page.write_number(number, at, amount)
        else:
            # Whatever it begins with, a string is no formula.
            page.write_string(number, at, value)


def unsaid_of(row: AvailRow) -> list[str]:
    """Name what of a row the spreadsheet has no column for."""
    fields = [name for name in row.fields if name not in _NAMES[_sheet_of(row)]]
    return [*fields, *(f"{part}/{node.name}" for part in row.more for node in row.more[part])]


def _sheet_of(row: AvailRow) -> str:
    return "Movies" if row.described_as == OTHER else "TV"


class _Sheet:
    """One of the two sheets, and those that go on where it is full."""

    def __init__(self, book: Any, name: str, columns: tuple[Column, ...]) -> None:  # noqa: ANN401
        self._book = book
        self._name = name
        self._columns = columns
        self._pages = 0
        self._begin()

    def next_row(self) -> tuple[int, Any]:
        """Give the number of the next row, from 0, and the page it stands on."""
        if self._row == MAX_ROWS:
            self._begin()
        self._row += 1
        return self._row - 1, self._page

    def _begin(self) -> None:
        self._pages += 1
        name = self._name if self._pages == 1 else f"{self._name} {self._pages}"
        self._page = self._book.add_worksheet(name)
        self._page.freeze_panes(3, 0)
        for at, column in enumerate(self._columns):
            self._page.write_string(0, at, column.group)
        for at, column in enumerate(self._columns):
            self._page.write_string(1, at, column.heading)
        for at, column in enumerate(self._columns):
            self._page.write_string(2, at, _note(column.field) if at else VERSION)
        self._row = 3


_SHEETS = {"Movies": MOVIES, "TV": TV}
_NAMES = {name: {column.field for column in columns} for name, columns in _SHEETS.items()}


def _note(field: str) -> str:
    return _NOTES.get(field, "//REQ" if field in _REQUIRED else "//Opt")


def _excel_day(value: str) -> date | None:
    if xml_texts.day(value) is None:
        return None
    day = date.fromisoformat(value)
    return day if day >= _FIRST_RIGHT_DAY else None


def _excel_number(value: str) -> float | None:
    """Give a number that is read again as it is written here: not `010`, nor `1000.00`."""
    if xml_texts.decimal(value) is None or sum(map(str.isdigit, value)) > _DIGITS:
        return None
    amount = float(value)
    return amount if (str(int(amount)) if amount.is_integer() else repr(amount)) == value else None
