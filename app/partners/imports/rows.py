"""What every kind of file is read as: numbered rows of named cells, or why one can't be read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# A cell longer than this is no text anybody wrote; a quote that was never closed, rather.
MAX_CELL_CHARACTERS = 1_000_000
MAX_COLUMNS = 1000


class ImportRefused(Exception):  # noqa: N818  # a refusal, as errors.Problem is
    """Nothing can be imported from this file, or by this mapping: the message says what to do."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What a mapping may say of the file itself; what it leaves out is found by looking."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its number in a spreadsheet (the header has 1), or its line where there is none."""

    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that can't be read: it is refused, and the ones after it go on."""

    number: int
    problem: str
    value: str = ""
    sheet: str = ""


class CellError(str):
    """What a formula gave instead of a value: #REF!, say, or #N/A."""

    __slots__ = ()


class Source(Protocol):
    """An open file."""

    @property
    def columns(self) -> list[str] | None:
        """Name the columns; None where each row names its own."""
        ...

    def rows(self) -> Iterator[Row | UnreadableRow]:
        """Read on, one row at a time."""
        ...

    def done(self) -> float:
        """Tell how much of the file was read, from 0 to 1."""
        ...


def is_text(text: str) -> bool:
    """Tell whether a text is whole: without bytes that are not of the file's encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def named_columns(header: list[str]) -> list[str]:
    """Check a header, and give its names without the white space around them.

    Raises:
        ImportRefused: there is none, a name is given twice, or there are too many.
    """
    if not is_text("".join(header)):
        raise ImportRefused(
            "The header is not in the encoding the file was read by: name its encoding."
        )
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise ImportRefused(
            "The file has no header row: its first row must name the columns "
            "(or say file.header_row in the mapping)."
        )
    if len(names) > MAX_COLUMNS:
        raise ImportRefused(f"The file has {len(names)} columns; at most {MAX_COLUMNS} are read.")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise ImportRefused(f"The header names a column twice: {', '.join(twice)}.")
    return [name or f"(column {at})" for at, name in enumerate(names, start=1)]


def cells_of(names: list[str], values: list[Any], number: int) -> Row | UnreadableRow:
    """Put a row's values under their columns, unless it is longer than the header or shorter."""
    width = len(names)
    if len(values) > width and not any(values[width:]):
        del values[width:]
    if len(values) != width:
        return UnreadableRow(
            number,
            f"has {len(values)} cells where the header has {width}",
            " | ".join(str(value) for value in values),
        )
    return Row(number, dict(zip(names, values, strict=True)))
