"""The two paths to PostgreSQL: a session for writes, compiled statements for the hot reads."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from pydantic_core import to_json
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm.exc import StaleDataError

from app.connecting import connect
from app.lending import Pool
from app.settings import Settings

# JIT costs more than it gives on statements of milliseconds; a forgotten transaction must not hold
# locks for ever.
SERVER_SETTINGS = {
    "application_name": "filmmart",
    "jit": "off",
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}
# A hot read is planned once for each connection, not for its values: planning costs more than
# most of them, and they are written so that one plan fits all values. What they read is in memory,
# most of it, where a row here and there costs no more than the next one.
READ_SERVER_SETTINGS = SERVER_SETTINGS | {
    "plan_cache_mode": "force_generic_plan",
    "random_page_cost": "1.1",
    "work_mem": "16MB",
}
# What is verified is read whole, which may take longer than anything else does; and in the order of
# an index, or a table of millions would be sorted before its first row is read.
SNAPSHOT_SERVER_SETTINGS = SERVER_SETTINGS | {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "enable_sort": "off",
}

# 40001 serialization_failure, 40P01 deadlock_detected: Postgres undid one of two, which may retry.
RETRYABLE = {"40001", "40P01"}
MAX_ATTEMPTS = 5

DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]


class Read:
    """A Core statement compiled once, run on asyncpg by the names of its binds."""

    def __init__(self, statement: Select[Any]) -> None:
        """Compile to SQL with $1, $2 …; keep the order of the names."""
        compiled = statement.compile(dialect=DIALECT)
        self.sql = str(compiled)
        self.names: list[str] = list(compiled.positiontup or [])
        self.defaults: dict[str, Any] = dict(compiled.params)

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """Put the values in the order of the statement; literals of the statement fill the rest."""
        return [values[name] if name in values else self.defaults[name] for name in self.names]


@dataclass(frozen=True, slots=True)
class Reads:
    """Runs hot reads: each is one statement, and its text is the answer."""

    pool: Pool

    async def text(self, read: Read, /, **values: Any) -> str | None:  # noqa: ANN401
        """Give the first column of the first row: JSON, as text."""
        found: str | None = await self.pool.fetchval(read.sql, *read.arguments(values))
        return found

    async def row(self, read: Read, /, **values: Any) -> asyncpg.Record | None:  # noqa: ANN401
        """Give the first row."""
        return await self.pool.fetchrow(read.sql, *read.arguments(values))

    async def rows(self, read: Read, /, **values: Any) -> list[asyncpg.Record]:  # noqa: ANN401
        """Give every row."""
        return await self.pool.fetch(read.sql, *read.arguments(values))


@dataclass(frozen=True, slots=True)
class Database:
    """The engine and pools of one process."""

    engine: AsyncEngine
    session: async_sessionmaker[AsyncSession]
    reads: Reads

    async def close(self) -> None:
        """Close every connection."""
        try:
            await self.reads.pool.close()
        finally:
            await self.engine.dispose()


async def open_database(settings: Settings) -> Database:
    """Open both paths; the reads may go to a streaming replica."""
    engine = make_engine(settings)
    url = settings.database_read_url or settings.database_url
    pool = Pool(
        lambda: connect(url, server_settings=READ_SERVER_SETTINGS), settings.database_read_pool_size
    )
    # A server that is not there is told now, and not to the first who read.
    async with pool.acquire():
        pass
    return Database(engine, async_sessionmaker(engine, expire_on_commit=False), Reads(pool))


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection that sees the database as it is at one moment."""
    connection = await connect(url, server_settings=SNAPSHOT_SERVER_SETTINGS)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    finally:
        await connection.close()


def make_engine(settings: Settings) -> AsyncEngine:
    """Make the engine for writes and admin; connections are made when first needed."""

    # asyncpg reads the URL itself: it knows sslmode and the other libpq words, SQLAlchemy doesn't.
    async def creator() -> asyncpg.Connection:
        return await connect(settings.database_url, server_settings=SERVER_SETTINGS)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=creator,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=10,
        # Errors are logged; what was sent with a statement may be a secret.
        hide_parameters=True,
        # In a third of the time of json.dumps: batches of titles are megabytes.
        json_serializer=lambda value: to_json(value).decode(),
    )


def sqlstate(error: BaseException) -> str | None:
    """Give PostgreSQL's five-letter code of a failed statement."""
    cause = getattr(error, "orig", error)
    code = getattr(cause, "sqlstate", None) or getattr(cause.__cause__, "sqlstate", None)
    return code if isinstance(code, str) else None


def constraint_of(error: DBAPIError) -> str | None:
    """Name the constraint that refused a statement."""
    cause = getattr(error.orig, "__cause__", None)
    name = getattr(cause, "constraint_name", None)
    return name if isinstance(name, str) else None


def may_retry(error: BaseException) -> bool:
    """Tell whether the same transaction, run again, may succeed."""
    return isinstance(error, StaleDataError) or sqlstate(error) in RETRYABLE


def backoff(attempt: int, spread: Callable[[], float] = random.random) -> float:
    """Give the seconds to wait before the attempt after this one, apart from one's rival's."""
    return 0.005 * float(2**attempt) * (0.5 + spread())
