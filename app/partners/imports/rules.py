"""From cells to values, by one rule: read, split, match, translate. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.partners.imports.findings import Done, Matter, Remark
from app.partners.imports.names import folded
from app.partners.imports.patterns import MAX_MATCHED_CHARACTERS
from app.partners.imports.rows import CellError

# What may stand unseen at either end of a text: no-width spaces and byte order marks.
_UNSEEN = "\u200b\u2060\ufeff"
_LONG_SPACE = re.compile(r"\s{2,}|[\t\n\v\f\r\x85\u2028\u2029]")

Cells = Mapping[str, Any]
Record = dict[str, str | int]


class Shape(StrEnum):
    """What a field holds."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    LINES = "lines"
    RECORDS = "records"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Translation:
    """What a table makes of a text."""

    to: tuple[str, ...]
    note: str | None = None


@dataclass
class Log:
    """What was found in one row."""

    remarks: list[Remark] = field(default_factory=list)
    # Texts that no pattern of a field fits, as (column, text), and those that one does
    unmatched: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    matched: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule, ready to read rows."""

    field: str
    shape: Shape
    columns: tuple[str, ...]
    # Every column that what it reads depends on
    depends_on: tuple[str, ...]
    empty: frozenset[str]
    template: Callable[[Cells], str] | None = None
    # Column, and the texts one of which must stand in it
    when: tuple[tuple[str, frozenset[str]], ...] = ()
    split: re.Pattern[str] | None = None
    patterns: tuple[re.Pattern[str], ...] = ()
    of_match: Callable[[dict[str, str]], str | Record] | None = None
    tables: tuple[Mapping[str, Translation], ...] = ()
    keeps_others: bool = True
    default: str | None = None

    @property
    def takes_as_is(self) -> bool:
        """Tell whether a plain text in its one column is the value as it stands."""
        made = self.template or self.when or self.split or self.patterns or self.tables
        return len(self.columns) == 1 and not made

    def read(self, cells: Cells, log: Log) -> list[Any]:
        """Give the values a row has for the field; none when it has nothing."""
        if self.when and not self._applies(cells, log):
            return []
        found = self._found(cells, log)
        if self.tables:
            found = [value for piece in found for value in self._translated(piece, log)]
        if not found and self.default is not None:
            return self._pieces(self.default)
        return found

    def _applies(self, cells: Cells, log: Log) -> bool:
        """Tell whether the rule is for this row; what it leaves behind another may take."""
        applies = all(folded(str(cells.get(column) or "")) in texts for column, texts in self.when)
        if applies and self.patterns:
            return True
        for column in self.columns:
            for piece in self._cell(cells.get(column), column, Log()):
                if applies:
                    log.matched.add((column, str(piece)))
                else:
                    log.unmatched.setdefault((column, str(piece)), []).append(self.field)
        return applies

    def _found(self, cells: Cells, log: Log) -> list[Any]:
        if self.template is not None:
            made = self.template(cells)
            return self._pieces(made) if made else []
        for column in self.columns:
            cell = cells.get(column)
            if not cell and cell is not False and cell != 0:
                continue
            pieces = self._cell(cell, column, log)
            if self.patterns:
                pieces = [value for piece in pieces for value in self._matched(piece, column, log)]
            if pieces:
                return pieces
        return []

    def _cell(self, cell: Any, column: str, log: Log) -> list[Any]:  # noqa: ANN401
        """Give what a cell holds, in pieces."""
        if isinstance(cell, CellError):
            log.remarks.append(
                Remark(
                    self.field, str(cell), f"the cell of {column} is in error", Matter.IMPOSSIBLE
                )
            )
            return []
        if isinstance(cell, str):
            if "\x00" in cell:
                log.remarks.append(
                    Remark(self.field, cell, "holds the character U+0000", Matter.IMPOSSIBLE)
                )
                return []
            return self._pieces(cell)
        if cell is None:
            return []
        if isinstance(cell, list) and self.shape is not Shape.JSON:
            return [value for item in cell for value in self._cell(item, column, log)]
        return [str(cell) if self._wants_text(cell) else cell]

    def _wants_text(self, cell: Any) -> bool:  # noqa: ANN401
        is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
        return is_number and self.shape is not Shape.JSON

    def _pieces(self, text: str) -> list[str]:
        pieces = self.split.split(text) if self.split else (text,)
        if is_plain(text):
            cleaned: Iterable[str] = map(str.strip, pieces)
        elif self.shape is Shape.TEXT:
            cleaned = map(trimmed, pieces)
        else:
            cleaned = map(one_line, pieces)
        return [piece for piece in cleaned if piece and piece not in self.empty]

    def _matched(self, piece: Any, column: str, log: Log) -> list[str | Record]:  # noqa: ANN401
        """Give the value in a text that one of the patterns fits."""
        if not isinstance(piece, str):
            return [piece]
        if len(piece) <= MAX_MATCHED_CHARACTERS and self.of_match:
            for pattern in self.patterns:
                if found := pattern.fullmatch(piece):
                    log.matched.add((column, piece))
                    return [self.of_match(found.groupdict())]
        log.unmatched.setdefault((column, piece), []).append(self.field)
        return []

    def _translated(self, piece: Any, log: Log) -> Iterable[Any]:  # noqa: ANN401
        if not isinstance(piece, str):
            return (piece,)
        for table in self.tables:
            if found := table.get(piece) or table.get(folded(piece)):
                if found.note:
                    log.remarks.append(self._noted(piece, found))
                return found.to
        return (piece,) if self.keeps_others else ()

    def _noted(self, piece: str, found: Translation) -> Remark:
        done = Done.TAKEN if found.to else Done.LEFT_OUT
        taken = f"taken as {', '.join(found.to)}: " if found.to else ""
        return Remark(self.field, piece, taken + (found.note or ""), Matter.NOTE, done)


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules of one field: the first that finds something gives its value."""

    field: str
    shape: Shape
    readings: tuple[Reading, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Name every column that what it reads depends on."""
        return tuple(dict.fromkeys(name for each in self.readings for name in each.depends_on))

    def read(self, cells: Cells, log: Log) -> list[Any]:
        """Give the values a row has for the field; none when it has nothing."""
        for reading in self.readings:
            if found := reading.read(cells, log):
                return found
        return []


def trimmed(text: str) -> str:
    """Take white space, seen and unseen, off both ends."""
    text = text.strip()
    while text and (text[0] in _UNSEEN or text[-1] in _UNSEEN):
        text = text.strip(_UNSEEN).strip()
    return text


def is_plain(text: str) -> bool:
    """Tell whether a text has no other white space than single spaces, as most: nothing unseen."""
    return text.isprintable() and "  " not in text


def one_line(text: str) -> str:
    """Trim a text, and make long white space and line breaks in it one space."""
    if is_plain(text):
        return text.strip()
    return _LONG_SPACE.sub(" ", trimmed(text))
