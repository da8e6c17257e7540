"""The limit: asyncpg in a bare loop, the same connections, nothing around it."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
import uvloop

from app.db import READ_SERVER_SETTINGS

# What a list shows and what a title has, as plain columns for a program to make JSON of.
_LISTED = """
t.id, t.kind, t.stage, t.state, t.part_of_id, t.season_number, t.volume_number, t.episode_number,
t.original_title, t.original_language, t.year, t.runtime_minutes, t.seasons, t.episodes,
t.episode_minutes, t.countries, t.genres, t.published_at, t.seller_id
"""
PAGE_OF_COLUMNS = f"""
SELECT {_LISTED} FROM titles t WHERE t.state = 'published' AND t.part_of_id IS NULL
ORDER BY t.published_at DESC, t.id DESC LIMIT 20
"""  # noqa: S608  # all of it stands above
GET_OF_COLUMNS = f"""
SELECT {_LISTED}, t.keywords, t.credits, t.awards
FROM titles t WHERE t.state = 'published' AND t.id = $1
"""  # noqa: S608


async def _run(
    url: str, sql: str, arguments: list[tuple[Any, ...]], seconds: float, connections: int
) -> float:
    made = [
        await asyncpg.connect(url, server_settings=READ_SERVER_SETTINGS) for _ in range(connections)
    ]
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(
        *(
            _loop(connection, sql, arguments[number:] + arguments[:number], until)
            for number, connection in enumerate(made)
        )
    )
    for connection in made:
        await connection.close()
    return sum(counts) / seconds


async def _loop(
    connection: asyncpg.Connection, sql: str, arguments: list[tuple[Any, ...]], until: float
) -> int:
    done = 0
    for each in itertools.cycle(arguments):
        await connection.fetch(sql, *each)
        done += 1
        if time.perf_counter() >= until:
            return done
    return done


def per_second(
    url: str,
    sql: str,
    arguments: Sequence[tuple[Any, ...]],
    *,
    seconds: float,
    connections: int = 32,
) -> float:
    """Give the statements a second, over so many connections of one process."""
    return uvloop.run(_run(url, sql, list(arguments), seconds, connections))


async def _latencies(url: str, sql: str, arguments: Sequence[tuple[Any, ...]]) -> list[float]:
    connection = await asyncpg.connect(url, server_settings=READ_SERVER_SETTINGS)
    taken = []
    for each in arguments:
        began = time.perf_counter()
        await connection.fetch(sql, *each)
        taken.append(time.perf_counter() - began)
    await connection.close()
    return sorted(taken)


def latencies(url: str, sql: str, arguments: Sequence[tuple[Any, ...]]) -> list[float]:
    """Give the seconds that each call of a statement took on one connection, in rising order."""
    return uvloop.run(_latencies(url, sql, arguments))
