"""The mapping: a TOML file that says which column is which field. docs/importing.md teaches it."""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, model_validator

from app.incoming import Incoming
from app.partners.imports.fields import FIELDS, ROLES, TEXTS
from app.partners.imports.rows import FileOptions, ImportRefused

MAX_BYTES = 1_000_000
MAX_RULES = 1000


def _listed(value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
    return [value] if isinstance(value, str) else value


def _rules(value: Any) -> Any:  # noqa: ANN401
    """Read a column, a rule, or several of either."""
    rules = value if isinstance(value, list) else [value]
    return [{"column": rule} if isinstance(rule, str) else rule for rule in rules]


def _entry(value: Any) -> Any:  # noqa: ANN401
    return value if isinstance(value, dict) else {"to": value}


def _texted(value: Any) -> Any:  # noqa: ANN401
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


Word = Annotated[str, StringConstraints(min_length=1, max_length=500)]
# Separators and values are taken to the letter.
Verbatim = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=2000)]
Words = Annotated[list[Word], BeforeValidator(_listed), Field(max_length=100)]
Verbatims = Annotated[list[Verbatim], BeforeValidator(_listed), Field(max_length=100)]
Value = Annotated[Verbatim, BeforeValidator(_texted)]


class Rule(Incoming):
    """Where a field's value comes from, and what is done with it on the way."""

    column: Word | None = None
    columns: Words = Field(default=[])
    value: Value | None = None
    when: dict[str, Words] = Field(default={})
    split: Verbatims = Field(default=[])
    unsplit: Verbatims = Field(default=[])
    pattern: Words = Field(default=[])
    translate: Words = Field(default=[])
    others: Literal["keep", "leave_out"] = "keep"
    default: Value | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        said = [name for name in ("column", "columns", "value") if getattr(self, name)]
        if len(said) > 1:
            raise ValueError(f"says both {said[0]} and {said[1]}: one of them must go")
        if not said and self.default is None:
            raise ValueError("names no column: say column, columns, value or default")
        if self.others == "leave_out" and not self.translate:
            raise ValueError("says others without translate")
        for text in self.unsplit:
            if not any(text.startswith(separator) for separator in self.split):
                raise ValueError(f"unsplit {text!r} must begin with one of the texts of split")
        return self

    @property
    def read_columns(self) -> list[str]:
        """Name the columns that are looked at, first to last."""
        return [self.column] if self.column else self.columns


class CreditRule(Rule):
    """The same for the people of one role."""

    role: Literal[tuple(sorted(ROLES))]  # type: ignore[valid-type]  # the enum's own words


class Entry(Incoming):
    """What a text is translated to: one value, several, or none; with a word why."""

    to: Annotated[
        list[Annotated[Verbatim, BeforeValidator(_texted)]],
        BeforeValidator(lambda value: [value] if isinstance(value, str | int) else value),
    ]
    note: Word | None = None


class FileSaid(Incoming):
    """What the file is like, where that can't be seen by looking."""

    encoding: Word | None = None
    delimiter: Annotated[str, StringConstraints(strip_whitespace=False, pattern=r"^[^\r\n\"]$")] | (
        None
    ) = None
    sheet: Word | None = None
    header_row: Annotated[int, Field(ge=1, le=1000)] = 1


Rules = Annotated[list[Rule], BeforeValidator(_rules), Field(min_length=1, max_length=20)]


class Mapping(Incoming):
    """A mapping as it is written."""

    file: FileSaid = FileSaid()
    empty: Verbatims = Field(default=[])
    ignore: Words = Field(default=[])
    fields: dict[str, Rules] = Field(default={})
    texts: dict[str, dict[str, Rules]] = Field(default={})
    credits: list[CreditRule] = Field(default=[], max_length=MAX_RULES)
    translate: dict[str, dict[str, Annotated[Entry, BeforeValidator(_entry)]]] = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, data: Any) -> Any:  # noqa: ANN401
        """Read `financing.budget.amount` as TOML does: tables in tables."""
        if isinstance(data, dict) and isinstance(data.get("fields"), dict):
            return data | {"fields": _flat(data["fields"], "")}
        return data

    def options(self, **given: str | None) -> FileOptions:
        """Give what is said of the file; what was said at the command line counts more."""
        said = self.file.model_dump()
        return FileOptions(**said | {name: value for name, value in given.items() if value})


def _flat(fields: dict[str, Any], above: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        path = above + name
        holds_fields = any(known.startswith(f"{path}.") for known in FIELDS)
        is_rule = not isinstance(value, dict) or any(key in Rule.model_fields for key in value)
        if holds_fields and not is_rule:
            flat |= _flat(value, f"{path}.")
        else:
            flat[path] = value
    return flat


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        ImportRefused: it can't be read, or says what no mapping can say; every fault is named.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImportRefused(f"{path} is larger than {MAX_BYTES} bytes.")
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ImportRefused(f"{path} can't be opened: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{path} is no TOML: {error}.") from error
    return read_mapping(said, path.name)


def read_mapping(said: dict[str, Any], name: str = "The mapping") -> Mapping:
    """Check a mapping.

    Raises:
        ImportRefused: it says what no mapping can say; every fault is named.
    """
    try:
        mapping = Mapping.model_validate(said)
    except ValidationError as error:
        raise ImportRefused(_told(name, [_sentence(fault) for fault in error.errors()])) from error
    if faults := _unknown_fields(mapping):
        raise ImportRefused(_told(name, faults))
    return mapping


def _told(name: str, faults: list[str]) -> str:
    return f"{name} can't be used:\n" + "\n".join(f"  - {fault}" for fault in faults)


def _sentence(fault: Any) -> str:  # noqa: ANN401  # pydantic's own record
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{place}: there is no such word{_meant(str(fault['loc'][-1]), _WORDS)}"
    message = str(fault["msg"]).removeprefix("Value error, ").replace("Input should", "should")
    return f"{place}: {message}" if place else message


def _unknown_fields(mapping: Mapping) -> list[str]:
    faults = [
        f"fields.{name}: a title has no such field{_meant(name, FIELDS)}"
        for name in mapping.fields
        if name not in FIELDS
    ]
    return faults + [
        f"texts.{language}.{name}: a text has {', '.join(TEXTS)} only"
        for language, rules in mapping.texts.items()
        for name in rules
        if name not in TEXTS
    ]


_WORDS = [*Mapping.model_fields, *CreditRule.model_fields, *FileSaid.model_fields, "to", "note"]


def _meant(name: str, known: Any) -> str:  # noqa: ANN401
    near = get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
