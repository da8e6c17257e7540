"""Organisations, their people, and how people prove who they are."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, CreatedAt, Instant, Key, Versioned, text_enum


class Standing(StrEnum):
    """Whether the organisers let an organisation into the market."""

    PENDING = "pending"
    APPROVED = "approved"
    SUSPENDED = "suspended"


class Role(StrEnum):
    """What a person may do for their organisation."""

    ADMIN = "admin"
    MEMBER = "member"


class Organisation(Versioned, Base):
    """A company: it sells, buys, or (`is_organiser`) runs the market."""

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_is_given"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso_3166_1"),
        Index("ix_organisations_standing", "standing", "id"),
    )

    id: Mapped[Key]
    name: Mapped[str]
    country: Mapped[str]
    website: Mapped[str | None]
    standing: Mapped[Standing] = mapped_column(text_enum(Standing))
    is_organiser: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]


class Person(Versioned, Base):
    """Somebody who signs in, for one organisation; or a service account, as which a client acts.

    A service account has neither e-mail nor password: nobody signs in as it, meets it or shows it
    a film. What it did has an author, as what people do.
    """

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint(
            "num_nulls(email, password_hash) = 0"
            " OR (num_nulls(email, password_hash) = 2 AND role = 'member')",
            name="a_service_account_signs_in_nowhere",
        ),
        Index("uq_people_email", text("lower(email)"), unique=True),
        Index("ix_people_organisation_id", "organisation_id", "id"),
    )

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    email: Mapped[str | None]
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(text_enum(Role))
    # IANA name: a person reads the agenda in it.
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    # BCP 47: what they read first, when a request names no language.
    language: Mapped[str | None]
    password_hash: Mapped[str | None]
    # A removed person can't sign in; what they did stays.
    removed_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]

    organisation: Mapped[Organisation] = relationship(lazy="raise")


# True of people, and not of service accounts
IS_SOMEBODY = Person.email.is_not(None)


class Invitation(Base):
    """A one-time way into an organisation; the token itself is never kept."""

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_organisation_id", "organisation_id", "id"),)

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    email: Mapped[str]
    role: Mapped[Role] = mapped_column(text_enum(Role))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[Instant]
    accepted_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]


class Session(Base):
    """One sign-in of one person: a chain of refresh tokens that ends as a whole."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_person_id", "person_id"),)

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]


class RefreshToken(Base):
    """A link of the chain; using one twice means it was stolen, and revokes the session."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_session_id", "session_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    used_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]


class LoginFailure(Base):
    """A wrong password, counted against the account and the address for a while."""

    __tablename__ = "login_failures"
    __table_args__ = (Index("ix_login_failures_subject", "subject", "failed_at"),)

    id: Mapped[Key]
    # An account by its e-mail address, or an address of the network
    subject: Mapped[str]
    failed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
