"""Screeners: files in S3, and what is made of them to be watched."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, Integer, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, CreatedAt, Instant, JsonObject, Key, Versioned, text_enum
from app.models.catalogue import Title


class ScreenerState(StrEnum):
    """Where a screener stands; only a ready one can be played."""

    UPLOADING = "uploading"
    PROCESSING = "processing"
    READY = "ready"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ProcessingStage(StrEnum):
    """What is being done to a file that arrived."""

    QUEUED = "queued"
    FETCHING = "fetching"
    PROBING = "probing"
    PICTURING = "picturing"
    TRANSCODING = "transcoding"


class Screener(Versioned, Base):
    """One file of one title; its bytes are in S3 and never pass through the API."""

    __tablename__ = "screeners"
    __table_args__ = (
        CheckConstraint("size_bytes BETWEEN 1 AND 107374182400", name="size_is_to_100_gib"),
        CheckConstraint("part_bytes >= 5242880", name="part_is_what_s3_takes"),
        CheckConstraint(
            "state NOT IN ('processing', 'ready') "
            "OR (checksum IS NOT NULL AND completed_at IS NOT NULL)",
            name="what_is_processed_was_checked",
        ),
        CheckConstraint(
            "state <> 'ready' OR (processed_at IS NOT NULL AND media_key IS NOT NULL "
            "AND duration_milliseconds > 0)",
            name="ready_was_processed",
        ),
        CheckConstraint("(state = 'processing') = (stage IS NOT NULL)", name="stage_of_processing"),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress_is_a_share"),
        CheckConstraint("administrator_id <> organisation_id", name="administered_by_another"),
        Index("ix_screeners_title_id", "title_id", "id"),
        Index(
            "ix_screeners_uploading",
            "organisation_id",
            postgresql_where=text("state = 'uploading'"),
        ),
        Index("ix_screeners_processing", "id", postgresql_where=text("state = 'processing'")),
        Index("ix_screeners_administrator_id", "administrator_id"),
        Index(
            "ix_screeners_to_remove",
            "id",
            postgresql_where=text(
                "removed_at IS NULL AND state IN ('expired', 'rejected', 'withdrawn')"
            ),
        ),
    )

    id: Mapped[Key]
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    # A second company that the seller lets grant, revoke and read reports
    administrator_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    file_name: Mapped[str]
    content_type: Mapped[str]
    # BCP 47 of what is heard, and of what is read
    audio_language: Mapped[str | None]
    subtitle_language: Mapped[str | None]
    size_bytes: Mapped[int]
    part_bytes: Mapped[int]
    # Never used twice: the id of the screener is part of it
    object_key: Mapped[str] = mapped_column(unique=True)
    # The store's name for the multipart upload
    upload_id: Mapped[str]
    upload_expires_at: Mapped[Instant]
    # The store's checksum of the whole, as compared with the client's on completion
    checksum: Mapped[str | None]
    state: Mapped[ScreenerState] = mapped_column(
        text_enum(ScreenerState), server_default=ScreenerState.UPLOADING.value
    )
    # Why it expired or was rejected, for the seller to read
    reason: Mapped[str | None]
    completed_at: Mapped[Instant | None]
    stage: Mapped[ProcessingStage | None] = mapped_column(text_enum(ProcessingStage))
    # Of the stage, from 0 to 1
    progress: Mapped[float] = mapped_column(Double, server_default="0")
    # Each go at it has a number: of two at once only the last may say anything here
    runs: Mapped[int] = mapped_column(Integer, server_default="0")
    # How often the file was opened since something was last made of it: some kill whoever does
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    # What it waits for (a full disk, the store), and since when nothing came of it
    waiting: Mapped[str | None]
    waiting_since: Mapped[Instant | None]
    # What the file says of itself: streams, codecs, languages
    source: Mapped[JsonObject | None] = mapped_column(JSONB)
    duration_milliseconds: Mapped[int | None]
    # What the keys of the segments are made from; a playing viewing gets those, never this
    media_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The poster, and the geometry of the thumbnails
    pictures: Mapped[JsonObject | None] = mapped_column(JSONB)
    processed_at: Mapped[Instant | None]
    # When the store was rid of the file of one that expired, was rejected or withdrawn
    removed_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]

    title: Mapped[Title] = relationship(lazy="raise")


class RenditionKind(StrEnum):
    """What a rendition carries: pictures and sound are kept apart, so that sound has no seams."""

    VIDEO = "video"
    AUDIO = "audio"


class ScreenerRendition(Base):
    """A film in one size, or one of its soundtracks, cut into encrypted segments in S3."""

    __tablename__ = "screener_renditions"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'video') = (width IS NOT NULL) AND (width IS NULL) = (height IS NULL)",
            name="a_video_has_a_size",
        ),
        CheckConstraint("bandwidth > 0", name="bandwidth_is_plausible"),
    )

    screener_id: Mapped[int] = mapped_column(
        ForeignKey("screeners.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # "720p", "audio-1": part of the keys of its segments
    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[RenditionKind] = mapped_column(text_enum(RenditionKind))
    # BCP 47 of what is heard
    language: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    # What the file calls a soundtrack
    label: Mapped[str | None]
    # Peak and usual bits a second, frames a second, and RFC 6381's word for its codec, as playlists
    # name them
    bandwidth: Mapped[int]
    average_bandwidth: Mapped[int | None]
    frame_rate: Mapped[float | None] = mapped_column(Double)
    codecs: Mapped[str]
    # Of every segment that is in the store, in order: what a killed worker left is taken up here
    segment_milliseconds: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{}")


class ScreenerSubtitles(Base):
    """What is said in a film, to read in one language."""

    __tablename__ = "screener_subtitles"

    screener_id: Mapped[int] = mapped_column(
        ForeignKey("screeners.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # BCP 47
    language: Mapped[str] = mapped_column(primary_key=True)
    webvtt: Mapped[str]
    # The seller's own stay when the file is processed
    by_seller: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]
