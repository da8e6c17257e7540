"""Accreditation: companies register their own people, organisers anybody, and may revoke."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.agendas.periods import range_of
from app.agendas.rules import Period, united
from app.db import constraint_of
from app.errors import Conflict, NotFound
from app.markets import reads
from app.markets.accreditation_schemas import AccreditationIn, AccreditationPatch
from app.markets.registering import (
    hold_dates,
    person_to_register,
    require_days,
    require_registrar,
    require_restorer,
    require_role,
)
from app.markets.service import changes_of, lock_market
from app.models.accounts import Person
from app.models.markets import Accreditation, AccreditationRole, Market, MarketState
from app.pagination import PageRequest

ONCE_A_PERSON = "uq_accreditations_market_id_person_id"


async def list_accreditations(
    session: AsyncSession,
    actor: Actor,
    market: Market,
    page: PageRequest,
    *,
    role: AccreditationRole | None,
    organisation_id: int | None,
    revoked: bool | None,
) -> tuple[list[Accreditation], str | None]:
    """Give a page of a market's accreditations that the actor sees, newest first."""
    statement = reads.visible_accreditations(actor).where(Accreditation.market_id == market.id)
    if role is not None:
        statement = statement.where(Accreditation.role == role)
    if organisation_id is not None:
        statement = statement.where(Person.organisation_id == organisation_id)
    if revoked is not None:
        statement = statement.where(Accreditation.revoked_at.is_not(None) == revoked)
    return await reads.page_of_rows(
        session,
        statement.options(*reads.WHOLE_ACCREDITATION),
        Accreditation.id,
        page,
        newest_first=True,
    )


async def get_accreditation(session: AsyncSession, actor: Actor, id_: int) -> Accreditation:
    """Give an accreditation.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    statement = reads.visible_accreditations(actor).where(Accreditation.id == id_)
    found = await session.scalar(
        statement.options(*reads.WHOLE_ACCREDITATION).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("accreditation")
    return found


async def lock_accreditation(
    session: AsyncSession, actor: Actor, id_: int
) -> tuple[Accreditation, Market]:
    """Give an accreditation to change and its market, where nobody books meanwhile.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor speaks for no company, and runs no market.
        Conflict: the actor's company can't register people now.
    """
    seen = await get_accreditation(session, actor, id_)
    market = await lock_market(session, actor, seen.market_id)
    require_registrar(actor, market, seen.person.organisation_id)
    await session.execute(
        select(Accreditation.id).where(Accreditation.id == id_).with_for_update(key_share=True)
    )
    return await get_accreditation(session, actor, id_), market


async def create_accreditation(
    session: AsyncSession, actor: Actor, market: Market, wanted: AccreditationIn
) -> Accreditation:
    """Register somebody for a market.

    Raises:
        Forbidden: the actor speaks for no company, and runs no market.
        Invalid: it is about somebody, a role or a day that can't be.
        Conflict: they are registered already, or the market takes no registrations.
    """
    market = await hold_dates(session, market.id)
    require_registrar(actor, market, actor.organisation_id)
    person = await person_to_register(session, actor, wanted.person_id)
    await require_role(session, actor, person.organisation_id, wanted.role)
    require_days(market, wanted.days)
    accreditation = Accreditation(
        market_id=market.id,
        starts_on=market.starts_on,
        ends_on=market.ends_on,
        **wanted.model_dump(),
    )
    try:
        async with session.begin_nested():
            session.add(accreditation)
            await session.flush()
    except IntegrityError as error:
        if constraint_of(error) != ONCE_A_PERSON:
            raise
        await _refuse_second(session, market.id, person.id)
    whole = await get_accreditation(session, actor, accreditation.id)
    _record(session, actor, "accreditation.created", whole, role=whole.role)
    return whole


async def update_accreditation(
    session: AsyncSession,
    actor: Actor,
    accreditation: Accreditation,
    market: Market,
    patch: AccreditationPatch,
) -> None:
    """Change an accreditation; what the patch leaves out stays.

    Raises:
        Invalid: it is about a role or a day that can't be.
        Conflict: it is revoked.
    """
    if accreditation.revoked_at is not None:
        raise Conflict(
            "This accreditation is revoked; restore it first.", code="accreditation_revoked"
        )
    changes = changes_of(accreditation, patch.given())
    if not changes:
        return
    if "role" in changes:
        organisation_id = accreditation.person.organisation_id
        await require_role(session, actor, organisation_id, changes["role"])
    require_days(market, changes.get("days", []))
    for name, value in changes.items():
        setattr(accreditation, name, value)
    await session.flush()
    _record(session, actor, "accreditation.updated", accreditation, changed=sorted(changes))


async def lock_own_accreditation(session: AsyncSession, actor: Actor, id_: int) -> Accreditation:
    """Give an accreditation whose times somebody sets: their own, or as one who registers people.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: it is a colleague's, and the actor registers nobody.
        Conflict: the market is over.
    """
    seen = await get_accreditation(session, actor, id_)
    market = await hold_dates(session, seen.market_id)
    if seen.person_id != actor.person_id or market.state is not MarketState.OPEN:
        require_registrar(actor, market, seen.person.organisation_id)
    await session.execute(
        select(Accreditation.id).where(Accreditation.id == id_).with_for_update(key_share=True)
    )
    return await get_accreditation(session, actor, id_)


async def put_free_times(
    session: AsyncSession,
    actor: Actor,
    accreditation: Accreditation,
    free: Sequence[Period] | None,
) -> None:
    """Say when somebody can be met; what they have agreed on stays.

    Raises:
        Conflict: the accreditation is revoked.
    """
    if accreditation.revoked_at is not None:
        raise Conflict(
            "This accreditation is revoked; restore it first.", code="accreditation_revoked"
        )
    times = None if free is None else [range_of(one) for one in united(free)]
    accreditation.free = times
    await session.flush()
    _record(session, actor, "accreditation.updated", accreditation, changed=["free"])


async def revoke_accreditation(
    session: AsyncSession, actor: Actor, accreditation: Accreditation
) -> None:
    """Let an accreditation be good for nothing; revoking twice is revoking once."""
    if accreditation.revoked_at is not None:
        return
    accreditation.revoked_at = datetime.now(UTC)
    accreditation.revoked_by_id = actor.person_id
    await session.flush()
    _record(session, actor, "accreditation.revoked", accreditation)


async def restore_accreditation(
    session: AsyncSession, actor: Actor, accreditation: Accreditation
) -> None:
    """Let a revoked accreditation be good again; restoring twice is restoring once.

    Raises:
        Forbidden: the organisers revoked it, and the actor is none of them.
    """
    if accreditation.revoked_at is None:
        return
    await require_restorer(session, actor, accreditation)
    accreditation.revoked_at = None
    accreditation.revoked_by_id = None
    await session.flush()
    _record(session, actor, "accreditation.restored", accreditation)


async def _refuse_second(session: AsyncSession, market_id: int, person_id: int) -> NoReturn:
    same = await session.scalar(
        select(Accreditation.id).where(
            Accreditation.market_id == market_id, Accreditation.person_id == person_id
        )
    )
    raise Conflict(
        "They are registered already. Change that accreditation, or restore it if it is revoked.",
        code="already_accredited",
        accreditation_id=str(same),
    ) from None


def _record(
    session: AsyncSession,
    actor: Actor,
    type_: str,
    accreditation: Accreditation,
    **data: object,
) -> None:
    events.record(
        session,
        actor,
        type_,
        accreditation.id,
        organisation_ids=[accreditation.person.organisation_id, actor.organisation_id],
        data={
            "market_id": str(accreditation.market_id),
            "person_id": str(accreditation.person_id),
            **data,
        },
    )
