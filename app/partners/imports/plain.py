"""The short way from a row to a title, for rows of which there is nothing to tell: most are such.

What a column says is checked once for each different text in it and then remembered, so that what
repeats (kinds, countries, genres, years, people) costs a look. With a row of which anything must be
told, or that can't be right, `judge` goes the long way (`titles.judge`), and says what is wrong.
"""

from typing import Any, NamedTuple

from app.catalogue.schemas import Credit, TextIn
from app.partners.imports.fields import CREDITS
from app.partners.imports.making import (
    LINES,
    SAID,
    TEXTS,
    Odd,
    Values,
    credit_of,
    is_line,
    text_of,
    title_of,
    unusual_credit,
    value_of,
)
from app.partners.imports.plans import Plan
from app.partners.imports.rows import Row
from app.partners.imports.rules import Cells, Choice, Log, Shape
from app.partners.imports.titles import Candidate, Judged, judge, put

# Longer texts hardly repeat.
MAX_REMEMBERED_CHARACTERS = 200
MAX_REMEMBERED = 2**14
MAX_CREDITS = 500

# A column, and a text in it
Said = tuple[str, str]


class _Found(NamedTuple):
    """What a row says of a field."""

    # The field's value as the API has it, under its name; empty where nothing is said
    value: Values
    # Texts that no pattern of the field fits, and those that one does
    unmatched: frozenset[Said]
    matched: frozenset[Said]


_NOTHING: frozenset[Said] = frozenset()
_UNMET = _Found({}, _NOTHING, _NOTHING)


class _Line:
    """Finds a text that differs from row to row, and is right as it stands: most are."""

    def __init__(self, choice: Choice, longest: int) -> None:
        first = next(iter(choice.readings), None)
        self._column = first.columns[0] if first and first.takes_as_is and longest else None
        self._empty = first.empty if first else frozenset()
        self._longest = longest

    def read(self, cells: Cells) -> str | None:
        """Give the text; None where more must be known of it."""
        if self._column is None:
            return None
        text: Any = cells.get(self._column)
        is_right = is_line(text, self._longest) and "  " not in text and text not in self._empty
        return text if is_right else None


class _Field:
    """Reads one field, and remembers what it made of each text."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._line = _Line(choice, LINES.get(choice.field, 0))
        self._columns = choice.columns
        self._remembered: dict[str | tuple[str | None, ...], _Found | None] = {}

    def read(self, cells: Cells) -> _Found:
        """Give what a row says of the field."""
        if (line := self._line.read(cells)) is not None:
            return _Found({self._choice.field: line}, _NOTHING, _NOTHING)
        said = self._said(cells)
        if said is None:
            found = self._found(cells)
        elif (found := self._remembered.get(said, _UNMET)) is _UNMET:
            if len(self._remembered) == MAX_REMEMBERED:
                self._remembered.clear()
            found = self._remembered[said] = self._found(cells)
        if found is None:
            raise Odd
        return found

    def _said(self, cells: Cells) -> str | tuple[str | None, ...] | None:
        """Give short texts; None for long ones, and for 1, 1.0 and True, which are alike."""
        if len(self._columns) == 1:
            cell = cells.get(self._columns[0])
            return cell if type(cell) is str and len(cell) <= MAX_REMEMBERED_CHARACTERS else None
        said = tuple([cells.get(column) for column in self._columns])
        return said if all(map(_is_short, said)) else None

    def _found(self, cells: Cells) -> _Found | None:
        log = Log()
        value: Values = {}
        if found := self._choice.read(cells, log):
            put(value, self._choice, found, log)
        if log.remarks:
            return None
        try:
            checked = {name: value_of(name, said) for name, said in value.items()}
        except Odd:
            return None
        return _Found(checked, frozenset(log.unmatched), frozenset(log.matched))


class Judge:
    """Makes titles of rows by a plan: the short way where it can."""

    def __init__(self, plan: Plan) -> None:
        """Prepare."""
        self.plan = plan
        self._fields = [_Field(choice) for choice in plan.fields]
        self._said = [(*text, _Line(text[2], SAID[text[1]])) for text in plan.texts]
        self._taken_anyway = plan.taken_whole | plan.ignored
        # Values that are JSON, or parts of one, are checked as a whole.
        self._is_simple = _are_tags({language for language, _, _ in plan.texts}) and all(
            choice.shape is not Shape.JSON and "." not in choice.field for choice in plan.fields
        )

    def judge(self, row: Row) -> Judged:
        """Make a title of a row: as `titles.judge`, and sooner."""
        if self._is_simple:
            try:
                title = title_of(self._read(row.cells))
                return Judged(Candidate(row.number, title.reference or "", title), [])
            except Odd:
                pass
        return judge(self.plan, row)

    def _read(self, cells: Cells) -> Values:
        values = dict(self.plan.blank)
        log = Log()
        unmatched: set[Said] = set()
        for field in self._fields:
            value, left, taken = field.read(cells)
            values |= value
            if left or taken:
                unmatched |= left
                log.matched |= taken
        if people := self._credits(cells, log):
            values[CREDITS] = people
        if texts := self._texts(cells, log):
            values[TEXTS] = texts
        self._check(log, unmatched)
        return values

    def _check(self, log: Log, unmatched: set[Said]) -> None:
        """Leave what must be told to the long way."""
        unmatched.update(log.unmatched)
        if log.remarks or any(
            column not in self._taken_anyway for column, _ in unmatched - log.matched
        ):
            raise Odd

    def _credits(self, cells: Cells, log: Log) -> list[Credit]:
        people = [
            credit_of(role, found) if isinstance(found, str) else unusual_credit(role, found)
            for role, reading in self.plan.credits
            for found in reading.read(cells, log)
        ]
        if len({person.name for person in people}) < len(people) and _are_repeated(people):
            raise Odd
        if len(people) > MAX_CREDITS:
            raise Odd
        return people

    def _texts(self, cells: Cells, log: Log) -> dict[str, TextIn]:
        texts: dict[str, Values] = {}
        for language, member, choice, line in self._said:
            if (text := line.read(cells)) is not None:
                texts.setdefault(language, {})[member] = text
            elif found := choice.read(cells, log):
                texts.setdefault(language, {})[member] = found[0]
        return {language: text_of(said) for language, said in texts.items()}


def _are_repeated(people: list[Credit]) -> bool:
    """Tell whether somebody is named twice for the same."""
    return len({(each.role, each.name, each.character) for each in people}) < len(people)


def _are_tags(languages: set[str]) -> bool:
    """Tell whether texts may be kept under these names as they are."""
    try:
        kept: Values = value_of(TEXTS, {language: {"title": "-"} for language in languages})
    except Odd:
        return False
    return kept.keys() == languages


def _is_short(cell: Any) -> bool:  # noqa: ANN401  # whatever a file holds
    return cell is None or (type(cell) is str and len(cell) <= MAX_REMEMBERED_CHARACTERS)
