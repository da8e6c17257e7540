"""What comes in and goes out of the markets: their dates, and the rules of their meetings."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from app.accounts.schemas import Out, TimeZone
from app.ids import Id
from app.incoming import Incoming, without_defaults
from app.markets.rules import MOST_DAYS, flaw_of_dates
from app.models.markets import MarketState, Side

# Whoever means another century has mistyped it.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
_IS_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII).fullmatch
# Stands in a patch for what is not given.
UNSAID: Any = None


def read_day(value: object) -> date:
    """Read a day, and no more than that: Pydantic would take seconds since 1970, too.

    Raises:
        ValueError: it is none, or of another century.
    """
    try:
        if isinstance(value, str) and _IS_DAY(value):
            value = date.fromisoformat(value)
    except ValueError:
        pass
    if type(value) is not date or not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(f"must be a day from {FIRST_DAY} to {LAST_DAY}")
    return value


Day = Annotated[
    date,
    PlainValidator(read_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2027-06-14"]}),
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Patch(Incoming):
    """What changes (RFC 7396): what is left out stays; lists are given whole."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    def given(self) -> dict[str, Any]:
        """Give what the patch says."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def _once(sides: list[Side]) -> list[Side]:
    return sorted(set(sides))


MarketName = Annotated[
    Name, Field(description="No two have the same.", examples=["SCO FilmMart 2027"])
]
SlotMinutes = Annotated[
    int, Field(strict=True, ge=5, le=240, description="How long a slot is.", examples=[30])
]
WalkMinutes = Annotated[
    int,
    Field(
        strict=True,
        ge=0,
        le=240,
        description="From one hall to another, where `walks` has nothing of the two.",
        examples=[10],
    ),
]
Askers = Annotated[
    list[Side],
    Field(
        min_length=1,
        max_length=2,
        description="Who may ask the other side for a meeting.",
        examples=[["buyer", "seller"]],
    ),
    AfterValidator(_once),
]
RequestQuota = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=1000,
        description="How many requests of a person may wait for an answer at once; null: any "
        "number.",
        examples=[20],
    ),
]
LeadMinutes = Annotated[
    int,
    Field(
        strict=True,
        ge=0,
        le=10_080,
        description="How long before it begins a meeting can last be made.",
        examples=[60],
    ),
]
RequestLifetimeHours = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=8760,
        description="After how long an unanswered request expires.",
        examples=[72],
    ),
]
MeetingsADay = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=288,
        description="How many meetings a person may have on a day; null: as many as slots.",
        examples=[12],
    ),
]
GraceMinutes = Annotated[
    int,
    Field(
        strict=True,
        ge=0,
        le=240,
        description="How late one may come before it is a no-show.",
        examples=[10],
    ),
]


class MarketIn(Incoming):
    """An edition: when and on which clock it is, and how people meet there."""

    name: MarketName
    starts_on: Day = Field(examples=["2027-06-14"])
    ends_on: Day = Field(
        description=f"The last day; {MOST_DAYS} days at most.", examples=["2027-06-17"]
    )
    time_zone: TimeZone
    slot_minutes: SlotMinutes
    walk_minutes: WalkMinutes = 10
    askers: Askers = Field(default=[Side.BUYER, Side.SELLER])
    request_quota: RequestQuota | None = None
    lead_minutes: LeadMinutes = 0
    request_lifetime_hours: RequestLifetimeHours = 168
    meetings_a_day: MeetingsADay | None = None
    grace_minutes: GraceMinutes = 10

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if (flaw := flaw_of_dates(self.starts_on, self.ends_on)) is not None:
            raise ValueError(f"ends_on {flaw}")
        return self


class MarketPatch(Patch):
    """What changes of an edition (RFC 7396): what is left out stays."""

    name: MarketName = UNSAID
    starts_on: Day = UNSAID
    ends_on: Day = UNSAID
    time_zone: TimeZone = UNSAID
    slot_minutes: SlotMinutes = UNSAID
    walk_minutes: WalkMinutes = UNSAID
    askers: Askers = UNSAID
    request_quota: RequestQuota | None = None
    lead_minutes: LeadMinutes = UNSAID
    request_lifetime_hours: RequestLifetimeHours = UNSAID
    meetings_a_day: MeetingsADay | None = None
    grace_minutes: GraceMinutes = UNSAID


class MarketOut(Out):
    """An edition."""

    id: Id
    name: MarketName
    state: MarketState = Field(description="A draft is seen by the organisers alone.")
    starts_on: date = Field(examples=["2027-06-14"])
    ends_on: date = Field(examples=["2027-06-17"])
    time_zone: str = Field(
        description="Its clock, by its name in the IANA database.", examples=["Asia/Tehran"]
    )
    slot_minutes: SlotMinutes
    walk_minutes: WalkMinutes
    askers: list[Side] = Field(description="Who may ask the other side for a meeting.")
    request_quota: RequestQuota | None
    lead_minutes: LeadMinutes
    request_lifetime_hours: RequestLifetimeHours
    meetings_a_day: MeetingsADay | None
    grace_minutes: GraceMinutes
    created_at: datetime
    updated_at: datetime
