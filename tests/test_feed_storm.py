"""The feed in a storm: many write, some read, and those who serve them die in the middle of it."""

import asyncio
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path

import anyio
import asyncpg
import psycopg
import pytest

from app import migrating
from app.local import PostgresServer, local_postgres
from app.main import create_app
from app.settings import Settings
from tests.catalogue import create
from tests.feed import Follower, Followers, misplaced
from tests.servers import S3Settings, make_settings
from tests.serving import Api, Worker, served
from tests.storms import so_much
from tests.world import Caller, world_of
from tests.writers import Write, Writers, title

WRITERS, READERS = 32, 4
SECONDS = so_much(60, short=15)
# A busy machine takes its time to start what was killed: then the storm lasts longer.
FEWEST_KILLS = so_much(10, short=3)
FEWEST_TITLES = 2 * WRITERS
LONGEST_CALM = 1.5
HOLES = """
SELECT count(*), coalesce(max(position), 0),
    (SELECT count(*) FROM events), (SELECT count(DISTINCT event_id) FROM event_positions)
FROM event_positions
"""
KILL_SEQUENCERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'filmmart sequencer'
"""
# Of each writer of the small storm
TITLES = 25


async def test_a_small_storm_in_which_those_who_give_positions_lose_their_connections(
    settings: Settings, seller: Caller
) -> None:
    """Two apps, eight writers, four readers."""
    killer = await asyncpg.connect(settings.database_url)
    async with world_of(create_app(settings)) as other:
        there = Caller(other.http, seller.token)
        written: list[list[str]] = [[] for _ in range(8)]
        readers = [Follower(caller) for caller in (seller, there, seller, there)]
        over = asyncio.Event()
        storm = asyncio.gather(*(read_on(reader, over) for reader in readers))
        async with anyio.create_task_group() as writers:
            for number, ids in enumerate(written):
                victims = killer if number == 0 else None
                writers.start_soon(write_on, (seller, there)[number % 2], ids, victims)
        over.set()
        await storm
    await killer.close()
    told = [[fact["subject_id"] for fact in reader.facts] for reader in readers]
    assert all(one == told[0] for one in told)
    assert sorted(told[0]) == sorted(id_ for ids in written for id_ in ids)
    for ids in written:
        assert [id_ for id_ in told[0] if id_ in ids] == ids
    assert [fact["position"] for fact in readers[0].facts] == list(range(1, 8 * TITLES + 1))


async def write_on(caller: Caller, ids: list[str], killer: asyncpg.Connection | None) -> None:
    """Write one title after the other; now and then, cut the sequencers off."""
    for number in range(TITLES):
        title = await create(caller)
        ids.append(title["id"])
        if killer is not None and number % 6 == 5:
            await killer.execute(KILL_SEQUENCERS)


async def read_on(reader: Follower, over: asyncio.Event) -> None:
    while not over.is_set():
        await reader.follow(wait=1, limit=7)
    await reader.follow_all()


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    """Start a PostgreSQL that forgets nothing."""
    with local_postgres(tmp_path) as server:
        yield server


async def prepare(settings: Settings) -> list[Caller]:
    """Make one company, of which many write and some read."""
    async with world_of(create_app(settings)) as world:
        seller = await world.seller()
        return [await world.person(seller.organisation_id) for _ in range(WRITERS + READERS)]


def titles(callers: list[Caller]) -> Iterator[Write]:
    for number in count(1):
        yield title(f"mark-{number:06}", callers[number % len(callers)])


@pytest.mark.kill
def test_the_feed_keeps_its_order_while_api_and_worker_are_killed(
    postgres: PostgresServer,
    s3_settings: S3Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    migrating.migrate(postgres.url())
    settings = make_settings(postgres.url(), s3_settings, access_token_lifetime=timedelta(hours=2))
    callers = anyio.run(prepare, settings)
    kills = 0
    with ExitStack() as running:
        folders = [tmp_path / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        apis = [running.enter_context(served(settings, folder)) for folder in folders]
        worker = Worker(settings, tmp_path)
        running.callback(worker.stop)
        worker.start()
        victims: list[Api | Worker] = [*apis, worker]
        urls = [api.url for api in apis]
        readers = running.enter_context(Followers(urls, callers[WRITERS:]))
        writers = running.enter_context(Writers(urls[0], titles(callers[:WRITERS]), WRITERS))
        end = time.monotonic() + SECONDS
        while (
            time.monotonic() < end or kills < FEWEST_KILLS or writers.ledger.total() < FEWEST_TITLES
        ):
            time.sleep(random.uniform(0.2, LONGEST_CALM))
            victim = random.choice(victims)
            victim.kill()
            victim.start()
            kills += 1
    ledger = writers.ledger
    with capsys.disabled():
        sys.stdout.write(f"\n{kills} kills, {ledger.total()} titles: {dict(ledger.counts)}\n")
    assert ledger.surprises == readers.surprises == []
    assert ledger.total() >= FEWEST_TITLES
    for facts in readers.facts:
        assert facts == readers.facts[0]
        positions = [fact["position"] for fact in facts]
        assert positions == sorted(set(positions))
    assert misplaced(readers.facts[0], ledger) == []
    with psycopg.connect(postgres.url()) as connection:
        rows, last, events, distinct = connection.execute(HOLES).fetchone() or ()
        assert rows == last == events == distinct
