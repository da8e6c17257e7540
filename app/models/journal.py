"""The journal of facts, and the answers kept for repeated requests."""

from sqlalchemy import CheckConstraint, FetchedValue, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, UserDefinedType

from app.models.base import Base, CreatedAt, Instant, JsonObject, Key


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's `xid8`: 64-bit, never reused, grows with each transaction."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Name the type in DDL."""
        return "xid8"


class Snapshot(UserDefinedType[str]):
    """PostgreSQL's `pg_snapshot`: which transactions were over at one moment."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Name the type in DDL."""
        return "pg_snapshot"


class Event(Base):
    """A fact, written in the transaction that made it true; a trigger refuses to change it.

    Neither `id` nor `transaction` gives the order in which facts became visible: that is
    `EventPosition`.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_transaction", "transaction", "id"),
        Index("ix_events_subject_id", "subject_id", "id"),
        Index("ix_events_organisation_id", "organisation_id", "id"),
        Index("ix_events_person_id", "person_id", "id"),
    )

    id: Mapped[Key]
    transaction: Mapped[int] = mapped_column(
        TransactionId, server_default=text("pg_current_xact_id()")
    )
    # "<noun>.<what happened>": "title.published"
    type: Mapped[str]
    subject_id: Mapped[int]
    # Who did it; None for the market's own clock
    person_id: Mapped[int | None]
    # The organisations that may know of it
    organisation_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    data: Mapped[JsonObject] = mapped_column(JSONB, server_default="{}")
    occurred_at: Mapped[CreatedAt]
    # Counts facts as they are written: of one transaction, or one after the other, never backwards,
    # as an id does when the clock is set. None for what is older than this column.
    # From the sequence `event_numbers`.
    number: Mapped[int | None] = mapped_column(server_default=FetchedValue())
    # The whole market may know of it.
    is_public: Mapped[bool] = mapped_column(server_default=text("false"))
    # Whose person or client did it, from where, in which request
    organisation_id: Mapped[int | None]
    client_id: Mapped[int | None]
    address: Mapped[str | None] = mapped_column(INET)
    request_id: Mapped[str | None]


class EventPosition(Base):
    """A fact's place in the one order that every reader sees: no holes, and it never moves.

    `app.sequencing` gives it once the fact is committed. `hash` chains it to the fact before.
    """

    __tablename__ = "event_positions"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # No foreign key: facts are never deleted, and its check would rewrite each of them to lock it.
    event_id: Mapped[int] = mapped_column(unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class EventPass(Base):
    """How far positions were given: the last one, and what had been committed then.

    A row for each time, of which only the last is kept: a row that were changed again and again
    would leave its past behind while any long transaction runs.
    """

    __tablename__ = "event_passes"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    snapshot: Mapped[str] = mapped_column(Snapshot)


class EventRetention(Base):
    """Up to where the feed no longer reaches back: one row."""

    __tablename__ = "event_retention"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    gone_position: Mapped[int]


class IdempotencyKey(Base):
    """The answer given to a request, kept so that its repetition gets the same one."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_expires_at", "expires_at"),)

    # Who asked: a person's id, or 0 for those who have none yet
    owner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    # SHA-256 of method, path and body: another payload under the same key is refused
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[JsonObject] = mapped_column(JSONB)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[Instant]
