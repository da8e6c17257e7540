"""Names: no two markets have the same, nor two halls or two places of one market."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import constraint_of
from app.errors import Conflict

ONE_NAME = frozenset({"uq_markets_name", "uq_halls_name", "uq_places_name"})


class NameTaken(Conflict):
    """409: something else has that name, in whichever letters."""

    code = "name_taken"


@asynccontextmanager
async def under_its_own_name(session: AsyncSession) -> AsyncIterator[None]:
    """Make a change in a savepoint, and flush it.

    Raises:
        NameTaken: the database refused it, and it is undone.
    """
    try:
        async with session.begin_nested():
            yield
            await session.flush()
    except IntegrityError as error:
        if constraint_of(error) not in ONE_NAME:
            raise
        raise NameTaken("Something else has this name. Take another one.") from None
