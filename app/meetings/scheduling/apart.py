"""Planning in a process of its own: it keeps a processor busy for minutes, and may be stopped."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import app
from app.meetings.planning.budget import Progress
from app.meetings.planning.outcome import Plan
from app.meetings.scheduling import job as jobs
from app.meetings.scheduling.job import LENGTH, Broken, Job

PROGRAM = "app.meetings.scheduling.alone"
HOME = Path(app.__file__).parent.parent
LOOK_SECONDS = 1.0
# How long one who is told to stop may take to say what it has
PATIENCE = 8.0
Tell = Callable[[Progress], Awaitable[None]]
IsCancelled = Callable[[], Awaitable[bool]]


class PlanningError(RuntimeError):
    """The planning process died, or says that it went wrong."""


async def plan_apart(job: Job, tell: Tell, is_cancelled: IsCancelled) -> Plan | None:
    """Have a market planned; None where it was cancelled before there was any plan.

    Whatever is raised meanwhile, by those who are told or asked, too, ends the process.

    Raises:
        PlanningError: there is no plan, though nobody asked to stop.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", PROGRAM, stdin=PIPE, stdout=PIPE, cwd=HOME
    )
    try:
        await _send(process, await asyncio.to_thread(jobs.framed, job))
        return await _watch(process, tell, is_cancelled)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        # Its pipes are closed with it
        await process.communicate()


async def _send(process: Process, said: bytes) -> None:
    if process.stdin is None:
        raise AssertionError
    process.stdin.write(said)
    # If it is dead, there is nothing to read, either, which is told of below
    with suppress(ConnectionError):
        await process.stdin.drain()


async def _watch(process: Process, tell: Tell, is_cancelled: IsCancelled) -> Plan | None:
    loop = asyncio.get_running_loop()
    hearing = asyncio.create_task(_hear(process))
    stopped_at: float | None = None
    try:
        while True:
            await asyncio.wait({hearing}, timeout=LOOK_SECONDS)
            if hearing.done():
                said = hearing.result()
                if isinstance(said, Plan):
                    return said
                hearing = asyncio.create_task(_hear(process))
                await tell(said)
            if stopped_at is None and await is_cancelled():
                stopped_at = loop.time()
                await _send(process, b".")
            if stopped_at is not None and loop.time() - stopped_at > PATIENCE:
                return None
    finally:
        hearing.cancel()
        with suppress(asyncio.CancelledError, PlanningError):
            await hearing


async def _hear(process: Process) -> Plan | Progress:
    if process.stdout is None:
        raise AssertionError
    try:
        length = int.from_bytes(await process.stdout.readexactly(LENGTH), "big")
        content = await process.stdout.readexactly(length)
    except asyncio.IncompleteReadError:
        raise PlanningError(f"it ended with {await process.wait()}") from None
    said: Plan | Progress | Broken = await asyncio.to_thread(jobs.unframed, content)
    if isinstance(said, Broken):
        raise PlanningError(said.story)
    return said
