"""Licences: finding those one sold or bought."""

from datetime import date

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.errors import NotFound
from app.models.rights import Licence
from app.pagination import PageRequest, bounded_int
from app.rights.licence_schemas import LicenceSide
from app.rights.rules.states import LicenceState
from app.rights.service import ORDER, get_own_title, list_rows, require_seller
from app.rights.visibility import (
    WHOLE_LICENCE,
    bought_by,
    in_state,
    sold_by,
    visible_licences,
)


async def list_licences_of_title(
    session: AsyncSession,
    actor: Actor,
    title_id: int,
    page: PageRequest,
    today: date,
    state: LicenceState | None,
) -> tuple[list[Licence], str | None]:
    """Give a page of what is sold of a title of one's own, newest first.

    Raises:
        NotFound: there is no such title, or it is not the actor's to see.
        Forbidden: another company sells it.
    """
    await get_own_title(session, actor, title_id)
    statement = select(Licence).where(Licence.title_id == title_id).options(*WHOLE_LICENCE)
    if state is not None:
        statement = statement.where(in_state(state, today))
    return await list_rows(session, statement, Licence.id, page)


async def list_licences(
    session: AsyncSession,
    actor: Actor,
    page: PageRequest,
    today: date,
    *,
    side: LicenceSide | None,
    title_id: int | None,
    state: LicenceState | None,
) -> tuple[list[Licence], str | None]:
    """Give a page of what one's organisation sold and bought, newest first."""
    sides = {LicenceSide.SOLD: sold_by(actor), LicenceSide.BOUGHT: bought_by(actor)}
    ids = select(Licence.id).order_by(Licence.id.desc()).limit(page.fetch)
    if title_id is not None:
        ids = ids.where(Licence.title_id == title_id)
    if state is not None:
        ids = ids.where(in_state(state, today))
    if (after := page.after(ORDER, bounded_int)) is not None:
        ids = ids.where(Licence.id < after[0])
    wanted = [side] if side else list(LicenceSide)
    # Each side by its own index, and no further than a page: with OR both would be read whole.
    found = union(*(ids.where(sides[one]).subquery().select() for one in wanted))
    statement = select(Licence).where(Licence.id.in_(found)).options(*WHOLE_LICENCE)
    return await list_rows(session, statement, Licence.id, page)


async def get_licence(session: AsyncSession, actor: Actor, id_: int) -> Licence:
    """Give a licence that one's organisation sold or bought.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    statement = visible_licences(actor).where(Licence.id == id_).options(*WHOLE_LICENCE)
    found = await session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("licence")
    return found


async def get_own_licence(session: AsyncSession, actor: Actor, id_: int) -> Licence:
    """Give a licence to change, and make those who change its title's ledgers take turns.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor bought it.
    """
    found = await get_licence(session, actor, id_)
    require_seller(actor, found.seller_id)
    await get_own_title(session, actor, found.title_id, lock=True)
    # Whoever had the turn before may have changed it.
    return await get_licence(session, actor, id_)
