"""What an organisation shows of itself: as a seller, as a buyer."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.models.accounts import Organisation
from app.models.base import Base, CreatedAt, JsonList, JsonObject, Versioned, one_of
from app.models.vocabulary import Genre, Kind
from app.trees import MEDIA

EMPTY = "{}"
MEDIA_CODES = (*MEDIA.groups, *MEDIA.leaves)


class Profile(Versioned):
    """The columns both profiles share."""

    @declared_attr
    def organisation_id(cls) -> Mapped[int]:  # noqa: N805
        """An organisation has at most one profile of each sort."""
        return mapped_column(ForeignKey("organisations.id"), primary_key=True, autoincrement=False)

    # {"zh": {"name": "…", "about": "…"}}: BCP 47 to what is said in that language
    texts: Mapped[JsonObject] = mapped_column(JSONB, server_default=EMPTY)
    website: Mapped[str | None]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    genres: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    # Codes of the trees: a group is kept as its name, and means its members of the day
    territories: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    media: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    # [{"name": …, "position": …, "email": …, "phone": …}]
    contacts: Mapped[JsonList] = mapped_column(JSONB, server_default="[]")
    search: Mapped[str] = mapped_column(TSVECTOR, server_default="", deferred=True)
    created_at: Mapped[CreatedAt]

    @declared_attr
    def organisation(cls) -> Mapped[Organisation]:  # noqa: N805
        """Whose profile it is."""
        return relationship(Organisation, lazy="raise")


class SellerProfile(Profile, Base):
    """What an organisation sells."""

    __tablename__ = "seller_profiles"
    __table_args__ = (
        CheckConstraint(one_of("kinds", Kind), name="kinds_are_known"),
        CheckConstraint(one_of("genres", Genre), name="genres_are_known"),
        CheckConstraint(one_of("media", MEDIA_CODES), name="media_are_known"),
        Index("ix_seller_profiles_search", "search", postgresql_using="gin"),
    )


class BuyerProfile(Profile, Base):
    """What an organisation seeks; other buyers don't see it."""

    __tablename__ = "buyer_profiles"
    __table_args__ = (
        CheckConstraint(one_of("kinds", Kind), name="kinds_are_known"),
        CheckConstraint(one_of("genres", Genre), name="genres_are_known"),
        CheckConstraint(one_of("media", MEDIA_CODES), name="media_are_known"),
        CheckConstraint(
            "num_nonnulls(budget_currency, coalesce(budget_min, budget_max)) IN (0, 2)",
            name="budget_has_a_currency",
        ),
        CheckConstraint("budget_min <= budget_max", name="budget_is_a_range"),
        Index("ix_buyer_profiles_search", "search", postgresql_using="gin"),
    )

    # What they can spend on one title; four decimals, as the currencies with the most have
    budget_min: Mapped[Decimal | None] = mapped_column(Numeric(19, 4))
    budget_max: Mapped[Decimal | None] = mapped_column(Numeric(19, 4))
    budget_currency: Mapped[str | None]
