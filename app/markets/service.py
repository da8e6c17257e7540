"""Editions of the market: made as a draft, opened, closed; who runs the market writes."""

from datetime import date
from typing import Any

from sqlalchemy import func, select, union
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.agendas.holding import claim_market
from app.db import constraint_of
from app.errors import Conflict, Invalid, NotFound
from app.markets import reads
from app.markets.naming import under_its_own_name
from app.markets.rules import flaw_of_dates
from app.markets.schemas import MarketIn, MarketPatch
from app.models.markets import Accreditation, Market, MarketHours, MarketState
from app.pagination import PageRequest

DAYS_LIE_INSIDE = frozenset(
    {"ck_market_hours_day_is_of_the_market", "ck_accreditations_days_are_of_the_market"}
)


async def list_markets(
    session: AsyncSession, actor: Actor, page: PageRequest, state: MarketState | None
) -> tuple[list[Market], str | None]:
    """Give a page of markets, newest first."""
    statement = reads.visible_markets(actor)
    if state is not None:
        statement = statement.where(Market.state == state)
    return await reads.page_of_rows(session, statement, Market.id, page, newest_first=True)


async def get_market(session: AsyncSession, actor: Actor, id_: int) -> Market:
    """Give a market.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    found = await session.scalar(reads.visible_markets(actor).where(Market.id == id_))
    if found is None:
        raise NotFound("market")
    return found


async def lock_market(session: AsyncSession, actor: Actor, id_: int) -> Market:
    """Give a market to change: those who change what meetings stand on take turns; nobody books.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    await claim_market(session, id_)
    statement = reads.visible_markets(actor).where(Market.id == id_)
    locked = statement.with_for_update(key_share=True)
    found = await session.scalar(locked.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("market")
    return found


async def create_market(session: AsyncSession, actor: Actor, wanted: MarketIn) -> Market:
    """Make a draft of a market.

    Raises:
        Conflict: another market has that name.
    """
    market = Market(**wanted.model_dump())
    async with under_its_own_name(session):
        session.add(market)
    record(session, actor, "market.created", market, name=market.name)
    return market


async def update_market(
    session: AsyncSession, actor: Actor, market: Market, patch: MarketPatch
) -> None:
    """Change a market; what the patch leaves out stays.

    Raises:
        Invalid: it would end before it starts, or last too long.
        Conflict: another market has that name, or it has days outside its new dates.
    """
    changes = changes_of(market, patch.given())
    if not changes:
        return
    starts_on = changes.get("starts_on", market.starts_on)
    ends_on = changes.get("ends_on", market.ends_on)
    if (flaw := flaw_of_dates(starts_on, ends_on)) is not None:
        raise Invalid.field("/ends_on", flaw)
    market_id = market.id
    try:
        async with under_its_own_name(session):
            for name, value in changes.items():
                setattr(market, name, value)
    except IntegrityError as error:
        if constraint_of(error) not in DAYS_LIE_INSIDE:
            raise
        raise await _days_outside(session, market_id, starts_on, ends_on) from None
    record(session, actor, "market.updated", market, changed=sorted(changes))


async def _days_outside(
    session: AsyncSession, market_id: int, starts_on: date, ends_on: date
) -> Conflict:
    """Say which days would lie outside the dates of their market."""
    hours = select(MarketHours.day).where(MarketHours.market_id == market_id)
    named = select(func.unnest(Accreditation.days)).where(Accreditation.market_id == market_id)
    days = await session.scalars(union(hours, named))
    outside = sorted(day for day in days if not starts_on <= day <= ends_on)
    return Conflict(
        "Some days with hours, or days of people's accreditations, would lie outside these dates: "
        "days has them. Change those first.",
        code="days_outside",
        days=[day.isoformat() for day in outside],
    )


async def open_market(session: AsyncSession, actor: Actor, market: Market) -> None:
    """Let the companies in; opening twice is opening once.

    Raises:
        Conflict: it has no hours.
    """
    if market.state is MarketState.OPEN:
        return
    if not await reads.hours_of(session, market.id):
        raise Conflict(
            "Nobody can meet in a market without hours: PUT /v1/markets/{market_id}/hours first.",
            code="no_hours",
        )
    market.state = MarketState.OPEN
    await session.flush()
    record(session, actor, "market.opened", market)


async def close_market(session: AsyncSession, actor: Actor, market: Market) -> None:
    """Say that a market is over; closing twice is closing once.

    Raises:
        Conflict: it was never open.
    """
    if market.state is MarketState.CLOSED:
        return
    if market.state is MarketState.DRAFT:
        raise Conflict("The market is a draft; only an open one is closed.", code="not_open")
    market.state = MarketState.CLOSED
    await session.flush()
    record(session, actor, "market.closed", market)


def changes_of(row: object, given: dict[str, Any]) -> dict[str, Any]:
    """Give what a patch really changes of a row."""
    return {name: value for name, value in given.items() if getattr(row, name) != value}


def record(session: AsyncSession, actor: Actor, type_: str, market: Market, **data: object) -> None:
    """Write a fact about a market."""
    events.record(
        session,
        actor,
        type_,
        market.id,
        organisation_ids=[actor.organisation_id],
        is_public=market.state is not MarketState.DRAFT,
        data=data,
    )
