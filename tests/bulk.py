"""What the tests of imports and exports share: a worker, and files fetched as a client does."""

import json
from typing import Any

import httpx2

from app.worker import Means, make_worker
from tests.operations import shown
from tests.rights import done
from tests.world import Caller, World

Json = dict[str, Any]


def film(number: int, **others: Any) -> Json:
    """Give a title as an item of an import says it."""
    return {
        "reference": f"f{number}",
        "kind": "feature",
        "original_title": f"Film {number}",
        "year": 1950 + number % 70,
        "countries": ["KZ", "UZ"],
        "texts": {"en": {"title": f"Film {number}"}},
    } | others


async def work(world: World) -> None:
    """Do what is due, and stop."""
    state = world.app.state
    worker = make_worker(state.settings, Means(state.database, state.store))
    async with worker.open_async():
        await worker.run_worker_async(
            wait=False, delete_jobs="successful", install_signal_handlers=False
        )


async def ended(world: World, caller: Caller, path: str, wanted: Json) -> Json:
    """Begin an import or export, have the worker do it, and give the operation."""
    begun = done(await caller.post(path, wanted), 202)
    await work(world)
    return await shown(caller, begun["id"])


async def imported(world: World, caller: Caller, of: str = "titles", **wanted: Any) -> Json:
    """Import, and give the operation."""
    return await ended(world, caller, "/imports", {"of": of, **wanted})


async def brought(world: World, caller: Caller, content: bytes, kind: str, **wanted: Any) -> Json:
    """Send a file, import it, and give the operation."""
    sent = await caller.post("/import-files", content=content, headers={"Content-Type": kind})
    return await imported(world, caller, file_id=done(sent, 201)["file_id"], **wanted)


async def exported(world: World, caller: Caller, of: str, **wanted: Any) -> Json:
    """Export, and give the operation."""
    return await ended(world, caller, "/exports", {"of": of, **wanted})


async def fetched(caller: Caller, path: str) -> bytes:
    """Fetch a file of the store by the URL that the API gives."""
    file = done(await caller.get(path))
    async with httpx2.AsyncClient() as http:
        answer = await http.get(file["url"])
    assert answer.status_code == 200, answer.text
    assert len(answer.content) == file["size_bytes"]
    assert answer.headers["Content-Type"] == file["content_type"]
    return answer.content


async def file_of(caller: Caller, operation: Json) -> bytes:
    """Fetch what was exported."""
    assert operation["state"] == "succeeded", operation
    return await fetched(caller, f"/exports/{operation['id']}/file")


async def lines_of(caller: Caller, operation: Json) -> list[Json]:
    """Fetch what was exported as NDJSON."""
    return [json.loads(line) for line in (await file_of(caller, operation)).splitlines()]


async def report_of(caller: Caller, operation: Json) -> list[Json]:
    """Fetch the report of an import."""
    content = await fetched(caller, f"/imports/{operation['id']}/report")
    return [json.loads(line) for line in content.splitlines()]
