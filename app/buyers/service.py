"""Buyers: sellers and organisers see them, other buyers do not."""

from typing import Any

from sqlalchemy import Select, and_, exists, or_
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.buyers.schemas import Budget, BuyerIn
from app.errors import NotFound
from app.models.accounts import Organisation, Standing
from app.models.profiles import BuyerProfile, SellerProfile
from app.money import Money
from app.pagination import PageRequest
from app.profiles.schemas import ProfileFilters
from app.profiles.service import list_profiles, lock_own, save, with_organisation


def visible_buyers(actor: Actor) -> Select[BuyerProfile]:
    """Select what an actor may see: their own; the market's, if they sell; all, for organisers.

    Whether they sell is asked of the database: `actor.sells` may be a few seconds old.
    """
    statement = with_organisation(BuyerProfile)
    if actor.is_organiser and actor.in_market:
        return statement
    visible = BuyerProfile.organisation_id == actor.organisation_id
    if actor.in_market:
        sells = exists().where(SellerProfile.organisation_id == actor.organisation_id)
        visible = or_(visible, and_(Organisation.standing == Standing.APPROVED, sells))
    return statement.where(visible)


async def list_buyers(
    session: AsyncSession, actor: Actor, filters: ProfileFilters, page: PageRequest
) -> tuple[list[BuyerProfile], str | None]:
    """Give a page of the buyers of the market."""
    return await list_profiles(session, visible_buyers(actor), BuyerProfile, filters, page)


async def get_buyer(session: AsyncSession, actor: Actor, organisation_id: int) -> BuyerProfile:
    """Give a buyer's profile.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    statement = visible_buyers(actor).where(BuyerProfile.organisation_id == organisation_id)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound("buyer")
    return found


async def lock_buyer(
    session: AsyncSession, actor: Actor, organisation_id: int
) -> tuple[Organisation, BuyerProfile | None]:
    """Give what a PUT is about to replace.

    Raises:
        NotFound: the organisation isn't the actor's to see.
        Forbidden: the actor is none of its admins.
    """
    return await lock_own(session, actor, BuyerProfile, organisation_id)


async def put_buyer(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    profile: BuyerProfile | None,
    wanted: BuyerIn,
) -> BuyerProfile:
    """Make an organisation a buyer, or replace what it says of itself as one."""
    profile = profile or BuyerProfile(organisation=organisation)
    values = wanted.model_dump(mode="json", exclude={"budget"}) | _columns(wanted.budget)
    await save(session, actor, profile, values, "buyer_profile.updated")
    return profile


def _columns(budget: Budget | None) -> dict[str, Any]:
    low = budget.min if budget else None
    high = budget.max if budget else None
    either = low or high
    return {
        "budget_min": low.amount if low else None,
        "budget_max": high.amount if high else None,
        "budget_currency": either.currency if either else None,
    }


def budget_of(profile: BuyerProfile) -> Budget | None:
    """Read a profile's budget out of its columns."""
    currency = profile.budget_currency
    if currency is None:
        return None
    low, high = (
        None if amount is None else Money(amount=amount, currency=currency)
        for amount in (profile.budget_min, profile.budget_max)
    )
    return Budget(min=low, max=high)
