"""`filmmart import avails`."""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.cli.console import err, out, refuse
from app.cli.imports import (
    NOTHING_DONE,
    REFUSALS,
    SOME_REFUSED,
    STOPPED,
    engine_of,
    progress_bar,
    rare_collections,
    require_other_file,
    show,
)
from app.cli.installation import DATA, Data, installation
from app.cli.schema_checks import require_head
from app.partners.avails.files import AvailsFile, open_avails
from app.partners.avails.offered import Fate
from app.partners.avails.runs import Progress, Run
from app.partners.imports.findings import Finding
from app.partners.imports.reports import Report
from app.partners.imports.service import find_seller
from app.settings import Settings

_FATES = (Fate.CREATED, Fate.UPDATED, Fate.UNCHANGED, Fate.REMOVED, Fate.REPEATED, Fate.REFUSED)


@dataclass(frozen=True)
class Wanted:
    """What is to be imported, and how."""

    file: Path
    seller: str
    report: Path | None
    publish: bool
    dry_run: bool


def import_avails(
    file: Annotated[Path, typer.Argument(help="An .xlsx workbook 1.6 to 1.9, or XML 2.2 to 2.7.")],
    seller: Annotated[str, typer.Option(help="Whose avails they are: a seller's id or name.")],
    report: Annotated[
        Path | None, typer.Option(help="A CSV file to write everything to that was found wrong.")
    ] = None,
    *,
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish what has all that the market must know.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything, tell everything, keep nothing.")
    ] = False,
    data: Data = DATA,
) -> None:
    """Bring in a seller's avails: what is offered where, how, in which languages and when.

    Titles are known by the seller's references; those that are new are made, as drafts. A Full
    Extract replaces everything of its ALID, a Full Delete removes it, and a file that is imported
    again changes nothing. A row with an error is refused and reported, and what was offered of its
    ALID before stays; the others go in. It may be stopped at any time, and run again to complete.

    Ends with 0 when every row went in, 1 when some were refused, 2 when nothing could be done.
    """
    wanted = Wanted(file, seller, report, publish, dry_run)
    try:
        with installation(data) as settings, rare_collections():
            require_head(settings.database_url)
            progress = asyncio.run(_import(settings, wanted))
    except REFUSALS as error:
        refuse(error)
        raise typer.Exit(NOTHING_DONE) from error
    except KeyboardInterrupt as error:
        err.print("Stopped. What was read so far is in; run it again to complete.")
        raise typer.Exit(STOPPED) from error
    if progress.refused:
        raise typer.Exit(SOME_REFUSED if progress.rows > progress.refused else NOTHING_DONE)


async def _import(settings: Settings, wanted: Wanted) -> Progress:
    async with engine_of(settings) as engine:
        return await _import_into(engine, wanted)


async def _import_into(engine: AsyncEngine, wanted: Wanted) -> Progress:
    began = time.monotonic()
    with ExitStack() as opened:
        file: AvailsFile = opened.enter_context(open_avails(wanted.file))
        async with AsyncSession(engine) as session:
            seller = await find_seller(session, wanted.seller)
        require_other_file(wanted.report, wanted.file)
        report = opened.enter_context(Report(wanted.report))
        bar = opened.enter_context(progress_bar())
        task = bar.add_task(wanted.file.name, total=1.0, rows=0, speed=0)

        async def tell(progress: Progress, findings: list[Finding]) -> None:
            report.add(findings)
            report.flush()
            speed = progress.rows / max(time.monotonic() - began, 1e-3)
            bar.update(task, completed=progress.done, rows=progress.rows, speed=speed)

        run = Run(engine, None, seller.id, publish=wanted.publish, dry=wanted.dry_run)
        progress = await run.import_(file, tell)
        version = file.version
    _summarise(wanted, seller.name, version, progress, report, time.monotonic() - began)
    return progress


def _summarise(  # each is a line of the summary
    wanted: Wanted,
    seller: str,
    version: str,
    progress: Progress,
    report: Report,
    seconds: float,
) -> None:
    """Say what became of the rows, and what was found in them."""
    title = f"{escape(wanted.file.name)} ({version}) → {escape(seller)}"
    table = Table(title=title, title_justify="left")
    table.add_column("rows")
    table.add_column(f"{progress.rows:,}", justify="right")
    for fate in _FATES:
        table.add_row(fate.value, f"{progress.fates[fate]:,}")
    table.add_row("new titles", f"{progress.titles:,}")
    for (matter, done), count in sorted(report.counts.items()):
        table.add_row(f"  {matter}: {done}", f"{count:,}")
    out.print(table)
    if wanted.report is None:
        show(report)
    speed = progress.rows / max(seconds, 0.001)
    out.print(f"{progress.rows:,} rows in {seconds:.1f} s, {speed:,.0f} a second.")
    if wanted.dry_run:
        out.print("That was a dry run: nothing was kept.")
