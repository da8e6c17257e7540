"""Indexing titles anew, when the code that indexes them has changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Update, bindparam, column, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app.catalogue.indexing import ANALYSIS, DERIVED, FACTS, indexed
from app.models.base import Base
from app.models.catalogue import Title, TitleIndex

# Rows that stay locked until a batch is done, for their new words are many to an index.
BATCH = 100


async def is_behind(session: AsyncSession) -> bool:
    """Tell whether there are titles that an older analysis has indexed."""
    is_older = select(TitleIndex.id).where(TitleIndex.analysis != ANALYSIS)
    return bool(await session.scalar(select(exists(is_older) & exists(select(Title.id)))))


async def begin_anew(session: AsyncSession) -> None:
    """Forget that titles are indexed, by whatever analysis, and how far the next one has come."""
    await session.execute(update(TitleIndex).values(analysis=0, next_analysis=None, after_id=0))


async def count_left(session: AsyncSession) -> int:
    """Count the titles that are still to be indexed anew."""
    index = await session.get_one(TitleIndex, 1)
    if index.analysis == ANALYSIS:
        return 0
    after_id = index.after_id if index.next_analysis == ANALYSIS else 0
    left = select(func.count()).select_from(Title).where(Title.id > after_id)
    return await session.scalar(left) or 0


async def reindex_next(session: AsyncSession) -> int | None:
    """Index a batch anew, from where the last one ended; give its size, None when all is done.

    Two who do it at once take turns. What is new or changed meanwhile is indexed as it should be by
    whoever writes it, provided that nobody runs an older version any more.
    """
    index = await session.get_one(TitleIndex, 1, with_for_update=True)
    if index.analysis == ANALYSIS:
        return None
    if index.next_analysis != ANALYSIS:
        index.next_analysis, index.after_id = ANALYSIS, 0
    titles = await reindex_titles(session, index.after_id)
    if titles:
        index.after_id = titles[-1]
    else:
        index.analysis, index.next_analysis, index.after_id = ANALYSIS, None, 0
    return len(titles)


async def reindex_titles(session: AsyncSession, after_id: int = 0) -> list[int]:
    """Index the next titles by id anew, and give their ids; none when there are no more.

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
    if titles:
        await session.execute(_UPDATE, {"rows": _rows(titles)})
    return [title.id for title in titles]


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
