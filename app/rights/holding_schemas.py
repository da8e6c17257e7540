"""What comes in and goes out of the ledger of what a seller holds."""

from datetime import datetime

from pydantic import ConfigDict, Field

from app.ids import Id
from app.incoming import without_defaults
from app.models.rights import Source
from app.rights.schemas import BoxIn, BoxOut, BoxPatch, Note, ShortText

LICENSOR = Field(
    default=None,
    description="From whom you have the rights; null where they are yours from the start.",
    examples=["Kazakhfilm"],
)
NOTE = Field(default=None, description="For your own people.", examples=["Contract 2026/118"])


class HoldingIn(BoxIn):
    """What you may sell of a title, and from whom you have it."""

    licensor: ShortText | None = LICENSOR
    note: Note | None = NOTE


class HoldingPatch(BoxPatch):
    """What changes (RFC 7396): what is left out stays, null empties."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    licensor: ShortText | None = LICENSOR
    note: Note | None = NOTE


class HoldingOut(BoxOut):
    """What a seller may sell of a title, and from whom they have it; theirs alone to see."""

    id: Id
    title_id: Id
    licensor: str | None
    note: str | None
    source: Source = Field(description="Written by people, or brought by an Avails file.")
    created_at: datetime
    updated_at: datetime
