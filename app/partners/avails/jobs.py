"""What the worker does with files of avails: import them, and throw them away afterwards."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from tempfile import NamedTemporaryFile

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Invalid, NotFound
from app.models.base import JsonObject
from app.models.operations import Operation
from app.operations.handling import Means
from app.operations.handling import Progress as Operating
from app.operations.handling import Run as Operated
from app.partners.avails.files import open_avails
from app.partners.avails.offered import Fate
from app.partners.avails.runs import Progress, Run
from app.partners.avails.service import KIND
from app.partners.avails.uploads import PREFIX
from app.partners.imports.alone import AnotherImportRuns
from app.partners.imports.findings import Finding
from app.partners.imports.rows import ImportRefused
from app.partners.imports.told import told
from app.s3 import Store

WAIT_SECONDS = 5.0
# Long enough for a request that is still on its way to its transaction
UNCLAIMED_FOR = timedelta(hours=1)


class _Cancelled(Exception):  # noqa: N818  # asked for
    """Whoever asked for the import wants it no more."""


async def import_avails(means: Means, run: Operated, operating: Operating) -> JsonObject:
    """Import the file of an operation.

    Raises:
        Invalid: it holds no avails that can be read.
        NotFound: it is no longer in the store.
    """
    wanted = run.input
    progress = Progress()
    with ExitStack() as opened:
        copy = opened.enter_context(NamedTemporaryFile())
        if not await means.store.get_file(str(wanted["key"]), copy):
            raise NotFound("file")
        copy.flush()
        job = Run(
            means.database.engine,
            run.actor,
            run.actor.organisation_id,
            publish=bool(wanted["publish"]),
            dry=bool(wanted["dry_run"]),
        )

        async def tell(now: Progress, findings: list[Finding]) -> None:
            nonlocal progress
            progress = now
            await operating.find(told(findings))
            await operating.tell(now.done, _counts(now))
            if await operating.is_cancelled():
                raise _Cancelled

        try:
            file = await asyncio.to_thread(opened.enter_context, open_avails(copy.name))
            while True:
                try:
                    progress = await job.import_(file, tell)
                    break
                except AnotherImportRuns:
                    if await operating.is_cancelled():
                        break
                await asyncio.sleep(WAIT_SECONDS)
        except ImportRefused as error:
            raise Invalid(str(error)) from error
        except _Cancelled:
            pass
        return {"version": file.version, "dry_run": job.dry, **_counts(progress)}


def _counts(progress: Progress) -> dict[str, float]:
    fates = {fate.value: progress.fates[fate] for fate in Fate}
    return {"rows": progress.rows, "titles": progress.titles, **fates}


async def tidy(session: AsyncSession, store: Store) -> None:
    """Throw away the files that no operation waits for."""
    before = datetime.now(UTC) - UNCLAIMED_FOR
    kept = await store.list_objects(PREFIX)
    old = [key for key, written_at in kept.items() if written_at < before]
    waiting = await _waited_for(session, old)
    for key in old:
        if key not in waiting:
            await store.delete_object(key)


async def _waited_for(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    key = Operation.input["key"].astext
    found = await session.scalars(
        select(key).where(Operation.kind == KIND, Operation.ended_at.is_(None), key.in_(keys))
    )
    return set(found)
