"""What was found wrong, or worth a word, in a file: row by row, field by field."""

from dataclasses import dataclass
from enum import StrEnum


class Done(StrEnum):
    """What was done about it."""

    ROW_REFUSED = "row refused"
    LEFT_OUT = "left out"
    TAKEN = "taken"
    LEFT_A_DRAFT = "left a draft"


class Matter(StrEnum):
    """What sort of thing was found: the summary counts by it."""

    UNREADABLE = "row can't be read"
    MISSING = "mandatory field is missing"
    UNKNOWN = "unknown value"
    IMPOSSIBLE = "impossible value"
    UNMATCHED = "no rule fits"
    TOO_LONG = "too long or too many"
    REPEATED = "said twice"
    SUSPICIOUS = "looks wrong"
    SAME_REFERENCE = "reference used twice"
    LOOKALIKE = "looks like another title"
    NOTE = "note of the mapping"
    UNUSED_COLUMN = "column not used"
    CONTRADICTION = "contradicts what is kept"
    NOT_PUBLISHED = "can't be published"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `row` is the file's own number and 0 means the file as a whole."""

    row: int
    reference: str
    field: str
    value: str
    problem: str
    done: Done
    matter: Matter
    # Where a file has several sheets of rows
    sheet: str = ""

    @property
    def place(self) -> str:
        """Write where it was found: `12`, `TV!12` as spreadsheets do, or nothing."""
        number = str(self.row) if self.row else ""
        return f"{self.sheet}!{number}" if self.sheet else number


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding about a value, before it is known which row and title it belongs to."""

    field: str
    value: str
    problem: str
    matter: Matter
    done: Done = Done.LEFT_OUT

    def of(self, row: int, reference: str, sheet: str = "") -> Finding:
        """Say where it was found."""
        return Finding(
            row, reference, self.field, self.value, self.problem, self.done, self.matter, sheet
        )
