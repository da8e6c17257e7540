"""Avails out of spreadsheets of any version: columns by name, in any order, in any sheet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from app.partners.avails.columns import ENOUGH, field_of, version_by
from app.partners.avails.rows import AvailRow
from app.partners.imports.findings import Done, Finding, Matter
from app.partners.imports.rows import ImportRefused, UnreadableRow
from app.partners.imports.workbooks import Workbook
from app.partners.imports.xlsx_files import Sheet, Values

# The header is the second row; some put a title above.
MAX_HEADER_ROW = 20
NOTE = "//"
KNOWN_VERSIONS = ("1.6", "1.7", "1.8", "1.9")
_VERSION = re.compile(r"v?(\d+\.\d+)[.\w]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """A sheet's headings: which field each column holds, if any."""

    row: int
    columns: list[str | None]
    headings: set[str]
    unknown: list[str]
    twice: list[str]

    def at(self, name: str) -> int | None:
        """Give the place of a field's column."""
        return self.columns.index(name) if name in self.columns else None


@dataclass(slots=True)
class AvailsSheet:
    """A sheet that holds avails."""

    name: str
    part: str
    header: Header
    version: str = ""
    notes: list[Finding] = field(default_factory=list)


class AvailsWorkbook:
    """A workbook with avails in it."""

    def __init__(self, path: Path) -> None:
        """Open it, and find the sheets that hold avails.

        Raises:
            ImportRefused: it is no workbook, is too large, or no sheet of it holds avails.
        """
        try:
            self._archive = ZipFile(path)
        except (BadZipFile, OSError) as error:
            raise ImportRefused(f"The file is a damaged workbook: {error}.") from error
        try:
            self._open()
        except (BadZipFile, NotImplementedError, RuntimeError, KeyError) as error:
            self.close()
            raise ImportRefused(f"The file is a damaged workbook: {error}.") from error
        except ImportRefused:
            self.close()
            raise

    def _open(self) -> None:
        self._workbook = Workbook(self._archive)
        self.notes: list[Finding] = []
        self._sheets: list[AvailsSheet] = []
        for name, part in self._workbook.sheets.items():
            if header := _header(Sheet(self._workbook, part)):
                self._sheets.append(AvailsSheet(name, part, header))
            else:
                self.notes.append(_note(name, 0, "", "holds no avails: the sheet is not read"))
        if not self._sheets:
            raise ImportRefused(
                f"None of the sheets {', '.join(self._workbook.sheets)} holds avails: a sheet of "
                f"avails has the columns {', '.join(sorted(ENOUGH))} and more, by these names."
            )
        for sheet in self._sheets:
            self._describe(sheet)
        self.version = ", ".join(dict.fromkeys(sheet.version for sheet in self._sheets))
        self._size = sum(self._workbook.size(sheet.part) for sheet in self._sheets)
        self._read = 0.0

    def _describe(self, sheet: AvailsSheet) -> None:
        """Tell the version, and which columns are not read."""
        header = sheet.header
        said = _said_version(Sheet(self._workbook, sheet.part), header)
        sheet.version = said or version_by(header.headings)
        how = "as it says" if said else "by its columns"
        self.notes.append(
            _note(sheet.name, header.row, "", f"is of version {sheet.version}, {how}")
        )
        if sheet.version not in KNOWN_VERSIONS:
            self.notes.append(
                _note(sheet.name, header.row, "", "is of a version unknown here: read by names")
            )
        for heading in header.unknown:
            problem = "is no column of Avails 1.6 to 1.9"
            self.notes.append(_note(sheet.name, header.row, heading, problem, Done.LEFT_OUT))
        for heading in header.twice:
            problem = "is there twice: only the first is read"
            self.notes.append(_note(sheet.name, header.row, heading, problem, Done.LEFT_OUT))

    def rows(self) -> Iterator[AvailRow | UnreadableRow]:
        """Read one row after another; a damaged workbook ends with a row that says so."""
        for sheet in self._sheets:
            before = self._read
            reader = Sheet(self._workbook, sheet.part)
            share = self._workbook.size(sheet.part) / max(self._size, 1)
            number = 0
            try:
                for number, values in reader.rows():
                    self._read = before + reader.done * share
                    if problem := reader.unreadable.pop(number, ""):
                        yield UnreadableRow(number, problem, sheet=sheet.name)
                    elif number > sheet.header.row and not _is_note(values, sheet.header):
                        yield from _row(number, values, sheet).by_territory()
            except (ImportRefused, BadZipFile) as error:
                problem = f"and all after it can't be read: {error}"
                yield UnreadableRow(number + 1, problem, sheet=sheet.name)

    def done(self) -> float:
        """Tell how much of the file was read, from 0 to 1."""
        return min(self._read, 1.0)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()


def _header(sheet: Sheet) -> Header | None:
    """Find the headings, if there are any that avails have."""
    for number, values in sheet.rows():
        if number > MAX_HEADER_ROW:
            return None
        fields = [field_of(value) for value in values]
        if set(fields) >= ENOUGH:
            return _told(number, values, fields)
    return None


def _told(number: int, values: Values, fields: list[str | None]) -> Header:
    columns: list[str | None] = []
    unknown, twice = [], []
    for heading, name in zip(values, fields, strict=True):
        if name is None and heading.strip():
            unknown.append(heading.strip())
        elif name in columns and name is not None:
            twice.append(heading.strip())
        columns.append(None if name in columns else name)
    return Header(number, columns, {heading.strip() for heading in values}, unknown, twice)


def _said_version(sheet: Sheet, header: Header) -> str:
    """Read the version in the row of notes under the headings; "" where there is none."""
    at = header.at("DisplayName")
    for number, values in sheet.rows():
        if number <= header.row:
            continue
        if not _is_note(values, header) or at is None or at >= len(values):
            return ""
        if found := _VERSION.fullmatch(values[at].strip()):
            return found[1]
    return ""


def _is_note(values: Values, header: Header) -> bool:
    """Tell a row that says what belongs into the columns, or nothing at all."""
    first = next((value for value in values if value), NOTE)
    at = header.at("WorkType")
    work_type = values[at] if at is not None and at < len(values) else ""
    return first.startswith(NOTE) or work_type.startswith(NOTE)


def _row(number: int, values: Values, sheet: AvailsSheet) -> AvailRow:
    row = AvailRow(number, {}, sheet=sheet.name, version=sheet.version)
    # Cells beyond the last heading have none, and nobody can know what they are.
    for name, value in zip(sheet.header.columns, values, strict=False):
        if value and name:
            row.put(name, value)
    return row


def _note(sheet: str, row: int, heading: str, problem: str, done: Done = Done.TAKEN) -> Finding:
    matter = Matter.UNUSED_COLUMN if heading else Matter.NOTE
    return Finding(row, "", heading, "", problem, done, matter, sheet)
