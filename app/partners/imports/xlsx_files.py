"""A worksheet of an .xlsx file, a row at a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from app.partners.imports.rows import (
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    CellError,
    FileOptions,
    ImportRefused,
    Row,
    UnreadableRow,
    cells_of,
    named_columns,
)
from app.partners.imports.workbooks import Attributes, Workbook, parse_cells, unescaped

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's dates are of no time zone
_SHIFT_1904 = 1462
# Excel's 1900 had a 29 February; days before it are one off.
_FIRST_RIGHT_DAY = 61


Values = list[str]


class XlsxFile:
    """A worksheet with a header."""

    def __init__(self, path: Path, options: FileOptions) -> None:
        """Open it, and read the header.

        Raises:
            ImportRefused: it is no workbook, is too large, or has no such sheet or no header.
        """
        try:
            self._archive = ZipFile(path)
        except (BadZipFile, OSError) as error:
            raise ImportRefused(
                f"{path.name} is no .xlsx file, or is locked by a password: {error}."
            ) from error
        try:
            self._open(options)
        except (BadZipFile, NotImplementedError, RuntimeError, KeyError) as error:
            self.close()
            raise ImportRefused(f"{path.name} is a damaged .xlsx file: {error}.") from error
        except ImportRefused:
            self.close()
            raise

    def _open(self, options: FileOptions) -> None:
        workbook = Workbook(self._archive)
        name = options.sheet or next(iter(workbook.sheets))
        if name not in workbook.sheets:
            raise ImportRefused(
                f"There is no sheet {name!r}; there are: {', '.join(workbook.sheets)}."
            )
        self._sheet = Sheet(workbook, workbook.sheets[name])
        self._rows = self._sheet.rows()
        header = next((row for row in self._rows if row[0] >= options.header_row), (0, []))
        if header[0] not in {0, options.header_row}:
            raise ImportRefused(f"Row {options.header_row} of the sheet {name!r} is empty.")
        self.columns = named_columns([str(value) for value in header[1]])

    def rows(self) -> Iterator[Row | UnreadableRow]:
        """Read on; a damaged workbook ends with a row that says so."""
        number = 0
        try:
            for number, values in self._rows:
                if number in self._sheet.unreadable:
                    yield UnreadableRow(number, self._sheet.unreadable.pop(number))
                elif any(values):
                    values.extend([""] * (len(self.columns) - len(values)))
                    yield cells_of(self.columns, values, number)
        except ImportRefused as error:
            yield UnreadableRow(number + 1, f"and all after it can't be read: {error}")

    def done(self) -> float:
        """Tell how much was read."""
        return self._sheet.done

    def close(self) -> None:
        """Close the file."""
        self._archive.close()


class Sheet:
    """A worksheet's XML, turned into rows of text as it is parsed."""

    def __init__(self, workbook: Workbook, part: str) -> None:
        """Prepare to read a part."""
        self._workbook = workbook
        self._part = part
        self._ready: list[tuple[int, Values]] = []
        self._number = 0
        self._values: Values = []
        self._column = -1
        self._cell: Attributes = {}
        self._pieces: list[str] = []
        self._size = 0
        self._takes_text = False
        self._in_phonetic = False
        self.done = 0.0
        self.unreadable: dict[int, str] = {}

    def rows(self) -> Iterator[tuple[int, Values]]:
        """Give number and values of every row that is there."""
        size = max(self._workbook.size(self._part), 1)
        with self._workbook.open(self._part) as stream:
            try:
                for read in parse_cells(stream, self._start, self._end, self._text):
                    self.done = min(read / size, 1.0)
                    yield from self._ready
                    self._ready.clear()
            except ImportRefused:
                yield from self._ready
                raise

    def _start(self, name: str, attributes: Attributes) -> None:
        # The most frequent first: a sheet has millions of these.
        if name == "c":
            self._cell = attributes
            self._pieces = []
        elif name in {"v", "t"}:
            self._takes_text = not self._in_phonetic
        elif name == "rPh":
            self._in_phonetic = True
        elif name == "row":
            given = attributes.get("r", "")
            self._number = int(given) if given.isdecimal() and len(given) < 8 else self._number + 1  # noqa: PLR2004
            self._values, self._column = [], -1
        elif ":" in name:
            self._start(name.rpartition(":")[2], attributes)

    def _text(self, data: str) -> None:
        if not self._takes_text:
            return
        if not self._pieces:
            self._size = len(data)
            self._pieces.append(data)
            return
        self._size += len(data)
        if self._size > MAX_CELL_CHARACTERS:
            self.unreadable[self._number] = f"has a cell of over {MAX_CELL_CHARACTERS} characters"
        else:
            self._pieces.append(data)

    def _end(self, name: str) -> None:
        if name == "c":
            self._end_cell()
        elif name in {"v", "t"}:
            self._takes_text = False
        elif name == "rPh":
            self._in_phonetic = False
        elif name == "row":
            self._ready.append((self._number, self._values))
        elif ":" in name:
            self._end(name.rpartition(":")[2])

    def _end_cell(self) -> None:
        place = self._cell.get("r")
        column = self._column = column_of(place) if place else self._column + 1
        pieces = self._pieces
        text = pieces[0] if len(pieces) == 1 else "".join(pieces)
        if not text:
            return
        if not 0 <= column < MAX_COLUMNS:
            self.unreadable[self._number] = (
                f"has a cell beyond the {MAX_COLUMNS} columns that are read"
            )
            return
        values = self._values
        if column == len(values):
            values.append(self._value(text))
            return
        values.extend([""] * (column + 1 - len(values)))
        values[column] = self._value(text)

    def _value(self, text: str) -> str:
        match self._cell.get("t", "n"):
            case "s":
                texts = self._workbook.texts
                known = text.isdecimal() and len(text) < 10 and int(text) < len(texts)  # noqa: PLR2004
                return texts[int(text)] if known else CellError(f"text {text}")
            case "str" | "inlineStr":
                return unescaped(text)
            case "b":
                return "true" if text == "1" else "false"
            case "e":
                return CellError(text)
            case "d":
                return text.removesuffix("T00:00:00").replace("T", " ")
            case _:
                formats = self._workbook.formats
                said = self._cell.get("s", "0")
                style = int(said) if said.isdecimal() and len(said) < 10 else 0  # noqa: PLR2004
                shown_as = formats[style] if style < len(formats) else ""
                return number_text(text, shown_as, self._workbook.counts_from_1904)


def column_of(place: str) -> int:
    """Give the column of a cell's address from 0: `B5` is 1; -1 where it is none."""
    return _column(place.rstrip("0123456789"))


@lru_cache(MAX_COLUMNS)
def _column(letters: str) -> int:
    letters = letters.replace("$", "")
    if not 1 <= len(letters) <= 3 or not letters.isascii() or not letters.isupper():  # noqa: PLR2004
        return -1
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


def number_text(text: str, shown_as: str, counts_from_1904: bool) -> str:  # noqa: FBT001
    """Write a number as people read it: 2019, 1.5, 2021-09-24, 2021-09-24 18:30:00, 1:52:00."""
    try:
        number = float(text)
    except ValueError:
        return CellError(text)
    if shown_as == "elapsed" and 0 <= number < 1_000_000:  # noqa: PLR2004
        return _clock(number)
    if shown_as == "date" and (date := _date_text(number, counts_from_1904)):
        return date
    if number.is_integer() and abs(number) < 10**15:
        return str(int(number))
    return repr(number)


def _date_text(number: float, counts_from_1904: bool) -> str | None:  # noqa: FBT001
    if 0 <= number < 1:
        return _clock(number)
    if counts_from_1904:
        number += _SHIFT_1904
    elif number < _FIRST_RIGHT_DAY:
        number += 1
    try:
        moment = _EPOCH + timedelta(seconds=round(number * 86400))
    except (OverflowError, ValueError):
        return None
    return str(moment).removesuffix(" 00:00:00")


def _clock(days: float) -> str:
    seconds = round(days * 86400)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
