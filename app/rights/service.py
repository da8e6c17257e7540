"""Ledgers of a title: who writes in them, in turn, and under which laws of the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Select, bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.actors import Actor
from app.catalogue.visibility import is_visible
from app.db import constraint_of
from app.errors import Conflict, Forbidden, NotFound
from app.models.catalogue import Title
from app.models.rights import Holding, Licence, Offering
from app.pagination import PageRequest, bounded_int
from app.rights.rows import range_of
from app.rights.visibility import TITLE_REF

ORDER = "id"
# Rows of a title: far more than any seller keeps by hand, and few enough to look through at once.
MOST: dict[type[Any], int] = {Holding: 300, Offering: 500}
Row = TypeVar("Row", Holding, Offering, Licence)


# Made once: who sees a title takes long to say.
VISIBLE_TITLE = (
    select(Title)
    .where(Title.id == bindparam("title_id", type_=BigInteger), is_visible())
    .options(*TITLE_REF)
)
# As the ledgers' own triggers lock it; those who only refer to the title need not wait.
LOCKED_TITLE = VISIBLE_TITLE.with_for_update(key_share=True)


class Law(StrEnum):
    """What the database itself refuses, by the names of its constraints."""

    NOTHING_IS_SOLD_TWICE = "ex_licences_nothing_is_sold_twice"
    LICENCE_IS_HELD = "licence_is_held"
    OFFERING_IS_HELD = "offering_is_held"


LAWS = {str(law): law for law in Law}


class LawBrokenError(Exception):
    """The database refused a change, and it is undone."""

    def __init__(self, law: Law) -> None:
        """Name the law."""
        super().__init__(law)
        self.law = law


@asynccontextmanager
async def under_the_laws(session: AsyncSession) -> AsyncIterator[None]:
    """Make a change in a savepoint, and flush it.

    Raises:
        LawBrokenError: the database refused it; what was done inside is undone.
    """
    try:
        async with session.begin_nested():
            yield
            await session.flush()
    except IntegrityError as error:
        law = LAWS.get(constraint_of(error) or "")
        if law is None:
            raise
        raise LawBrokenError(law) from None


async def get_title(
    session: AsyncSession, actor: Actor, title_id: int, *, lock: bool = False, noun: str = "title"
) -> Title:
    """Give a title that the actor sees: its name, and who sells it.

    `lock` makes those who change the title's ledgers take turns; `noun` is what is said not to be
    there, where it is something of the title that is asked for.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    values = {"title_id": title_id, "organisation_id": actor.organisation_id}
    found = await session.scalar(LOCKED_TITLE if lock else VISIBLE_TITLE, values)
    if found is None:
        raise NotFound(noun)
    return found


async def get_own_title(
    session: AsyncSession, actor: Actor, title_id: int, *, lock: bool = False, noun: str = "title"
) -> Title:
    """Give a title of the actor's organisation; `lock` and `noun` are those of `get_title`.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: another company sells it.
    """
    title = await get_title(session, actor, title_id, lock=lock, noun=noun)
    require_seller(actor, title.seller_id)
    return title


def require_seller(actor: Actor, seller_id: int) -> None:
    """Hold an act to the seller's own people.

    Raises:
        Forbidden: the actor is none of them.
    """
    if not actor.belongs_to(seller_id):
        raise Forbidden("Only the title's seller may do this.", code="not_the_seller")


async def list_rows(
    session: AsyncSession,
    statement: Select[Row],
    id_: InstrumentedAttribute[int],
    page: PageRequest,
) -> tuple[list[Row], str | None]:
    """Give a page of rows, newest first."""
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(id_ < after[0])
    rows = (await session.scalars(statement.order_by(id_.desc()).limit(page.fetch))).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def require_room(
    session: AsyncSession, table: type[Holding] | type[Offering], title_id: int
) -> None:
    """Hold a title's ledger to what is reckoned with in a moment.

    Raises:
        Conflict: it is full.
    """
    count = await session.scalar(
        select(func.count()).select_from(table).where(table.title_id == title_id)
    )
    if (count or 0) >= MOST[table]:
        raise Conflict(
            f"A title has {MOST[table]} {table.__tablename__} at most: say in one what several do.",
            code="ledger_full",
        )


def changes_of(row: Holding | Offering | Licence, given: dict[str, Any]) -> dict[str, Any]:
    """Give the columns that a patch really changes."""
    columns = dict(given)
    if "term" in given:
        columns["term"] = range_of(given["term"].days)
    return {name: value for name, value in columns.items() if getattr(row, name) != value}
