"""What comes in and goes out of the accreditations: who attends, as what, how and when."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from app.accounts.schemas import OrganisationRef, Out, PersonRef
from app.ids import Id
from app.incoming import Incoming, Instant
from app.markets.rules import MOST_DAYS
from app.markets.schemas import UNSAID, Day, Patch
from app.models.markets import AccreditationRole, Attendance

MOST_FREE_TIMES = 500


def _in_order(days: list[date]) -> list[date]:
    return sorted(set(days))


Role = Annotated[
    AccreditationRole,
    Field(
        description="Buyers are people of companies that buy, sellers of those that sell; the "
        "other roles are the organisers' to give.",
        examples=["buyer"],
    ),
]
Days = Annotated[
    list[Day],
    Field(
        max_length=MOST_DAYS,
        description="On which days of the market; empty: on all of them.",
        examples=[[]],
    ),
    AfterValidator(_in_order),
]


class AccreditationIn(Incoming):
    """Who attends, as what, how and when."""

    person_id: Id
    role: Role
    attendance: Attendance = Attendance.IN_PERSON
    days: Days = Field(default=[])


class AccreditationPatch(Patch):
    """What changes of an accreditation (RFC 7396): what is left out stays."""

    role: Role = UNSAID
    attendance: Attendance = UNSAID
    days: Days = UNSAID


class FreeTime(Incoming):
    """From an instant on, up to another."""

    starts_at: Instant = Field(examples=["2026-11-24T10:00:00+03:30"])
    ends_at: Instant = Field(examples=["2026-11-24T13:00:00+03:30"])

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("must end after it starts")
        return self


class FreeTimesIn(Incoming):
    """When somebody can be met."""

    free: list[FreeTime] | None = Field(
        max_length=MOST_FREE_TIMES,
        description="Times in which they can be met; those that overlap count as one. Empty: "
        "never. Null: whenever the market is open on their days.",
    )


class FreeTimeOut(Out):
    """From an instant on, up to another."""

    starts_at: datetime = Field(examples=["2026-11-24T06:30:00Z"])
    ends_at: datetime = Field(examples=["2026-11-24T09:30:00Z"])


class AccreditationOut(Out):
    """Somebody attends a market."""

    id: Id
    market_id: Id
    person: PersonRef
    organisation: OrganisationRef
    role: AccreditationRole
    attendance: Attendance
    days: list[date] = Field(description="Empty: every day of the market.", examples=[[]])
    free: list[FreeTimeOut] | None = Field(
        description="When they can be met, as they say; null: whenever the market is open."
    )
    revoked_at: datetime | None = Field(description="From then on it is good for nothing.")
    created_at: datetime
    updated_at: datetime


class ArrivalOut(Out):
    """Somebody came in."""

    accreditation_id: Id
    person: PersonRef
    organisation: OrganisationRef
    role: AccreditationRole
    attendance: Attendance
    day: date = Field(description="On the market's clock.", examples=["2027-06-14"])
    checked_in_at: datetime = Field(description="The first time on that day.")
