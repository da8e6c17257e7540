"""Clients of the API: programs that act for an organisation, by their secrets."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, CIDR, INET
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Person
from app.models.base import Base, CreatedAt, Instant, Key, Versioned


class ApiClient(Versioned, Base):
    """A program that an organisation's admins let act for it, within its scopes.

    What it does is done by its service account, a row of `people` that nobody can sign in as.
    """

    __tablename__ = "api_clients"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_is_given"),
        CheckConstraint("cardinality(scopes) > 0", name="scopes_are_some"),
        Index("ix_api_clients_organisation_id", "organisation_id", text("id DESC")),
    )

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), unique=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Where it may call from; none means anywhere
    networks: Mapped[list[str]] = mapped_column(ARRAY(CIDR), server_default="{}")
    revoked_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise")
    created_by: Mapped[Person] = relationship(foreign_keys=[created_by_id], lazy="raise")
    secrets: Mapped[list["ApiClientSecret"]] = relationship(
        back_populates="client", lazy="raise", order_by="ApiClientSecret.id.desc()"
    )
    use: Mapped["ApiClientUse | None"] = relationship(lazy="raise", viewonly=True)


class ApiClientSecret(Base):
    """What a client shows to be given tokens; of the secret itself only a digest is kept."""

    __tablename__ = "api_client_secrets"
    __table_args__ = (
        # The one that is not about to go: two are good at once while secrets are rotated, no more.
        Index(
            "uq_api_client_secrets_client_id",
            "client_id",
            unique=True,
            postgresql_where=text("expires_at IS NULL AND revoked_at IS NULL"),
        ),
        Index("ix_api_client_secrets_client_id", "client_id", text("id DESC")),
    )

    id: Mapped[Key]
    client_id: Mapped[int] = mapped_column(ForeignKey("api_clients.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    # Its first letters, to tell it from others by
    hint: Mapped[str]
    # Set when the next one was made: from then on it gives no tokens
    expires_at: Mapped[Instant | None]
    # The tokens that it gave end, too
    revoked_at: Mapped[Instant | None]
    # To the minute
    last_used_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]

    client: Mapped[ApiClient] = relationship(back_populates="secrets", lazy="raise")


class ApiClientUse(Base):
    """When a client last called, and from where: written now and then, for many calls at once."""

    __tablename__ = "api_client_uses"

    client_id: Mapped[int] = mapped_column(
        ForeignKey("api_clients.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    used_at: Mapped[Instant]
    address: Mapped[str | None] = mapped_column(INET)
