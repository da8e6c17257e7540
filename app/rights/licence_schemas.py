"""What comes in and goes out of the ledger of what is sold."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from app.accounts.schemas import OrganisationRef, Out
from app.ids import Id
from app.incoming import Incoming, without_defaults
from app.money import Money
from app.rights.rules.states import LicenceState
from app.rights.schemas import (
    UNSAID,
    BoxIn,
    BoxOut,
    BoxPatch,
    Day,
    Note,
    ShortText,
)

EXCLUSIVE = "True: nobody else has any of it meanwhile."
FEE = Field(default=None, description="What it costs; for the two sides to know.")
NOTE = Field(default=None, description="For your own people.", examples=["Signed in Almaty"])


class LicenceSide(StrEnum):
    """Licences that the caller's organisation sold, or those it bought."""

    SOLD = "sold"
    BOUGHT = "bought"


class LicenceIn(BoxIn):
    """What is sold, and to whom: an organisation of the market, or somebody outside of it."""

    licensee_id: Id | None = Field(
        default=None, description="The organisation of the market that buys.", examples=[None]
    )
    licensee_name: ShortText | None = Field(
        default=None, description="Who buys, if nobody of the market.", examples=["Qazaq Stream"]
    )
    exclusive: bool = Field(strict=True, description=EXCLUSIVE, examples=[True])
    fee: Money | None = FEE
    note: Note | None = NOTE

    @model_validator(mode="after")
    def _has_one_licensee(self) -> Self:
        if (self.licensee_id is None) == (self.licensee_name is None):
            raise ValueError("give licensee_id or licensee_name, and not both")
        return self


class LicencePatch(BoxPatch):
    """What both sides amend (RFC 7396): what is left out stays, null empties."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    exclusive: bool = Field(default=UNSAID, strict=True, description=EXCLUSIVE)
    fee: Money | None = FEE
    note: Note | None = NOTE


class TerminationIn(Incoming):
    """From when on a licence no longer holds."""

    on: Day = Field(
        description="The first day on which it no longer holds: one of its term, past or to come.",
        examples=["2028-07-01"],
    )
    note: Note | None = Field(
        default=None, description="For your own people, in place of the licence's note."
    )


class SoldTitle(Out):
    """The title that is sold."""

    id: Id
    original_title: str = Field(examples=["Сталкер"])


class Licensee(Out):
    """Who bought: an organisation of the market, or (without an id) a name from outside."""

    id: Id | None
    name: str = Field(examples=["Qazaq Stream"])


class LicenceOut(BoxOut):
    """A licence, for its two sides alone."""

    id: Id
    state: LicenceState = Field(
        description="Active from the day it is sold, also while its term is yet to come."
    )
    title: SoldTitle
    seller: OrganisationRef
    licensee: Licensee
    exclusive: bool
    fee: Money | None
    terminated_on: date | None = Field(
        description="The first day on which it no longer holds, where it was ended before its term."
    )
    note: str | None = Field(description="The seller's own; shown to the seller alone.")
    created_at: datetime
    updated_at: datetime


class HoldbackWarning(Out):
    """A soft holdback that was sold into, and where."""

    code: str = Field(examples=["held_back"])
    offering_id: Id
    reason: str | None
    boxes: list[BoxOut]


class LicenceSold(LicenceOut):
    """A licence as it was sold or amended, and what the seller has to mind."""

    warnings: list[HoldbackWarning] = Field(description="Soft holdbacks that were sold into.")
