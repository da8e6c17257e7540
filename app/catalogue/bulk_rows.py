"""Many titles at once, in the database: a statement for each table, however many rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Text,
    any_,
    bindparam,
    column,
    func,
    insert,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.catalogue.bulk_titles import Kept, Wanted
from app.catalogue.indexing import DERIVED, FACTS, indexed
from app.models.base import Base
from app.models.catalogue import Title, TitleText

TABLES = Base.metadata.tables


async def read_known(
    session: AsyncSession, seller_id: int, references: list[str]
) -> dict[str, Kept]:
    """Read the seller's titles of these references, and keep others from changing them."""
    columns = [getattr(Title, name) for name in FACTS]
    found = await session.execute(
        select(Title.id, Title.state, Title.published_at, *columns)
        .where(Title.id == any_(_ids_of(seller_id, references)))
        .order_by(Title.id)
        .with_for_update()
    )
    kept: dict[int, Kept] = {}
    for id_, state, published_at, *values in found:
        kept[id_] = Kept(id_, state, dict(zip(FACTS, values, strict=True)), {}, published_at)
    texts = await session.execute(
        select(
            TitleText.title_id,
            TitleText.language,
            TitleText.title,
            TitleText.logline,
            TitleText.synopsis,
        ).where(TitleText.title_id.in_(kept))
    )
    for id_, language, title, logline, synopsis in texts:
        said = {"title": title, "logline": logline, "synopsis": synopsis}
        kept[id_].texts[language] = said
    return {title.row["reference"]: title for title in kept.values()}


def _ids_of(seller_id: int, references: list[str]) -> ColumnElement[Any]:
    """Look each reference up by itself.

    Asked for all at once, PostgreSQL may read every title of the seller instead: it knows how many
    there were when it last counted, which during an import is before it began.
    """
    sought = func.unnest(bindparam("references", references, ARRAY(Text)))
    given = sought.table_valued("reference").render_derived("sought")
    title = (
        select(Title.id)
        .where(Title.seller_id == seller_id, Title.reference == given.c.reference)
        .limit(1)
        .lateral("title")
    )
    ids = select(title.c.id).select_from(given.join(title, true()))
    return func.array(ids.scalar_subquery(), type_=ARRAY(BigInteger))


_KNOWN_BY = ("seller_id", "reference")
_TITLE_COLUMNS = ("seller_id", "state", "published_at", *FACTS, *DERIVED)
_EVENT_COLUMNS = ("type", "subject_id", "person_id", "organisation_ids", "data")
_TEXT_COLUMNS = ("title_id", "language", "title", "logline", "synopsis")


def _rows(table: str, names: Iterable[str]) -> Any:  # noqa: ANN401  # a FROM clause of SQLAlchemy's
    """Read rows out of one JSON parameter, each column in its table's own type."""
    return (
        func.json_populate_recordset(text(f"NULL::{table}"), bindparam("rows", type_=JSON))
        .table_valued(*(column(name) for name in names))
        .alias("given")
    )


def _upsert_titles() -> Any:  # noqa: ANN401
    titles = TABLES["titles"]
    given = _rows("titles", _TITLE_COLUMNS)
    statement = upsert(titles).from_select(
        _TITLE_COLUMNS, select(*(given.c[name] for name in _TITLE_COLUMNS))
    )
    changed = {name: statement.excluded[name] for name in _TITLE_COLUMNS if name not in _KNOWN_BY}
    return statement.on_conflict_do_update(
        index_elements=[titles.c.seller_id, titles.c.reference],
        index_where=titles.c.reference.is_not(None),
        set_=changed | {"version": titles.c.version + 1, "updated_at": func.now()},
    ).returning(titles.c.id, titles.c.reference)


def _upsert_texts() -> Any:  # noqa: ANN401
    given = _rows("title_texts", _TEXT_COLUMNS)
    statement = upsert(TABLES["title_texts"]).from_select(
        _TEXT_COLUMNS, select(*(given.c[name] for name in _TEXT_COLUMNS))
    )
    return statement.on_conflict_do_update(
        index_elements=["title_id", "language"],
        set_={name: statement.excluded[name] for name in _TEXT_COLUMNS},
    )


def _insert_events() -> Any:  # noqa: ANN401
    given = _rows("events", _EVENT_COLUMNS)
    return insert(TABLES["events"]).from_select(
        _EVENT_COLUMNS, select(*(given.c[name] for name in _EVENT_COLUMNS))
    )


_INSERT_EVENTS = _insert_events()
_UPSERT_TITLES = _upsert_titles()
_UPSERT_TEXTS = _upsert_texts()


async def write(session: AsyncSession, seller_id: int, wanted: Sequence[Wanted]) -> None:
    rows = []
    for each in wanted:
        after = each.after
        published_at = after.published_at.isoformat() if after.published_at else None
        row = after.row | {
            "seller_id": seller_id,
            "state": after.state,
            "published_at": published_at,
        }
        rows.append(row | indexed(row, after.texts.values()))
    by_reference = {each.after.row["reference"]: each for each in wanted}
    for id_, reference in await session.execute(_UPSERT_TITLES, {"rows": rows}):
        by_reference[reference].told.title_id = id_
    texts = [
        {"title_id": each.told.title_id, "language": language, **said}
        for each in wanted
        for language, said in each.after.texts.items()
    ]
    if texts:
        await session.execute(_UPSERT_TEXTS, {"rows": texts})


async def record(
    session: AsyncSession, actor: Actor | None, seller_id: int, written: Iterable[Wanted]
) -> None:
    """Write the facts of a batch in one statement; as `app.events.record`, for many."""
    session.info["is_heard"] = True
    facts = [
        {
            "type": f"title.{happened}",
            "subject_id": each.told.title_id,
            "person_id": actor.person_id if actor else None,
            "organisation_ids": [seller_id],
            "data": {"seller_id": str(seller_id)},
        }
        for each in written
        for happened in each.happened()
    ]
    await session.execute(_INSERT_EVENTS, {"rows": facts})
