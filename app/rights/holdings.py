"""Holdings: what a seller may sell of a title, and from whom they have it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.errors import Conflict, NotFound
from app.models.rights import Holding
from app.pagination import PageRequest
from app.rights import obstacles
from app.rights.holding_schemas import HoldingIn, HoldingPatch
from app.rights.rows import box_of, columns_of
from app.rights.rules.boxes import Box
from app.rights.service import (
    Law,
    LawBrokenError,
    changes_of,
    get_own_title,
    list_rows,
    require_room,
    under_the_laws,
)


async def list_holdings(
    session: AsyncSession, actor: Actor, title_id: int, page: PageRequest
) -> tuple[list[Holding], str | None]:
    """Give a page of what is held of a title of one's own, newest first.

    Raises:
        NotFound: there is no such title, or it is not the actor's to see.
        Forbidden: another company sells it.
    """
    await get_own_title(session, actor, title_id)
    statement = select(Holding).where(Holding.title_id == title_id)
    return await list_rows(session, statement, Holding.id, page)


async def get_holding(
    session: AsyncSession, actor: Actor, title_id: int, id_: int, *, lock: bool = False
) -> Holding:
    """Give a holding of one's own; `lock` makes those who change the title's ledgers take turns.

    Raises:
        NotFound: there is no such title or holding, or it is not the actor's to see.
        Forbidden: another company sells the title.
    """
    await get_own_title(session, actor, title_id, lock=lock, noun="holding")
    found = await session.scalar(
        select(Holding).where(Holding.id == id_, Holding.title_id == title_id)
    )
    if found is None:
        raise NotFound("holding")
    return found


async def create_holding(
    session: AsyncSession, actor: Actor, title_id: int, wanted: HoldingIn
) -> Holding:
    """Record what one may sell of a title.

    Raises:
        NotFound: there is no such title, or it is not the actor's to see.
        Forbidden: another company sells it.
        Conflict: it has as many as it may.
    """
    await get_own_title(session, actor, title_id, lock=True)
    await require_room(session, Holding, title_id)
    holding = Holding(
        title_id=title_id,
        licensor=wanted.licensor,
        note=wanted.note,
        **columns_of(wanted.box),
    )
    session.add(holding)
    await session.flush()
    _record(session, actor, "holding.created", holding)
    return holding


async def update_holding(
    session: AsyncSession, actor: Actor, holding: Holding, patch: HoldingPatch
) -> None:
    """Change a holding; what the patch leaves out stays.

    Raises:
        Conflict: something is licensed or offered that would not be held any more.
    """
    changes = changes_of(holding, patch.given())
    if not changes:
        return
    before = box_of(holding, holding.term)
    after = patch.box(before)
    try:
        async with under_the_laws(session):
            for name, value in changes.items():
                setattr(holding, name, value)
    except LawBrokenError as broken:
        raise await _refusal(session, holding, broken.law, before, after) from None
    _record(session, actor, "holding.updated", holding, changed=sorted(changes))


async def delete_holding(session: AsyncSession, actor: Actor, holding: Holding) -> None:
    """Strike a holding out.

    Raises:
        Conflict: something is licensed or offered that would not be held any more.
    """
    before = box_of(holding, holding.term)
    try:
        async with under_the_laws(session):
            await session.delete(holding)
    except LawBrokenError as broken:
        raise await _refusal(session, holding, broken.law, before, None) from None
    _record(session, actor, "holding.deleted", holding)


async def _refusal(
    session: AsyncSession, holding: Holding, law: Law, before: Box, after: Box | None
) -> Conflict:
    await session.refresh(holding)  # what was undone is forgotten with it
    why = obstacles.offered if law is Law.OFFERING_IS_HELD else obstacles.licensed
    return await why(session, holding, before, after)


def _record(
    session: AsyncSession, actor: Actor, type_: str, holding: Holding, **data: object
) -> None:
    events.record(
        session,
        actor,
        type_,
        holding.id,
        organisation_ids=[actor.organisation_id],
        data={"title_id": str(holding.title_id), **data},
    )
