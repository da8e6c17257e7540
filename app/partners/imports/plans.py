"""A mapping made ready for the columns of one file."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.catalogue.values import normal_language
from app.partners.imports.fields import (
    CREDITS,
    FIELDS,
    MANDATORY,
    MEMBER_NUMBERS,
    MEMBERS,
    MINUTES,
    TEXTS,
)
from app.partners.imports.mapping import Entry, Rule
from app.partners.imports.mapping import Mapping as Said
from app.partners.imports.names import built_in, folded
from app.partners.imports.patterns import DURATION, compile_pattern, compile_split, minutes_of
from app.partners.imports.rows import ImportRefused
from app.partners.imports.rules import Cells, Choice, Reading, Record, Shape, Translation, one_line

_COLUMN = re.compile(r"\{([^{}]+)\}")
_SEVERAL = frozenset({Shape.LINES, Shape.RECORDS, Shape.JSON})
_VALUE = frozenset({"value"})
_LISTS = frozenset({Shape.LINES, Shape.RECORDS})
_NONE: frozenset[str] = frozenset()

Table = dict[str, Translation]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read from every row."""

    fields: tuple[Choice, ...]
    # Language, member of the text, how it is read
    texts: tuple[tuple[str, str, Choice], ...]
    # Role, and how the people of it are read
    credits: tuple[tuple[str, Reading], ...]
    # What every title begins with: no value in any field that the mapping fills. What a file no
    # longer says is thereby taken back, and what it never says is left alone.
    blank: dict[str, Any]
    # Every column that is read; those whose texts some rule takes whatever they are; and those of
    # which the mapping says that what is not taken may go.
    used: frozenset[str]
    taken_whole: frozenset[str]
    ignored: frozenset[str]


class _Compiler:
    """Compiles rule after rule, and keeps what is wrong with them."""

    def __init__(self, said: Said, columns: list[str] | None) -> None:
        self.faults: list[str] = []
        self._columns = columns
        self._empty = frozenset(one_line(text) for text in said.empty)
        self._tables = {name: self._table(name, said.translate[name]) for name in said.translate}

    def _table(self, name: str, entries: dict[str, Entry]) -> Table:
        table: Table = {}
        for key, entry in entries.items():
            made = Translation(tuple(entry.to), entry.note)
            if table.setdefault(folded(key), made) != made:
                self.faults.append(f"translate.{name}: {key!r} is there twice, but for its case")
            table[key] = made  # found without folding
        return table

    def choice(self, place: str, field: str, shape: Shape, rules: list[Rule]) -> Choice:
        """Compile the rules of one field."""
        several = len(rules) > 1
        readings = [
            self.reading(f"{place}[{at}]" if several else place, field, shape, rule)
            for at, rule in enumerate(rules, start=1)
        ]
        return Choice(field, shape, tuple(found for found in readings if found))

    def reading(self, place: str, field: str, shape: Shape, rule: Rule) -> Reading | None:
        """Compile a rule; None where something is wrong with it."""
        before = len(self.faults)
        for column in _columns_of(rule):
            self._check_column(place, column)
        tables = [self._named_table(place, shape, name) for name in rule.translate]
        patterns, of_match = self._patterns(place, field, shape, rule)
        if len(self.faults) > before:
            return None
        return Reading(
            field=field,
            shape=shape,
            columns=tuple(rule.read_columns),
            depends_on=tuple(_columns_of(rule)),
            empty=self._empty,
            template=_template(rule.value) if rule.value is not None else None,
            when=tuple(
                (column, frozenset(map(folded, texts))) for column, texts in rule.when.items()
            ),
            split=compile_split(rule.split, rule.unsplit) if rule.split else None,
            patterns=patterns,
            of_match=of_match,
            tables=tuple(tables),
            keeps_others=rule.others == "keep",
            default=rule.default,
        )

    def _check_column(self, place: str, column: str) -> None:
        if self._columns is None or column in self._columns:
            return
        near = get_close_matches(column, self._columns, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(self._columns)}."
        self.faults.append(f"{place}: the file has no column {column!r}; {hint}")

    def _named_table(self, place: str, shape: Shape, name: str) -> Mapping[str, Translation]:
        if name.startswith("@"):
            try:
                return {key: Translation((code,)) for key, code in built_in(name).items()}
            except ValueError as error:
                self.faults.append(f"{place}.translate: {error}")
                return {}
        if name not in self._tables:
            self.faults.append(f"{place}.translate: there is no table [translate.{name}]")
        table = self._tables.get(name, {})
        if shape not in _SEVERAL and any(len(entry.to) > 1 for entry in table.values()):
            self.faults.append(f"{place}.translate: {name} gives several values where one fits")
        return table

    def _patterns(
        self, place: str, field: str, shape: Shape, rule: Rule
    ) -> tuple[tuple[re.Pattern[str], ...], Callable[[dict[str, str]], str | Record] | None]:
        numbers, texts, of_match = _placeholders(field, shape)
        compiled: list[re.Pattern[str]] = []
        for text in rule.pattern:
            try:
                compiled.append(compile_pattern(text, numbers, texts))
            except ValueError as error:
                self.faults.append(f"{place}.pattern: {error}")
        return tuple(compiled), of_match if compiled else None


def _placeholders(
    field: str, shape: Shape
) -> tuple[frozenset[str], frozenset[str], Callable[[dict[str, str]], str | Record]]:
    """Give what patterns of a field may name, as numbers and as texts, and what is made of it."""
    if field in MINUTES:
        return _VALUE | DURATION, _NONE, _value_or_minutes
    if shape is Shape.NUMBER:
        return _VALUE, _NONE, _value
    if field in MEMBERS:
        return MEMBER_NUMBERS, MEMBERS[field], _record
    return _NONE, _VALUE, _value


def _value(groups: dict[str, str]) -> str:
    return groups["value"]


def _record(groups: dict[str, str]) -> Record:
    return {name: int(said) if name in MEMBER_NUMBERS else said for name, said in groups.items()}


def _value_or_minutes(groups: dict[str, str]) -> str:
    return groups.get("value") or str(minutes_of(groups))


def _columns_in(rule: Rule) -> list[str]:
    return _COLUMN.findall(rule.value) if rule.value is not None else []


def _template(text: str) -> Callable[[Cells], str]:
    """Make a text of columns; it is empty when one of them is."""
    literals = _COLUMN.split(text)
    columns = literals[1::2]

    def filled(cells: Cells) -> str:
        values = [one_line(str(cells.get(column) or "")) for column in columns]
        if not all(values):
            return ""
        pairs = zip(literals[::2], [*values, ""], strict=True)
        return "".join(literal + value for literal, value in pairs)

    return filled


def compile_plan(said: Said, columns: list[str] | None, *, by_row: bool = False) -> Plan:
    """Make a mapping ready for a file; `columns` is None where each row names its own.

    A mapping made `by_row` need not fill what is mandatory: the row is refused then, not the file.

    Raises:
        ImportRefused: it names what is not there; every fault is told.
    """
    compiler = _Compiler(said, columns)
    fields = [
        compiler.choice(f"fields.{name}", name, FIELDS[name], rules)
        for name, rules in said.fields.items()
    ]
    texts = [
        (_language(compiler, tag), name, compiler.choice(place, place, TEXTS[name], rules))
        for tag, members in said.texts.items()
        for name, rules in members.items()
        for place in [f"texts.{tag}.{name}"]
    ]
    people = [
        (rule.role, compiler.reading(f"credits[{at}]", CREDITS, Shape.RECORDS, rule))
        for at, rule in enumerate(said.credits, start=1)
    ]
    faults = [*compiler.faults, *([] if by_row else _missing(said))]
    if columns is not None:
        faults += [f"ignore: no column {name!r}" for name in said.ignore if name not in columns]
    if faults:
        raise ImportRefused("\n".join(["The mapping doesn't fit:", *(f"  - {f}" for f in faults)]))
    rules = _every_rule(said)
    return Plan(
        fields=tuple(fields),
        texts=tuple(texts),
        credits=tuple((role, found) for role, found in people if found),
        blank=_blank(said),
        used=frozenset(_columns_of(*rules)),
        taken_whole=frozenset(_columns_of(*(r for r in rules if not r.pattern and not r.when))),
        ignored=frozenset(said.ignore),
    )


def _blank(said: Said) -> dict[str, Any]:
    fields = {name.partition(".")[0]: FIELDS[name] for name in said.fields}
    if said.credits:
        fields[CREDITS] = Shape.RECORDS
    return {
        name: [] if shape in _LISTS else None
        for name, shape in fields.items()
        if name not in MANDATORY and shape is not Shape.JSON
    }


def _language(compiler: _Compiler, tag: str) -> str:
    try:
        return normal_language(tag)
    except ValueError as error:
        compiler.faults.append(f"texts.{tag}: {error}")
        return tag


def _missing(said: Said) -> list[str]:
    return [
        f"fields.{name}: nothing fills it, and no title goes in without one"
        for name in MANDATORY
        if name not in said.fields
    ]


def _every_rule(said: Said) -> list[Rule]:
    of_texts = [rules for members in said.texts.values() for rules in members.values()]
    return [
        *(rule for rules in [*said.fields.values(), *of_texts] for rule in rules),
        *said.credits,
    ]


def _columns_of(*rules: Rule) -> list[str]:
    return [
        column for rule in rules for column in [*rule.read_columns, *rule.when, *_columns_in(rule)]
    ]
