"""What comes in and goes out of the accreditations: who attends, as what, how and when."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from app.accounts.schemas import OrganisationRef, Out, PersonRef
from app.ids import Id
from app.incoming import Incoming
from app.markets.rules import MOST_DAYS
from app.markets.schemas import UNSAID, Day, Patch
from app.models.markets import AccreditationRole, Attendance


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


class AccreditationOut(Out):
    """Somebody attends a market."""

    id: Id
    market_id: Id
    person: PersonRef
    organisation: OrganisationRef
    role: AccreditationRole
    attendance: Attendance
    days: list[date] = Field(description="Empty: every day of the market.", examples=[[]])
    revoked_at: datetime | None = Field(description="From then on it is good for nothing.")
    created_at: datetime
    updated_at: datetime
