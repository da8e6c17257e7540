"""Three ledgers of a title's rights: what is held, what is offered, what is sold.

Each row is a box: territories × media × languages × term. Sets of leaves are numbers of
`app.trees`; see docs/decisions/0010-rights-as-boxes.md.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    text,
)
from sqlalchemy.dialects.postgresql import (
    ARRAY,
    DATERANGE,
    INT4MULTIRANGE,
    JSONB,
    ExcludeConstraint,
    Range,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from app.models.accounts import Organisation
from app.models.base import Base, CreatedAt, Instant, JsonObject, Key, Versioned, text_enum
from app.models.catalogue import Title
from app.models.vocabulary import Exclusivity
from app.trees.multiranges import Multirange


class Leaves(TypeDecorator[Multirange]):
    """A set of leaves of a tree, kept as an `int4multirange`."""

    impl = INT4MULTIRANGE
    cache_ok = True

    def process_bind_param(self, value: Multirange | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """Write intervals as ranges."""
        return None if value is None else [Range(low, high) for low, high in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> Multirange | None:  # noqa: ANN401, ARG002
        """Read ranges as intervals."""
        return None if value is None else tuple((found.lower, found.upper) for found in value)


def _box_is_whole(term: str = "term") -> str:
    return (
        "NOT isempty(territories) AND NOT isempty(media) AND NOT isempty(languages) "
        "AND territories <@ int4range(0, 1024) AND media <@ int4range(0, 1024) "
        f"AND lower(languages) >= 0 AND NOT isempty({term}) AND NOT lower_inf({term})"
    )


class Source(StrEnum):
    """How a row came into its ledger: people wrote it, or an Avails file brought it."""

    MANUAL = "manual"
    AVAILS = "avails"


class Holding(Versioned, Base):
    """What a seller may sell of a title, and from whom they have it."""

    __tablename__ = "holdings"
    __table_args__ = (
        CheckConstraint(_box_is_whole(), name="box_is_whole"),
        Index("ix_holdings_title_id", "title_id"),
    )

    id: Mapped[Key]
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    territories: Mapped[Multirange] = mapped_column(Leaves)
    media: Mapped[Multirange] = mapped_column(Leaves)
    languages: Mapped[Multirange] = mapped_column(Leaves)
    term: Mapped[Range[date]] = mapped_column(DATERANGE)
    # From whom: a producer's name, or nobody's where the seller made it
    licensor: Mapped[str | None]
    note: Mapped[str | None]
    source: Mapped[Source] = mapped_column(text_enum(Source), server_default=Source.MANUAL.value)
    created_at: Mapped[CreatedAt]


class Offering(Versioned, Base):
    """What a seller offers now, to everybody or to some."""

    __tablename__ = "offerings"
    __table_args__ = (
        CheckConstraint(_box_is_whole(), name="box_is_whole"),
        CheckConstraint("min_days BETWEEN 1 AND 36500", name="min_days_is_plausible"),
        CheckConstraint("visible_to <> '{}'", name="somebody_sees_it"),
        CheckConstraint("(source = 'avails') = (avails IS NOT NULL)", name="avails_have_a_row"),
        Index("ix_offerings_title_id", "title_id"),
        Index(
            "uq_offerings_title_id_avails_key",
            "title_id",
            "avails_key",
            unique=True,
            postgresql_where=text("avails_key IS NOT NULL"),
        ),
        # A key begins with what the next file replaces as a whole: all of an ALID.
        Index(
            "ix_offerings_avails_key",
            "avails_key",
            postgresql_ops={"avails_key": "text_pattern_ops"},
            postgresql_where=text("avails_key IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    territories: Mapped[Multirange] = mapped_column(Leaves)
    media: Mapped[Multirange] = mapped_column(Leaves)
    languages: Mapped[Multirange] = mapped_column(Leaves)
    term: Mapped[Range[date]] = mapped_column(DATERANGE)
    exclusivity: Mapped[Exclusivity] = mapped_column(
        text_enum(Exclusivity), server_default=Exclusivity.EITHER.value
    )
    # The shortest term that is sold
    min_days: Mapped[int] = mapped_column(Integer, server_default="1")
    # {"amount": …, "currency": …, "note": …}: guidance, not a promise
    price: Mapped[JsonObject | None] = mapped_column(JSONB)
    # The organisations that may see it; None: everybody
    visible_to: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    note: Mapped[str | None]
    source: Mapped[Source] = mapped_column(text_enum(Source), server_default=Source.MANUAL.value)
    # The Avails row it came from, column by column, so that it goes out as it came in
    avails: Mapped[JsonObject | None] = mapped_column(JSONB)
    # What the next import knows that row by
    avails_key: Mapped[str | None]
    created_at: Mapped[CreatedAt]

    holdbacks: Mapped[list["Holdback"]] = relationship(
        lazy="raise",
        cascade="all, delete-orphan",
        order_by="Holdback.id",
        back_populates="offering",
    )


class Holdback(Base):
    """What may not be sold for a while: a hard one blocks all of the title there, a soft warns."""

    __tablename__ = "holdbacks"
    __table_args__ = (
        CheckConstraint(_box_is_whole(), name="box_is_whole"),
        Index("ix_holdbacks_title_id", "title_id"),
        Index("ix_holdbacks_offering_id", "offering_id"),
    )

    id: Mapped[Key]
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id", ondelete="CASCADE"))
    territories: Mapped[Multirange] = mapped_column(Leaves)
    media: Mapped[Multirange] = mapped_column(Leaves)
    languages: Mapped[Multirange] = mapped_column(Leaves)
    term: Mapped[Range[date]] = mapped_column(DATERANGE)
    is_hard: Mapped[bool]
    reason: Mapped[str | None]

    offering: Mapped[Offering] = relationship(lazy="raise", back_populates="holdbacks")


class Licence(Versioned, Base):
    """What is sold, to whom: two that can't both be honoured can't both be stored."""

    __tablename__ = "licences"
    __table_args__ = (
        CheckConstraint(_box_is_whole(), name="box_is_whole"),
        CheckConstraint(
            "num_nonnulls(licensee_id, licensee_name) = 1", name="somebody_is_the_licensee"
        ),
        CheckConstraint(
            "(terminated_on IS NULL) = (terminated_at IS NULL)", name="terminated_at_tells_when"
        ),
        CheckConstraint("num_nonnulls(fee_amount, fee_currency) IN (0, 2)", name="fee_is_money"),
        # An exclusive licence meets every other one in its box, a non-exclusive one meets only
        # those that are exclusive: docs/decisions/0010-rights-as-boxes.md
        ExcludeConstraint(
            (text("int8range(title_id, title_id, '[]')"), "&&"),
            ("territories", "&&"),
            ("media", "&&"),
            ("languages", "&&"),
            ("taken", "&&"),
            (
                text(
                    "(CASE WHEN exclusive THEN '(,)'::int8range ELSE int8range(id, id, '[]') END)"
                ),
                "&&",
            ),
            name="ex_licences_nothing_is_sold_twice",
            using="gist",
        ),
        Index("ix_licences_seller_id", "seller_id", text("id DESC")),
        Index("ix_licences_licensee_id", "licensee_id", text("id DESC")),
        Index("ix_licences_title_id", "title_id", text("id DESC")),
    )

    id: Mapped[Key]
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    # An organisation of the market, or the name of one outside
    licensee_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    licensee_name: Mapped[str | None]
    territories: Mapped[Multirange] = mapped_column(Leaves)
    media: Mapped[Multirange] = mapped_column(Leaves)
    languages: Mapped[Multirange] = mapped_column(Leaves)
    # As it was agreed; `taken` is what is left of it once it was terminated
    term: Mapped[Range[date]] = mapped_column(DATERANGE)
    taken: Mapped[Range[date]] = mapped_column(
        DATERANGE, Computed("term * daterange(NULL, terminated_on)", persisted=True)
    )
    exclusive: Mapped[bool]
    fee_amount: Mapped[Decimal | None] = mapped_column(Numeric(19, 4))
    fee_currency: Mapped[str | None]
    # The first day it no longer holds, and when that was said
    terminated_on: Mapped[date | None]
    terminated_at: Mapped[Instant | None]
    note: Mapped[str | None]
    created_at: Mapped[CreatedAt]

    title: Mapped[Title] = relationship(lazy="raise")
    seller: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[seller_id])
    licensee: Mapped[Organisation | None] = relationship(lazy="raise", foreign_keys=[licensee_id])


class FreeBox(Base):
    """A largest box of what a title has free: rewritten in the transaction that changes a ledger.

    What the market-wide search looks through. It never says less than is free, and may say more:
    the search looks at the ledgers before it answers.
    """

    __tablename__ = "free_boxes"
    __table_args__ = (
        Index("ix_free_boxes_title_id", "title_id"),
        # The order of the market's list: for those who buy alone, and for those who share
        Index(
            "ix_free_boxes_newest_exclusive",
            text("published_at DESC"),
            text("title_id DESC"),
            postgresql_where=text("for_exclusive AND published_at IS NOT NULL"),
        ),
        Index(
            "ix_free_boxes_newest_shared",
            text("published_at DESC"),
            text("title_id DESC"),
            postgresql_where=text("for_shared AND published_at IS NOT NULL"),
        ),
        Index(
            "ix_free_boxes_exclusive",
            "territories",
            "media",
            "term",
            postgresql_using="gist",
            postgresql_where=text("for_exclusive AND published_at IS NOT NULL"),
        ),
        Index(
            "ix_free_boxes_shared",
            "territories",
            "media",
            "term",
            postgresql_using="gist",
            postgresql_where=text("for_shared AND published_at IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    # The title's own, kept by a trigger: None while it is not on the market's list
    published_at: Mapped[Instant | None]
    territories: Mapped[Multirange] = mapped_column(Leaves)
    media: Mapped[Multirange] = mapped_column(Leaves)
    languages: Mapped[Multirange] = mapped_column(Leaves)
    term: Mapped[Range[date]] = mapped_column(DATERANGE)
    # To one buyer alone; to several side by side
    for_exclusive: Mapped[bool]
    for_shared: Mapped[bool]
    min_days: Mapped[int] = mapped_column(Integer)
    visible_to: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    # It may hold more than is offered: see `offered` in the migration
    is_rough: Mapped[bool]
