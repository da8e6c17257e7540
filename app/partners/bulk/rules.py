"""What of a JSON object stands in the cells of a row."""

from typing import Any

from pydantic_core import to_json

# What Excel keeps of a text
MAX_CELL = 32_767
SEPARATOR = "; "

Cell = str | int | float | bool | None


def cells_of(item: dict[str, Any], columns: list[str]) -> list[Cell]:
    """Give the values of an object, by column: lists of words as one text, what has parts as JSON.

    The words are parted by a semicolon, as an import by the names of columns reads them.
    """
    return [_cell(item.get(name)) for name in columns]


def _cell(value: Any) -> Cell:  # noqa: ANN401  # any JSON
    if not isinstance(value, list | dict):
        found: Cell = value
        return found
    if not value:
        return None
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return SEPARATOR.join(value)
    return to_json(value).decode()


def shortened(text: str) -> tuple[str, bool]:
    """Give what of a text a spreadsheet's cell can hold, and whether that is all of it."""
    return (text, True) if len(text) <= MAX_CELL else (text[: MAX_CELL - 1] + "…", False)
