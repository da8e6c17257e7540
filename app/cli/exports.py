"""`filmmart export avails`."""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Annotated

import typer
from defusedcsv import csv
from sqlalchemy.ext.asyncio import AsyncSession
from xlsxwriter.exceptions import FileCreateError

from app.cli.console import out, refuse
from app.cli.imports import NOTHING_DONE, REFUSALS, engine_of, rare_collections
from app.cli.installation import DATA, Data, installation
from app.cli.schema_checks import require_head
from app.partners.avails.exports import Export, Exported, Format
from app.partners.imports.reports import SHOWN
from app.partners.imports.rows import ImportRefused
from app.partners.imports.service import find_seller
from app.settings import Settings

COLUMNS = ("title_id", "offering_id", "unsaid")


def avails(
    seller: Annotated[str, typer.Option(help="Whose avails: a seller's id or name.")],
    output: Annotated[
        Path, typer.Option(help="The file to write: .xlsx is spreadsheet 1.9, .xml is XML 2.7.")
    ],
    report: Annotated[
        Path | None, typer.Option(help="A CSV file to write all to that avails can't say.")
    ] = None,
    data: Data = DATA,
) -> None:
    """Write all that a seller offers as a file of avails.

    What came as avails goes out as it came in. What people wrote here may say more than avails
    can; it is listed. Ends with 0, or with 2 when nothing could be done.
    """
    try:
        if report is not None and report.resolve() == output.resolve():
            raise ImportRefused("--report names the very file that is to be written.")
        with installation(data) as settings, rare_collections():
            require_head(settings.database_url)
            exported = asyncio.run(_export(settings, seller, output))
            if report is not None:
                _write_report(report, exported)
    except REFUSALS as error:
        refuse(error)
        raise typer.Exit(NOTHING_DONE) from error
    out.print(f"{exported.rows:,} rows in {output}.", markup=False, soft_wrap=True)
    if report is None:
        _show(list(_lines(exported)))


async def _export(settings: Settings, seller: str, output: Path) -> Exported:
    ending = output.suffix.lower().removeprefix(".")
    if ending not in set(Format):
        raise ImportRefused(f"{output} must end in .xlsx or .xml.")
    async with engine_of(settings, "Nothing was written; run it again.") as engine:
        async with AsyncSession(engine) as session:
            found = await find_seller(session, seller)
        with _instead_of(output) as file:
            return await Export(engine, found.id).write(file, Format(ending))


@contextmanager
def _instead_of(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write, which takes a path's place once all of it is written.

    Raises:
        ImportRefused: nothing can be written there.
    """
    written = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with written.open("xb") as file:
            yield file
        written.replace(path)
    except (ConnectionError, TimeoutError):
        raise  # the database's
    except (OSError, FileCreateError) as error:
        raise ImportRefused(f"{path} can't be written: {_said(error)}.") from error
    finally:
        with suppress(OSError):
            written.unlink()


def _write_report(path: Path, exported: Exported) -> None:
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(_lines(exported))
    except OSError as error:
        raise ImportRefused(f"{path} can't be written: {_said(error)}.") from error


def _said(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _lines(exported: Exported) -> Iterator[tuple[str, str, str]]:
    """Say what was left out: of people's offerings, and of avails in the other format."""
    for each in exported.unsaid:
        yield str(each.title_id), str(each.offering_id), "; ".join(each.unsaid)
    for name, count in sorted(exported.misfits.items()):
        yield "", "", f"{name}, {count} times"


def _show(lines: Sequence[tuple[str, str, str]]) -> None:
    """Print the first of it, for want of a file to write it to."""
    for title_id, offering_id, unsaid in lines[:SHOWN]:
        of = f"title {title_id}, offering {offering_id}: " if title_id else ""
        out.print(f"{of}not said: {unsaid}", markup=False, soft_wrap=True)
    if (more := len(lines) - SHOWN) > 0:
        out.print(f"… and {more:,} more: --report writes all of it to a file.")
