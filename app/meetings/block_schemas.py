"""What comes in and goes out of blocks: time that is kept, and what is in its way."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from app.agendas.rules import Period
from app.ids import Id
from app.incoming import Incoming, Instant
from app.meetings.rules import flaw_of_block
from app.meetings.schemas import ENDS_AT, STARTS_AT, PeriodOut
from app.models.agendas import EntryKind


class BlockIn(Incoming):
    """A time to keep."""

    starts_at: Instant = Field(examples=[STARTS_AT])
    ends_at: Instant = Field(examples=[ENDS_AT])
    label: Annotated[str, StringConstraints(max_length=500)] = Field(
        default="", description="What for: nobody else reads it.", examples=["Lunch with Nur"]
    )

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        if (flaw := flaw_of_block(Period(self.starts_at, self.ends_at))) is not None:
            raise ValueError(flaw)
        return self


class HeldOut(PeriodOut):
    """Something that is held: a meeting, a session, or a block of one's own."""

    id: Id
    kind: EntryKind
    meeting_id: Id | None
    label: str = Field(examples=["Lunch with Nur"])
