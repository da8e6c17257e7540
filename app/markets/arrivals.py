"""Who came in: people are checked in at the entrance, once a day."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app import events
from app.actors import Actor
from app.errors import Conflict, Forbidden
from app.markets import reads
from app.markets.accreditations import get_accreditation
from app.markets.registering import hold_dates
from app.models.markets import Accreditation, AccreditationRole, Arrival, Market, MarketState


async def check_in(session: AsyncSession, actor: Actor, id_: int) -> tuple[Accreditation, Arrival]:
    """Let somebody in, today on the market's clock; twice is once, and the first time counts.

    Raises:
        NotFound: there is no such accreditation, or it isn't the actor's to see.
        Forbidden: the actor neither runs the market nor is of its staff.
        Conflict: it is revoked, not for today, or the market is not open.
    """
    accreditation = await _at_the_door(session, actor, id_)
    market = await hold_dates(session, accreditation.market_id)
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    today = now.astimezone(ZoneInfo(market.time_zone)).date()
    _require_good(accreditation, market, today)
    made = await session.scalar(
        insert(Arrival)
        .values(accreditation_id=id_, day=today, checked_in_by_id=actor.person_id)
        .on_conflict_do_nothing()
        .returning(Arrival.day)
    )
    if made is not None:
        events.record(
            session,
            actor,
            "accreditation.checked_in",
            id_,
            organisation_ids=[actor.organisation_id, accreditation.person.organisation_id],
            data={"market_id": str(market.id), "day": today.isoformat()},
        )
    arrival = await session.scalars(select(Arrival).filter_by(accreditation_id=id_, day=today))
    return accreditation, arrival.one()


async def _at_the_door(session: AsyncSession, actor: Actor, id_: int) -> Accreditation:
    """Give an accreditation to who lets people in: a market's staff see everybody's there."""
    statement = (
        select(Accreditation)
        .join(Accreditation.person)
        .where(Accreditation.id == id_)
        .options(*reads.WHOLE_ACCREDITATION)
    )
    if not actor.is_organiser:
        own = aliased(Accreditation)
        is_staff = exists().where(
            own.market_id == Accreditation.market_id,
            own.person_id == actor.person_id,
            own.role == AccreditationRole.STAFF,
            own.revoked_at.is_(None),
        )
        statement = statement.where(is_staff)
    found: Accreditation | None = await session.scalar(statement)
    if found is None:
        await get_accreditation(session, actor, id_)
        raise Forbidden("Only the organisers and the market's staff let people in.")
    return found


def _require_good(accreditation: Accreditation, market: Market, today: date) -> None:
    if accreditation.revoked_at is not None:
        raise Conflict("This accreditation is revoked.", code="accreditation_revoked")
    if market.state is not MarketState.OPEN:
        raise Conflict("The market is not open.", code="market_not_open", state=market.state)
    days = accreditation.days
    if not market.starts_on <= today <= market.ends_on or (days and today not in days):
        raise Conflict(
            f"This accreditation is not for today, {today} on the market's clock.",
            code="not_today",
            today=today.isoformat(),
            days=[day.isoformat() for day in days],
        )
