"""What comes in: models that refuse what they do not know, and text that PostgreSQL can keep."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

MAX_DEPTH = 20
_NUL = "must not contain the character U+0000"
_IS_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
).fullmatch


def refuse_nul(value: Any, depth: int = 0) -> None:  # noqa: ANN401  # any JSON
    """Refuse the one character that PostgreSQL's text can't hold.

    Raises:
        ValueError: a string holds U+0000, or the value is nested too deeply.
    """
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError(_NUL)
        return
    if not isinstance(value, dict | list):
        return
    if depth > MAX_DEPTH:
        raise ValueError("is nested too deeply")
    for item in (*value, *value.values()) if isinstance(value, dict) else value:
        if type(item) is str:  # as most are: no call for each
            if "\x00" in item:
                raise ValueError(_NUL)
        elif item is not None:
            refuse_nul(item, depth + 1)


def _refuse_nul(value: str) -> str:
    refuse_nul(value)
    return value


def without_defaults(schema: dict[str, Any]) -> None:
    """Keep out of a patch's documentation what it never does: set what is not given."""
    for member in schema["properties"].values():
        member.pop("default", None)


class Incoming(BaseModel):
    """The root of every request body: unknown members are refused, strings are trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_nul(cls, data: Any) -> Any:  # noqa: ANN401
        refuse_nul(data)
        return data


# Text of a query parameter: `Incoming` guards bodies only.
QueryText = Annotated[str, StringConstraints(max_length=500), AfterValidator(_refuse_nul)]


def parse_instant(value: object) -> datetime:
    """Read an instant of RFC 3339 and give it in UTC.

    Raises:
        ValueError: it is none, or has no offset: a clock time is another instant in each zone.
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    try:
        if isinstance(value, str) and _IS_INSTANT(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be an instant of RFC 3339 with its offset, as 2026-11-24T10:00:00+03:30")


Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-11-24T10:00:00+03:30"]}
    ),
]
