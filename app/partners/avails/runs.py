"""A whole file of avails put in, batch by batch; then what it says no longer is taken away."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.actors import Actor
from app.partners.avails.batches import Batch, Batches
from app.partners.avails.files import AvailsFile
from app.partners.avails.imports import Importer, PutIn
from app.partners.avails.ledgers import offerings_of_scopes
from app.partners.avails.offered import Fate
from app.partners.avails.seen import Seen
from app.partners.imports.alone import alone, in_transaction
from app.partners.imports.findings import Done, Finding, Matter

# How many scopes are looked up, and how many offerings removed, in one transaction
SWEPT = 500

Tell = Callable[["Progress", list[Finding]], Awaitable[None]]


@dataclass(slots=True)
class Progress:
    """How far an import has come."""

    rows: int = 0
    titles: int = 0
    # How much of the file was read, from 0 to 1
    done: float = 0.0
    fates: Counter[Fate] = field(default_factory=Counter)

    @property
    def refused(self) -> int:
        """Count the rows that did not go in."""
        return self.fates[Fate.REFUSED]


@dataclass(frozen=True, slots=True)
class Run:
    """An import of avails into one seller's ledgers."""

    engine: AsyncEngine
    actor: Actor | None
    seller_id: int
    publish: bool = False
    # Do everything but keep it: what one batch needs of another is then not there
    dry: bool = False

    async def import_(self, file: AvailsFile, tell: Tell, today: date | None = None) -> Progress:
        """Put a file in: each batch is one transaction, so that an import cut off can be repeated.

        `tell` is told of every batch; what it raises ends the import after that batch.

        Raises:
            ImportRefused: another import into the same catalogue is running.
        """
        day = today or datetime.now(UTC).date()
        progress = Progress()
        async with alone(self.engine, self.seller_id):
            with closing(Seen(self.seller_id)) as seen:
                importer = Importer(self.actor, self.seller_id, publish=self.publish)
                async for batch in _read_ahead(Batches(file, seen, day)):
                    put = await self._put(importer, batch)
                    progress.rows += batch.rows
                    progress.done = batch.done
                    await _told(progress, put, batch.findings, tell)
                await self._sweep(importer, seen, progress, tell)
        return progress

    async def _put(self, importer: Importer, batch: Batch) -> PutIn:
        def put(session: AsyncSession) -> Awaitable[PutIn]:
            return importer.put_in(session, batch)

        return await in_transaction(self.engine, put, keep=not self.dry)

    async def _sweep(self, importer: Importer, seen: Seen, progress: Progress, tell: Tell) -> None:
        """Take away what was offered of the ALIDs that the file gives whole, and is not in it."""
        for scopes in seen.to_sweep(SWEPT):
            async with AsyncSession(self.engine) as session:
                known = await offerings_of_scopes(session, scopes)
            gone = [(each.id, each.title_id) for each in known if not seen.has(each.avails_key)]
            for at in range(0, len(gone), SWEPT):
                put = await self._remove(importer, gone[at : at + SWEPT])
                await _told(progress, put, [], tell)
        if notes := _kept(seen):
            await tell(progress, notes)

    async def _remove(self, importer: Importer, gone: Sequence[tuple[int, int]]) -> PutIn:
        def remove(session: AsyncSession) -> Awaitable[PutIn]:
            return importer.sweep(session, gone)

        return await in_transaction(self.engine, remove, keep=not self.dry)


def _kept(seen: Seen) -> list[Finding]:
    """Say what was not taken away, since not all of the file was understood."""
    problems = []
    if kept := seen.kept():
        problems.append(f"has refused rows of ALIDs whose earlier offers all stay: {kept:,}")
    if seen.is_in_doubt:
        problems.append(
            "has rows that may be of any ALID: of none was anything taken away that a Full Extract "
            "says no longer"
        )
    return [Finding(0, "", "", "", each, Done.TAKEN, Matter.NOTE) for each in problems]


async def _read_ahead(batches: Batches) -> AsyncIterator[Batch]:
    """Read the next batch, in a thread, while the database takes in the one before."""
    reading = iter(batches)
    ahead = asyncio.create_task(asyncio.to_thread(next, reading, None))
    try:
        while batch := await ahead:
            ahead = asyncio.create_task(asyncio.to_thread(next, reading, None))
            yield batch
    finally:
        await asyncio.gather(ahead, return_exceptions=True)


async def _told(progress: Progress, put: PutIn, findings: list[Finding], tell: Tell) -> None:
    progress.fates.update(put.fates)
    progress.titles += put.titles
    found = [*findings, *put.findings]
    found.sort(key=lambda finding: (finding.sheet, finding.row))
    await tell(progress, found)
