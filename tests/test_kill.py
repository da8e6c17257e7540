"""Pulling the plug: what was acknowledged is there once, whoever was killed in the middle of it."""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import anyio
import psycopg
import pytest

from app import migrating
from app.local import PostgresServer, local_postgres
from app.main import create_app
from app.settings import Settings
from tests.servers import S3Settings, make_settings
from tests.serving import Api, served
from tests.world import Caller, world_of
from tests.writers import Ledger, Writers, faults, writes

pytestmark = pytest.mark.kill

CYCLES = 20
PATIENCE = 60.0
DOUBLE = """
INSERT INTO titles (seller_id, reference, kind, stage, original_title)
SELECT (SELECT min(id) FROM organisations WHERE id <> seller_id), reference, kind, stage, 'again'
FROM titles WHERE id = %s
"""
# Writes between one kill and the next: enough that some are always under way.
WRITES = 50


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    """Start a PostgreSQL that forgets nothing: `fsync` is on, as everywhere but in other tests."""
    with local_postgres(tmp_path) as server:
        yield server


async def prepare(settings: Settings) -> tuple[list[Caller], list[Caller]]:
    """Fill the market with sellers and buyers."""
    async with world_of(create_app(settings)) as world:
        sellers = [await world.seller() for _ in range(40)]
        company = await world.buyer()
        buyers = [await world.person(company.organisation_id) for _ in range(60)]
        return sellers, buyers


def wait_for_writes(writers: Writers) -> None:
    """Wait until the clients are in full swing, and some are in the middle of a write."""
    enough = writers.ledger.total() + WRITES
    deadline = time.monotonic() + PATIENCE
    while writers.ledger.total() < enough or not writers.in_flight:
        assert time.monotonic() < deadline, writers.ledger
        time.sleep(0.005)


def wait_until_ready(api: Api) -> None:
    deadline = time.monotonic() + PATIENCE
    while not api.is_ready():
        assert time.monotonic() < deadline, api.log.read_text()
        time.sleep(0.02)


def test_what_was_acknowledged_survives_the_killing_of_the_api_and_of_postgresql(
    postgres: PostgresServer,
    s3_settings: S3Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    migrating.migrate(postgres.url())
    settings = make_settings(postgres.url(), s3_settings, access_token_lifetime=timedelta(hours=2))
    sellers, buyers = anyio.run(prepare, settings)
    with served(settings, tmp_path) as api:
        with Writers(api.url, writes(sellers, buyers)) as writers:
            for cycle in range(CYCLES):
                wait_for_writes(writers)
                victim = (api, postgres)[cycle % 2]
                victim.kill()
                victim.start()
                wait_until_ready(api)
            wait_for_writes(writers)
        ledger = writers.ledger
        with capsys.disabled():
            sys.stdout.write(f"\n{CYCLES} kills, {ledger.total()} writes: {dict(ledger.counts)}\n")
        assert "request_failed" not in api.log.read_text()
    assert ledger.surprises == []
    assert faults(postgres.url(), ledger) == []
    assert all(ledger.acknowledged.values())
    # The plug was pulled in mid-write: effects whose answers were lost were found again.
    assert ledger.total() >= CYCLES * WRITES
    assert ledger.counts["replayed"] > 0
    assert_the_auditor_sees_what_is_wrong(postgres.url(), ledger)


def assert_the_auditor_sees_what_is_wrong(database_url: str, ledger: Ledger) -> None:
    """Do by hand what a lost write, a double one and a half one would have left."""
    titles = list(ledger.acknowledged["titles"].items())
    (lost, lost_id), (double, double_id), (_, half_id) = titles[:3]
    asked_id = next(iter(ledger.acknowledged["meeting_requests"].values()))
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM titles WHERE id = %s", [int(lost_id)])
        connection.execute(DOUBLE, [int(double_id)])
        # The journal's trigger would refuse it.
        connection.execute("ALTER TABLE events DISABLE TRIGGER events_are_kept")
        connection.execute("DELETE FROM events WHERE subject_id = %s", [int(half_id)])
        connection.execute(
            "DELETE FROM procrastinate_jobs WHERE args ->> 'request_id' = %s", [asked_id]
        )
    found = faults(database_url, ledger)
    assert len(found) == 4
    assert f"titles {lost}: lost" in found
    assert f"title.created of {half_id}: 0 times" in found
    assert f"expire_meeting_request of {asked_id}: 0 times" in found
    assert any(fault.startswith(f"titles {double}: [") for fault in found)
