"""Sellers: every company of the market sees them."""

from sqlalchemy import Select, or_
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.errors import NotFound
from app.models.accounts import Organisation, Standing
from app.models.profiles import SellerProfile
from app.pagination import PageRequest
from app.profiles.schemas import ProfileFilters
from app.profiles.service import list_profiles, lock_own, save, with_organisation
from app.sellers.schemas import SellerIn


def visible_sellers(actor: Actor) -> Select[SellerProfile]:
    """Select what an actor may see: their own; the market's, once in it; all, for organisers."""
    statement = with_organisation(SellerProfile)
    if actor.is_organiser and actor.in_market:
        return statement
    visible = SellerProfile.organisation_id == actor.organisation_id
    if actor.in_market:
        visible = or_(visible, Organisation.standing == Standing.APPROVED)
    return statement.where(visible)


async def list_sellers(
    session: AsyncSession, actor: Actor, filters: ProfileFilters, page: PageRequest
) -> tuple[list[SellerProfile], str | None]:
    """Give a page of the sellers of the market."""
    return await list_profiles(session, visible_sellers(actor), SellerProfile, filters, page)


async def get_seller(session: AsyncSession, actor: Actor, organisation_id: int) -> SellerProfile:
    """Give a seller's profile.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    statement = visible_sellers(actor).where(SellerProfile.organisation_id == organisation_id)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound("seller")
    return found


async def lock_seller(
    session: AsyncSession, actor: Actor, organisation_id: int
) -> tuple[Organisation, SellerProfile | None]:
    """Give what a PUT is about to replace.

    Raises:
        NotFound: the organisation isn't the actor's to see.
        Forbidden: the actor is none of its admins.
    """
    return await lock_own(session, actor, SellerProfile, organisation_id)


async def put_seller(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    profile: SellerProfile | None,
    wanted: SellerIn,
) -> SellerProfile:
    """Make an organisation a seller, or replace what it says of itself as one."""
    profile = profile or SellerProfile(organisation=organisation)
    await save(session, actor, profile, wanted.model_dump(mode="json"), "seller_profile.updated")
    return profile
