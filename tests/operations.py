"""What the tests of operations share: work begun in somebody's name, and a worker that does it."""

import asyncio
from collections.abc import Callable
from typing import Any

from app.authentication import find_person
from app.models.operations import Operation, Severity
from app.operations.handling import Finding, Handler, Means, Progress, Run
from app.operations.service import begin
from app.settings import load_settings
from app.worker import Means as WorkersMeans
from app.worker import make_worker, run_worker
from tests.meetings import execute
from tests.world import Caller, World

KIND = "test.count"
PATIENCE = 20.0
Json = dict[str, Any]


async def begun(world: World, caller: Caller, kind: str = KIND, **wanted: Any) -> str:
    """Begin an operation as an endpoint would, and give its id."""
    async with world.app.state.database.session() as session, session.begin():
        actor = await find_person(session, int(caller.person_id))
        assert actor is not None
        operation: Operation = await begin(session, actor, kind, wanted)
        return str(operation.id)


async def work(world: World, handler: Handler) -> None:
    """Do what is due, and stop."""
    state = world.app.state
    worker = make_worker(state.settings, WorkersMeans(state.database, state.store), {KIND: handler})
    async with worker.open_async():
        await worker.run_worker_async(
            wait=False, delete_jobs="successful", install_signal_handlers=False
        )


async def count_rows(means: Means, run: Run, progress: Progress) -> dict[str, Any]:
    """Count to what is wanted, with a finding for each."""
    del means
    rows = run.input.get("rows", 3)
    for row in range(1, rows + 1):
        await progress.find([Finding(Severity.WARNING, "looks odd", "Sheet", row, "A", "x")])
        await progress.tell(row / rows, {"rows": row})
    return {"rows": rows, "attempt": run.attempt}


async def hang(means: Means, run: Run, progress: Progress) -> None:
    """Find something, and never come back."""
    del means, run
    await progress.find([Finding(Severity.ERROR, "was found by a run that died")])
    await progress.tell(0.5)
    await asyncio.Event().wait()


async def shown(caller: Caller, id_: str) -> Json:
    answer = await caller.get(f"/operations/{id_}")
    assert answer.status_code == 200, answer.text
    operation: Json = answer.json()
    return operation


async def findings(caller: Caller, id_: str, **params: Any) -> list[Json]:
    """Read all findings, page by page."""
    found: list[Json] = []
    asked = dict(params)
    while True:
        answer = await caller.get(f"/operations/{id_}/findings", params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        asked["cursor"] = page["next_cursor"]


async def facts(world: World, id_: str) -> list[str]:
    rows = await world.app.state.database.reads.pool.fetch(
        "SELECT type, organisation_ids FROM events WHERE subject_id = $1 ORDER BY id", int(id_)
    )
    return [row["type"].removeprefix("operation.") for row in rows]


async def jobs(world: World) -> list[str]:
    rows = await execute(
        world,
        "SELECT status FROM procrastinate_jobs WHERE task_name = 'run_operation' ORDER BY id",
    )
    return [status for (status,) in rows]


async def make_due(world: World) -> None:
    await execute(world, "UPDATE procrastinate_jobs SET scheduled_at = now()")


def means_of(world: World) -> WorkersMeans:
    return WorkersMeans(world.app.state.database, world.app.state.store)


async def until(look: Callable[[], Any]) -> None:
    """Look again and again until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not await look():  # noqa: ASYNC110  # somebody else makes it so
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(run_worker(load_settings(), {KIND: hang}))
