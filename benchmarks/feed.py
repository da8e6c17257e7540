"""What the feed bears: positions given and facts read, a second.

`python -m benchmarks.feed` measures it alone, on a small market.
"""

import asyncio
import http.client
import json
import sys
import time
from pathlib import Path

import asyncpg
import psycopg

from app.sequencing.chain import journal_key
from app.sequencing.passes import give_positions
from app.settings import Settings
from benchmarks import processor
from benchmarks.market import CALLER_ORGANISATION, CALLER_PERSON, Api, Market, api, market

FACTS = 200_000
SMALL = 1_000
# As many as a feed of all that concerns one company, and as many of others'
_WRITE = """
INSERT INTO events (type, subject_id, person_id, organisation_id, organisation_ids, data)
SELECT 'title.updated', n, %(person)s, %(organisation)s,
    ARRAY[%(organisation)s + CASE WHEN n %% %(one_in)s = 0 THEN 0 ELSE 1 END],
    '{"seller_id": "116823110451200001", "changed": ["synopsis", "year"]}'
FROM generate_series(1, %(count)s) AS n
"""


def measure(measured: Market) -> dict[str, float]:
    """Write facts, give them positions, read them over HTTP."""
    processor.tell_load()
    before = asyncio.run(_head(measured))
    _write(measured, 1)
    found = asyncio.run(_given(measured))
    with api(measured) as served:
        for limit in (1000, 100):
            found |= _read(served, measured, limit, before, FACTS)
    before = asyncio.run(_head(measured))
    _write(measured, 1000)
    asyncio.run(_given(measured))
    with api(measured) as served:
        thin = _read(served, measured, 1000, before, FACTS // 1000)
    found |= {f"one_in_1000_{name}": value for name, value in thin.items()}
    for name, value in found.items():
        print(f"  {name}: {value:,.1f}", file=sys.stderr)
    processor.tell_load()
    return found


def _write(measured: Market, one_in: int) -> None:
    values = {
        "person": CALLER_PERSON,
        "organisation": CALLER_ORGANISATION,
        "one_in": one_in,
        "count": FACTS,
    }
    with psycopg.connect(measured.url, autocommit=True) as connection:
        connection.execute(_WRITE, values)
        connection.execute("VACUUM ANALYZE events")


async def _head(measured: Market) -> int:
    """Give what has none its position; then the last one."""
    connection = await asyncpg.connect(measured.url)
    await _pass(connection, measured)
    head = await connection.fetchval("SELECT coalesce(max(position), 0) FROM event_positions")
    await connection.close()
    return int(head)


async def _given(measured: Market) -> dict[str, float]:
    connection = await asyncpg.connect(measured.url)
    await connection.execute("SET plan_cache_mode = force_custom_plan")
    used, of_postgres = time.process_time(), processor.of_postgres(measured)
    began = time.perf_counter()
    count = await _pass(connection, measured)
    seconds = time.perf_counter() - began
    used = time.process_time() - used
    of_postgres = processor.of_postgres(measured) - of_postgres
    await connection.execute("VACUUM ANALYZE event_positions")
    await connection.close()
    return {
        "positions_per_second": count / seconds,
        "position_cpu_microseconds": used / count * 1e6,
        "position_postgres_cpu_microseconds": of_postgres / count * 1e6,
    }


async def _pass(connection: asyncpg.Connection, measured: Market) -> int:
    key = journal_key(Settings.model_validate(_settings(measured)))
    count, is_all = 0, False
    while not is_all:
        given = await give_positions(connection, key)
        count, is_all = count + given.count, given.is_all
    return count


def _settings(measured: Market) -> dict[str, str]:
    names = ("database_url", "s3_access_key_id", "s3_secret_access_key", "secret_key")
    return {name: measured.environment[f"FILMMART_{name.upper()}"] for name in names}


def _read(served: Api, measured: Market, limit: int, after: int, expected: int) -> dict[str, float]:
    """Follow from a position to the end, as one reader does; say what a position looked at cost."""
    begun_at, count, has_more = after, 0, True
    used = processor.of_process(served.process.pid)
    of_postgres, began = processor.of_postgres(measured), time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    headers = {"Authorization": f"Bearer {measured.token}"}
    while has_more:
        connection.request("GET", f"/v1/events?after={after}&limit={limit}", headers=headers)
        page = json.loads(connection.getresponse().read())
        if "items" not in page:
            raise RuntimeError(page)
        count += len(page["items"])
        after, has_more = page["next_after"], page["has_more"]
    connection.close()
    seconds, passed = time.perf_counter() - began, after - begun_at
    if count != expected:
        raise RuntimeError(f"{count} facts were read of {expected}")
    used = processor.of_process(served.process.pid) - used
    of_postgres = processor.of_postgres(measured) - of_postgres
    return {
        f"by_{limit}_per_second": passed / seconds,
        f"by_{limit}_api_cpu_microseconds": used / passed * 1e6,
        f"by_{limit}_postgres_cpu_microseconds": of_postgres / passed * 1e6,
    }


if __name__ == "__main__":
    with market(Path(".filmmart/bench").absolute(), SMALL) as alone:
        measure(alone)
