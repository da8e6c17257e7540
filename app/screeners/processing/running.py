"""One run at a film: begun, watched while it goes on, and brought to one of its ends."""

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from app.operations.handling import Means
from app.screeners.media.fences import find_fences
from app.screeners.media.isolation import Bench, Fence
from app.screeners.media.refusals import MediaFailedError, MediaRefusedError
from app.screeners.processing import endings
from app.screeners.processing.failures import is_of_our_house, reason_of, waits_for
from app.screeners.processing.fetching import AnotherFileError
from app.screeners.processing.plan import Plan
from app.screeners.processing.rows import Progress, SupersededError, TooOftenError, begin
from app.screeners.processing.scratch import NoRoomError, Scratch, ScratchTakenError, scratch_of
from app.screeners.processing.stages import Work, process
from app.screeners.processing.tidying import clean_up, sweep
from app.stored import ObjectGone, StorageUnavailable

# How often a run looks whether the film is still its own, and says how far it is
TELL_SECONDS = 2.0
TAKEN_SECONDS = 60.0
logger = structlog.get_logger("app.screeners.processing")


class WorkerStopsError(Exception):
    """The worker was told to stop."""


@dataclass(slots=True)
class Workshop:
    """Where films are processed, and for how long one may wait."""

    scratch_dir: Path
    patience: timedelta
    stopping: asyncio.Event
    _fences: frozenset[Fence] | None = field(default=None)

    async def fences(self) -> frozenset[Fence]:
        """Find, once, what keeps strangers' files off the network.

        Raises:
            MediaFailedError: nothing does.
        """
        if self._fences is None:
            self._fences = await find_fences()
        return self._fences


async def process_screener(means: Means, shop: Workshop, screener_id: int) -> None:
    """Process a screener from where it stands, to an end or until it must wait."""
    await sweep(means, shop.scratch_dir)
    with ExitStack() as held:
        try:
            folder = held.enter_context(scratch_of(shop.scratch_dir, screener_id))
        except ScratchTakenError:
            async with means.transaction() as session:
                await endings.defer(session, screener_id, TAKEN_SECONDS)
            return
        except OSError as error:
            await _run(means, shop, screener_id, error)
        else:
            await _run(means, shop, screener_id, folder)
    await sweep(means, shop.scratch_dir)


async def _run(means: Means, shop: Workshop, screener_id: int, folder: Scratch | OSError) -> None:
    async with means.transaction() as session:
        found = await begin(session, screener_id)
    if found is None:
        return
    progress = Progress(means, found)
    try:
        await _to_an_end(means, shop, progress, folder)
    except SupersededError:
        logger.info("processing_superseded", screener_id=found.screener_id)
        await clean_up(means, found)


async def _to_an_end(
    means: Means, shop: Workshop, progress: Progress, folder: Scratch | OSError
) -> None:
    found = progress.found
    try:
        plan = await _watched(_work(means, shop, progress, folder), progress, shop.stopping)
    except SupersededError:
        raise
    except WorkerStopsError:
        await endings.give_back(means, progress)
    except (MediaRefusedError, AnotherFileError, ObjectGone, TooOftenError) as error:
        await endings.reject(means, found, reason_of(error))
    except Exception as error:  # whatever it is, the film must come to an end
        if not isinstance(error, StorageUnavailable | OSError | NoRoomError | MediaFailedError):
            logger.exception("processing_failed", screener_id=found.screener_id)
        else:
            logger.warning("processing_waits", screener_id=found.screener_id, error=str(error))
        is_counted = not is_of_our_house(error, shop.scratch_dir)
        reason = waits_for(error, shop.scratch_dir)
        await endings.wait(means, progress, reason, shop.patience, is_counted=is_counted)
    else:
        await endings.make_ready(means, found, plan)


async def _work(
    means: Means, shop: Workshop, progress: Progress, folder: Scratch | OSError
) -> Plan:
    if isinstance(folder, OSError):
        raise folder
    return await process(Work(means, progress, folder, Bench(await shop.fences(), folder.bench)))


async def _watched(
    work: Coroutine[Any, Any, Plan], progress: Progress, stopping: asyncio.Event
) -> Plan:
    """Work until it is done, somebody takes the film away, or the worker must stop."""
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_watch(progress))
    told = asyncio.create_task(stopping.wait())
    tasks = (working, watching, told)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        if watching.done():
            watching.result()
        raise WorkerStopsError
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(progress: Progress) -> None:
    """Say now and then how far the work is; that ends when the film is no longer this run's."""
    while True:
        await asyncio.sleep(TELL_SECONDS)
        try:
            await progress.write()
        except (DBAPIError, OSError, TimeoutError) as error:
            logger.warning("progress_untold", error=type(error).__name__)
