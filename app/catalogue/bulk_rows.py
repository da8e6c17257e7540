"""Many titles at once, in the database: a statement for each table, however many rows."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    String,
    Text,
    any_,
    bindparam,
    cast,
    func,
    insert,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB, TSVECTOR
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from app.actors import Actor
from app.catalogue.bulk_titles import Kept, Wanted
from app.catalogue.indexing import DERIVED, FACTS, indexed
from app.events import by
from app.models.base import Base
from app.models.catalogue import Title, TitleState, TitleText

TABLES = Base.metadata.tables
# What goes as text, and is made of it there: arrays of arrays would have to be of one length.
AS_TEXT = (ARRAY, JSONB, TSVECTOR)

Row = Mapping[str, Any]


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
_WHO: dict[str, TypeEngine[Any]] = {
    "person_id": BigInteger(),
    "organisation_id": BigInteger(),
    "client_id": BigInteger(),
    "address": INET(),
    "request_id": Text(),
}
_EVENT_COLUMNS = ("type", "subject_id", "is_public", "organisation_ids", "data", *_WHO)
_IDS = ARRAY(BigInteger)
_TEXT_COLUMNS = ("title_id", "language", "title", "logline", "synopsis")


def _rows(table: str, names: Sequence[str]) -> Any:  # noqa: ANN401  # a SELECT of SQLAlchemy's
    """Read rows out of a parameter for each column: in its own type, or as text made into it."""
    columns = [TABLES[table].c[name] for name in names]
    arrays = [bindparam(each.name, type_=ARRAY(_sent_as(each.type))) for each in columns]
    given = func.unnest(*arrays).table_valued(*names).render_derived("given")
    values = [
        cast(given.c[each.name], each.type)
        if isinstance(each.type, AS_TEXT)
        else given.c[each.name]
        for each in columns
    ]
    return select(*values)


def _sent_as(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return Text() if isinstance(kind, (*AS_TEXT, String)) else kind


def _arrays(table: str, names: Sequence[str], rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Give rows as what `_rows` reads; a column without values needs no place, and is NULL."""
    arrays: dict[str, list[Any]] = {}
    for name in names:
        values = [row[name] for row in rows]
        if values.count(None) == len(values):
            values = []
        elif written := _WRITTEN.get(type(TABLES[table].c[name].type)):
            values = [None if value is None else written(value) for value in values]
        arrays[name] = values
    return arrays


def _array(values: Iterable[str]) -> str:
    """Write an array as PostgreSQL reads it."""
    quoted = ['"' + value.replace("\\", r"\\").replace('"', r"\"") + '"' for value in values]
    return "{" + ",".join(quoted) + "}"


def _json(value: object) -> str:
    return to_json(value).decode()


_WRITTEN: dict[type[TypeEngine[Any]], Callable[[Any], str]] = {ARRAY: _array, JSONB: _json}


def _upsert_titles() -> Any:  # noqa: ANN401
    titles = TABLES["titles"]
    statement = upsert(titles).from_select(_TITLE_COLUMNS, _rows("titles", _TITLE_COLUMNS))
    changed = {name: statement.excluded[name] for name in _TITLE_COLUMNS if name not in _KNOWN_BY}
    return statement.on_conflict_do_update(
        index_elements=[titles.c.seller_id, titles.c.reference],
        index_where=titles.c.reference.is_not(None),
        set_=changed | {"version": titles.c.version + 1, "updated_at": func.now()},
    ).returning(titles.c.id, titles.c.reference)


def _upsert_texts() -> Any:  # noqa: ANN401
    statement = upsert(TABLES["title_texts"]).from_select(
        _TEXT_COLUMNS, _rows("title_texts", _TEXT_COLUMNS)
    )
    return statement.on_conflict_do_update(
        index_elements=["title_id", "language"],
        set_={name: statement.excluded[name] for name in _TEXT_COLUMNS},
    )


def _insert_events() -> Any:  # noqa: ANN401
    """Make the statement for facts that differ in what happened, and to which title."""
    arrays: dict[str, TypeEngine[Any]] = {
        "types": ARRAY(Text),
        "subjects": _IDS,
        "publics": ARRAY(Boolean),
    }
    given = (
        func.unnest(*(bindparam(name, type_=kind) for name, kind in arrays.items()))
        .table_valued("type", "subject_id", "is_public")
        .render_derived("given")
    )
    every = (bindparam("sellers", type_=_IDS), bindparam("data", type_=JSONB))
    who = (bindparam(name, type_=kind) for name, kind in _WHO.items())
    told = (given.c.type, given.c.subject_id, given.c.is_public, *every, *who)
    return insert(TABLES["events"]).from_select(_EVENT_COLUMNS, select(*told))


_INSERT_EVENTS = _insert_events()
_UPSERT_TITLES = _upsert_titles()
_UPSERT_TEXTS = _upsert_texts()


def _row_of(seller_id: int, after: Kept) -> Row:
    row = after.row | {
        "seller_id": seller_id,
        "state": after.state,
        "published_at": after.published_at,
    }
    return row | indexed(row, after.texts.values())


def _titles_of(seller_id: int, wanted: Iterable[Wanted]) -> dict[str, list[Any]]:
    rows = [_row_of(seller_id, each.after) for each in wanted]
    return _arrays("titles", _TITLE_COLUMNS, rows)


async def write(session: AsyncSession, seller_id: int, wanted: Sequence[Wanted]) -> None:
    """Write titles with their texts; each learns its id."""
    by_reference = {each.after.row["reference"]: each for each in wanted}
    # A thousand take a tenth of a second, in which other batches would wait for their next step.
    titles = await asyncio.to_thread(_titles_of, seller_id, wanted)
    for id_, reference in await session.execute(_UPSERT_TITLES, titles):
        by_reference[reference].told.title_id = id_
    texts = [
        {"title_id": each.told.title_id, "language": language, **said}
        for each in wanted
        for language, said in each.after.texts.items()
    ]
    if texts:
        await session.execute(_UPSERT_TEXTS, _arrays("title_texts", _TEXT_COLUMNS, texts))


async def record(
    session: AsyncSession, actor: Actor | None, seller_id: int, written: Iterable[Wanted]
) -> None:
    """Write the facts of a batch in one statement; as `app.events.record`, for many."""
    session.info["is_heard"] = True
    facts = [
        (f"title.{happened}", each.told.title_id, each.after.state is TitleState.PUBLISHED)
        for each in written
        for happened in each.happened()
    ]
    types, subjects, publics = zip(*facts, strict=True) if facts else ((), (), ())
    told = by(session, actor) | {
        "types": types,
        "subjects": subjects,
        "publics": publics,
        "sellers": [seller_id],
        "data": {"seller_id": str(seller_id)},
    }
    await session.execute(_INSERT_EVENTS, told)
