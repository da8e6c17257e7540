"""Screeners: files in S3, who asked to see them, who may."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Organisation
from app.models.base import Base, CreatedAt, Instant, Key, Versioned, text_enum
from app.models.catalogue import Title


class ScreenerState(StrEnum):
    """Where a screener stands; only a ready one can be played."""

    UPLOADING = "uploading"
    READY = "ready"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Screener(Versioned, Base):
    """One file of one title; its bytes are in S3 and never pass through the API."""

    __tablename__ = "screeners"
    __table_args__ = (
        CheckConstraint("size_bytes BETWEEN 1 AND 107374182400", name="size_is_to_100_gib"),
        CheckConstraint("part_bytes >= 5242880", name="part_is_what_s3_takes"),
        CheckConstraint(
            "state <> 'ready' OR (checksum IS NOT NULL AND completed_at IS NOT NULL)",
            name="ready_is_checked",
        ),
        Index("ix_screeners_title_id", "title_id", "id"),
        Index(
            "ix_screeners_uploading",
            "organisation_id",
            postgresql_where=text("state = 'uploading'"),
        ),
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
    # When the store was rid of the file of one that expired, was rejected or withdrawn
    removed_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]

    title: Mapped[Title] = relationship(lazy="raise")


class ScreenerGrant(Base):
    """Leave for an organisation to watch a screener until a date; a second one can't overlap it."""

    __tablename__ = "screener_grants"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="lasts_a_while"),
        ExcludeConstraint(
            (text("int8range(screener_id, screener_id, '[]')"), "&&"),
            (text("int8range(organisation_id, organisation_id, '[]')"), "&&"),
            (text("tstzrange(created_at, expires_at)"), "&&"),
            name="ex_screener_grants_one_at_a_time",
            using="gist",
            where=text("revoked_at IS NULL"),
        ),
        Index("ix_screener_grants_screener_id", "screener_id", text("id DESC")),
        Index("ix_screener_grants_organisation_id", "organisation_id", "screener_id"),
    )

    id: Mapped[Key]
    screener_id: Mapped[int] = mapped_column(ForeignKey("screeners.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    granted_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]

    organisation: Mapped[Organisation] = relationship(lazy="raise")


class ScreenerRequestState(StrEnum):
    """Where a buyer's wish to watch stands."""

    PENDING = "pending"
    GRANTED = "granted"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class ScreenerRequest(Versioned, Base):
    """A buyer asks to watch a title; a grant to them answers it."""

    __tablename__ = "screener_requests"
    __table_args__ = (
        Index(
            "uq_screener_requests_open",
            "title_id",
            "organisation_id",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_screener_requests_organisation_id", "organisation_id", text("id DESC")),
        Index("ix_screener_requests_seller_id", "seller_id", text("id DESC")),
        CheckConstraint("organisation_id <> seller_id", name="two_sides"),
        CheckConstraint(
            "(state = 'pending') = (answered_at IS NULL)", name="answered_at_tells_when"
        ),
    )

    id: Mapped[Key]
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    message: Mapped[str] = mapped_column(server_default="")
    state: Mapped[ScreenerRequestState] = mapped_column(
        text_enum(ScreenerRequestState), server_default=ScreenerRequestState.PENDING.value
    )
    # Why it was declined, for the buyer to read
    answer: Mapped[str | None]
    answered_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]

    organisation: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[organisation_id])
