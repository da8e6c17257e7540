"""What comes in and goes out of the ledger of what a seller offers."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from app.ids import Id
from app.incoming import without_defaults
from app.models.rights import Source
from app.models.vocabulary import Exclusivity
from app.money import Money
from app.rights.schemas import (
    UNSAID,
    BoxIn,
    BoxOut,
    BoxPatch,
    Note,
    ShortText,
)

MAX_HOLDBACKS = 100
MAX_BUYERS = 500
MAX_DAYS = 36_500
NOTE = Field(default=None, description="For buyers to read.", examples=["Dubbing can be had."])


def _once(ids: list[int]) -> list[int]:
    return list(dict.fromkeys(ids))


class Guidance(Money):
    """What it might cost: guidance, not a promise."""

    note: ShortText | None = Field(default=None, examples=["For all of Central Asia, two years."])


class HoldbackIn(BoxIn):
    """What you may not sell for a while; it need not lie inside what is offered."""

    hard: bool = Field(
        strict=True,
        description="True: no licence of the title is sold there. False: it is, with a warning.",
        examples=[True],
    )
    reason: ShortText | None = Field(default=None, examples=["Cinemas first"])


Holdbacks = Annotated[list[HoldbackIn], Field(max_length=MAX_HOLDBACKS)]
MinDays = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=MAX_DAYS,
        description="The shortest term that is sold, in days; not longer than the offering's own.",
        examples=[365],
    ),
]
VisibleTo = Annotated[
    list[Id],
    Field(
        min_length=1,
        max_length=MAX_BUYERS,
        description="The buyers of the market who may see it; null: everybody.",
    ),
    AfterValidator(_once),
]


class OfferingIn(BoxIn):
    """What you offer now of a title, and how."""

    exclusivity: Exclusivity = Exclusivity.EITHER
    min_days: MinDays = 1
    price: Guidance | None = None
    holdbacks: Holdbacks = Field(default=[])
    visible_to: VisibleTo | None = Field(default=None, examples=[None])
    note: Note | None = NOTE


class OfferingPatch(BoxPatch):
    """What changes (RFC 7396): what is left out stays, null empties; lists are given whole."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    exclusivity: Exclusivity = UNSAID
    min_days: MinDays = UNSAID
    price: Guidance | None = None
    holdbacks: Holdbacks = UNSAID
    visible_to: VisibleTo | None = Field(default=None, examples=[None])
    note: Note | None = NOTE


class HoldbackOut(BoxOut):
    """What may not be sold for a while."""

    hard: bool
    reason: str | None


class OfferingOut(BoxOut):
    """What a seller offers of a title, as far as the reader may know of it."""

    id: Id
    title_id: Id
    exclusivity: Exclusivity
    min_days: int
    price: Guidance | None
    holdbacks: list[HoldbackOut]
    note: str | None
    visible_to: list[Id] | None = Field(
        description="The buyers who may see it, null for everybody; shown to the seller alone."
    )
    source: Source | None = Field(
        description="Written by people, or brought by an Avails file; shown to the seller alone."
    )
    created_at: datetime
    updated_at: datetime
