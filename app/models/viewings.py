"""Who watched what, when and from where: viewings, and the ledger that can't be changed unseen."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from app.models.base import NOW, Base, CreatedAt, Instant, JsonObject, Key, text_enum


class ViewingEnd(StrEnum):
    """Why a viewing is over."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


class Viewing(Base):
    """One person's sitting with one screener, under one grant or as one of its own people."""

    __tablename__ = "viewings"
    __table_args__ = (
        CheckConstraint("num_nonnulls(grant_id, person_id) >= 1", name="by_somebody"),
        CheckConstraint("(person_id IS NULL) = (organisation_id IS NULL)", name="people_have_one"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_for_a_reason"),
        CheckConstraint("position_milliseconds >= 0", name="position_is_in_the_film"),
        CheckConstraint("sealed_count BETWEEN 0 AND entry_count", name="sealed_what_is_there"),
        # Opening again while one lives continues it.
        Index(
            "uq_viewings_open_person",
            "screener_id",
            "person_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND person_id IS NOT NULL"),
        ),
        Index(
            "uq_viewings_open_link",
            "grant_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND person_id IS NULL"),
        ),
        Index("ix_viewings_screener_id", "screener_id", text("id DESC")),
        Index("ix_viewings_grant_id", "grant_id"),
        Index("ix_viewings_organisation_id", "organisation_id"),
        Index("ix_viewings_person_id", "person_id", "screener_id"),
        # Neither index has a column that a heartbeat changes, but the first one after a seal: so
        # that most of them rewrite the row where it is.
        Index("ix_viewings_to_seal", "id", postgresql_where=text("unsealed")),
        Index(
            "ix_viewings_to_close",
            "id",
            postgresql_where=text("ended_at IS NOT NULL AND NOT closed"),
        ),
        Index("ix_viewings_open", "expires_at", postgresql_where=text("ended_at IS NULL")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[Key]
    screener_id: Mapped[int] = mapped_column(ForeignKey("screeners.id"))
    # None: one of the seller's or the administrator's own people
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("screener_grants.id"))
    # None: the holder of a link
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    # Of the latest token: opening again makes the one before worthless
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    address: Mapped[str]
    # ISO 3166-1, where the proxy in front tells it
    country: Mapped[str | None]
    user_agent: Mapped[str] = mapped_column(server_default="")
    # Where they were last, to go on from there
    position_milliseconds: Mapped[int] = mapped_column(server_default="0")
    opened_at: Mapped[CreatedAt]
    last_seen_at: Mapped[Instant] = mapped_column(server_default=NOW)
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    end_reason: Mapped[ViewingEnd | None] = mapped_column(text_enum(ViewingEnd))
    # The number of the last heartbeats that counted, as the player numbers them from its token on
    beat_sequence: Mapped[int] = mapped_column(server_default="0")
    # Of the film, as often as it was watched
    watched_milliseconds: Mapped[int] = mapped_column(server_default="0")
    # Up to when the time that passed has been spent on watching: nobody watches faster than twice
    spent_until: Mapped[Instant | None]
    # The ledger says that it has ended
    closed: Mapped[bool] = mapped_column(server_default=text("false"))
    # The ledger's last entry, and how many were there when it was last sealed
    entry_count: Mapped[int] = mapped_column(Integer, server_default="0")
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''"))
    sealed_count: Mapped[int] = mapped_column(Integer, server_default="0")
    unsealed: Mapped[bool] = mapped_column(server_default=text("false"))


class LedgerKind(StrEnum):
    """What happened in a viewing."""

    OPENED = "opened"
    CONTINUED = "continued"
    WATCHED = "watched"
    SOUGHT = "sought"
    PAUSED = "paused"
    TAMPERED = "tampered"
    REFUSED = "refused"
    ENDED = "ended"


class LedgerEntry(Base):
    """A line of a viewing's record, chained to the one before by its hash; never changed."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("number > 0", name="numbered_from_one"),
        CheckConstraint("from_milliseconds >= 0 AND to_milliseconds >= 0", name="lies_in_the_film"),
    )

    viewing_id: Mapped[int] = mapped_column(
        ForeignKey("viewings.id"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[LedgerKind] = mapped_column(text_enum(LedgerKind))
    recorded_at: Mapped[Instant]
    # Of the film: what was watched, or where they went from and to
    from_milliseconds: Mapped[int | None]
    to_milliseconds: Mapped[int | None]
    data: Mapped[JsonObject] = mapped_column(JSONB, server_default="{}")
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerSeal(Base):
    """The ends of the chains that had grown, chained themselves: so that no end goes unseen."""

    __tablename__ = "ledger_seals"
    __table_args__ = (CheckConstraint("number > 0", name="numbered_from_one"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed_at: Mapped[Instant]
    viewing_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    entry_counts: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    hash: Mapped[bytes] = mapped_column(LargeBinary)
