"""The pool of the hot reads: connections that are lent one by one.

asyncpg's own pool makes a task of every return, to reset a connection that a hot read leaves as it
was; that is a tenth of what an answer costs. This one takes connections back as they are. One that
was lost is opened anew when it is next lent; one whose statement was cancelled waits, by itself,
until PostgreSQL has stopped that.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

# What stands between us and PostgreSQL may forget a connection that nobody used for so long.
LONGEST_IDLE_SECONDS = 300.0

Open = Callable[[], Coroutine[Any, Any, asyncpg.Connection]]


class Pool:
    """So many connections at most; who finds none waits for one."""

    def __init__(self, open_one: Open, size: int) -> None:
        """Open none yet."""
        self._open = open_one
        self._size = size
        # With when it came back; None is yet to be opened. The last one is lent first.
        self._free: asyncio.LifoQueue[tuple[asyncpg.Connection | None, float]] = asyncio.LifoQueue()
        for _ in range(size):
            self._take_back(None)
        self._opened: set[asyncpg.Connection] = set()
        self._is_closed = False

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Give every row."""
        lent = await self._lend()
        try:
            return await lent.fetch(sql, *arguments)
        finally:
            self._take_back(lent)

    async def fetchrow(self, sql: str, *arguments: object) -> asyncpg.Record | None:
        """Give the first row."""
        lent = await self._lend()
        try:
            return await lent.fetchrow(sql, *arguments)
        finally:
            self._take_back(lent)

    async def fetchval(self, sql: str, *arguments: object) -> Any:  # noqa: ANN401
        """Give the first column of the first row."""
        lent = await self._lend()
        try:
            return await lent.fetchval(sql, *arguments)
        finally:
            self._take_back(lent)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection for more than one statement; it must come back as it was."""
        lent = await self._lend()
        try:
            yield lent
        finally:
            # Who is cancelled may not come to its end: the next one would read in it.
            if not lent.is_closed() and lent.is_in_transaction():
                lent.terminate()
            self._take_back(lent)

    async def close(self) -> None:
        """Lend no more, and close every connection once all are back; at once where cancelled."""
        self._is_closed = True
        try:
            for _ in range(self._size):
                await self._free.get()
            for connection in self._opened:
                await connection.close()
        finally:
            for connection in self._opened:
                connection.terminate()

    async def _lend(self) -> asyncpg.Connection:
        """Give a connection that is open.

        Raises:
            OSError, asyncpg.PostgresError: none can be opened.
        """
        if self._is_closed:
            raise asyncpg.InterfaceError("the pool is closed")
        connection, since = await self._free.get()
        if connection is not None:
            if not connection.is_closed() and time.monotonic() - since < LONGEST_IDLE_SECONDS:
                return connection
            connection.terminate()
            self._opened.discard(connection)
        try:
            opened = await self._open()
        except BaseException:
            self._take_back(None)
            raise
        self._opened.add(opened)
        return opened

    def _take_back(self, connection: asyncpg.Connection | None) -> None:
        self._free.put_nowait((connection, time.monotonic()))
