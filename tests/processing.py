"""Films on their way from upload to screen: sent, worked on by workers that die, looked at."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
from av.subtitles.subtitle import SubtitleSet
from sqlalchemy import select

from app import jobs
from app.models import RenditionKind, Screener, ScreenerRendition
from app.s3 import Store, open_store
from app.screeners.media.encryption import decrypt_segment
from app.screeners.objects import folder_of, segment_key
from app.settings import Settings
from app.worker import CONCURRENCY, Means, make_worker
from tests import screeners
from tests.meetings import execute
from tests.screeners import Film
from tests.serving import environment_of
from tests.world import Caller, World

# Programs start slowly where every processor is busy.
PATIENCE = 150.0
Json = dict[str, Any]


async def sent(seller: Caller, title_id: str, content: bytes, **others: Any) -> str:
    """Upload a file to its completion, and give the screener's id."""
    film = Film(content)
    screener = await screeners.started(seller, title_id, film, **others)
    await screeners.sent(screener, film)
    answer = await seller.post(f"/screeners/{screener['id']}/complete", film.stated)
    assert answer.json()["state"] == "processing", answer.text
    return str(screener["id"])


async def shown(seller: Caller, id_: str) -> Json:
    answer = await seller.get(f"/screeners/{id_}")
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def work(
    world: World, settings: Settings | None = None, queues: Sequence[str] = tuple(CONCURRENCY)
) -> None:
    """Do what is due, and stop; `settings` may name another store, another disk."""
    settings = settings or world.app.state.settings
    means = Means(world.app.state.database, open_store(settings))
    worker = make_worker(settings, means)
    async with worker.open_async():
        await worker.run_worker_async(
            queues=list(queues), wait=False, delete_jobs="successful", install_signal_handlers=False
        )


async def hurry(world: World) -> None:
    """Let the time come of every job that waits for its next try."""
    await execute(world, "UPDATE procrastinate_jobs SET scheduled_at = now()")


async def rescue(world: World) -> None:
    """Let a minute pass since a worker died, and have another one find out."""
    past = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'"
    await execute(world, past)
    async with world.app.state.database.session() as session, session.begin():
        await jobs.defer(session, "rescue", timestamp=0)
    await work(world, queues=[jobs.DEFAULT])


@asynccontextmanager
async def worker_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `filmmart worker` as a process of its own, killed in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "worker", env=environment_of(settings)
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def stage_of(world: World, id_: str) -> tuple[str, str | None, int]:
    """Tell state, stage, and how many segments the first size of the picture has."""
    [row] = await execute(
        world,
        "SELECT s.state, s.stage, coalesce((SELECT max(cardinality(r.segment_milliseconds)) "  # noqa: S608
        "FROM screener_renditions r WHERE r.screener_id = s.id AND r.kind = 'video'), 0) "
        f"FROM screeners s WHERE s.id = {int(id_)}",
    )
    state, stage, count = row
    return state, stage, count


# What was made ----------------------------------------------------------------------------------


async def objects_of(world: World, id_: str) -> list[str]:
    """Name what the store has of a screener."""
    store: Store = world.app.state.store
    return sorted(await store.list_objects(folder_of(int(id_))))


async def frames_of(world: World, id_: str, rendition: str) -> list[int]:
    """Fetch a rendition's segments, unlock and join them, and give the times of its frames."""
    async with world.app.state.database.session() as session:
        screener = await session.get_one(Screener, int(id_))
        row = await session.get_one(ScreenerRendition, (int(id_), rendition))
    assert screener.media_key is not None
    with tempfile.NamedTemporaryFile(suffix=".ts") as joined:
        for number in range(len(row.segment_milliseconds)):
            with tempfile.TemporaryFile() as file:
                key = segment_key(int(id_), rendition, number)
                assert await world.app.state.store.get_file(key, file)
                file.seek(0)
                locked = file.read()
            joined.write(decrypt_segment(locked, media_key=screener.media_key, number=number))
        joined.flush()
        return times_of(Path(joined.name), row.kind)


def times_of(path: Path, kind: RenditionKind) -> list[int]:
    """Decode a file, and give the times of its frames in milliseconds from the first."""
    with av.open(str(path)) as container:
        streams = container.streams
        stream = (streams.video if kind is RenditionKind.VIDEO else streams.audio)[0]
        frames = (each for each in container.decode(stream) if not isinstance(each, SubtitleSet))
        times = [frame.time for frame in frames if frame.time is not None]
    return [round((time - times[0]) * 1000) for time in times]


async def renditions_of(world: World, id_: str) -> list[tuple[str, str, list[int]]]:
    async with world.app.state.database.session() as session:
        rows = await session.scalars(
            select(ScreenerRendition)
            .where(ScreenerRendition.screener_id == int(id_))
            .order_by(ScreenerRendition.name)
        )
        return [(row.name, row.kind.value, row.segment_milliseconds) for row in rows]
