"""`filmmart reindex`: index the titles anew when a new version does it in another way."""

import asyncio
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from app.catalogue import reindexing
from app.cli.console import err, out, refuse
from app.cli.imports import NOTHING_DONE, REFUSALS, STOPPED, engine_of, progress_bar
from app.cli.installation import DATA, Data, installation
from app.cli.schema_checks import require_head
from app.partners.imports.alone import in_transaction
from app.settings import Settings

RESUMES = "What is done stays done; run it again to go on."


def reindex(
    data: Data = DATA,
    *,
    again: Annotated[
        bool, typer.Option("--again", help="From the beginning, though nothing seems to need it.")
    ] = False,
) -> None:
    """Index the titles anew, where this version does it in another way than the one before.

    `serve` and `doctor` say when that is so; until then some searches find too little. Run it once
    every server and worker is of this version. The market stays open, to a reader nothing changes:
    no title's version rises and no event is written. It goes in batches, may be stopped at any time
    and goes on from there. A million titles may take hours: their words are new to the index.
    """
    try:
        with installation(data) as settings:
            require_head(settings.database_url)
            done = asyncio.run(reindex_all(settings, again=again))
    except REFUSALS as error:
        refuse(error)
        raise typer.Exit(NOTHING_DONE) from error
    except KeyboardInterrupt as error:
        err.print(f"Stopped. {RESUMES}")
        raise typer.Exit(STOPPED) from error
    out.print(f"{done:,} titles were indexed anew." if done else "All titles are indexed already.")


async def reindex_all(settings: Settings, *, again: bool = False) -> int:
    """Do all batches, and give how many titles they were."""
    async with engine_of(settings, RESUMES) as engine:
        if again:
            await in_transaction(engine, reindexing.begin_anew)
        return await _batches(engine)


async def _batches(engine: AsyncEngine) -> int:
    done = 0
    with progress_bar() as bar:
        total = await in_transaction(engine, reindexing.count_left)
        task = bar.add_task("titles", total=max(total, 1), rows=0, speed=0)
        while (size := await in_transaction(engine, reindexing.reindex_next)) is not None:
            done += size
            bar.update(task, completed=done, rows=done)
            bar.update(task, speed=bar.tasks[0].speed or 0)
    return done
