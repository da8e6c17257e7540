"""What the ledger of viewings bears: heartbeats a second, entries verified, reports reckoned.

`python -m benchmarks.ledger` measures it alone, on a small market.
"""

import asyncio
import hashlib
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil
import psycopg
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import make_engine, snapshot
from app.screeners.heartbeats.batch import Written
from app.screeners.heartbeats.rules import Beat, Heartbeats
from app.screeners.heartbeats.writer import Writer
from app.screeners.ledger.keys import ledger_key
from app.screeners.ledger.verifying import verify
from app.settings import Settings
from benchmarks.client import Outcome, ask
from benchmarks.market import CALLER_ORGANISATION, CALLER_PERSON, Market, api, market

VIEWINGS = 6_000
SECONDS = 10.0
# Players that have a heartbeat under way at the same moment
AT_ONCE = 500
FILM_MS = 7_200_000
BEAT_MS = 5_000
MOST_HTTP_CONNECTIONS = 128
SMALL = 1_000
_VIEWINGS = """
WITH film AS (
    INSERT INTO screeners (
        title_id, organisation_id, file_name, content_type, size_bytes, part_bytes, object_key,
        upload_id, upload_expires_at, checksum, completed_at, processed_at,
        duration_milliseconds, media_key, state
    ) VALUES (
        %(title_id)s, %(organisation_id)s, 'film.mp4', 'video/mp4', 1, 16777216,
        'screeners/' || %(title_id)s, '', now(), '', now(), now(), %(duration)s, '\\x00', 'ready'
    ) RETURNING id
), granted AS (
    INSERT INTO screener_grants (
        screener_id, recipient_name, token_hash, granted_by_id, starts_at, expires_at
    )
    SELECT film.id, 'Recipient ' || n, sha256(('link' || film.id || n)::bytea), %(person_id)s,
        now() - interval '1 day', now() + interval '1 day'
    FROM film, generate_series(1, %(count)s) AS n RETURNING id, screener_id
)
INSERT INTO viewings (screener_id, grant_id, token_hash, address, opened_at, expires_at)
SELECT screener_id, id, sha256(('token' || id)::bytea), '192.0.2.7', now() - interval '1 hour',
    now() + interval '11 hours'
FROM granted RETURNING id, grant_id
"""


@dataclass(frozen=True)
class Audience:
    """A title, and the viewings of it with their tokens."""

    title_id: int
    viewings: list[tuple[int, str]]


def measure(measured: Market) -> dict[str, float]:
    """Write by one process alone, then over HTTP; verify what came of it, and report on it."""
    audience = audience_of(measured, VIEWINGS)
    found = _told(uvloop.run(_written(measured, audience)))
    for workers in (1, 2):
        outcome = _over_http(measured, audience, workers)
        found |= _told(
            {
                f"http_{workers}_per_second": outcome.per_second,
                f"http_{workers}_p95_ms": outcome.percentile(0.95) * 1000,
            }
        )
    found |= _told(uvloop.run(_verified(measured)))
    return found | _told(_reported(measured))


def _told(found: dict[str, float]) -> dict[str, float]:
    """Say what was found as soon as it is."""
    for name, value in found.items():
        print(f"  {name}: {value:,.1f}", file=sys.stderr)
    return found


def audience_of(measured: Market, count: int) -> Audience:
    """Let so many people watch a new film, each by a link of their own."""
    with psycopg.connect(measured.url, autocommit=True) as connection:
        (title_id,) = connection.execute(
            "INSERT INTO titles (seller_id, kind, stage, original_title, state, published_at) "
            "VALUES (%s, 'feature', 'completed', 'A film to watch', 'published', now()) "
            "RETURNING id",
            (CALLER_ORGANISATION,),
        ).fetchone() or (0,)
        values = {
            "title_id": title_id,
            "organisation_id": CALLER_ORGANISATION,
            "person_id": CALLER_PERSON,
            "duration": FILM_MS,
            "count": count,
        }
        rows = connection.execute(_VIEWINGS, values).fetchall()
    return Audience(title_id, [(id_, f"token{grant_id}") for id_, grant_id in rows])


async def _written(measured: Market, audience: Audience) -> dict[str, float]:
    settings = Settings.model_validate(_settings(measured))
    engine = make_engine(settings)
    writer = Writer(engine, ledger_key(settings))
    latencies: list[float] = []
    until = time.perf_counter() + SECONDS
    share = len(audience.viewings) // AT_ONCE
    began = time.process_time()
    await asyncio.gather(
        *(
            _watch(writer, audience.viewings[at * share : (at + 1) * share], until, latencies)
            for at in range(AT_ONCE)
        )
    )
    cpu = time.process_time() - began
    of_postgres = _cpu_of_backends(measured)
    await _require(engine, len(latencies))
    await engine.dispose()
    latencies.sort()
    return {
        "writer_per_second": len(latencies) / SECONDS,
        "writer_p95_ms": latencies[int(0.95 * len(latencies))] * 1000,
        # Beside other work, these say more: what a heartbeat costs each of the two
        "writer_cpu_microseconds": cpu / len(latencies) * 1e6,
        "postgres_cpu_microseconds": of_postgres / len(latencies) * 1e6,
    }


def _cpu_of_backends(measured: Market) -> float:
    """Give the CPU that this database's connections took: the writer's, for there is no other."""
    name = f" {urlsplit(measured.url).path.removeprefix('/')} "
    backends = [
        process
        for process in psutil.process_iter(["cmdline"])
        if name in " ".join(process.info["cmdline"] or [])
    ]
    return float(sum(sum(backend.cpu_times()[:2]) for backend in backends))


async def _watch(
    writer: Writer, viewings: list[tuple[int, str]], until: float, latencies: list[float]
) -> None:
    for number in itertools.count(1):
        for id_, token in viewings:
            began = time.perf_counter()
            if began > until:
                return
            place = number * BEAT_MS % FILM_MS
            beat = Beat("watched", place, place + BEAT_MS)
            hashed = hashlib.sha256(token.encode()).digest()
            outcome = await writer.write(Heartbeats(id_, hashed, number, (beat,), None))
            if not isinstance(outcome, Written) or outcome.accepted != 1:
                raise TypeError(outcome)
            latencies.append(time.perf_counter() - began)


async def _require(engine: AsyncEngine, count: int) -> None:
    """Hold the writer to its word: what it acknowledged is there."""
    async with engine.connect() as connection:
        found = await connection.exec_driver_sql("SELECT count(*) FROM ledger_entries")
        if found.scalar_one() < count:
            raise RuntimeError(f"{count} heartbeats were acknowledged, and are not all there")


def _over_http(measured: Market, audience: Audience, workers: int) -> Outcome:
    """Heartbeats by HTTP, each viewing in its turn: none has more than its rate."""
    sequences = itertools.count(workers * 10**9)

    def requests() -> Iterator[bytes]:
        for id_, token in turns:
            yield _request(id_, token, next(sequences))

    turns = itertools.cycle(audience.viewings)
    begin: Callable[[], Iterator[bytes]] = requests
    with api(measured, workers=workers) as served:
        ask(served.port, begin, seconds=2, connections=MOST_HTTP_CONNECTIONS)  # warm
        outcome = ask(served.port, begin, seconds=SECONDS, connections=MOST_HTTP_CONNECTIONS)
    if outcome.failures:
        raise RuntimeError(f"{outcome.failures} heartbeats were refused")
    return outcome


def _request(id_: int, token: str, sequence: int) -> bytes:
    place = sequence * BEAT_MS % FILM_MS
    beat = {"kind": "watched", "from_ms": place, "to_ms": place + BEAT_MS}
    text = json.dumps({"sequence": sequence, "beats": [beat], "position_ms": place})
    head = (
        f"POST /v1/viewings/{id_}/heartbeats?token={token} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return (head + text).encode()


async def _verified(measured: Market) -> dict[str, float]:
    settings = Settings.model_validate(_settings(measured))
    began = time.perf_counter()
    async with snapshot(settings.database_url) as connection:
        verdict = await verify(connection, ledger_key(settings))
    if not verdict.is_whole:
        raise RuntimeError(verdict.faults[0].problem)
    seconds = time.perf_counter() - began
    return {"entries": verdict.entries, "verified_per_second": verdict.entries / seconds}


def _reported(measured: Market) -> dict[str, float]:
    """Report on the film of all these viewings, and on one of 70 viewings and 100,000 entries."""
    few = audience_of(measured, 70)
    ids = [id_ for id_, _ in few.viewings]
    with psycopg.connect(measured.url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO ledger_entries (viewing_id, number, kind, recorded_at, "
            "from_milliseconds, to_milliseconds, hash) SELECT id, n, 'watched', now(), "
            "n * 5000, (n + 1) * 5000, '' FROM unnest(%s::bigint[]) AS id, "
            "generate_series(1, 1430) AS n",
            (ids,),
        )
        connection.execute("ANALYZE ledger_entries")
    with api(measured) as served:
        found = {
            "report_of_100k_entries_ms": _milliseconds(served.port, measured, few.title_id),
            "report_drawn_ms": _milliseconds(served.port, measured, few.title_id, ".svg"),
        }
    _forget(measured, ids)
    return found


def _forget(measured: Market, ids: list[int]) -> None:
    """Take back what is in no chain: the next measurement verifies the ledger again."""
    with psycopg.connect(measured.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger_entries DISABLE TRIGGER USER")
        connection.execute("DELETE FROM ledger_entries WHERE viewing_id = ANY (%s)", (ids,))
        connection.execute("ALTER TABLE ledger_entries ENABLE TRIGGER USER")


def _milliseconds(port: int, measured: Market, title_id: int, ending: str = "") -> float:
    address = f"http://127.0.0.1:{port}/v1/titles/{title_id}/viewing-report{ending}"
    found = []
    for _ in range(5):
        request = Request(address, headers={"Authorization": f"Bearer {measured.token}"})
        began = time.perf_counter()
        with urlopen(request) as answer:  # noqa: S310
            answer.read()
        found.append(time.perf_counter() - began)
    return sorted(found)[2] * 1000


def _settings(measured: Market) -> dict[str, str]:
    names = ("database_url", "s3_access_key_id", "s3_secret_access_key", "secret_key")
    return {name: measured.environment[f"FILMMART_{name.upper()}"] for name in names}


if __name__ == "__main__":
    with market(Path(".filmmart/bench").absolute(), SMALL) as small:
        measure(small)
