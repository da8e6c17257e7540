"""A fact, as feed, webhooks and exports show it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.ids import Id

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MOST_TYPES = 50
LONGEST_WAIT = 30
LATEST = "latest"
FactType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}\.(\*|[a-z][a-z_]{0,39})$")]


class FeedQuery(BaseModel):
    """Which facts are asked for, and how long to wait for them."""

    model_config = ConfigDict(frozen=True)

    after: str | None = Field(
        default=None,
        pattern="^(latest|[0-9]{1,15})$",
        description="Facts after this position: `next_after` of the answer before. `latest` means "
        "from now on; left out, from the oldest that is kept.",
        examples=["80411"],
    )
    wait: int = Field(
        default=0,
        ge=0,
        le=LONGEST_WAIT,
        description="Seconds to wait for a fact while there is none.",
        examples=[20],
    )
    types: tuple[FactType, ...] = Field(
        default=(),
        max_length=MOST_TYPES,
        description="Only facts of these types; `title.*` are all about titles.",
        examples=[["title.*", "meeting_request.created"]],
    )
    limit: int = Field(
        default=DEFAULT_LIMIT,
        ge=1,
        description="Facts an answer has at most; more than 1000 is taken as 1000.",
        examples=[DEFAULT_LIMIT],
    )

    @property
    def page_size(self) -> int:
        """Give the facts of one answer."""
        return min(self.limit, MAX_LIMIT)

    @property
    def exact_types(self) -> list[str]:
        """Give the types that are asked for by their whole name."""
        return [type_ for type_ in self.types if not type_.endswith(".*")]

    @property
    def nouns(self) -> list[str]:
        """Give the nouns of which every type is asked for."""
        return [type_.removesuffix(".*") for type_ in self.types if type_.endswith(".*")]


class FactOut(BaseModel):
    """Something that became true, and its place in the one order of all facts."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    position: int = Field(
        ge=1,
        description="Its place: facts have positions 1, 2, 3 …, in an order that never changes. "
        "You see some of them.",
        examples=[80412],
    )
    type: str = Field(
        description="`<noun>.<what happened>`; more of them come with time.",
        examples=["title.published"],
    )
    subject_id: Id = Field(description="What it is about: the id of the noun.")
    occurred_at: datetime
    organisation_id: Id | None = Field(
        description="Whose person or client did it; null for the market's own clock."
    )
    person_id: Id | None = Field(description="Who did it, where they are of your organisation.")
    client_id: Id | None = Field(description="With which client, where it is your own.")
    data: dict[str, Any] = Field(
        description="What else there is to say; ids in it are strings.",
        examples=[{"seller_id": "116823110451200001"}],
    )


class FactPage(BaseModel):
    """Facts in their order, and where the next ones begin."""

    items: list[FactOut]
    next_after: int = Field(
        ge=0,
        description="Send it as `after` next. It moves on past facts you may not know of, also "
        "while `items` is empty.",
        examples=[80412],
    )
    has_more: bool = Field(description="There are more positions already: ask again at once.")
