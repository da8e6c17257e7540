"""The worker: what the clock brings, done once it is time, whoever dies meanwhile."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import jobs
from app.main import create_app
from app.s3 import open_store
from app.settings import Settings
from app.stored import UploadGone
from app.worker import Means, make_worker
from tests.meetings import ask, execute, meet
from tests.screeners import facts, make_title, started
from tests.servers import S3Settings, make_settings
from tests.wire import wire_to
from tests.world import PASSWORD, Caller, World, world_of

PATIENCE = 60.0


async def work(world: World, settings: Settings | None = None) -> None:
    """Do what is due, and stop."""
    store = open_store(settings) if settings else world.app.state.store
    worker = make_worker(world.app.state.settings, Means(world.app.state.database, store))
    async with worker.open_async():
        await worker.run_worker_async(
            wait=False, delete_jobs="successful", install_signal_handlers=False
        )


async def defer(world: World, task: str, **arguments: Any) -> None:
    async with world.app.state.database.session() as session, session.begin():
        await jobs.defer(session, task, **arguments)


async def waiting(world: World) -> list[tuple[str, str]]:
    """Name the jobs that are not done, periodic ones aside, and how they stand."""
    rows = await execute(
        world,
        "SELECT task_name, status FROM procrastinate_jobs "
        "WHERE queueing_lock IS NULL AND status <> 'succeeded' ORDER BY id",
    )
    return [(name, status) for name, status in rows]


async def let_upload_expire(world: World) -> None:
    await execute(world, "UPDATE screeners SET upload_expires_at = now()")
    await execute(world, "UPDATE procrastinate_jobs SET scheduled_at = now()")


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not await look():  # noqa: ASYNC110  # another process makes it so
            await asyncio.sleep(0.05)


@pytest.fixture
async def hurried(database_url: str, s3_settings: S3Settings) -> AsyncIterator[World]:
    """Start an app where nothing waits for an answer."""
    settings = make_settings(
        database_url,
        s3_settings,
        meeting_request_lifetime=timedelta(0),
        idempotency_lifetime=timedelta(0),
    )
    async with world_of(create_app(settings)) as world:
        yield world


# What the clock brings ------------------------------------------------------------------------


async def test_a_request_nobody_answers_expires_at_its_time(hurried: World) -> None:
    buyer, seller = await hurried.buyer(), await hurried.seller()
    request = await ask(buyer, seller)
    assert await waiting(hurried) == [("expire_meeting_request", "todo")]
    await work(hurried)
    assert await waiting(hurried) == []
    assert (await buyer.get(f"/meeting-requests/{request['id']}")).json()["state"] == "expired"
    assert (await facts(hurried, request["id"]))[-1] == "meeting_request.expired"


async def test_nothing_is_done_before_its_time(world: World, buyer: Caller, seller: Caller) -> None:
    request = await ask(buyer, seller)
    await work(world)
    assert await waiting(world) == [("expire_meeting_request", "todo")]
    assert (await buyer.get(f"/meeting-requests/{request['id']}")).json()["state"] == "pending"


async def test_what_was_answered_meanwhile_is_left_alone(
    world: World, buyer: Caller, seller: Caller
) -> None:
    request = await meet(buyer, seller, 0, 1)
    await execute(world, "UPDATE procrastinate_jobs SET scheduled_at = now()")
    await work(world)
    assert await waiting(world) == []
    assert (await buyer.get(f"/meeting-requests/{request['id']}")).json()["state"] == "scheduled"
    assert "meeting_request.expired" not in await facts(world, request["id"])


async def test_an_upload_that_is_not_finished_is_thrown_away(hurried: World) -> None:
    seller = await hurried.seller()
    screener = await started(seller, await make_title(hurried, seller))
    await let_upload_expire(hurried)
    [(key, upload_id)] = await execute(hurried, "SELECT object_key, upload_id FROM screeners")
    store = hurried.app.state.store
    assert await store.list_parts(key, upload_id) == {}
    await work(hurried)
    assert (await seller.get(f"/screeners/{screener['id']}")).json()["state"] == "expired"
    with pytest.raises(UploadGone):
        await store.list_parts(key, upload_id)
    assert await waiting(hurried) == []


async def test_what_is_kept_for_a_while_is_forgotten_after_it(hurried: World) -> None:
    seller = await hurried.seller()
    people = f"/organisations/{seller.organisation_id}/people"
    body = {"email": "new@company.example"}
    await seller.post(people, body, headers={"Idempotency-Key": "k"})
    wrong = {"username": seller.email, "password": "wrong"}
    await hurried.anonymous.post("/oauth/token", data=wrong)
    tables = ("idempotency_keys", "login_failures", "sessions", "rate_windows")

    async def left() -> list[int]:
        counts = [await execute(hurried, f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608
        return [rows[0][0] for rows in counts]

    await execute(hurried, "UPDATE rate_windows SET ends_at = now() + interval '1 hour'")
    await defer(hurried, "forget", timestamp=0)
    await work(hurried)
    assert await left() == [0, 2, 1, 2]
    await execute(hurried, "UPDATE login_failures SET failed_at = now() - interval '2 hours'")
    await execute(hurried, "UPDATE sessions SET expires_at = now() - interval '31 days'")
    await execute(hurried, "UPDATE rate_windows SET ends_at = now() - interval '1 second'")
    await defer(hurried, "forget", timestamp=0)
    await work(hurried)
    assert await left() == [0, 0, 0, 0]


async def test_a_session_takes_its_refresh_tokens_with_it(world: World, seller: Caller) -> None:
    form = {"username": seller.email, "password": PASSWORD}
    assert (await world.anonymous.post("/oauth/token", data=form)).status_code == 200
    await execute(world, "UPDATE sessions SET expires_at = now() - interval '31 days'")
    await defer(world, "forget", timestamp=0)
    await work(world)
    assert await waiting(world) == []
    assert await execute(world, "SELECT 1 FROM refresh_tokens") == []


async def test_a_job_that_fails_is_tried_again_later(
    hurried: World, s3_settings: S3Settings
) -> None:
    seller = await hurried.seller()
    await started(seller, await make_title(hurried, seller))
    await let_upload_expire(hurried)
    url = hurried.app.state.settings.database_url
    nowhere = make_settings(url, {**s3_settings, "s3_endpoint_url": "http://127.0.0.1:9"})
    await work(hurried, nowhere)
    assert await waiting(hurried) == [("remove_screener", "todo")]
    again = "SELECT attempts, scheduled_at > now() FROM procrastinate_jobs WHERE status = 'todo'"
    assert (1, True) in await execute(hurried, again)
    await execute(hurried, "UPDATE procrastinate_jobs SET scheduled_at = now()")
    await work(hurried)
    assert await waiting(hurried) == []


# Whoever dies ---------------------------------------------------------------------------------


@asynccontextmanager
async def worker_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `filmmart worker` as a process of its own."""
    given = {
        "FILMMART_DATABASE_URL": settings.database_url,
        "FILMMART_S3_ENDPOINT_URL": settings.s3_endpoint_url or "",
        "FILMMART_S3_ACCESS_KEY_ID": settings.s3_access_key_id,
        "FILMMART_S3_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),
        "FILMMART_S3_BUCKET": settings.s3_bucket,
        "FILMMART_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "worker", env={**os.environ, **given}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def overdue_request_held(world: World) -> AsyncIterator[str]:
    """Have a request that must expire, and let nobody touch it meanwhile."""
    request = await ask(await world.buyer(), await world.seller())
    async with world.app.state.database.session() as session, session.begin():
        await session.execute(text("SELECT id FROM meeting_requests FOR UPDATE"))
        yield str(request["id"])


async def has_begun(world: World) -> bool:
    return await waiting(world) == [("expire_meeting_request", "doing")]


async def has_expired(world: World) -> bool:
    return await execute(world, "SELECT 1 FROM meeting_requests WHERE state = 'expired'") != []


async def test_what_a_killed_worker_had_begun_another_one_does(hurried: World) -> None:
    async with (
        overdue_request_held(hurried) as request_id,
        worker_process(hurried.app.state.settings) as killed,
    ):
        await until(lambda: has_begun(hurried))
        killed.kill()
        await killed.wait()
    await work(hurried)
    assert await has_begun(hurried)  # nobody knows yet that the first one is dead
    past = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'"
    await execute(hurried, past)
    await defer(hurried, "rescue", timestamp=0)
    await work(hurried)
    assert await has_expired(hurried)
    assert await waiting(hurried) == []
    assert (await facts(hurried, request_id)).count("meeting_request.expired") == 1


async def test_a_worker_that_is_told_to_stop_ends_what_it_began(hurried: World) -> None:
    async with worker_process(hurried.app.state.settings) as process:
        async with overdue_request_held(hurried):
            await until(lambda: has_begun(hurried))
            process.send_signal(signal.SIGTERM)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(process.wait(), 0.5)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    assert await has_expired(hurried)
    assert await waiting(hurried) == []


@pytest.mark.kill
async def test_a_worker_outlives_a_restart_of_postgresql(
    hurried: World, s3_settings: S3Settings
) -> None:
    direct = hurried.app.state.settings.database_url
    # A process of its own: procrastinate tells only the event loop of a job it can't write off.
    async with (
        wire_to(direct) as (line, url),
        worker_process(make_settings(url, s3_settings)) as worker,
    ):
        await ask(await hurried.buyer(), await hurried.seller())
        await until(lambda: is_done(hurried))
        await line.cut()
        await asyncio.sleep(0.2)
        await line.mend()
        await ask(await hurried.buyer(), await hurried.seller(), proposed_times=[])
        await until(lambda: all_expired(hurried))
        assert worker.returncode is None


async def is_done(world: World) -> bool:
    return await has_expired(world) and await waiting(world) == []


async def all_expired(world: World) -> bool:
    return await execute(world, "SELECT 1 FROM meeting_requests WHERE state <> 'expired'") == []
