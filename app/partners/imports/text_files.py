"""CSV and NDJSON, a line at a time: however large the file is, one row of it is in memory."""

import codecs
import csv
import json
from collections.abc import Iterator
from io import StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

from app.partners.imports.rows import (
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    FileOptions,
    ImportRefused,
    Row,
    UnreadableRow,
    cells_of,
    is_text,
    named_columns,
)

MAX_LINE_CHARACTERS = 4_000_000
DELIMITERS = ",;\t|"
SAMPLE_LINES = 20
SAMPLE_CHARACTERS = 10_000
_TOO_LONG = f"is longer than {MAX_LINE_CHARACTERS} characters"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# csv keeps one limit for the whole process; nothing else here reads CSV.
csv.field_size_limit(MAX_CELL_CHARACTERS)


class TextFile:
    """A text file, read by lines of bounded length.

    Bytes that are not of its encoding become lone surrogates: the fields they are in are refused.
    """

    def __init__(self, path: Path, encoding: str | None) -> None:
        """Open it, by the given encoding or the one its first bytes tell; UTF-8 otherwise."""
        encoding = encoding or _marked_encoding(path)
        self._binary = path.open("rb")
        try:
            self._text = TextIOWrapper(
                self._binary, encoding=encoding, errors="surrogateescape", newline=""
            )
        except LookupError:
            self._binary.close()
            raise
        self._size = max(path.stat().st_size, 1)
        # Set when a line was too long to be given whole.
        self.line_was_cut = False

    def __iter__(self) -> Iterator[str]:
        """Give line after line, with their ends."""
        while line := self._text.readline(MAX_LINE_CHARACTERS):
            if len(line) == MAX_LINE_CHARACTERS and line[-1] not in "\r\n":
                self.line_was_cut = True
                self._skip_to_end_of_line()
            yield line

    def _skip_to_end_of_line(self) -> None:
        while (rest := self._text.readline(MAX_LINE_CHARACTERS)) and rest[-1] not in "\r\n":
            pass

    def sample(self, lines: int) -> str:
        """Give the first lines, and stay at the beginning."""
        found = "".join(self._text.readline(SAMPLE_CHARACTERS) for _ in range(lines))
        self._text.seek(0)
        return found

    def done(self) -> float:
        """Tell how much was read."""
        return min(self._binary.tell() / self._size, 1.0)

    def close(self) -> None:
        """Close the file."""
        self._text.close()


def _marked_encoding(path: Path) -> str:
    with path.open("rb") as file:
        beginning = file.read(4)
    return next((name for mark, name in _MARKS if beginning.startswith(mark)), "utf-8")


class CsvFile:
    """A file of comma-separated values (RFC 4180; other delimiters, too) with a header."""

    def __init__(self, path: Path, options: FileOptions) -> None:
        """Open it, and read the header.

        Raises:
            ImportRefused: there is no header that can be used.
        """
        self._file = TextFile(path, options.encoding)
        self._number = options.header_row
        try:
            delimiter = options.delimiter or self._likely_delimiter()
            self._reader = csv.reader(iter(self._file), delimiter=delimiter, strict=True)
            header = list(islice(self._reader, self._number - 1, self._number))
            self.columns = named_columns(header[0] if header else [])
        except (csv.Error, UnicodeError) as error:
            self.close()
            raise ImportRefused(f"The header of {path.name} can't be read: {error}.") from error
        except ImportRefused:
            self.close()
            raise

    def _likely_delimiter(self) -> str:
        """Give the delimiter that finds the most columns in the header."""
        sample = self._file.sample(self._number + SAMPLE_LINES)

        def width(delimiter: str) -> int:
            rows = csv.reader(StringIO(sample, newline=""), delimiter=delimiter)
            return len(next(islice(rows, self._number - 1, None), []))

        return max(DELIMITERS, key=width)

    def rows(self) -> Iterator[Row | UnreadableRow]:
        """Read on; a row that is no CSV is given as such, and reading goes on at the next line."""
        while True:
            self._number += 1
            begin = self._reader.line_num + 1
            try:
                values = next(self._reader, None)
            except csv.Error as error:
                self._file.line_was_cut = False
                yield UnreadableRow(self._number, f"can't be read: {error}{self._where(begin)}")
                continue
            except UnicodeError as error:
                yield UnreadableRow(self._number, f"and all after it can't be read: {error}")
                return
            if values is None:
                return
            if self._file.line_was_cut:
                self._file.line_was_cut = False
                yield UnreadableRow(self._number, _TOO_LONG)
            elif values:
                yield self._located(cells_of(self.columns, values, self._number), begin)

    def _located(self, row: Row | UnreadableRow, begin: int) -> Row | UnreadableRow:
        if isinstance(row, Row):
            return row
        return UnreadableRow(row.number, row.problem + self._where(begin), row.value)

    def _where(self, begin: int) -> str:
        end = self._reader.line_num
        return f" (lines {begin} to {end})" if end > begin else f" (line {begin})"

    def done(self) -> float:
        """Tell how much was read."""
        return self._file.done()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class NdjsonFile:
    """A file with one JSON object a line."""

    columns = None

    def __init__(self, path: Path, options: FileOptions) -> None:
        """Open it."""
        self._file = TextFile(path, options.encoding)

    def rows(self) -> Iterator[Row | UnreadableRow]:
        """Read on; a line that is no JSON object is given as such."""
        number = 0
        try:
            for number, line in enumerate(self._file, start=1):  # told when it ends
                if self._file.line_was_cut:
                    self._file.line_was_cut = False
                    yield UnreadableRow(number, _TOO_LONG)
                elif not line.isspace():
                    yield _object_of(line, number)
        except UnicodeError as error:
            yield UnreadableRow(number + 1, f"and all after it can't be read: {error}")

    def done(self) -> float:
        """Tell how much was read."""
        return self._file.done()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _object_of(line: str, number: int) -> Row | UnreadableRow:
    try:
        read = json.loads(line, object_pairs_hook=_members, parse_constant=_refuse_constant)
    except RecursionError:
        return UnreadableRow(number, "is nested too deeply", line)
    except ValueError as error:
        return UnreadableRow(number, f"is no JSON: {error}", line)
    if not isinstance(read, dict):
        return UnreadableRow(number, "is no JSON object", line)
    if len(read) > MAX_COLUMNS:
        return UnreadableRow(number, f"has more than {MAX_COLUMNS} members", line)
    if not is_text("".join(read)):
        return UnreadableRow(number, "has a member whose name is not in the file's encoding", line)
    return Row(number, read)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("an object names a member twice")
    return read


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
