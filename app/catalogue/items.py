"""Titles as JSON, made by PostgreSQL: what a list shows of them, in the caller's language."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    SQLColumnExpression,
    Subquery,
    Text,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from app.catalogue.visibility import constant
from app.models.accounts import Organisation
from app.models.catalogue import Title, TitleText
from app.pagination import MAX_LIMIT


def instant(value: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Write an instant as RFC 3339 has it, in UTC."""
    return func.to_char(
        func.timezone(literal_column("'UTC'"), value),
        literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""),
    )


def as_sent(json: ColumnElement[Any]) -> ColumnElement[bytes]:
    """Give JSON as bytes, to be sent on as they are: text is decoded, and encoded again."""
    return func.textsend(json, type_=LargeBinary)


def in_language_wanted() -> FromClause:
    """Give what is said of a title in the caller's best language, else in its original one.

    `languages` are lower-case BCP 47 tags, best first, each followed by its shorter forms; `zh`
    also takes `zh-Hant`. The original title counts as a text even where nothing is said in its
    language.
    """
    wanted = bindparam("languages", type_=ARRAY(Text))
    texts = _row(
        TitleText.language,
        TitleText.title,
        TitleText.logline,
        TitleText.synopsis,
        false().label("is_bare"),
    ).where(TitleText.title_id == Title.id)
    bare = _row(Title.original_language, Title.original_title, null(), null(), true())
    said = union_all(texts.correlate(Title), bare.correlate(Title)).subquery("said")
    tag = func.lower(said.c.language)
    broad_tag = func.split_part(tag, literal_column("'-'"), literal_column("1"))
    place = func.least(func.array_position(wanted, tag), func.array_position(wanted, broad_tag))
    return (
        select(said)
        .order_by(
            place.nulls_last(),
            said.c.language.is_not_distinct_from(Title.original_language).desc(),
            said.c.is_bare,
            func.length(said.c.language),
        )
        .limit(literal_column("1"))
        .lateral("told")
    )


def _row(*columns: SQLColumnExpression[Any]) -> Select[Any]:
    return select(*columns)


def seller_ref() -> ColumnElement[Any]:
    """Give who sells it, as an object."""
    return func.json_build_object(
        literal_column("'id'"),
        cast(Organisation.id, Text),
        literal_column("'name'"),
        Organisation.name,
    )


def item_columns(told: FromClause | None) -> list[SQLColumnExpression[Any]]:
    """Give the members of a `TitleItem`; with nothing told, the original title stands alone."""
    return [
        cast(Title.id, Text).label("id"),
        Title.kind,
        Title.stage,
        Title.state,
        cast(Title.part_of_id, Text).label("part_of_id"),
        Title.season_number,
        Title.volume_number,
        Title.episode_number,
        (told.c.title if told is not None else Title.original_title).label("title"),
        (told.c.language if told is not None else Title.original_language).label("title_language"),
        Title.original_title,
        Title.original_language,
        (told.c.logline if told is not None else null()).label("logline"),
        Title.year,
        Title.runtime_minutes,
        Title.seasons,
        Title.episodes,
        Title.episode_minutes,
        Title.countries,
        Title.genres,
        seller_ref().label("seller"),
        instant(Title.published_at).label("published_at"),
    ]


def item_page(keys: Subquery, *, told: bool) -> Select[Any]:
    """Give the page of the titles that `keys` (rank, key, id in order; one too many) name.

    One row: the items as JSON, whether there are more, and the last item's rank, key and id.
    """
    place = func.row_number().over().label("place")
    # The planner can't see how few rows are asked for, and would hash all sellers for them.
    page = select(keys, place).limit(constant(MAX_LIMIT + 1)).subquery("page")
    said = in_language_wanted() if told else None
    sources = page.join(Title, Title.id == page.c.id).join(
        Organisation, Organisation.id == Title.seller_id
    )
    if said is not None:
        sources = sources.join(said, true())
    outer = [Title, Organisation] if said is None else [Title, Organisation, said]
    item = select(*item_columns(said)).correlate(*outer).lateral("item")
    limit = bindparam("limit", type_=BigInteger)
    last = page.c.place == limit
    items = func.json_agg(
        aggregate_order_by(func.row_to_json(literal_column("item")), page.c.place)
    ).filter(page.c.place <= limit)
    columns: list[ColumnElement[Any]] = [
        as_sent(func.coalesce(cast(items, Text), literal_column("'[]'"))).label("items"),
        (func.count() > limit).label("more"),
        func.max(page.c.rank).filter(last).label("rank"),
        func.max(page.c.key).filter(last).label("key"),
        func.max(page.c.id).filter(last).label("id"),
    ]
    return select(*columns).select_from(sources.join(item, true()))
