"""What both sorts of profile do: be found, be listed, be replaced."""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Text, case, cast, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload

from app import events, search
from app.accounts.people import require_admin_of
from app.accounts.service import get_organisation
from app.actors import Actor
from app.models.accounts import Organisation, Standing
from app.models.profiles import BuyerProfile, SellerProfile
from app.pagination import PageRequest, bounded_int
from app.profiles.schemas import ProfileFilters
from app.trees import MEDIA, TERRITORIES

NEWEST_FIRST = "id"
BEST_FIRST = "match"

AnyProfile = TypeVar("AnyProfile", SellerProfile, BuyerProfile)


def with_organisation(model: type[AnyProfile]) -> Select[AnyProfile]:
    """Select profiles, each with its organisation."""
    return select(model).join(model.organisation).options(contains_eager(model.organisation))


# Lists ----------------------------------------------------------------------------------------


async def list_profiles(
    session: AsyncSession,
    visible: Select[AnyProfile],
    model: type[AnyProfile],
    filters: ProfileFilters,
    page: PageRequest,
) -> tuple[list[AnyProfile], str | None]:
    """Give a page of the approved organisations' profiles: newest first, or best match first."""
    statement = visible.where(
        Organisation.standing == Standing.APPROVED, *_conditions(model, filters)
    ).limit(page.fetch)
    if filters.q:
        return await _best_first(session, statement, model, filters.q, page)
    if (after := page.after(NEWEST_FIRST, bounded_int)) is not None:
        statement = statement.where(model.organisation_id < after[0])
    rows = (await session.scalars(statement.order_by(model.organisation_id.desc()))).all()
    return page.split(rows, NEWEST_FIRST, lambda row: (row.organisation_id,))


def _conditions(model: type[AnyProfile], filters: ProfileFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.country:
        conditions.append(Organisation.country == filters.country)
    if filters.territory:
        conditions.append(model.territories.overlap(TERRITORIES.covering(filters.territory)))
    if filters.medium:
        conditions.append(model.media.overlap(MEDIA.covering(filters.medium)))
    for column, word in (
        (model.kinds, filters.kind),
        (model.genres, filters.genre),
        (model.languages, filters.language),
    ):
        if word:
            conditions.append(column.contains([str(word)]))
    return conditions


async def _best_first(
    session: AsyncSession,
    statement: Select[AnyProfile],
    model: type[AnyProfile],
    q: str,
    page: PageRequest,
) -> tuple[list[AnyProfile], str | None]:
    # Each tier's `broad` finds the nearer tiers' rows too: the first that holds is a row's own.
    tiers = [model.search.op("@@")(_tsquery(tier.broad)) for tier in search.tiers(q)]
    if not tiers:
        return [], None
    tier = case(*((query, at) for at, query in enumerate(tiers)))
    place = tuple_(tier, -model.organisation_id)
    ranked = statement.add_columns(tier).where(or_(*tiers))
    if (after := page.after(BEST_FIRST, bounded_int, bounded_int)) is not None:
        ranked = ranked.where(place > tuple_(literal(after[0]), literal(-after[1])))
    rows = (await session.execute(ranked.order_by(tier, model.organisation_id.desc()))).all()
    shown, cursor = page.split(rows, BEST_FIRST, lambda row: (row[1], row[0].organisation_id))
    return [row[0] for row in shown], cursor


def _tsquery(query: str) -> ColumnElement[Any]:
    return cast(literal(query, Text), TSQUERY)


# Replacing ------------------------------------------------------------------------------------


async def lock_own(
    session: AsyncSession, actor: Actor, model: type[AnyProfile], organisation_id: int
) -> tuple[Organisation, AnyProfile | None]:
    """Give an organisation and the profile it is about to replace, if it has one.

    The organisation is locked, so that of two first profiles one is second.

    Raises:
        NotFound: the organisation isn't the actor's to see.
        Forbidden: the actor is none of its admins.
    """
    organisation = await get_organisation(session, actor, organisation_id)
    require_admin_of(actor, organisation_id)
    await session.execute(
        select(Organisation.id)
        .where(Organisation.id == organisation_id)
        .with_for_update(key_share=True)
    )
    profile = await session.scalar(
        select(model)
        .where(model.organisation_id == organisation_id)
        .options(joinedload(model.organisation))
    )
    return organisation, profile


async def save(
    session: AsyncSession,
    actor: Actor,
    profile: AnyProfile,
    values: dict[str, Any],
    type_: str,
) -> None:
    """Let a new or known profile say these values alone; saying the same again is no event."""
    created = profile not in session
    changed = [name for name, value in values.items() if getattr(profile, name) != value]
    if not (created or changed):
        return
    for name in changed:
        setattr(profile, name, values[name])
    profile.search = _document(values)
    session.add(profile)
    await session.flush()
    events.record(
        session,
        actor,
        type_,
        profile.organisation_id,
        organisation_ids=[profile.organisation_id],
        # Buyers do not see each other.
        is_public=type_.startswith("seller_profile.") and actor.in_market,
        data={"created": created, "changed": changed},
    )


def _document(values: dict[str, Any]) -> str:
    """Write what a profile is found by; a contact is looked for by name."""
    texts = values["texts"].values()
    return search.document(
        titles=[text["name"] for text in texts],
        names=[contact["name"] for contact in values["contacts"]],
        texts=[text["about"] for text in texts if text["about"]],
    )
