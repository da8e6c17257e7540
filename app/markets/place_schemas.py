"""What comes in and goes out of a market's places."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from app.accounts.schemas import OrganisationRef, Out
from app.ids import Id
from app.incoming import Incoming
from app.markets.schemas import UNSAID, Name, Patch
from app.models.markets import PlaceKind

MOST_AT_ONCE = 500

PlaceName = Annotated[
    Name, Field(description="No two places of a market have the same.", examples=["B12"])
]
HallId = Annotated[Id, Field(description="Where it stands; null for an online room.")]
SellerId = Annotated[
    Id, Field(description="The one seller who meets there; null: whoever is put there.")
]


def flaw_of_place(kind: PlaceKind, hall_id: int | None) -> str | None:
    """Say why a place of a kind can't be in a hall, or without one; None where it can."""
    if kind is PlaceKind.ONLINE and hall_id is not None:
        return "must be null for an online room"
    if kind is not PlaceKind.ONLINE and hall_id is None:
        return f"must be given for a {kind}"
    return None


class PlaceIn(Incoming):
    """A table, a stand or a room of a hall, or an online room."""

    name: PlaceName
    kind: PlaceKind
    hall_id: HallId | None = Field(default=None, examples=["116823110451200001"])
    seller_id: SellerId | None = Field(default=None, examples=[None])

    @model_validator(mode="after")
    def _stands_in_a_hall(self) -> Self:
        if (flaw := flaw_of_place(self.kind, self.hall_id)) is not None:
            raise ValueError(f"hall_id {flaw}")
        return self


class PlacesIn(Incoming):
    """Many places at once."""

    places: list[PlaceIn] = Field(min_length=1, max_length=MOST_AT_ONCE)


class PlacePatch(Patch):
    """What changes of a place (RFC 7396): what is left out stays."""

    name: PlaceName = UNSAID
    kind: PlaceKind = UNSAID
    hall_id: HallId | None = Field(default=None, examples=["116823110451200001"])
    seller_id: SellerId | None = Field(default=None, examples=[None])
    closed: bool = Field(
        default=UNSAID,
        strict=True,
        description="True: nobody is put there from now on; false: again.",
    )


class PlaceOut(Out):
    """Where people meet."""

    id: Id
    market_id: Id
    name: PlaceName
    kind: PlaceKind
    hall_id: Id | None
    seller: OrganisationRef | None = Field(
        description="The one seller who meets there; null: whoever is put there."
    )
    closed_at: datetime | None = Field(description="From then on nobody is put there.")
    created_at: datetime
    updated_at: datetime


class PlacesOut(BaseModel):
    """The places that were made, in the order they were given."""

    places: list[PlaceOut]
