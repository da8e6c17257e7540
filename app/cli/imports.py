"""`filmmart import titles`."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.catalogue.bulk import Outcome
from app.cli.console import err, first_line, out, refuse
from app.cli.installation import DATA, ConfigurationError, Data, installation
from app.cli.schema_checks import require_head
from app.db import make_engine
from app.local import LocalError
from app.partners.imports import runs
from app.partners.imports.batches import Batches
from app.partners.imports.files import open_file
from app.partners.imports.mapping import Mapping, load_mapping
from app.partners.imports.reports import Report, shortened
from app.partners.imports.rows import ImportRefused
from app.partners.imports.service import find_seller
from app.schema import SchemaNotAtHeadError
from app.settings import Settings

SOME_REFUSED, NOTHING_DONE, STOPPED = 1, 2, 130
SHOWN_CHARACTERS = 60

REFUSALS = (
    ImportRefused,
    ConfigurationError,
    LocalError,
    SchemaNotAtHeadError,
    ValidationError,
)


@dataclass(frozen=True)
class Wanted:
    """What is to be imported, and how."""

    file: Path
    seller: str
    mapping: Mapping | None
    report: Path | None
    options: dict[str, str | None]
    publish: bool
    dry_run: bool


def titles(  # noqa: PLR0913  # each is an option
    file: Annotated[Path, typer.Argument(help="A .csv, .tsv, .ndjson, .jsonl or .xlsx file.")],
    seller: Annotated[str, typer.Option(help="Whose titles they are: a seller's id or name.")],
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map",
            help="A TOML file that says which column is which field, as docs/importing.md tells. "
            "Without one, columns bear the names of the fields.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="A CSV file to write everything to that was found wrong.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="The file's encoding, if it is not UTF-8.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="What stands between cells, if that can't be seen.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="The sheet of a workbook, if it is not the first.")
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
    """Bring in a seller's titles, known by the seller's own references.

    Titles that are new are created as drafts, titles that changed are updated, and a file that is
    imported again changes nothing. A value that can't be is left out and reported, a row without
    what every title needs is refused and reported; the others go in. It may be stopped at any time,
    and run again to complete.

    Ends with 0 when every row went in, 1 when some were refused, 2 when nothing could be done.
    """
    options = {"encoding": encoding, "delimiter": delimiter, "sheet": sheet}
    try:
        said = load_mapping(mapping) if mapping else None
        wanted = Wanted(file, seller, said, report, options, publish, dry_run)
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
        raise typer.Exit(SOME_REFUSED if progress.went_in else NOTHING_DONE)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let Python look for garbage cycles seldom: rows make none, and looking takes a third."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@asynccontextmanager
async def engine_of(
    settings: Settings, advice: str = "What was read before is in; run it again to complete."
) -> AsyncIterator[AsyncEngine]:
    """Open the database; say in a sentence that it went away, and what to do.

    Raises:
        ConfigurationError: it did.
    """
    engine = make_engine(settings)
    try:
        yield engine
    except (DBAPIError, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(error, IntegrityError | ProgrammingError | DataError):
            raise  # a fault of ours
        raise ConfigurationError(
            f"The database went away: {first_line(cause)}. {advice}"
        ) from error
    finally:
        await engine.dispose()


async def _import(settings: Settings, wanted: Wanted) -> runs.Progress:
    async with engine_of(settings) as engine:
        return await _import_into(engine, wanted)


async def _import_into(engine: AsyncEngine, wanted: Wanted) -> runs.Progress:
    said = wanted.mapping or Mapping()
    began = time.monotonic()
    with ExitStack() as opened:
        source = opened.enter_context(open_file(wanted.file, said.options(**wanted.options)))
        batches = Batches(source, wanted.mapping)
        async with AsyncSession(engine) as session:
            seller = await find_seller(session, wanted.seller)
        require_other_file(wanted.report, wanted.file)
        report = opened.enter_context(Report(wanted.report))
        bar = opened.enter_context(progress_bar())
        task = bar.add_task(wanted.file.name, total=1.0, rows=0, speed=0)

        def told(progress: runs.Progress) -> None:
            speed = progress.rows / max(time.monotonic() - began, 1e-3)
            bar.update(task, completed=progress.done, rows=progress.rows, speed=speed)

        run = runs.Run(engine, None, seller.id, publish=wanted.publish, dry=wanted.dry_run)
        progress = await run.import_(batches, report, told)
    _summarise(wanted, seller.name, progress, report, time.monotonic() - began)
    return progress


def require_other_file(report: Path | None, file: Path) -> None:
    """Keep a report from being written over what it is about.

    Raises:
        ImportRefused: both are the same file.
    """
    if report and report.exists() and report.samefile(file):
        raise ImportRefused("--report names the very file that is to be imported.")


def progress_bar() -> Progress:
    """Make a bar that tells how far a file is read, and how fast."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[speed]:,.0f} a second"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def _summarise(
    wanted: Wanted, seller: str, progress: runs.Progress, report: Report, seconds: float
) -> None:
    """Say what became of the rows, and what was found in them."""
    table = Table(title=f"{escape(wanted.file.name)} → {escape(seller)}", title_justify="left")
    table.add_column("rows")
    table.add_column(f"{progress.rows:,}", justify="right")
    for outcome in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED):
        table.add_row(outcome.value, f"{progress.outcomes[outcome]:,}")
    table.add_row("refused", f"{progress.refused:,}")
    for (matter, done), count in sorted(report.counts.items()):
        table.add_row(f"  {matter}: {done}", f"{count:,}")
    out.print(table)
    if wanted.report is None:
        show(report)
    speed = progress.rows / max(seconds, 0.001)
    out.print(f"{progress.rows:,} rows in {seconds:.1f} s, {speed:,.0f} a second.")
    if wanted.dry_run:
        out.print("That was a dry run: nothing was kept.")


def show(report: Report) -> None:
    """Print the first findings, for want of a file to write them to."""
    for finding in report.first:
        sheet = f"sheet {finding.sheet}: " if finding.sheet else ""
        place = f"row {finding.place}: " if finding.row else sheet
        value = f" {shortened(finding.value, SHOWN_CHARACTERS)!r}" if finding.value else ""
        told = f"{place}{finding.field}{value} {finding.problem}: {finding.done}"
        out.print(told, markup=False, soft_wrap=True)
    if more := report.counts.total() - len(report.first):
        out.print(f"… and {more:,} more: --report writes all of them to a file.")
