"""Long work that breaks, is killed or given up: it comes to an end all the same."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.errors import Invalid, Unavailable
from app.jobs import LONG
from app.models.operations import Severity
from app.operations.handling import Finding, Means, Progress, Run, Superseded
from app.operations.running import MAX_ATTEMPTS, run_operation
from app.settings import Settings
from app.worker import CONCURRENCY
from tests.meetings import ask, execute
from tests.operations import (
    KIND,
    Json,
    begun,
    count_rows,
    facts,
    findings,
    hang,
    jobs,
    make_due,
    means_of,
    shown,
    until,
    work,
)
from tests.world import Caller, World

pytestmark = pytest.mark.slow


async def test_a_refusal_ends_it_and_is_shown_as_an_answer_would_be(
    world: World, seller: Caller
) -> None:
    async def refuse(means: Means, run: Run, progress: Progress) -> None:
        del means, run
        await progress.tell(0.25)
        raise Invalid.field("/file", "is no workbook", code="unreadable")

    id_ = await begun(world, seller)
    await work(world, refuse)
    failed = await shown(seller, id_)
    assert (failed["state"], failed["progress"], failed["result"]) == ("failed", 0.25, None)
    assert failed["problem"]["code"] == "unreadable"
    assert failed["problem"]["status"] == 422
    assert failed["problem"]["errors"] == [{"pointer": "/file", "detail": "is no workbook"}]
    assert await facts(world, id_) == ["created", "started", "failed"]
    assert await jobs(world) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [(ZeroDivisionError("a secret"), "internal_error"), (Unavailable("Away."), "unavailable")],
)
async def test_what_breaks_is_tried_again_and_failed_in_the_end(
    world: World, seller: Caller, error: Exception, code: str
) -> None:
    tried: list[int] = []

    async def break_down(means: Means, run: Run, progress: Progress) -> None:
        del means
        tried.append(run.attempt)
        await progress.find([Finding(Severity.INFO, "was found before it broke")])
        raise error

    id_ = await begun(world, seller)
    for attempt in range(1, MAX_ATTEMPTS):
        await work(world, break_down)
        between = await shown(seller, id_)
        assert (between["state"], between["started_at"]) == ("queued", None), attempt
        assert await jobs(world) == ["todo"]
        await make_due(world)
    await work(world, break_down)
    assert tried == list(range(1, MAX_ATTEMPTS + 1))
    failed = await shown(seller, id_)
    assert (failed["state"], failed["problem"]["code"]) == ("failed", code)
    assert "secret" not in failed["problem"]["detail"]
    assert len(await findings(seller, id_)) == 1
    assert await jobs(world) == []


async def test_a_second_try_may_succeed(world: World, seller: Caller) -> None:
    async def break_once(means: Means, run: Run, progress: Progress) -> Json:
        if run.attempt == 1:
            await progress.find([Finding(Severity.ERROR, "is of the first try")])
            return {"not": object()}  # no JSON
        return await count_rows(means, run, progress)

    id_ = await begun(world, seller, rows=2)
    await work(world, break_once)
    await make_due(world)
    await work(world, break_once)
    done = await shown(seller, id_)
    assert (done["state"], done["result"]) == ("succeeded", {"rows": 2, "attempt": 2})
    assert [each["problem"] for each in await findings(seller, id_)] == ["looks odd"] * 2


async def test_work_for_who_is_no_longer_in_the_market_is_refused(
    world: World, organiser: Caller
) -> None:
    seller = await world.seller()
    colleague = await world.person(seller.organisation_id)
    removed = await begun(world, colleague)
    await seller.delete(f"/organisations/{seller.organisation_id}/people/{colleague.person_id}")
    await work(world, count_rows)
    assert (await shown(seller, removed))["problem"]["code"] == "person_removed"
    suspended = await begun(world, seller)
    await organiser.post(f"/organisations/{seller.organisation_id}/suspend")
    await work(world, count_rows)
    await organiser.post(f"/organisations/{seller.organisation_id}/approve")
    assert (await shown(seller, suspended))["problem"]["code"] == "organisation_suspended"


async def test_a_handler_acts_in_the_name_of_who_asked(world: World, seller: Caller) -> None:
    async def tell_who(means: Means, run: Run, progress: Progress) -> Json:
        del means, progress
        return {"person": str(run.actor.person_id), "sells": run.actor.sells}

    id_ = await begun(world, seller)
    await work(world, tell_who)
    assert (await shown(seller, id_))["result"] == {"person": seller.person_id, "sells": True}


# Whoever dies ---------------------------------------------------------------------------------


@asynccontextmanager
async def hanging_worker(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a worker whose handler never comes back, as a process of its own."""
    given = {
        "FILMMART_DATABASE_URL": settings.database_url,
        "FILMMART_S3_ENDPOINT_URL": settings.s3_endpoint_url or "",
        "FILMMART_S3_ACCESS_KEY_ID": settings.s3_access_key_id,
        "FILMMART_S3_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),
        "FILMMART_S3_BUCKET": settings.s3_bucket,
        "FILMMART_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.operations", env={**os.environ, **given}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def rescue(world: World) -> None:
    past = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'"
    await execute(world, past)
    await execute(
        world,
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args) "
        """VALUES ('default', 'rescue', '{"timestamp": 0}')""",
    )


async def test_what_a_killed_worker_had_begun_another_one_does_from_the_start(
    world: World, seller: Caller
) -> None:
    id_ = await begun(world, seller)

    async def is_half_done() -> bool:
        return bool((await shown(seller, id_))["progress"] == 0.5)

    async with hanging_worker(world.app.state.settings) as killed:
        await until(is_half_done)
        killed.kill()
        await killed.wait()
    assert (await shown(seller, id_))["state"] == "running"
    await rescue(world)
    await work(world, count_rows)
    done = await shown(seller, id_)
    assert (done["state"], done["result"]) == ("succeeded", {"rows": 3, "attempt": 2})
    assert [each["problem"] for each in await findings(seller, id_)] == ["looks odd"] * 3
    assert await facts(world, id_) == ["created", "started", "started", "succeeded"]


async def test_long_work_holds_nothing_else_up(world: World, seller: Caller) -> None:
    settings = world.app.state.settings
    for _ in range(2 * CONCURRENCY[LONG]):
        await begun(world, seller)

    async def running() -> int:
        rows = await execute(world, "SELECT count(*) FROM operations WHERE state = 'running'")
        return int(rows[0][0])

    async def are_running() -> bool:
        return await running() == CONCURRENCY[LONG]

    async with hanging_worker(settings):
        await until(are_running)
        request = await ask(await world.buyer(), seller)
        await execute(world, "UPDATE meeting_requests SET expires_at = now()")
        await execute(
            world,
            "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE queue_name = 'default'",
        )

        async def has_expired() -> bool:
            rows = await execute(world, "SELECT state FROM meeting_requests")
            return bool(rows[0][0] == "expired")

        await until(has_expired)
        assert (await seller.get(f"/meeting-requests/{request['id']}")).status_code == 200
        assert await running() == CONCURRENCY[LONG]


async def test_what_no_job_is_about_any_more_is_found_and_done(
    world: World, seller: Caller
) -> None:
    ids = [await begun(world, seller), await begun(world, seller)]
    await execute(
        world, "DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs)"
    )
    await rescue(world)
    await work(world, count_rows)
    assert {(await shown(seller, id_))["state"] for id_ in ids} == {"succeeded"}
    assert await jobs(world) == []


async def test_what_kills_every_worker_is_given_up(world: World, seller: Caller) -> None:
    id_ = await begun(world, seller)
    for _ in range(MAX_ATTEMPTS):
        await killed_run(world, id_)
    await run_operation(means_of(world), {KIND: count_rows}, int(id_))
    failed = await shown(seller, id_)
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "internal_error")


async def killed_run(world: World, id_: str) -> None:
    """Run an operation, and drop it where a killed worker would."""
    running = asyncio.create_task(run_operation(means_of(world), {KIND: hang}, int(id_)))

    async def has_begun() -> bool:
        return await execute(world, "SELECT 1 FROM operations WHERE progress = 0.5") != []

    await until(has_begun)
    running.cancel()
    await asyncio.wait([running])
    await execute(world, "UPDATE operations SET progress = 0")


async def test_a_run_that_was_given_up_for_dead_can_say_nothing_more(
    world: World, seller: Caller
) -> None:
    go_on = asyncio.Event()
    said: list[str] = []

    async def come_back(means: Means, run: Run, progress: Progress) -> Json:
        del means, run
        await go_on.wait()
        for act in (
            lambda: progress.tell(0.9),
            lambda: progress.find([Finding(Severity.ERROR, "comes too late")]),
            progress.is_cancelled,
        ):
            try:
                await act()
            except Superseded:
                said.append("superseded")
        return {"by": "the dead"}

    id_ = await begun(world, seller)
    dead = asyncio.create_task(run_operation(means_of(world), {KIND: come_back}, int(id_)))

    async def is_running() -> bool:
        return bool((await shown(seller, id_))["state"] == "running")

    await until(is_running)
    await run_operation(means_of(world), {KIND: count_rows}, int(id_))
    go_on.set()
    await dead
    assert said == ["superseded"] * 3
    done = await shown(seller, id_)
    assert (done["progress"], done["result"]) == (1, {"rows": 3, "attempt": 2})
    assert len(await findings(seller, id_)) == 3


async def test_what_was_to_stop_when_its_worker_died_does_not_begin_again(
    world: World, seller: Caller
) -> None:
    id_ = await begun(world, seller)
    await killed_run(world, id_)
    await seller.post(f"/operations/{id_}/cancel")
    await run_operation(means_of(world), {KIND: count_rows}, int(id_))
    assert (await shown(seller, id_))["state"] == "cancelled"


async def test_a_worker_that_does_not_know_the_kind_leaves_it_to_one_that_does(
    world: World, seller: Caller
) -> None:
    id_ = await begun(world, seller, "test.unheard_of")
    await work(world, count_rows)
    assert (await shown(seller, id_))["state"] == "queued"
    assert await jobs(world) == ["todo"]


async def test_what_ended_long_ago_is_forgotten(world: World, seller: Caller) -> None:
    old, new = await begun(world, seller), await begun(world, seller)
    await work(world, count_rows)
    past = f"UPDATE operations SET ended_at = now() - interval '91 days' WHERE id = {old}"  # noqa: S608
    await execute(world, past)
    await execute(
        world,
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args) "
        """VALUES ('default', 'forget', '{"timestamp": 0}')""",
    )
    await work(world, count_rows)
    assert (await seller.get(f"/operations/{old}")).status_code == 404
    assert [each["id"] for each in (await seller.get("/operations")).json()["items"]] == [new]
