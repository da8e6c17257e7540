"""What comes in and goes out of a market's hours, and the slots they make."""

import re
from datetime import date, datetime, time
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from app.accounts.schemas import Out
from app.incoming import Incoming
from app.markets.rules import MOST_DAYS, Break, DayHours, flaw_of_hours
from app.markets.schemas import Day

MOST_BREAKS = 12
CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
_IS_CLOCK = re.compile(CLOCK).fullmatch


def read_clock(value: object) -> time:
    """Read a time of day, to the minute.

    Raises:
        ValueError: it is none.
    """
    if type(value) is time:
        return value
    if isinstance(value, str) and _IS_CLOCK(value):
        return time.fromisoformat(value)
    raise ValueError("must be a time of day, as 09:30")


Clock = Annotated[
    time,
    PlainValidator(read_clock),
    PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": CLOCK, "examples": ["09:30"]}),
]


class BreakIn(Incoming):
    """When nobody meets, on the market's clock."""

    starts: Clock = Field(examples=["12:30"])
    ends: Clock = Field(examples=["13:30"])


class DayHoursIn(Incoming):
    """When the market is open on a day, on its own clock."""

    day: Day
    opens: Clock = Field(examples=["09:00"])
    closes: Clock = Field(description="On the same day.", examples=["18:00"])
    breaks: list[BreakIn] = Field(default=[], max_length=MOST_BREAKS)

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        hours = self.hours
        if (flaw := flaw_of_hours(hours.opens, hours.closes, hours.breaks)) is not None:
            raise ValueError(flaw)
        return self

    @property
    def hours(self) -> DayHours:
        """Give them to reckon with."""
        breaks = sorted(Break(one.starts, one.ends) for one in self.breaks)
        return DayHours(self.day, self.opens, self.closes, tuple(breaks))


class HoursIn(Incoming):
    """The hours of all days on which the market is open."""

    days: list[DayHoursIn] = Field(max_length=MOST_DAYS, description="Each day once.")

    @model_validator(mode="after")
    def _each_day_once(self) -> Self:
        if len({one.day for one in self.days}) < len(self.days):
            raise ValueError("names a day twice")
        return self


class BreakOut(Out):
    """When nobody meets, on the market's clock."""

    starts: Clock = Field(examples=["12:30"])
    ends: Clock = Field(examples=["13:30"])


class DayHoursOut(Out):
    """When the market is open on a day, on its own clock."""

    day: date = Field(examples=["2027-06-14"])
    opens: Clock = Field(examples=["09:00"])
    closes: Clock = Field(examples=["18:00"])
    breaks: list[BreakOut]


class HoursOut(BaseModel):
    """The hours of all days on which the market is open, in their order."""

    time_zone: str = Field(description="What the times are told by.", examples=["Asia/Tehran"])
    days: list[DayHoursOut]


class LocalSlot(BaseModel):
    """The same on the market's clock, with the offset that holds then."""

    starts_at: datetime = Field(examples=["2027-06-14T09:00:00+03:30"])
    ends_at: datetime = Field(examples=["2027-06-14T09:30:00+03:30"])


class SlotOut(BaseModel):
    """A time to meet in, from an instant on, up to another."""

    day: date = Field(examples=["2027-06-14"])
    index: int = Field(
        description="Counted from the opening of the day, and past the breaks.", examples=[0]
    )
    starts_at: datetime = Field(examples=["2027-06-14T05:30:00Z"])
    ends_at: datetime = Field(examples=["2027-06-14T06:00:00Z"])
    local: LocalSlot
