"""What must hold before somebody is registered for a market: who, by whom, as what, when."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from app.accounts.people import require_admin_of
from app.actors import Actor
from app.errors import Conflict, Forbidden, Invalid
from app.models.accounts import IS_SOMEBODY, Organisation, Person, Standing
from app.models.markets import Accreditation, AccreditationRole, Market, MarketState
from app.models.profiles import BuyerProfile, SellerProfile

PROFILES: dict[AccreditationRole, type[BuyerProfile | SellerProfile]] = {
    AccreditationRole.BUYER: BuyerProfile,
    AccreditationRole.SELLER: SellerProfile,
}


async def hold_dates(session: AsyncSession, market_id: int) -> Market:
    """Give a market whose dates stay as they are until the transaction ends."""
    statement = select(Market).where(Market.id == market_id)
    return (
        await session.scalars(
            statement.with_for_update(read=True, key_share=True).execution_options(
                populate_existing=True
            )
        )
    ).one()


def require_registrar(actor: Actor, market: Market, organisation_id: int) -> None:
    """Hold to those who may register a company's people: its admins, and the organisers.

    Raises:
        Forbidden: the actor is neither.
        Conflict: the market is over, and the actor does not run it.
    """
    if actor.is_organiser:
        return
    require_admin_of(actor, organisation_id)
    if market.state is not MarketState.OPEN:
        raise Conflict(
            "The market is closed: its organisers alone change who attended.",
            code="market_not_open",
        )


async def person_to_register(session: AsyncSession, actor: Actor, person_id: int) -> Person:
    """Give somebody of the market whom the actor may register.

    Raises:
        Invalid: there is nobody like that.
    """
    statement = (
        select(Person)
        .join(Person.organisation)
        .options(contains_eager(Person.organisation))
        .where(
            Person.id == person_id,
            Person.removed_at.is_(None),
            IS_SOMEBODY,
            Organisation.standing == Standing.APPROVED,
        )
    )
    if not actor.is_organiser:
        statement = statement.where(Person.organisation_id == actor.organisation_id)
    found = await session.scalar(statement)
    if found is None:
        raise Invalid.field(
            "/person_id",
            "must be somebody of the market, and still be there"
            if actor.is_organiser
            else "must be one of your organisation's people, and still be there",
        )
    return found


async def require_role(
    session: AsyncSession, actor: Actor, organisation_id: int, role: AccreditationRole
) -> None:
    """Hold a role to what the company is, or to who gives it.

    Raises:
        Invalid: the company is something else, or the role is not the actor's to give.
    """
    if (profile := PROFILES.get(role)) is None:
        if actor.is_organiser:
            return
        raise Invalid.field(
            "/role", f"is the organisers' to give: ask them for {role}", code="role_not_yours"
        )
    found = await session.scalar(
        select(profile.organisation_id).where(profile.organisation_id == organisation_id)
    )
    if found is None:
        raise Invalid.field(
            "/role",
            f"can be {role} where the company has a {role}'s profile: "
            f"PUT /v1/{role}s/{{organisation_id}} makes it one",
            code="no_profile",
        )


def require_days(market: Market, days: Sequence[date]) -> None:
    """Hold days to the market's.

    Raises:
        Invalid: one lies outside its dates.
    """
    outside = [day for day in days if not market.starts_on <= day <= market.ends_on]
    if outside:
        raise Invalid.field(
            "/days",
            f"must be days of the market, {market.starts_on} to {market.ends_on}; not "
            + ", ".join(map(str, outside)),
        )


async def require_restorer(
    session: AsyncSession, actor: Actor, accreditation: Accreditation
) -> None:
    """Hold what the organisers revoked to them.

    Raises:
        Forbidden: they revoked it, and the actor is none of them.
    """
    by_organisers = await session.scalar(
        select(Organisation.is_organiser)
        .join(Person, Person.organisation_id == Organisation.id)
        .where(Person.id == accreditation.revoked_by_id)
    )
    if by_organisers and not actor.is_organiser:
        raise Forbidden(
            "The organisers revoked this accreditation; only they restore it.",
            code="revoked_by_organisers",
        )
