"""What comes in and goes out of a market's halls, and the walks between them."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from app.accounts.schemas import Out
from app.ids import Id
from app.incoming import Incoming
from app.markets.schemas import UNSAID, Name, Patch, WalkMinutes

MOST_HALLS = 50
MOST_WALKS = MOST_HALLS * (MOST_HALLS - 1) // 2
HallName = Annotated[
    Name, Field(description="No two halls of a market have the same.", examples=["Hall 1"])
]


class HallIn(Incoming):
    """A hall."""

    name: HallName


class HallPatch(Patch):
    """What changes of a hall."""

    name: HallName = UNSAID


class HallOut(Out):
    """A hall of a market."""

    id: Id
    market_id: Id
    name: HallName
    created_at: datetime
    updated_at: datetime


# Walks ----------------------------------------------------------------------------------------


def _two(ids: list[int]) -> list[int]:
    if len(set(ids)) < len(ids):
        raise ValueError("must name two halls")
    return sorted(ids)


Pair = Annotated[
    list[Id],
    Field(
        min_length=2,
        max_length=2,
        description="Two halls, in whichever order.",
        examples=[["116823110451200001", "116823110451200002"]],
    ),
    AfterValidator(_two),
]
Minutes = Annotated[int, Field(strict=True, ge=0, le=240, examples=[7])]


class WalkIn(Incoming):
    """How long one walks between two halls, whichever of them one comes from."""

    hall_ids: Pair
    minutes: Minutes


class WalksIn(Incoming):
    """How long one walks between the halls of a market."""

    walks: list[WalkIn] = Field(max_length=MOST_WALKS, description="Each pair of halls once.")

    @model_validator(mode="after")
    def _each_pair_once(self) -> Self:
        if len({tuple(one.hall_ids) for one in self.walks}) < len(self.walks):
            raise ValueError("names a pair of halls twice")
        return self


class WalkOut(BaseModel):
    """How long one walks between two halls."""

    hall_ids: Pair
    minutes: Minutes


class WalksOut(BaseModel):
    """How long one walks between the halls of a market; inside a hall, no time at all."""

    walk_minutes: WalkMinutes
    walks: list[WalkOut]
