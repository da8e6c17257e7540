"""Who asked to watch a screener, and who may."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Organisation, Person
from app.models.base import NOW, Base, CreatedAt, Instant, Key, Versioned, text_enum


def _one_at_a_time(recipient: str) -> ExcludeConstraint:
    return ExcludeConstraint(
        (text("int8range(screener_id, screener_id, '[]')"), "&&"),
        (text(f"int8range({recipient}, {recipient}, '[]')"), "&&"),
        (text("tstzrange(starts_at, expires_at)"), "&&"),
        name=f"ex_screener_grants_one_at_a_time_{recipient.removesuffix('_id')}",
        using="gist",
        # A range of NULL is one of everything.
        where=text(f"revoked_at IS NULL AND {recipient} IS NOT NULL"),
    )


class ScreenerGrant(Versioned, Base):
    """Leave for an organisation, a person or the holder of a link to watch a screener for a time.

    A second one to the same organisation or person can't overlap it.
    """

    __tablename__ = "screener_grants"
    __table_args__ = (
        CheckConstraint("expires_at > starts_at", name="lasts_a_while"),
        CheckConstraint(
            "num_nonnulls(organisation_id, person_id, token_hash) = 1", name="one_recipient"
        ),
        CheckConstraint(
            "(token_hash IS NULL) = (recipient_name IS NULL)", name="a_link_names_its_recipient"
        ),
        # Two who open the last view at once: the database lets one.
        CheckConstraint(
            "max_views > 0 AND views BETWEEN 0 AND max_views", name="views_are_as_many_as_given"
        ),
        CheckConstraint("cardinality(territories) > 0", name="territories_are_some"),
        _one_at_a_time("organisation_id"),
        _one_at_a_time("person_id"),
        Index("ix_screener_grants_screener_id", "screener_id", text("id DESC")),
        Index("ix_screener_grants_organisation_id", "organisation_id", "screener_id"),
        Index("ix_screener_grants_person_id", "person_id", "screener_id"),
        Index("uq_screener_grants_token_hash", "token_hash", unique=True),
    )

    id: Mapped[Key]
    screener_id: Mapped[int] = mapped_column(ForeignKey("screeners.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # Of a link: whom it was given to, in the seller's words; the secret in it is never kept
    recipient_name: Mapped[str | None]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    granted_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    starts_at: Mapped[Instant] = mapped_column(server_default=NOW)
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    # None: as often as they like
    max_views: Mapped[int | None] = mapped_column(Integer)
    views: Mapped[int] = mapped_column(Integer, server_default="0")
    # Codes of the territory tree, as the seller gave them; None: everywhere
    territories: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    may_download: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[person_id])


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
