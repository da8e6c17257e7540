"""Films that something goes wrong with: the store, the disk, the worker, the file itself."""

import asyncio
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.s3 import Store
from app.screeners.objects import original_key
from app.screeners.processing.rows import Progress, begin, note
from app.screeners.processing.running import Workshop, process_screener
from app.screeners.processing.scratch import scratch_of
from app.settings import Settings
from app.worker import Means
from tests.films import Films
from tests.meetings import execute
from tests.processing import (
    hurry,
    objects_of,
    rescue,
    sent,
    shown,
    stage_of,
    work,
)
from tests.screeners import facts, make_title
from tests.servers import S3Settings, make_settings
from tests.store_wire import CUT_BYTES, Fault, wire_to_store
from tests.world import Caller, World

pytestmark = pytest.mark.slow

FULL = "The worker's disk is full."
AWAY = "The store does not answer."


@pytest.fixture
def film(films: Films) -> bytes:
    """Give a tiny film that takes more than one cut answer to fetch."""
    made = films.film(4, "128x72", after=("-b:v", "400k", "-qp", "12")).read_bytes()
    assert len(made) > 3 * CUT_BYTES
    return made


@pytest.fixture
async def id_(world: World, seller: Caller, film: bytes) -> str:
    """Give a screener whose film was sent."""
    return await sent(seller, await make_title(world, seller), film)


def store_of(world: World) -> Store:
    store: Store = world.app.state.store
    return store


async def waits(seller: Caller, id_: str) -> str | None:
    """Say what a film that is neither ready nor rejected waits for."""
    screener = await shown(seller, id_)
    assert screener["state"] == "processing", screener
    waiting: str | None = screener["processing"]["waiting"]
    return waiting


async def gets_ready(world: World, seller: Caller, id_: str) -> None:
    await hurry(world)
    await work(world)
    screener = await shown(seller, id_)
    assert screener["state"] == "ready", screener


# The store ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.UNAVAILABLE])
async def test_while_the_store_is_away_a_film_waits_and_then_goes_on(
    world: World, seller: Caller, id_: str, fault: Fault
) -> None:
    async with wire_to_store(world.app.state.settings) as (wire, settings):
        wire.have(fault)
        for _ in range(2):
            await hurry(world)
            await work(world, settings)
            assert await waits(seller, id_) == AWAY
        assert wire.calls
        assert (await seller.post(f"/screeners/{id_}/playback")).status_code == 409
        wire.have(Fault.NONE)
        await hurry(world)
        await work(world, settings)
    assert (await shown(seller, id_))["state"] == "ready"


async def test_a_store_that_takes_nothing_more_leaves_the_stage_as_it_is(
    world: World, seller: Caller, id_: str
) -> None:
    async with wire_to_store(world.app.state.settings) as (wire, settings):
        wire.have(Fault.NO_PUTS)
        for _ in range(4):  # more often than a file may fail
            await hurry(world)
            await work(world, settings)
            assert await waits(seller, id_) == AWAY
            assert (await shown(seller, id_))["processing"]["stage"] == "picturing"
    assert [await waits(seller, id_), await objects_of(world, id_)] == [
        AWAY,
        [original_key(int(id_))],
    ]
    await gets_ready(world, seller, id_)


@pytest.mark.parametrize("fault", [Fault.CUT_SHORT, Fault.SLOW])
async def test_a_film_comes_whole_over_a_line_that_breaks_or_drags(
    world: World, seller: Caller, id_: str, fault: Fault
) -> None:
    async with wire_to_store(world.app.state.settings) as (wire, settings):
        wire.have(fault)
        await work(world, settings)
    assert (await shown(seller, id_))["state"] == "ready"


async def test_a_film_that_the_store_lost_is_rejected(
    world: World, seller: Caller, id_: str
) -> None:
    await store_of(world).delete_object(original_key(int(id_)))
    await work(world)
    screener = await shown(seller, id_)
    assert screener["state"] == "rejected"
    assert screener["reason"] == "The store has lost the file. Upload it again."


async def test_a_film_that_became_another_one_is_rejected(
    world: World, seller: Caller, id_: str, film: bytes
) -> None:
    other = film[:-1] + bytes([film[-1] ^ 1])
    await store_of(world).put_bytes(original_key(int(id_)), other, "video/mp4")
    await work(world)
    screener = await shown(seller, id_)
    assert screener["state"] == "rejected"
    assert "another file than the one that was uploaded" in screener["reason"]
    assert await objects_of(world, id_) == []


# The disk -------------------------------------------------------------------------------------


@contextmanager
def small_disk(options: str) -> Iterator[Path]:
    """Give a file system of its own, as small as told."""
    folder = Path(tempfile.mkdtemp(prefix="small-"))
    if os.getuid() != 0 or mount("-t", "tmpfs", "-o", options, "tmpfs", folder) != 0:
        folder.rmdir()
        pytest.skip("only root may make a small disk")
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount") or "umount", "--lazy", folder], check=True)
        folder.rmdir()


def mount(*arguments: str | Path) -> int:
    command = [shutil.which("mount") or "mount", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True).returncode


def on_disk(world: World, s3_settings: S3Settings, folder: Path) -> Settings:
    url = world.app.state.settings.database_url
    return make_settings(url, s3_settings, scratch_dir=folder / "scratch")


async def test_a_film_waits_until_the_disk_has_room_for_it(
    world: World, seller: Caller, id_: str, s3_settings: S3Settings
) -> None:
    with small_disk("size=16m") as disk:
        settings = on_disk(world, s3_settings, disk)
        await work(world, settings)
        waiting = await waits(seller, id_)
        assert waiting is not None
        assert waiting.startswith("The worker's disk has 1")
        assert mount("-o", "remount,size=1g", disk) == 0
        await hurry(world)
        await work(world, settings)
    assert (await shown(seller, id_))["state"] == "ready"


async def test_a_disk_that_is_full_in_the_middle_is_waited_for_and_no_fault_of_the_film(
    world: World, seller: Caller, id_: str, s3_settings: S3Settings
) -> None:
    with small_disk("size=1g,nr_inodes=7") as disk:
        settings = on_disk(world, s3_settings, disk)
        for _ in range(4):
            await hurry(world)
            await work(world, settings)
            assert await waits(seller, id_) == FULL
        assert mount("-o", "remount,nr_inodes=1000", disk) == 0
        await hurry(world)
        await work(world, settings)
    assert (await shown(seller, id_))["state"] == "ready"


async def test_a_file_that_may_grow_no_more_is_a_full_disk(
    world: World, seller: Caller, id_: str
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (CUT_BYTES, hard))
    try:
        await work(world)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await waits(seller, id_) == FULL
    assert (await shown(seller, id_))["processing"]["stage"] == "fetching"
    await gets_ready(world, seller, id_)


async def test_a_scratch_folder_that_cannot_be_made_is_waited_for(
    world: World, seller: Caller, id_: str, s3_settings: S3Settings, tmp_path: Path
) -> None:
    (tmp_path / "scratch").touch()
    await work(world, on_disk(world, s3_settings, tmp_path))
    assert await waits(seller, id_) == "The worker cannot use its scratch folder."
    await gets_ready(world, seller, id_)


async def test_when_patience_is_over_what_waits_is_rejected(
    world: World, seller: Caller, id_: str
) -> None:
    async with wire_to_store(world.app.state.settings) as (wire, settings):
        wire.have(Fault.REFUSED)
        await work(world, settings)
        await execute(world, "UPDATE screeners SET waiting_since = now() - interval '4 days'")
        await hurry(world)
        await work(world, settings)
    screener = await shown(seller, id_)
    assert screener["state"] == "rejected"
    assert screener["reason"] == f"It could not be processed in 3 days. {AWAY}"
    await hurry(world)
    await work(world)
    assert await objects_of(world, id_) == []


# The worker -----------------------------------------------------------------------------------


async def test_a_file_that_killed_whoever_opened_it_three_times_is_rejected(
    world: World, seller: Caller, id_: str
) -> None:
    await execute(world, "UPDATE screeners SET attempts = 3")
    await work(world)
    screener = await shown(seller, id_)
    assert screener["state"] == "rejected"
    assert screener["reason"] == "Our program came to a sudden end each time it opened this file."


async def test_what_lies_in_the_scratch_folder_is_believed_only_if_it_is_right(
    world: World, seller: Caller, id_: str, film: bytes
) -> None:
    root = world.app.state.settings.scratch_dir
    with scratch_of(root, int(id_)) as scratch:
        scratch.original.write_bytes(b"?" * (len(film) // 2))
    await work(world)
    assert (await shown(seller, id_))["state"] == "ready"


async def test_two_workers_of_one_machine_are_not_at_one_film(
    world: World, seller: Caller, id_: str
) -> None:
    with scratch_of(world.app.state.settings.scratch_dir, int(id_)):
        await work(world)
        assert await waits(seller, id_) is None
        assert (await shown(seller, id_))["processing"]["stage"] == "queued"
    await gets_ready(world, seller, id_)


async def test_what_dead_workers_left_on_the_disk_is_swept(
    world: World, seller: Caller, id_: str
) -> None:
    root = world.app.state.settings.scratch_dir
    with scratch_of(root, 1) as left:
        left.original.write_bytes(b"of a film that nobody knows")
    await work(world)
    assert not left.folder.exists()
    assert (await shown(seller, id_))["state"] == "ready"


@pytest.fixture
async def running(
    world: World, id_: str
) -> AsyncIterator[tuple["asyncio.Task[None]", asyncio.Event]]:
    """Have a run that has come to the picture's transcoding, and what tells its worker to stop."""
    stop = asyncio.Event()
    means = Means(world.app.state.database, store_of(world), stop)
    settings = world.app.state.settings
    shop = Workshop(settings.scratch_dir, settings.processing_patience, stop)
    run = asyncio.create_task(process_screener(means, shop, int(id_)))
    await until(lambda: has_stage(world, id_, "picturing"))
    yield run, stop
    run.cancel()
    await asyncio.wait([run])


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await look():  # noqa: ASYNC110  # the database tells nobody
            await asyncio.sleep(0.01)


async def has_stage(world: World, id_: str, stage: str) -> bool:
    return (await stage_of(world, id_))[1] == stage


async def test_a_worker_that_is_told_to_stop_leaves_a_film_to_the_next_one(
    world: World, seller: Caller, id_: str, running: tuple["asyncio.Task[None]", asyncio.Event]
) -> None:
    run, stop = running
    stop.set()
    await run
    assert (await stage_of(world, id_))[0] == "processing"
    assert await execute(world, "SELECT attempts FROM screeners") == [(0,)]
    await gets_ready(world, seller, id_)


async def test_an_attempt_is_given_back_by_who_was_stopped_while_it_was_counted(
    world: World, id_: str
) -> None:
    class Stopped(Means):
        """Is told to stop once what was said is committed."""

        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[AsyncSession]:
            async with super().transaction() as session:
                yield session
            raise asyncio.CancelledError

    means = Means(world.app.state.database, store_of(world))
    async with means.transaction() as session:
        found = await begin(session, int(id_))
    assert found is not None
    progress = Progress(Stopped(means.database, means.store), found)
    with pytest.raises(asyncio.CancelledError):
        await progress.open_file()
    assert await execute(world, "SELECT attempts FROM screeners") == [(1,)]
    async with means.transaction() as session:
        await note(session, found, **progress.given_back())
    assert await execute(world, "SELECT attempts FROM screeners") == [(0,)]


async def test_a_film_withdrawn_in_the_middle_is_left_at_once_and_nothing_of_it_stays(
    world: World, seller: Caller, id_: str, running: tuple["asyncio.Task[None]", asyncio.Event]
) -> None:
    run, _ = running
    assert (await seller.delete(f"/screeners/{id_}")).status_code == 204
    await run
    assert (await shown(seller, id_))["state"] == "withdrawn"
    assert await objects_of(world, id_) == []
    assert not (world.app.state.settings.scratch_dir / id_).exists()


async def test_a_run_that_was_given_up_for_dead_says_nothing_more(
    world: World, seller: Caller, id_: str, running: tuple["asyncio.Task[None]", asyncio.Event]
) -> None:
    run, _ = running
    await execute(world, "UPDATE screeners SET runs = runs + 1")
    await run
    assert (await stage_of(world, id_))[0] == "processing"
    assert "screener.ready" not in await facts(world, id_)
    await gets_ready(world, seller, id_)


async def test_a_job_that_died_with_its_worker_is_taken_up_again(
    world: World, seller: Caller, id_: str, running: tuple["asyncio.Task[None]", asyncio.Event]
) -> None:
    run, _ = running
    run.cancel()
    await asyncio.wait([run])
    await execute(world, "DELETE FROM procrastinate_jobs WHERE task_name = 'process_screener'")
    await rescue(world)
    await gets_ready(world, seller, id_)
