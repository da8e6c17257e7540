"""How boxes of rights come in and go out: territories × media × languages × term.

Sets are lists of codes as the trade writes them, read from left to right: each adds what it stands
for, with a `-` it takes that away. They go out in the shortest such form.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from app.incoming import Incoming
from app.rights.rules.boxes import Box, Term
from app.trees import LANGUAGES, MEDIA, TERRITORIES, Multirange, Tree

MAX_CODES = 600
MAX_CODE = 60
FIRST_DAY, LAST_DAY = date(1870, 1, 1), date(2300, 12, 31)
_IS_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII).fullmatch

Codes = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=MAX_CODE)]],
    Field(min_length=1, max_length=MAX_CODES),
]
Note = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=500)]
# Stands in a patch for what is not given.
UNSAID: Any = None


def _reader(tree: Tree) -> Callable[[object], Multirange]:
    def read(value: object) -> Multirange:
        if isinstance(value, tuple):  # numbers already: JSON has no tuples
            return value
        if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
            raise ValueError(f"must be a list of codes, as {[tree.root]}")
        if len(value) > MAX_CODES or any(len(code) > MAX_CODE for code in value):
            raise ValueError(f"has {MAX_CODES} codes at most, of {MAX_CODE} characters at most")
        return tree.parse(value)

    return read


def read_day(value: object) -> date:
    """Read a day, and no more than that: Pydantic would take seconds since 1970, too.

    Raises:
        ValueError: it is none, or lies beyond what anybody sells.
    """
    try:
        if isinstance(value, str) and _IS_DAY(value):
            value = date.fromisoformat(value)
    except ValueError:
        pass
    if type(value) is not date or not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(f"must be a day from {FIRST_DAY} to {LAST_DAY}")
    return value


Territories = Annotated[
    Multirange,
    PlainValidator(_reader(TERRITORIES), json_schema_input_type=Codes),
    PlainSerializer(TERRITORIES.write, return_type=list[str]),
    Field(
        description="Codes of `GET /v1/territories`; a group means its members of today.",
        examples=[["WORLD", "-CN", "-SCO"]],
    ),
]
Media = Annotated[
    Multirange,
    PlainValidator(_reader(MEDIA), json_schema_input_type=Codes),
    PlainSerializer(MEDIA.write, return_type=list[str]),
    Field(description="Codes of `GET /v1/media`.", examples=[["SVOD", "AVOD"]]),
]
Languages = Annotated[
    Multirange,
    PlainValidator(_reader(LANGUAGES), json_schema_input_type=Codes),
    PlainSerializer(LANGUAGES.write, return_type=list[str]),
    Field(description="BCP 47, or ALL.", examples=[["ALL"]]),
]
Day = Annotated[
    date,
    PlainValidator(read_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2027-01-01"]}),
]


class TermIn(Incoming):
    """Days, the first and the last one included."""

    start: Day = Field(alias="from", examples=["2027-01-01"])
    until: Day | None = Field(
        description="The last day; null, which has to be said, means for ever.",
        examples=["2028-12-31"],
    )

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        Term.inclusive(self.start, self.until)
        return self

    @property
    def days(self) -> Term:
        """Give it to reckon with."""
        return Term.inclusive(self.start, self.until)


class BoxIn(Incoming):
    """Every combination of territories, media and languages, on every day of a term."""

    territories: Territories
    media: Media
    languages: Languages = Field(
        default=LANGUAGES.everything, json_schema_extra={"default": [LANGUAGES.root]}
    )
    term: TermIn

    @property
    def box(self) -> Box:
        """Give it to reckon with."""
        return Box(self.territories, self.media, self.languages, self.term.days)


class BoxPatch(Incoming):
    """What changes of a box; a set or a term is one value, and given whole."""

    territories: Territories = UNSAID
    media: Media = UNSAID
    languages: Languages = UNSAID
    term: TermIn = UNSAID

    def given(self) -> dict[str, Any]:
        """Give what the patch says."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def box(self, before: Box) -> Box:
        """Give the box that comes out."""
        given = self.given()
        return Box(
            given.get("territories", before.territories),
            given.get("media", before.media),
            given.get("languages", before.languages),
            self.term.days if "term" in given else before.term,
        )


class TermOut(BaseModel):
    """Days, the first and the last one included."""

    start: date = Field(serialization_alias="from", examples=["2027-01-01"])
    until: date | None = Field(description="The last day; null: for ever.", examples=["2028-12-31"])


class BoxOut(BaseModel):
    """Every combination of territories, media and languages, on every day of a term."""

    territories: Territories
    media: Media
    languages: Languages
    term: TermOut


def told(box: Box) -> dict[str, Any]:
    """Give the members that tell a box."""
    return {
        "territories": box.territories,
        "media": box.media,
        "languages": box.languages,
        "term": TermOut(start=box.term.start, until=box.term.until),
    }


def written(box: Box) -> dict[str, Any]:
    """Write a box as JSON, for a problem document."""
    return BoxOut(**told(box)).model_dump(mode="json", by_alias=True)
