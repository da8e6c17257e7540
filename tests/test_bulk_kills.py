"""A worker killed in the middle of an import or an export: the next one goes on where it was."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.main import create_app
from app.settings import Settings
from tests.bulk import Json, brought, film, lines_of, report_of
from tests.meetings import execute
from tests.operations import shown
from tests.processing import rescue, worker_process
from tests.rights import done
from tests.storms import so_much
from tests.world import Caller, World, world_of

pytestmark = pytest.mark.kill

# Batches of an import have a thousand rows.
ROWS = 12_000
KILLS = so_much(3, short=1)
PATIENCE = 480.0
NDJSON = "application/x-ndjson"
HOW_MANY = "SELECT count(*) FROM bulk_pieces WHERE operation_id = :id"


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """Start an app with a bucket of its own."""
    own = settings.model_copy(update={"s3_bucket": f"test-{uuid4()}"})
    async with world_of(create_app(own)) as world:
        await world.app.state.store.ensure_bucket()
        yield world


async def killed_after(world: World, id_: str, pieces: int) -> int:
    """Kill a worker that has come so far with an operation, and tell how far it came.

    Its row, locked, keeps it from coming to the end meanwhile.
    """
    async with worker_process(world.app.state.settings) as process, asyncio.timeout(PATIENCE):
        while await pieces_of(world, id_) < pieces:  # noqa: ASYNC110  # another process makes them
            await asyncio.sleep(0.01)
        async with world.app.state.database.session() as session, session.begin():
            locked = text("SELECT ended_at FROM operations WHERE id = :id FOR UPDATE")
            assert await session.scalar(locked, {"id": int(id_)}) is None
            process.kill()
            await process.wait()
    return await pieces_of(world, id_)


async def pieces_of(world: World, id_: str) -> int:
    async with world.app.state.database.session() as session:
        return int(await session.scalar(text(HOW_MANY), {"id": int(id_)}))


async def finished(world: World, caller: Caller, id_: str) -> Json:
    """Kill worker after worker, then let one come to the end, and give the operation."""
    so_far = 0
    for _ in range(KILLS):
        so_far = await killed_after(world, id_, so_far + 1)
        await rescue(world)
        await execute(world, "UPDATE procrastinate_jobs SET scheduled_at = now()")
    async with worker_process(world.app.state.settings), asyncio.timeout(PATIENCE):
        while (operation := await shown(caller, id_))["ended_at"] is None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert operation["state"] == "succeeded", operation
    runs = await execute(world, f"SELECT attempts FROM operations WHERE id = {int(id_)}")  # noqa: S608
    assert runs == [(KILLS + 1,)]
    return operation


def lines(synopsis: str = "", rows: int = ROWS) -> bytes:
    told = (
        film(number, texts={"en": {"title": f"Film {number}", "synopsis": f"{number} {synopsis}"}})
        for number in range(rows)
    )
    return "".join(f"{json.dumps(each)}\n" for each in told).encode()


async def test_import_whose_workers_are_killed_puts_each_row_in_once(
    world: World, seller: Caller
) -> None:
    sent = await seller.post("/import-files", content=lines(), headers={"Content-Type": NDJSON})
    wanted = {"of": "titles", "file_id": done(sent, 201)["file_id"], "publish": True}
    begun = done(await seller.post("/imports", wanted), 202)
    operation = await finished(world, seller, begun["id"])
    assert operation["counts"] == {
        "rows": ROWS,
        "created": ROWS,
        "updated": 0,
        "unchanged": 0,
        "refused": 0,
    }
    report = await report_of(seller, operation)
    assert [line["row"] for line in report] == list(range(1, ROWS + 1))
    assert {line["outcome"] for line in report} == {"created"}
    stored = await execute(world, "SELECT id::text, reference FROM titles")
    assert sorted(stored) == sorted((line["id"], line["reference"]) for line in report)
    for type_ in ("title.created", "title.published"):
        facts = await execute(
            world,
            f"SELECT count(*), count(DISTINCT subject_id) FROM events WHERE type = '{type_}'",  # noqa: S608
        )
        assert facts == [(ROWS, ROWS)]


async def test_export_whose_workers_are_killed_has_each_row_once(
    world: World, seller: Caller
) -> None:
    # Parts of the file have 8 MiB or a thousand rows more: there are seven.
    await brought(world, seller, lines("of a long story " * 600, 6200), NDJSON)
    begun = done(await seller.post("/exports", {"of": "titles", "titles": {"mine": True}}), 202)
    operation = await finished(world, seller, begun["id"])
    exported = await lines_of(seller, operation)
    titles = await execute(world, "SELECT id::text, reference FROM titles ORDER BY id")
    assert [(line["id"], line["reference"]) for line in exported] == titles
    assert operation["result"]["rows"] == len(titles) == 6200
