"""What the worker does with a file to import: fetches it, has it put in, and gives the report."""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import Any

from app.errors import Invalid, NotFound
from app.models.base import JsonObject
from app.operations.handling import Means, Progress, Run
from app.partners.bulk import pieces
from app.partners.bulk.files import format_of, report_key
from app.partners.bulk.formats import NDJSON
from app.partners.bulk.importing import Import, Importer
from app.partners.bulk.landing import Landed
from app.partners.bulk.register_rows import CompanyRows, PeopleRows
from app.partners.bulk.schemas import ImportOf
from app.partners.bulk.title_rows import TitleRows
from app.partners.imports.files import open_file
from app.partners.imports.mapping import Mapping, read_mapping
from app.partners.imports.rows import FileOptions, ImportRefused, Source


async def import_file(means: Means, run: Run, progress: Progress) -> JsonObject:
    """Import the file of an operation.

    Raises:
        Invalid: it can't be read, or not by its mapping.
        NotFound: it is no longer in the store.
    """
    key, dry = str(run.input["key"]), bool(run.input["dry_run"])
    said = run.input["mapping"]
    with ExitStack() as opened:
        try:
            mapping = None if said is None else read_mapping(said)
            options = mapping.options() if mapping else FileOptions()
            path = await _fetched(means, key, opened)
            source = opened.enter_context(open_file(path, options))
            work = Import(means, run, progress, _importer(run, source, mapping), dry)
            await work.work()
        except ImportRefused as error:
            raise Invalid(str(error)) from error
    await _report(means, run)
    return {"dry_run": dry, **work.account.counts()}


async def _fetched(means: Means, key: str, opened: ExitStack) -> Path:
    """Copy the file to the worker's disk: it is read from its beginning, maybe more than once."""
    found = await means.store.find_object(key)
    if found is None:
        raise NotFound("file")
    copy = opened.enter_context(NamedTemporaryFile(suffix=f".{format_of(key)}"))  # noqa: SIM115
    path = Path(copy.name)
    await means.store.download_to(key, path, found.size_bytes)
    return path


def _importer(run: Run, source: Source, mapping: Mapping | None) -> Importer[Any]:
    given = run.input
    match ImportOf(given["of"]):
        case ImportOf.TITLES:
            return TitleRows(source, run.actor, mapping, publish=bool(given["publish"]))
        case ImportOf.COMPANIES:
            return CompanyRows(source, run.actor)
        case ImportOf.PEOPLE:
            lifetime = timedelta(seconds=float(given["invitation_seconds"]))
            return PeopleRows(source, run.actor, lifetime, dry=bool(given["dry_run"]))


async def _report(means: Means, run: Run) -> None:
    """Put the report into the store: a line of JSON for every row."""
    with TemporaryFile() as file:
        async for lines in pieces.all_lines(means, run.id):
            file.write(Landed.unpacked(lines).ndjson())
        key = report_key(run.actor.organisation_id, run.id)
        await means.store.put_file(key, file, NDJSON)
