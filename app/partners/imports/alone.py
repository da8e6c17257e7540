"""One import at a time into one seller's catalogue, and one batch of it in a transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.db import MAX_ATTEMPTS, backoff, may_retry, sqlstate
from app.partners.imports.rows import ImportRefused

Done = TypeVar("Done")
# lock_timeout: ten seconds, in which an import just killed has let go
LOCK_NOT_AVAILABLE = "55P03"
_LOCK = text("SELECT pg_advisory_lock(hashtextextended('import of titles ' || :seller, 0))")


class AnotherImportRuns(ImportRefused):
    """Another import into the same catalogue is running."""


@asynccontextmanager
async def alone(engine: AsyncEngine, seller_id: int) -> AsyncIterator[None]:
    """Keep a second import out, which would take every title for new at the same time.

    The lock is of the connection, not of a transaction, and goes with it however this ends.

    Raises:
        AnotherImportRuns: another import into the same catalogue is running.
    """
    async with engine.connect() as connection:
        try:
            await connection.execute(_LOCK, {"seller": str(seller_id)})
            await connection.commit()
        except DBAPIError as error:
            if sqlstate(error) != LOCK_NOT_AVAILABLE:
                raise
            raise AnotherImportRuns(
                "Another import of this seller's titles is running: wait until it has ended."
            ) from error
        try:
            yield
        finally:
            await connection.invalidate()


async def in_transaction(
    engine: AsyncEngine, work: Callable[[AsyncSession], Awaitable[Done]], *, keep: bool = True
) -> Done:
    """Do work in a transaction; again, where another transaction stood in its way."""
    for attempt in range(MAX_ATTEMPTS):
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session:
                done = await work(session)
                await (session.commit() if keep else session.rollback())
                return done
        except DBAPIError as error:
            if attempt == MAX_ATTEMPTS - 1 or not may_retry(error):
                raise
        await asyncio.sleep(backoff(attempt))
    raise AssertionError  # the last attempt returned or raised
