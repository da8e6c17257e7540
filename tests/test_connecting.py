"""Connections to PostgreSQL, and what becomes of those that nobody wants any more.

What was left behind is told to the event loop, or warned of, where garbage is collected, and fails
the test.
"""

import asyncio
import gc

import anyio
from sqlalchemy import text

from app.connecting import connect
from app.db import open_database
from app.settings import Settings


async def test_who_is_cancelled_while_connecting_leaves_nothing_behind(database_url: str) -> None:
    for step in range(60):
        connecting = asyncio.create_task(connect(database_url))
        await asyncio.sleep(step * 0.0001)
        connecting.cancel()
        [found] = await asyncio.gather(connecting, return_exceptions=True)
        if not isinstance(found, BaseException):
            found.terminate()
    del connecting, found
    gc.collect()


async def test_a_session_leaves_nothing_behind_whenever_it_is_cancelled(settings: Settings) -> None:
    for step in range(50):
        database = await open_database(settings)
        with anyio.move_on_after(0.001 + step * 0.0005):  # which cancels until it is heard
            async with database.session() as session:
                await session.execute(text("SELECT pg_sleep(0.1)"))
        await database.close()
    del database, session
    gc.collect()


async def test_a_hot_read_leaves_nothing_behind_whenever_it_is_cancelled(
    settings: Settings,
) -> None:
    for step in range(50):
        database = await open_database(settings)
        with anyio.move_on_after(0.001 + step * 0.0005):
            async with asyncio.TaskGroup() as readers:  # more than the pool begins with
                for _ in range(4):
                    readers.create_task(database.reads.pool.fetchval("SELECT pg_sleep(0.1)"))
        await database.close()
    del database, readers
    gc.collect()
