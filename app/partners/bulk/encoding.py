"""From lines of JSON to the bytes of a file, a chunk at a time; a workbook is made on the disk."""

import json
from io import StringIO
from pathlib import Path
from typing import Protocol

import xlsxwriter
from defusedcsv import csv

from app.partners.bulk.formats import FileFormat
from app.partners.bulk.rules import Cell, cells_of, shortened

# With its header, a sheet of Excel's has no more rows than this.
MAX_ROWS = 1_048_575


class Encoder(Protocol):
    """Writes what can be cut anywhere between two rows, and put together again."""

    def head(self) -> bytes:
        """Give what the file begins with."""
        ...

    def encode(self, lines: bytes) -> bytes:
        """Give the rows of some lines."""
        ...


class NdjsonEncoder:
    """A JSON object a line."""

    def __init__(self, columns: list[str]) -> None:
        """Take the lines as they are."""
        del columns

    def head(self) -> bytes:
        """Begin with the first object."""
        return b""

    def encode(self, lines: bytes) -> bytes:
        """Give the lines."""
        return lines + b"\n"


class CsvEncoder:
    """Comma-separated values, of which no spreadsheet program runs one as a formula."""

    def __init__(self, columns: list[str]) -> None:
        """Take the columns."""
        self._columns = columns

    def head(self) -> bytes:
        """Begin with a byte order mark, which tells Excel that it is UTF-8, and the header."""
        return self._written([list(self._columns)]).encode("utf-8-sig")

    def encode(self, lines: bytes) -> bytes:
        """Give a row for each line."""
        rows = [cells_of(json.loads(line), self._columns) for line in lines.split(b"\n")]
        return self._written(rows).encode()

    @staticmethod
    def _written(rows: list[list[Cell]]) -> str:
        text = StringIO(newline="")
        csv.writer(text).writerows(rows)
        return text.getvalue()


ENCODERS: dict[FileFormat, type[NdjsonEncoder | CsvEncoder]] = {
    FileFormat.NDJSON: NdjsonEncoder,
    FileFormat.CSV: CsvEncoder,
}


class Book:
    """A workbook, written row after row to the disk: one row of it is in memory."""

    def __init__(self, path: Path, name: str, columns: list[str]) -> None:
        """Begin it."""
        self._book = xlsxwriter.Workbook(
            path,
            {
                "constant_memory": True,
                # Its rows, until it is closed
                "tmpdir": str(path.parent),
                "strings_to_formulas": False,
                "strings_to_urls": False,
            },
        )
        self._name, self._columns = name, columns
        self._sheets = 0
        # Texts that were longer than a cell
        self.shortened = 0
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        number = f" {self._sheets}" if self._sheets > 1 else ""
        self._sheet = self._book.add_worksheet(f"{self._name}{number}")
        self._sheet.freeze_panes(1, 0)
        self._sheet.write_row(0, 0, self._columns)
        self._row = 0

    def write(self, lines: bytes) -> None:
        """Write a row for each line, on a further sheet where one is full."""
        for line in lines.split(b"\n"):
            if self._row == MAX_ROWS:
                self._begin_sheet()
            self._row += 1
            for column, cell in enumerate(cells_of(json.loads(line), self._columns)):
                self._write(column, cell)

    def _write(self, column: int, cell: Cell) -> None:
        if isinstance(cell, str):
            text, is_whole = shortened(cell)
            self.shortened += not is_whole
            self._sheet.write_string(self._row, column, text)
        elif isinstance(cell, bool):
            self._sheet.write_boolean(self._row, column, cell)
        elif cell is not None:
            self._sheet.write_number(self._row, column, cell)

    def close(self) -> None:
        """Put its parts together."""
        self._book.close()
