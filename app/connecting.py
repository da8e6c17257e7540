"""Connections to PostgreSQL past SQLAlchemy, and what becomes of those that nobody waits for."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import asyncpg

CONNECT_TIMEOUT = 5.0


async def connect(url: str, server_settings: Mapping[str, str]) -> asyncpg.Connection:
    """Open a connection, to its end: who is cancelled meanwhile closes it first.

    Cancelled between two of its steps, asyncpg leaves a failure behind that nobody asks for, and
    sometimes an open socket.
    """
    connecting = asyncio.create_task(
        asyncpg.connect(url, timeout=CONNECT_TIMEOUT, server_settings=dict(server_settings))
    )
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
