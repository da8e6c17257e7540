"""Titles and what is said of them in each language."""

from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Organisation
from app.models.base import (
    Base,
    CreatedAt,
    Instant,
    JsonList,
    JsonObject,
    Key,
    Versioned,
    one_of,
    text_enum,
)
from app.models.vocabulary import DEPENDENT_PARTS, PARTS, Genre, Kind, Sought, Stage

EMPTY = "{}"
# What the market's list has: parts are shown with what they are part of.
IS_LISTED = text("state = 'published' AND part_of_id IS NULL")
IS_WHOLE = text("part_of_id IS NULL")
MAX_NUMBER = 100_000


def _is(*kinds: Kind) -> str:
    return f"kind IN ({', '.join(repr(kind.value) for kind in kinds)})"


def _number(column: str, *kinds: Kind) -> CheckConstraint:
    """Keep a number to the kinds that have it: 0 is a pilot, or a season of specials."""
    is_plausible = f"{column} BETWEEN 0 AND {MAX_NUMBER}"
    return CheckConstraint(
        f"{column} IS NULL OR ({is_plausible} AND {_is(*kinds)})", name=f"{column}_fits"
    )


class TitleState(StrEnum):
    """Who sees a title: the market a published one, its seller alone a draft or a withdrawn one."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Title(Versioned, Base):
    """A film, a series, a format or a project that somebody sells, or a part of one."""

    __tablename__ = "titles"
    __table_args__ = (
        CheckConstraint(one_of("genres", Genre), name="genres_are_known"),
        CheckConstraint(one_of("seeks", Sought), name="seeks_are_known"),
        CheckConstraint("year BETWEEN 1870 AND 2200", name="year_is_plausible"),
        CheckConstraint("runtime_minutes BETWEEN 1 AND 60000", name="runtime_is_plausible"),
        CheckConstraint("episodes BETWEEN 1 AND 30000", name="episodes_are_plausible"),
        CheckConstraint("episode_minutes BETWEEN 1 AND 1000", name="episode_length_is_plausible"),
        CheckConstraint(
            "(state = 'draft') = (published_at IS NULL)", name="published_at_tells_when"
        ),
        CheckConstraint(f"part_of_id IS NULL OR {_is(*PARTS)}", name="whole_has_no_whole"),
        CheckConstraint(
            f"part_of_id IS NOT NULL OR state <> 'published' OR NOT {_is(*DEPENDENT_PARTS)}",
            name="published_part_has_a_whole",
        ),
        _number("season_number", *DEPENDENT_PARTS),
        _number("volume_number", Kind.VOLUME),
        _number("episode_number", Kind.EPISODE),
        # A part and what it is part of have one seller. That what has parts has none of its own
        # kind above it, so that there is no circle, is held by `app.catalogue.rules`.
        ForeignKeyConstraint(["part_of_id", "seller_id"], ["titles.id", "titles.seller_id"]),
        Index("uq_titles_seller_id_id", "seller_id", "id", unique=True),
        Index(
            "uq_titles_part_number",
            "part_of_id",
            "kind",
            "season_number",
            "volume_number",
            "episode_number",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text(
                "part_of_id IS NOT NULL AND CASE kind WHEN 'season' THEN season_number "
                "ELSE coalesce(volume_number, episode_number) END IS NOT NULL"
            ),
        ),
        Index(
            "ix_titles_part_of_id",
            "part_of_id",
            "id",
            postgresql_where=text("part_of_id IS NOT NULL"),
        ),
        Index(
            "uq_titles_seller_id_reference",
            "seller_id",
            "reference",
            unique=True,
            postgresql_where=text("reference IS NOT NULL"),
        ),
        # The orders of the market's list. A title without a year comes last both ways.
        Index(
            "ix_titles_newest",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=IS_LISTED,
        ),
        Index(
            "ix_titles_year",
            text("coalesce(year, 9999::smallint)"),
            "id",
            postgresql_where=IS_LISTED,
        ),
        Index(
            "ix_titles_year_descending",
            text("coalesce(year, 0::smallint) DESC"),
            text("id DESC"),
            postgresql_where=IS_LISTED,
        ),
        Index("ix_titles_sort_title", "sort_title", "id", postgresql_where=IS_LISTED),
        Index("ix_titles_seller_id", "seller_id", text("id DESC"), postgresql_where=IS_WHOLE),
        # Words and filters alike: docs/decisions/0004-search.md. New rows wait in a short list that
        # every search reads, hence short.
        Index(
            "ix_titles_search",
            "search",
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": "1024"},
            postgresql_where=IS_WHOLE,
        ),
        # A list reads narrow rows: what is long (the words of the index) lives beside them, and
        # what a title as a whole shows (its credits) does not, most of the time.
        {"postgresql_with": {"toast_tuple_target": "1024"}},
    )

    id: Mapped[Key]
    seller_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    # The seller's own name for it
    reference: Mapped[str | None]
    state: Mapped[TitleState] = mapped_column(
        text_enum(TitleState), server_default=TitleState.DRAFT.value
    )
    kind: Mapped[Kind] = mapped_column(text_enum(Kind))
    stage: Mapped[Stage] = mapped_column(text_enum(Stage))
    # The series of a season, the season or series of an episode …: of the same seller
    part_of_id: Mapped[int | None]
    # Where a part stands in what it is part of. A volume or an episode has a season's number only
    # where it is part of the series itself.
    season_number: Mapped[int | None]
    volume_number: Mapped[int | None]
    episode_number: Mapped[int | None]
    original_title: Mapped[str]
    # BCP 47; None when the source does not say
    original_language: Mapped[str | None]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    runtime_minutes: Mapped[int | None]
    # What there is of a series: any of them may be unknown
    seasons: Mapped[int | None] = mapped_column(SmallInteger)
    episodes: Mapped[int | None]
    episode_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    # ISO 3166-1 alpha-2, and 3166-3 for countries that are no more (SU, YU, DD …)
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    audio_languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    subtitle_languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    # What the language filter reads: all of the above, each with its shorter forms (zh-Hans, zh)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    genres: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    keywords: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    # [{"role": …, "name": …, "character": …}] in billing order
    credits: Mapped[JsonList] = mapped_column(JSONB, server_default="[]")
    # [{"name": "Golden Goblet", "category": …, "year": …, "result": "won" or "nominated" …}]
    awards: Mapped[JsonList] = mapped_column(JSONB, server_default="[]")
    eidr: Mapped[str | None]
    isan: Mapped[str | None]
    seeks: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=EMPTY)
    # {"budget": money, "in_place": money, "note": …}; projects only
    financing: Mapped[JsonObject | None] = mapped_column(JSONB)
    published_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]
    # What `sort=title` reads: the original title in plain Latin letters
    sort_title: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    search: Mapped[str] = mapped_column(TSVECTOR, server_default="")

    seller: Mapped[Organisation] = relationship(lazy="raise")
    texts: Mapped[list["TitleText"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="TitleText.language"
    )


class TitleText(Base):
    """What is said of a title in one language."""

    __tablename__ = "title_texts"

    title_id: Mapped[int] = mapped_column(
        ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # BCP 47, normalised ("zh", "zh-Hant", "pt-BR")
    language: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    logline: Mapped[str | None]
    synopsis: Mapped[str | None]


class TitleIndex(Base):
    """By which analysis all titles are indexed, and how far the next one has come: a single row."""

    __tablename__ = "title_index"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    # `app.catalogue.indexing.ANALYSIS` of the code that did it
    analysis: Mapped[int] = mapped_column(Integer)
    # The one that is under way, and the last title it has done
    next_analysis: Mapped[int | None] = mapped_column(Integer)
    after_id: Mapped[int] = mapped_column(server_default="0")
