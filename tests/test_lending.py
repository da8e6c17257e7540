"""The pool of the hot reads: nobody's failure costs it a connection."""

import asyncio
from collections.abc import AsyncIterator

import anyio
import asyncpg
import pytest

from app import lending
from app.connecting import connect
from app.lending import Pool

SIZE = 3
NAMED = {"application_name": "lent"}
OPEN = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'lent'
"""
CUT = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'lent'
"""
PROCESS = "SELECT pg_backend_pid()"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = Pool(lambda: connect(database_url, server_settings=NAMED), SIZE)
    yield pool
    await pool.close()


@pytest.fixture
async def watcher(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_many_readers_share_few_connections(pool: Pool, watcher: asyncpg.Connection) -> None:
    asked = [pool.fetchval("SELECT $1::int FROM pg_sleep(0.01)", number) for number in range(20)]
    assert await asyncio.gather(*asked) == list(range(20))
    assert await watcher.fetchval(OPEN) == SIZE


async def test_one_reader_needs_one_connection(pool: Pool, watcher: asyncpg.Connection) -> None:
    [row] = await pool.fetch("SELECT 1 AS one")
    assert row == await pool.fetchrow("SELECT 1 AS one")
    assert await watcher.fetchval(OPEN) == 1


async def test_connections_that_were_cut_are_opened_anew(
    pool: Pool, watcher: asyncpg.Connection
) -> None:
    async with pool.acquire(), pool.acquire(), pool.acquire():
        pass
    await watcher.fetch(CUT)
    await asyncio.sleep(0.05)  # until it is heard of
    asked = [pool.fetchval("SELECT 1 FROM pg_sleep(0.01)") for _ in range(SIZE)]
    assert await asyncio.gather(*asked) == [1] * SIZE


async def test_who_is_cut_off_gives_the_connection_back(
    pool: Pool, watcher: asyncpg.Connection
) -> None:
    for _ in range(2 * SIZE):
        reading = asyncio.create_task(pool.fetchval("SELECT pg_sleep(10)"))
        while not await watcher.fetch(CUT):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await reading
    assert await pool.fetchval("SELECT 1") == 1


async def test_who_is_cancelled_gives_the_connection_back(pool: Pool) -> None:
    for step in range(30):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.0002 * step):
                await pool.fetchval("SELECT pg_sleep(10)")
    asked = [pool.fetchval("SELECT 1 FROM pg_sleep(0.01)") for _ in range(SIZE)]
    assert await asyncio.gather(*asked) == [1] * SIZE


async def test_nobody_reads_in_the_transaction_of_another(pool: Pool) -> None:
    async with pool.acquire() as lent:
        first = lent.get_server_pid()
        await lent.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    async with pool.acquire() as lent:
        assert not lent.is_in_transaction()
        assert lent.get_server_pid() != first


async def test_who_finds_no_server_leaves_the_place_to_the_next_one(database_url: str) -> None:
    urls = iter(["postgresql://nobody@127.0.0.1:1/nowhere", database_url])
    pool = Pool(lambda: connect(next(urls)), 1)
    with pytest.raises(OSError, match="Connect"):
        await pool.fetchval("SELECT 1")
    assert await pool.fetchval("SELECT 1") == 1
    await pool.close()


async def test_a_connection_that_was_idle_for_long_is_not_trusted(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await pool.fetchval(PROCESS)
    assert await pool.fetchval(PROCESS) == first
    monkeypatch.setattr(lending, "LONGEST_IDLE_SECONDS", 0.0)
    assert await pool.fetchval(PROCESS) != first


async def test_who_has_no_time_to_close_a_pool_leaves_nothing_open(
    database_url: str, watcher: asyncpg.Connection
) -> None:
    pool = Pool(lambda: connect(database_url, server_settings=NAMED), SIZE)
    async with pool.acquire():
        await pool.fetchval("SELECT 1")
        with anyio.move_on_after(0):
            await pool.close()
        while await watcher.fetchval(OPEN):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_pool_that_closes_waits_for_its_readers_and_takes_no_more(
    database_url: str, watcher: asyncpg.Connection
) -> None:
    pool = Pool(lambda: connect(database_url, server_settings=NAMED), SIZE)
    async with pool.acquire() as lent:
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0)
        with pytest.raises(asyncpg.InterfaceError):
            await pool.fetchval("SELECT 1")
        assert await lent.fetchval("SELECT 1") == 1
        assert not closing.done()
    await closing
    while await watcher.fetchval(OPEN):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
