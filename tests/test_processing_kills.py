"""A worker killed while it processes a film: the next one goes on where it was."""

import asyncio
import random
from pathlib import Path

import pytest
from sqlalchemy import text

from app.models import RenditionKind
from tests.films import Films
from tests.meetings import execute
from tests.processing import (
    PATIENCE,
    Json,
    frames_of,
    renditions_of,
    rescue,
    sent,
    shown,
    stage_of,
    times_of,
    work,
    worker_process,
)
from tests.screeners import facts, make_title
from tests.store_wire import Fault, wire_to_store
from tests.storms import so_much
from tests.world import Caller, World

pytestmark = pytest.mark.slow

STAGES = ("fetching", "probing", "picturing", "transcoding")[so_much(0, short=2) :]


@pytest.fixture
def film(films: Films) -> Path:
    """Give a film of three pieces."""
    return films.film(125, "64x36", rate="5")


def content_of(film: Path) -> bytes:
    return film.read_bytes()


@pytest.fixture
async def id_(world: World, seller: Caller, film: Path) -> str:
    """Give a screener whose film was sent."""
    return await sent(seller, await make_title(world, seller), content_of(film))


async def killed_in(world: World, id_: str, stage: str, segments: int = 0) -> None:
    """Have a worker work until a stage, and kill it in it: what it waits for is our row."""
    async with wire_to_store(world.app.state.settings) as (wire, settings):
        wire.have(Fault.SILENT if stage == "fetching" else Fault.NONE)
        async with worker_process(settings) as process, asyncio.timeout(PATIENCE):
            while not await has_come_to(world, id_, stage, segments):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            async with world.app.state.database.session() as session, session.begin():
                await session.execute(text("SELECT id FROM screeners FOR UPDATE"))
                assert (await stage_of(world, id_))[:2] == ("processing", stage)
                process.kill()
                await process.wait()


async def has_come_to(world: World, id_: str, stage: str, segments: int) -> bool:
    _, now, count = await stage_of(world, id_)
    return now == stage and count >= segments


async def is_whole(world: World, seller: Caller, id_: str, film: Path) -> None:
    """Look at every frame of a film that is ready."""
    ready: Json = await shown(seller, id_)
    assert ready["state"] == "ready", ready
    for name, kind, lengths in await renditions_of(world, id_):
        assert len(lengths) == 21
        if kind == RenditionKind.VIDEO:
            assert await frames_of(world, id_, name) == times_of(film, RenditionKind.VIDEO)
        else:
            assert len(await frames_of(world, id_, name)) > 125 * 40
    assert (await facts(world, id_)).count("screener.ready") == 1


@pytest.mark.parametrize(
    "stages", [(), pytest.param(STAGES, marks=pytest.mark.kill)], ids=["once", "in each stage"]
)
async def test_a_worker_killed_in_the_middle_is_followed_by_one_that_goes_on(
    world: World, seller: Caller, id_: str, film: Path, stages: tuple[str, ...]
) -> None:
    for stage in stages:
        await killed_in(world, id_, stage)
        await rescue(world)
        assert (await shown(seller, id_))["processing"]["stage"] == stage
        assert (await seller.post(f"/screeners/{id_}/playback")).status_code == 409
    await killed_in(world, id_, "transcoding", segments=10)
    await rescue(world)
    assert max(len(lengths) for _, kind, lengths in await renditions_of(world, id_)) >= 10
    await work(world)
    await is_whole(world, seller, id_, film)


async def runs_of(world: World) -> int:
    """Count how often the film was begun, by whichever worker."""
    ((runs,),) = await execute(world, "SELECT runs FROM screeners")
    return int(runs)


@pytest.mark.kill
async def test_a_worker_killed_again_and_again_gets_there(
    world: World, seller: Caller, id_: str, film: Path
) -> None:
    """Pull the plug at moments that nobody chose, each later than the last, until it is ready."""
    chance = random.Random(5)
    for seconds in range(so_much(3, short=20), 63):
        runs = await runs_of(world)
        async with worker_process(world.app.state.settings) as process:
            ends = asyncio.create_task(process.wait())
            while await runs_of(world) == runs and not ends.done():  # noqa: ASYNC110  # of another process
                await asyncio.sleep(0.1)
            await asyncio.wait([ends], timeout=chance.uniform(0.1, seconds))
            process.kill()
            await ends
        # It was no fault of the film's, however often it comes to the same piece.
        await execute(world, "UPDATE screeners SET attempts = 0")
        if (await stage_of(world, id_))[0] != "processing":
            break
        await rescue(world)
    await is_whole(world, seller, id_, film)


async def killed_at(world: World, id_: str, attempts: int) -> None:
    """Kill a worker that has opened a film for so many times: its row, locked, keeps it there."""
    counted = text("SELECT attempts FROM screeners WHERE id = :id FOR UPDATE")
    async with worker_process(world.app.state.settings) as process, asyncio.timeout(PATIENCE):
        while True:
            async with world.app.state.database.session() as session, session.begin():
                if await session.scalar(counted, {"id": int(id_)}) == attempts:
                    process.kill()
                    await process.wait()
                    return
            await asyncio.sleep(0.02)


@pytest.mark.kill
async def test_a_film_that_kills_each_worker_is_rejected_and_holds_up_no_other(
    world: World, seller: Caller, id_: str, film: Path
) -> None:
    other = await sent(seller, await make_title(world, seller), content_of(film))
    for attempts in (1, 2, 3):
        await killed_at(world, id_, attempts)
        await rescue(world)
        await execute(world, "UPDATE procrastinate_jobs SET scheduled_at = now()")
    await work(world)
    rejected = await shown(seller, id_)
    assert rejected["state"] == "rejected"
    assert rejected["reason"] == "Our program came to a sudden end each time it opened this file."
    assert (await shown(seller, other))["state"] == "ready"
