"""Connections to PostgreSQL past SQLAlchemy, and what becomes of those that nobody waits for."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg

CONNECT_TIMEOUT = 5.0
# What asyncpg raises where a connection is lost; the last one where the server's farewell came
# between two statements, and the next one was begun before the line was seen to be closed.
LOST = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)


async def connect(
    dsn: str | None = None,
    *,
    timeout: float = CONNECT_TIMEOUT,  # noqa: ASYNC109  # asyncpg's own
    **options: Any,  # noqa: ANN401
) -> asyncpg.Connection:
    """Open a connection, to its end: who is cancelled meanwhile closes it first.

    It is called as `asyncpg.connect` is, by asyncpg's pool too.

    Cancelled between two of its steps, asyncpg leaves a failure behind that nobody asks for, and
    sometimes an open socket.
    """
    connecting = asyncio.create_task(asyncpg.connect(dsn, timeout=timeout, **options))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        while not connecting.done():
            # anyio cancels again and again.
            with suppress(asyncio.CancelledError):
                await asyncio.wait([connecting])
        if not connecting.cancelled() and connecting.exception() is None:
            connecting.result().terminate()
        raise
