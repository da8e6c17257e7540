"""What comes in and goes out of the viewings."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.accounts.schemas import Out
from app.ids import Id
from app.incoming import Incoming
from app.models.viewings import ViewingEnd

Address = Annotated[
    str, Field(examples=["https://market.example/v1/viewings/116823110451200001/…?token=…"])
]


class OpenedLink(Incoming):
    """The secret of a link: what stands behind the `#` of its address."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        examples=["q0Ck4zWnB1l7yq2bq9mXo0mR3xqU1nZ5oYt8wVhJc2E"]
    )


class SoundOut(Out):
    """A sound track of the film."""

    name: str = Field(description="What its speakers call the language.", examples=["русский"])
    language: str | None = Field(description="BCP 47.", examples=["ru"])


class PlayedSubtitles(Out):
    """Subtitles in one language: WebVTT."""

    name: str = Field(description="What its speakers call it.", examples=["қазақ тілі"])
    language: str = Field(description="BCP 47.", examples=["kk"])
    url: Address


class ThumbnailsOut(Out):
    """Small pictures in one JPEG, row after row: tile n shows the film at n × `interval_ms`."""

    url: str = Field(description="Signed, for a quarter of an hour.")
    interval_ms: int = Field(examples=[10_000])
    tile_width: int = Field(examples=[160])
    tile_height: int = Field(examples=[90])
    columns: int = Field(examples=[10])
    rows: int = Field(examples=[6])
    count: int = Field(examples=[60])


class WatermarkOut(Out):
    """What must be seen over the picture as long as it plays."""

    url: Address = Field(description="SVG, drawn anew each minute.")
    lines: list[str] = Field(
        description="The same in words.",
        examples=[["Leila Hatami", "Tehran TV", "2026-11-21 21:21 UTC · № 200001"]],
    )
    refresh_seconds: int = Field(description="How often to fetch it again.", examples=[60])


class ViewingOut(Out):
    """A sitting of one's own with a screener."""

    id: Id
    screener_id: Id
    title_id: Id
    title: str = Field(description="The original title.")
    duration_seconds: float
    position_seconds: float = Field(description="Where you were last.")
    opened_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    end_reason: ViewingEnd | None = Field(description="Why it is over; null while it holds.")


class Playback(Out):
    """An open viewing, and all that a player needs; keep it out of logs and letters."""

    viewing_id: Id
    screener_id: Id
    title_id: Id
    title: str = Field(description="The original title.", examples=["Сталкер"])
    token: str = Field(
        description="The secret of this viewing: who has it can watch. Opening again makes another "
        "and ends this one.",
        examples=["q0Ck4zWnB1l7yq2bq9mXo0mR3xqU1nZ5oYt8wVhJc2E"],
    )
    watch_url: str = Field(
        description="A page that plays it.",
        examples=["https://market.example/watch/116823110451200001#q0Ck4z…"],
    )
    playlist_url: Address = Field(
        description="HLS, for a player that fetches lists again: the addresses of segments in them "
        "are good for a quarter of an hour."
    )
    native_playlist_url: Address = Field(
        description="HLS, for a player that fetches lists once: each segment is asked for here, "
        "and answered with a redirection to the store."
    )
    watermark: WatermarkOut
    heartbeats_url: Address = Field(description="Where the player tells what was watched.")
    poster_url: str | None = Field(description="JPEG; signed, for a quarter of an hour.")
    thumbnails: ThumbnailsOut | None
    sounds: list[SoundOut]
    subtitles: list[PlayedSubtitles]
    duration_seconds: float = Field(examples=[9720.0])
    position_seconds: float = Field(description="Where to go on from.", examples=[1312.5])
    opened_at: datetime
    expires_at: datetime = Field(description="When it ends, even if nobody takes leave back.")
