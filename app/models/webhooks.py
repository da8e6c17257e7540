"""Webhooks: where facts are sent to, how far that is, and what was answered."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import Text

from app.models.base import Base, CreatedAt, Instant, JsonObject, Key, Versioned, text_enum


class DisabledReason(StrEnum):
    """Why nothing is sent to an endpoint any more."""

    REQUESTED = "requested"
    # It answered nothing but failures for days
    FAILING = "failing"
    # It answered 410
    GONE = "gone"
    # Its secret was sealed with another key than we have now
    SECRET_LOST = "secret_lost"  # noqa: S105  # a reason


class DeliveryState(StrEnum):
    """Where a delivery stands: `sending` until `due_at`, when whoever sent it must have died."""

    PENDING = "pending"
    SENDING = "sending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class WebhookEndpoint(Versioned, Base):
    """An address of an organisation's that facts are sent to."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint(
            "(disabled_at IS NULL) = (disabled_reason IS NULL)", name="disabled_reason_tells_why"
        ),
        CheckConstraint(
            "(previous_secret IS NULL) = (previous_secret_expires_at IS NULL)",
            name="previous_secret_expires",
        ),
        Index(
            "ix_webhook_endpoints_organisation_id",
            "organisation_id",
            text("id DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    url: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    # "title.published", "title.*"; none means every type
    event_types: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    # Sealed: it signs, so a hash would not do
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_secret_expires_at: Mapped[Instant | None]
    disabled_at: Mapped[Instant | None]
    disabled_reason: Mapped[DisabledReason | None] = mapped_column(text_enum(DisabledReason))
    # Its deliveries are thrown away afterwards, and then the row
    deleted_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]

    cursor: Mapped["WebhookCursor"] = relationship(lazy="joined", innerjoin=True)

    @property
    def failing_since(self) -> Instant | None:
        """Tell since when every attempt has failed."""
        return self.cursor.failing_since


class WebhookCursor(Base):
    """How far an endpoint is: a row of its own, that the worker writes and no edit waits for.

    Whoever gives an endpoint something to send, or takes it to send it, locks this row first.
    """

    __tablename__ = "webhook_cursors"

    endpoint_id: Mapped[int] = mapped_column(
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    # Facts up to this position of the feed have deliveries
    position: Mapped[int] = mapped_column(server_default="0")
    # Since when every attempt has failed
    failing_since: Mapped[Instant | None]
    # Until when it asked to be left alone (Retry-After)
    rests_until: Mapped[Instant | None]


class WebhookDelivery(Base):
    """A fact on its way to an endpoint: one row for both, however often it is sent."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint(
            "(state IN ('succeeded', 'failed')) = (ended_at IS NOT NULL)",
            name="ended_at_tells_when",
        ),
        Index("uq_webhook_deliveries_fact", "endpoint_id", "webhook_id", unique=True),
        Index("ix_webhook_deliveries_endpoint_id", "endpoint_id", text("id DESC")),
        Index(
            "ix_webhook_deliveries_due",
            "endpoint_id",
            "due_at",
            "id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_webhook_deliveries_ended_at",
            "ended_at",
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id"))
    # The fact's id; a ping has one of its own
    webhook_id: Mapped[int]
    type: Mapped[str]
    # The body as it is sent
    payload: Mapped[JsonObject] = mapped_column(JSONB)
    state: Mapped[DeliveryState] = mapped_column(
        text_enum(DeliveryState), server_default=DeliveryState.PENDING
    )
    # All there were; and those since it was last begun, which say how long to wait
    attempts: Mapped[int] = mapped_column(server_default="0")
    tries: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[CreatedAt]
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[Instant | None]

    @property
    def next_attempt_at(self) -> Instant | None:
        """Tell when it is sent, where it is to be."""
        return self.due_at if self.state is DeliveryState.PENDING else None


class WebhookAttempt(Base):
    """One time that something was sent, and what was answered; without an end, its sender died."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("webhook_deliveries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[CreatedAt]
    ended_at: Mapped[Instant | None]
    # The answer's status; or else what kept it from being given
    status: Mapped[int | None] = mapped_column(SmallInteger)
    error: Mapped[str | None]
    # Its first bytes
    answer: Mapped[str] = mapped_column(server_default="")
