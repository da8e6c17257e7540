"""Avails for a seller's own people: a file begun to be imported, and what can't be exported."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.models.operations import Operation
from app.operations import service as operations
from app.pagination import PageRequest, bounded_int, encode_cursor
from app.partners.avails.exports import Format, Unsaid, list_unsaid

KIND = "avails.import"
ORDER = "title_id"


async def begin_import(
    session: AsyncSession, actor: Actor, key: str, *, publish: bool, dry_run: bool
) -> Operation:
    """Have the worker import the file that lies in the store under a key.

    Raises:
        Conflict: the organisation has too many operations that have not ended.
    """
    wanted = {"key": key, "publish": publish, "dry_run": dry_run}
    return await operations.begin(session, actor, KIND, wanted)


async def get_unsaid(
    session: AsyncSession, actor: Actor, format_: Format | None, page: PageRequest
) -> tuple[list[Unsaid], str | None]:
    """Give a page of what of the actor's offerings Avails can't say, by title."""
    found = page.after(ORDER, bounded_int, bounded_int)
    after = (found[0], found[1]) if found else (0, 0)
    rows, place = await list_unsaid(session, actor.organisation_id, format_, after, page.limit)
    return rows, encode_cursor(ORDER, *place) if place else None
