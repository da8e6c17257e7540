"""The journal of facts, and the answers kept for repeated requests."""

from sqlalchemy import Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, UserDefinedType

from app.models.base import Base, CreatedAt, Instant, JsonObject, Key


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's `xid8`: 64-bit, never reused, grows with each transaction."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Name the type in DDL."""
        return "xid8"


class Event(Base):
    """A fact, written in the transaction that made it true; never changed afterwards.

    `transaction` lets a reader take only what is older than every transaction still running: that
    makes a feed without gaps, where ids alone become visible out of order.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_transaction", "transaction", "id"),
        Index("ix_events_subject_id", "subject_id", "id"),
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
