"""Who sees which market and accreditation: every read starts from one of these."""

from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, contains_eager, joinedload
from sqlalchemy.sql.base import ExecutableOption

from app.actors import Actor
from app.markets.rules import Break, DayHours
from app.models.accounts import Person
from app.models.markets import (
    Accreditation,
    Hall,
    Market,
    MarketBreak,
    MarketHours,
    MarketState,
    Place,
)
from app.pagination import PageRequest, bounded_int

Row = TypeVar("Row", Market, Hall, Place, Accreditation)
ORDER = "id"
# All that an answer shows.
WHOLE_PLACE: tuple[ExecutableOption, ...] = (joinedload(Place.seller),)
WHOLE_ACCREDITATION: tuple[ExecutableOption, ...] = (
    contains_eager(Accreditation.person).joinedload(Person.organisation, innerjoin=True),
)


def _is_shown(actor: Actor) -> list[ColumnElement[bool]]:
    """Drafts are their organisers' alone."""
    return [] if actor.is_organiser else [Market.state != MarketState.DRAFT]


def visible_markets(actor: Actor) -> Select[Market]:
    """Select the markets an actor may see."""
    return select(Market).where(*_is_shown(actor))


def visible_halls(actor: Actor) -> Select[Hall]:
    """Select the halls of the markets an actor may see."""
    return select(Hall).join(Market, Market.id == Hall.market_id).where(*_is_shown(actor))


def visible_places(actor: Actor) -> Select[Place]:
    """Select the places of the markets an actor may see."""
    return select(Place).join(Market, Market.id == Place.market_id).where(*_is_shown(actor))


def visible_accreditations(actor: Actor) -> Select[Accreditation]:
    """Select the accreditations an actor may see: their own company's; all, for organisers."""
    statement = (
        select(Accreditation)
        .join(Market, Market.id == Accreditation.market_id)
        .join(Accreditation.person)
        .where(*_is_shown(actor))
    )
    if actor.is_organiser:
        return statement
    return statement.where(Person.organisation_id == actor.organisation_id)


async def page_of_rows(
    session: AsyncSession,
    statement: Select[Row],
    id_: InstrumentedAttribute[int],
    page: PageRequest,
    *,
    newest_first: bool,
) -> tuple[list[Row], str | None]:
    """Give a page of rows, in the order they were made or the other way round."""
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(id_ < after[0] if newest_first else id_ > after[0])
    order = id_.desc() if newest_first else id_.asc()
    rows = (await session.scalars(statement.order_by(order).limit(page.fetch))).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def hours_of(session: AsyncSession, market_id: int) -> list[DayHours]:
    """Give a market's hours and breaks, in the order of time."""
    columns = select(MarketBreak.day, MarketBreak.starts, MarketBreak.ends)
    breaks: dict[date, list[Break]] = {}
    for day, starts, ends in await session.execute(
        columns.where(MarketBreak.market_id == market_id)
    ):
        breaks.setdefault(day, []).append(Break(starts, ends))
    days = await session.execute(
        select(MarketHours.day, MarketHours.opens, MarketHours.closes)
        .where(MarketHours.market_id == market_id)
        .order_by(MarketHours.day)
    )
    return [
        DayHours(day, opens, closes, tuple(sorted(breaks.get(day, ()))))
        for day, opens, closes in days
    ]
