"""Ids: 64-bit numbers made by the database, strings on the wire (JavaScript rounds above 2⁵³)."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

# `new_id()` stays below 18 digits until the year 2453.
PATTERN = "^[1-9][0-9]{0,17}$"
_MATCHES = re.compile(PATTERN, re.ASCII).fullmatch


def parse_id(value: object) -> int:
    """Read an id off the wire.

    Raises:
        ValueError: it is no decimal number of 1 to 18 digits, as a string.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18:
        return value
    if isinstance(value, str) and _MATCHES(value):
        return int(value)
    raise ValueError("must be an id: a string of 1 to 18 digits")


Id = Annotated[
    int,
    BeforeValidator(parse_id),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["116823110451200001"]}),
]
