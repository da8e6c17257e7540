"""Two limits on one database, as two processes have them, without the processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import cast

import asyncpg
import pytest

from app.limits import RateLimit, Windows, open_windows

QUOTA = 600


@pytest.fixture
async def windows(database_url: str) -> AsyncIterator[list[Windows]]:
    """Give two processes' ways to the windows."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(2):
            opened.append(await open_windows(database_url))
            stack.push_async_callback(opened[-1].close)
        yield opened


@pytest.fixture
def limits(windows: list[Windows]) -> list[RateLimit]:
    return [RateLimit("requests", QUOTA, each) for each in windows]


async def spent_until_refused(limit: RateLimit, subject: str, refusals: int = 20) -> int:
    """Ask until so many requests were refused one after the other; tell how many were not."""
    allowed = refused = 0
    while refused < refusals:
        if (await limit.hit(subject)).is_allowed:
            allowed, refused = allowed + 1, 0
        else:
            refused += 1
        await asyncio.sleep(0)
    return allowed


async def test_two_at_once_give_exactly_what_was_promised(limits: list[RateLimit]) -> None:
    spent = await asyncio.gather(
        *(spent_until_refused(limit, "person:1") for limit in limits for _ in range(4))
    )
    assert QUOTA * 0.95 <= sum(spent) <= QUOTA
    assert [(await limit.hit("person:1")).left for limit in limits] == [0, 0]
    assert (await limits[0].hit("person:2")).left == QUOTA - 1


async def test_what_one_took_and_does_not_need_the_other_may_spend(
    limits: list[RateLimit],
) -> None:
    one, other = limits
    for number in range(100):
        assert (await one.hit("person:1")).left == QUOTA - 1 - number
    await one.beat()
    await one.beat()
    spent = 100 + await spent_until_refused(other, "person:1")
    assert QUOTA * 0.98 <= spent < QUOTA
    # Now that little is left, the last hundredth comes back too.
    await one.beat()
    await other.beat()
    assert spent + await spent_until_refused(other, "person:1") == QUOTA


async def test_beats_change_nothing_of_what_is_left(limits: list[RateLimit]) -> None:
    one, _ = limits
    for number in range(200):
        assert (await one.hit("person:1")).left == QUOTA - 1 - number
        if number >= 100:  # so slow now that most of the lease goes back
            await one.beat()


async def test_what_is_told_to_be_left_is_what_others_left(limits: list[RateLimit]) -> None:
    one, other = limits
    await one.hit("person:1")
    for _ in range(200):
        await other.hit("person:1")
    await other.beat()
    await other.beat()
    await one.beat()
    told = (await one.hit("person:1")).left
    # What the other one holds may be told as spent, never what it has spent as left.
    assert QUOTA - 202 >= told >= (QUOTA - 202) * 0.95


async def test_a_dear_request_takes_what_it_costs_or_nothing(limits: list[RateLimit]) -> None:
    one, other = limits
    assert (await one.hit("person:1", 590)).left == 10
    refused = await other.hit("person:1", 20)
    assert (refused.is_allowed, refused.left) == (False, 10)
    assert (await other.hit("person:1", 20)).is_allowed is False
    assert (await other.hit("person:1", 10)).left == 0
    # What costs more than there ever is takes all of it.
    assert (await one.hit("person:2", 10 * QUOTA)).left == 0


async def test_another_window_begins_anew(limits: list[RateLimit], database_url: str) -> None:
    one, other = limits
    await spent_until_refused(one, "person:1")
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE rate_windows SET ends_at = now()")
    await connection.close()
    assert (await other.hit("person:1")).left == QUOTA - 1


async def test_requests_of_one_caller_that_come_together_ask_once(
    windows: list[Windows], database_url: str
) -> None:
    limit = RateLimit("requests", 10**9, windows[0])
    await limit.hit("person:1")
    connection = await asyncpg.connect(database_url)
    taken = "SELECT taken FROM rate_windows"
    before = await connection.fetchval(taken)
    verdicts = await asyncio.gather(*(limit.hit("person:1") for _ in range(1000)))
    assert all(verdict.is_allowed for verdict in verdicts)
    assert await connection.fetchval(taken) == before
    await connection.close()


async def test_while_the_database_is_away_nobody_is_refused_for_it(
    windows: list[Windows],
) -> None:
    limit = RateLimit("requests", 1, windows[0])
    await windows[0].close()
    assert [(await limit.hit("person:1")).is_allowed for _ in range(3)] == [True] * 3


async def test_nobody_is_refused_where_the_line_is_lost_between_two_statements() -> None:
    class Lost:
        async def fetchrow(self, *_: object, **__: object) -> None:
            raise asyncpg.InternalClientError("cannot switch to state 12")

    limit = RateLimit("requests", 1, Windows(cast("asyncpg.Pool", Lost())))
    assert [(await limit.hit("person:1")).is_allowed for _ in range(3)] == [True] * 3
