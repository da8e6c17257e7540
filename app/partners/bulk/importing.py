"""A whole file put in, batch by batch: what is in stays in, and is never put in twice.

With each batch, in its own transaction, is written down that it is done and what became of its
rows. A run that follows a killed one reads the file from its beginning, and passes over those: the
report is that of one import, however often it was begun.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.operations.handling import Means, Progress, Run
from app.partners.bulk import pieces
from app.partners.bulk.landing import Landed
from app.partners.imports.alone import AnotherImportRuns, alone, in_transaction
from app.partners.imports.findings import Finding
from app.partners.imports.told import told

# Batches on their way to the database at once: one is computed while another is written.
IN_FLIGHT = 3
WAIT_SECONDS = 5.0


class Read(Protocol):
    """So many rows that were read."""

    rows: int
    findings: list[Finding]
    # How much of the file was read by the end of it, from 0 to 1
    done: float


Batch = TypeVar("Batch", bound=Read)


class Importer(Protocol[Batch]):
    """Reads the rows of one kind, and puts them in."""

    def batches(self) -> Iterator[Batch]:
        """Read on; each batch is the same however often the file is read."""
        ...

    async def put(self, session: AsyncSession, batch: Batch) -> Landed:
        """Put a batch in."""
        ...


@dataclass(slots=True)
class Account:
    """How far an import has come."""

    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, float]:
        """Give the figures."""
        names = ("created", "updated", "unchanged", "refused")
        return {"rows": self.rows, **{name: self.outcomes[name] for name in names}}


@dataclass(slots=True)
class Import(Generic[Batch]):
    """One run of an import."""

    means: Means
    run: Run
    progress: Progress
    importer: Importer[Batch]
    # Do everything but keep it
    dry: bool
    account: Account = field(default_factory=Account)

    async def work(self) -> None:
        """Put the file in, from where the run before was cut off, unless it is cancelled."""
        async with self._alone() as may:
            if may:
                await self._put_all()

    async def _put_all(self) -> None:
        """Read the next batches, in a thread, while the database takes in the ones before."""
        done = {piece.number: piece for piece in await pieces.done_of(self.means, self.run.id)}
        flying: deque[tuple[Batch, asyncio.Task[Landed]]] = deque()
        reading = self.importer.batches()
        number = 0
        try:
            while batch := await asyncio.to_thread(next, reading, None):
                number += 1
                flying.append((batch, asyncio.create_task(self._put(number, batch, done))))
                if len(flying) == IN_FLIGHT and await self._land(flying):
                    return
            while flying and not await self._land(flying):
                pass
        finally:
            await asyncio.gather(*(task for _, task in flying), return_exceptions=True)

    async def _put(self, number: int, batch: Batch, done: dict[int, pieces.Piece]) -> Landed:
        before = done.get(number)
        if before is not None and before.rows == batch.rows:
            return Landed.unpacked(await pieces.lines_of(self.means, self.run.id, number))

        async def put(session: AsyncSession) -> Landed:
            landed = await self.importer.put(session, batch)
            if not self.dry:
                await self._keep(session, number, batch, landed)
            return landed

        engine = self.means.database.engine
        landed = await in_transaction(engine, put, keep=not self.dry)
        if self.dry:
            async with self.means.transaction() as session:
                await self._keep(session, number, batch, landed)
        return landed

    async def _keep(self, session: AsyncSession, number: int, batch: Batch, landed: Landed) -> None:
        piece = pieces.Piece(number, batch.rows, {"outcomes": dict(landed.outcomes)})
        await pieces.keep(session, self.run.id, piece, landed.packed())

    async def _land(self, flying: deque[tuple[Batch, asyncio.Task[Landed]]]) -> bool:
        """Wait for the batch that was sent first, tell of it, and whether to stop."""
        batch, task = flying[0]
        # Shielded: what is under way is finished, and whoever stops the import is heard.
        landed = await asyncio.shield(task)
        flying.popleft()
        self.account.rows += batch.rows
        self.account.outcomes.update(landed.outcomes)
        await self.progress.find(told(landed.findings))
        await self.progress.tell(batch.done, self.account.counts())
        return await self.progress.is_cancelled()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        """Wait until no other import of the company runs; False where this one is cancelled."""
        while True:
            try:
                lock = alone(self.means.database.engine, self.run.actor.organisation_id)
                await lock.__aenter__()
                break
            except AnotherImportRuns:
                if await self.progress.is_cancelled():
                    yield False
                    return
            await asyncio.sleep(WAIT_SECONDS)
        try:
            yield True
        finally:
            await lock.__aexit__(None, None, None)
