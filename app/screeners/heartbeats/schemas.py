"""What a player says, and what it is told."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.accounts.schemas import Out
from app.incoming import Incoming
from app.models.viewings import LedgerKind
from app.screeners.heartbeats.rules import Beat, Heartbeats

MOST_BEATS = 100
# Whole numbers that JavaScript tells apart
MAX_SEQUENCE = 2**53 - 1
# Ten days: longer than any film
MAX_MILLISECONDS = 10 * 86_400_000

Place = Annotated[
    int, Field(strict=True, ge=0, le=MAX_MILLISECONDS, description="Milliseconds of the film.")
]


class Watched(Incoming):
    """They saw the film from here to there, without a break."""

    kind: Literal["watched"]
    from_ms: Place = Field(examples=[60_000])
    to_ms: Place = Field(examples=[65_000])

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if self.to_ms <= self.from_ms:
            raise ValueError("to_ms must lie behind from_ms")
        return self

    def beat(self) -> Beat:
        """Give it as the ledger has it."""
        return Beat(LedgerKind.WATCHED.value, self.from_ms, self.to_ms)


class Seek(Incoming):
    """They went from one place of the film to another: back, it is a rewind."""

    kind: Literal["sought"]
    from_ms: Place
    to_ms: Place

    def beat(self) -> Beat:
        """Give it as the ledger has it."""
        return Beat(LedgerKind.SOUGHT.value, self.from_ms, self.to_ms)


class Paused(Incoming):
    """They stopped the film here."""

    kind: Literal["paused"]
    at_ms: Place

    def beat(self) -> Beat:
        """Give it as the ledger has it."""
        return Beat(LedgerKind.PAUSED.value, self.at_ms)


class Tampered(Incoming):
    """Somebody laid hand on the player: the watermark was gone or hidden."""

    kind: Literal["tampered"]
    at_ms: Place | None = None
    detail: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        examples=["watermark_removed"]
    )

    def beat(self) -> Beat:
        """Give it as the ledger has it."""
        return Beat(LedgerKind.TAMPERED.value, self.at_ms, data={"detail": self.detail})


BeatIn = Annotated[Watched | Seek | Paused | Tampered, Field(discriminator="kind")]


class HeartbeatsIn(Incoming):
    """What happened since the last time, in its order."""

    sequence: int = Field(
        strict=True,
        ge=1,
        le=MAX_SEQUENCE,
        description="Rises with each request of one token, by any step; the milliseconds of your "
        "clock will do. Repeat a request with the number it had: it counts once.",
        examples=[1_795_251_600_000],
    )
    beats: list[BeatIn] = Field(
        default_factory=list,
        max_length=MOST_BEATS,
        examples=[
            [
                {"kind": "watched", "from_ms": 60_000, "to_ms": 65_000},
                {"kind": "sought", "from_ms": 65_000, "to_ms": 5_000},
            ]
        ],
    )
    position_ms: Place | None = Field(
        default=None,
        description="Where they are now, to go on from there; else where the last beat ended.",
        examples=[5_000],
    )

    def of(self, viewing_id: int, token_hash: bytes) -> Heartbeats:
        """Give it as the writer takes it: whose it is."""
        beats = tuple(beat.beat() for beat in self.beats)
        return Heartbeats(viewing_id, token_hash, self.sequence, beats, self.position_ms)


class HeartbeatsOut(Out):
    """What was written down."""

    accepted: int = Field(
        description="Beats that are in the ledger by this request; 0 where it was a repetition.",
        examples=[2],
    )
    implausible: int = Field(
        description="Those of them that no report counts: outside the film, or more of it than "
        "twice the time that passed.",
        examples=[0],
    )
    position_ms: int = Field(examples=[5_000])
    expires_at: datetime = Field(description="When the viewing ends.")
