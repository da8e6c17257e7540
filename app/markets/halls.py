"""The halls of a market, and how long one walks between them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.db import constraint_of
from app.errors import Conflict, Invalid, NotFound
from app.markets import reads
from app.markets.hall_schemas import MOST_HALLS, HallIn, HallPatch, WalkIn
from app.markets.naming import under_its_own_name
from app.markets.service import changes_of, lock_market
from app.markets.service import record as record_market
from app.models.markets import Hall, HallWalk, Market
from app.pagination import PageRequest

PLACES_STAND_IN_IT = "fk_places_market_id_hall_id_halls"


async def list_halls(
    session: AsyncSession, market: Market, page: PageRequest
) -> tuple[list[Hall], str | None]:
    """Give a page of a market's halls, in the order they were made."""
    statement = select(Hall).where(Hall.market_id == market.id)
    return await reads.page_of_rows(session, statement, Hall.id, page, newest_first=False)


async def get_hall(session: AsyncSession, actor: Actor, id_: int) -> Hall:
    """Give a hall.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    found = await session.scalar(reads.visible_halls(actor).where(Hall.id == id_))
    if found is None:
        raise NotFound("hall")
    return found


async def lock_hall(session: AsyncSession, actor: Actor, id_: int) -> tuple[Hall, Market]:
    """Give a hall to change and its market, locked in this order: the market, then the hall.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    hall = await get_hall(session, actor, id_)
    market = await lock_market(session, actor, hall.market_id)
    statement = select(Hall).where(Hall.id == id_).with_for_update()
    locked = await session.scalar(statement.execution_options(populate_existing=True))
    if locked is None:
        raise NotFound("hall")
    return locked, market


async def create_hall(session: AsyncSession, actor: Actor, market: Market, wanted: HallIn) -> Hall:
    """Make a hall of a market, which the caller has locked.

    Raises:
        Conflict: another hall of it has that name, or it has as many as it may.
    """
    count = await session.scalar(
        select(func.count()).select_from(Hall).where(Hall.market_id == market.id)
    )
    if (count or 0) >= MOST_HALLS:
        raise Conflict(f"A market has {MOST_HALLS} halls at most.", code="too_many_halls")
    hall = Hall(market_id=market.id, name=wanted.name)
    async with under_its_own_name(session):
        session.add(hall)
    _record(session, actor, "hall.created", hall, name=hall.name)
    return hall


async def update_hall(session: AsyncSession, actor: Actor, hall: Hall, patch: HallPatch) -> None:
    """Change a hall; what the patch leaves out stays.

    Raises:
        Conflict: another hall of the market has that name.
    """
    changes = changes_of(hall, patch.given())
    if not changes:
        return
    async with under_its_own_name(session):
        for name, value in changes.items():
            setattr(hall, name, value)
    _record(session, actor, "hall.updated", hall, changed=sorted(changes))


async def delete_hall(session: AsyncSession, actor: Actor, hall: Hall, market: Market) -> None:
    """Take a hall away, and the walks to it.

    Raises:
        Conflict: places stand in it.
    """
    try:
        async with session.begin_nested():
            await session.delete(hall)
            await session.flush()
    except IntegrityError as error:
        if constraint_of(error) != PLACES_STAND_IN_IT:
            raise
        raise Conflict(
            "Places stand in this hall. Delete them or move them to another one first.",
            code="hall_in_use",
        ) from None
    # Walks are part of their market: its version counts this edit, too.
    market.updated_at = datetime.now(UTC)
    await session.flush()
    _record(session, actor, "hall.deleted", hall)


# Walks ----------------------------------------------------------------------------------------


async def list_walks(session: AsyncSession, market: Market) -> Sequence[HallWalk]:
    """Give all that is known of walks between a market's halls."""
    statement = select(HallWalk).where(HallWalk.market_id == market.id)
    in_order = statement.order_by(HallWalk.hall_id, HallWalk.other_hall_id)
    return (await session.scalars(in_order)).all()


async def put_walks(
    session: AsyncSession, actor: Actor, market: Market, wanted: Sequence[WalkIn]
) -> None:
    """Replace the walks of a market, which the caller has locked.

    Raises:
        Invalid: a hall is none of the market's.
    """
    own = set(await session.scalars(select(Hall.id).where(Hall.market_id == market.id)))
    foreign = [
        {"pointer": f"/walks/{place}/hall_ids", "detail": "must be halls of this market"}
        for place, one in enumerate(wanted)
        if not own.issuperset(one.hall_ids)
    ]
    if foreign:
        raise Invalid("The request can't be taken as it is: see errors.", errors=foreign)
    await session.execute(delete(HallWalk).where(HallWalk.market_id == market.id))
    rows = [
        {
            "market_id": market.id,
            "hall_id": one.hall_ids[0],
            "other_hall_id": one.hall_ids[1],
            "minutes": one.minutes,
        }
        for one in wanted
    ]
    if rows:
        await session.execute(insert(HallWalk), rows)
    # Walks are part of their market: its version counts this edit, too.
    market.updated_at = datetime.now(UTC)
    await session.flush()
    record_market(session, actor, "market.walks_changed", market)


def _record(session: AsyncSession, actor: Actor, type_: str, hall: Hall, **data: object) -> None:
    events.record(
        session,
        actor,
        type_,
        hall.id,
        organisation_ids=[actor.organisation_id],
        data={"market_id": str(hall.market_id), **data},
    )
