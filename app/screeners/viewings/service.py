"""Viewings of one's own."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.screeners.viewings.access import no_such_viewing
from app.screeners.viewings.facts import Facts, facts_of


async def own_viewing(session: AsyncSession, actor: Actor, id_: int) -> Facts:
    """Give what is known of a viewing of the actor's.

    Raises:
        NotFound: it isn't there, or is somebody else's.
    """
    row = (await session.execute(facts_of(id_, actor.person_id))).mappings().one_or_none()
    if row is None:
        raise no_such_viewing()
    return Facts.of(row)
