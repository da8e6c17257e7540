"""Indexing titles anew, when the code that indexes them has changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Update, bindparam, column, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app.catalogue.indexing import DERIVED, FACTS, indexed
from app.models.base import Base
from app.models.catalogue import Title

BATCH = 500


async def reindex_titles(session: AsyncSession, after_id: int = 0) -> int | None:
    """Index the next titles by id anew; give the last one's id, None when there are no more.

    To a reader nothing changes: versions stay, and the journal is silent. Each batch goes in a
    transaction of its own, so that the market stays open meanwhile.
    """
    statement = (
        select(Title)
        .where(Title.id > after_id)
        .order_by(Title.id)
        .limit(BATCH)
        .options(selectinload(Title.texts))
        .with_for_update()
    )
    titles = (await session.scalars(statement)).all()
    if not titles:
        return None
    await session.execute(_UPDATE, {"rows": _rows(titles)})
    return titles[-1].id


def _rows(titles: Sequence[Title]) -> list[dict[str, Any]]:
    return [{"id": title.id, **_derived(title)} for title in titles]


def _derived(title: Title) -> dict[str, Any]:
    row = {name: getattr(title, name) for name in ("seller_id", *FACTS)}
    texts = [
        {"title": said.title, "logline": said.logline, "synopsis": said.synopsis}
        for said in title.texts
    ]
    return indexed(row, texts)


def _update() -> Update:
    titles = Base.metadata.tables["titles"]
    given = (
        func.json_populate_recordset(text("NULL::titles"), bindparam("rows", type_=JSON))
        .table_valued(column("id"), *(column(name) for name in DERIVED))
        .alias("given")
    )
    is_other = or_(*(titles.c[name].is_distinct_from(given.c[name]) for name in DERIVED))
    new = {name: given.c[name] for name in DERIVED}
    return (
        update(titles)
        .values(new | {"updated_at": titles.c.updated_at})
        .where(titles.c.id == given.c.id, is_other)
    )


_UPDATE = _update()
