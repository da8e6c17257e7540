"""Calendars that programs subscribe to."""

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Instant, Key


class CalendarFeed(Base):
    """A private address of a person's agenda; the secret in it is never kept."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (Index("ix_calendar_feeds_person_id", "person_id", text("id DESC")),)

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    # Where they put it, in their own words
    name: Mapped[str] = mapped_column(server_default="")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    # To the minute: a read is no reason to write each time
    last_read_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]
