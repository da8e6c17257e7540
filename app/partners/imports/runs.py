"""A whole file put in, batch by batch: what is in stays in, whatever happens to the rest."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.actors import Actor
from app.catalogue.bulk import Outcome
from app.partners.imports.alone import alone, in_transaction
from app.partners.imports.batches import Batch, Batches
from app.partners.imports.reports import Report
from app.partners.imports.service import PutIn, put_in

# Batches on their way to the database at once: one is computed while another is written.
IN_FLIGHT = 3


@dataclass(slots=True)
class Progress:
    """How far an import has come."""

    rows: int = 0
    # How much of the file was read, from 0 to 1
    done: float = 0.0
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    @property
    def refused(self) -> int:
        """Count the rows that did not go in."""
        return self.rows - self.went_in

    @property
    def went_in(self) -> int:
        """Count the rows that are in the market now."""
        return self.outcomes.total() - self.outcomes[Outcome.REFUSED]


@dataclass(frozen=True, slots=True)
class Run:
    """An import into one seller's catalogue."""

    engine: AsyncEngine
    actor: Actor | None
    seller_id: int
    publish: bool = False
    # Do everything but keep it: the figures and findings are those of a real run
    dry: bool = False

    async def import_(
        self, batches: Batches, report: Report, told: Callable[[Progress], None]
    ) -> Progress:
        """Put in a file: each batch is one transaction, so that an import cut off can be repeated.

        Raises:
            ImportRefused: another import into the same catalogue is running.
        """
        async with alone(self.engine, self.seller_id):
            return await self._import(batches, report, told)

    async def _import(
        self, batches: Batches, report: Report, told: Callable[[Progress], None]
    ) -> Progress:
        """Read the next batches, in a thread, while the database takes in the ones before."""
        progress = Progress()
        flying: deque[tuple[Batch, asyncio.Task[PutIn]]] = deque()
        reading = iter(batches)
        try:
            while batch := await asyncio.to_thread(next, reading, None):
                flying.append((batch, asyncio.create_task(self._put(batch))))
                if len(flying) == IN_FLIGHT:
                    await _land(flying, progress, report, told)
            while flying:
                await _land(flying, progress, report, told)
        finally:
            await asyncio.gather(*(task for _, task in flying), return_exceptions=True)
        return progress

    async def _put(self, batch: Batch) -> PutIn:
        def put(session: AsyncSession) -> Awaitable[PutIn]:
            return put_in(
                session, self.actor, self.seller_id, batch.candidates, publish=self.publish
            )

        return await in_transaction(self.engine, put, keep=not self.dry)


async def _land(
    flying: deque[tuple[Batch, asyncio.Task[PutIn]]],
    progress: Progress,
    report: Report,
    told: Callable[[Progress], None],
) -> None:
    """Wait for the batch that was sent first, and tell what became of it."""
    batch, task = flying[0]
    # Shielded: what is under way is finished, and whoever stops the import is heard for certain.
    done = await asyncio.shield(task)
    flying.popleft()
    report.add(sorted([*batch.findings, *done.findings], key=lambda finding: finding.row))
    report.flush()
    progress.rows += batch.rows
    progress.done = batch.done
    progress.outcomes.update(done.outcomes)
    told(progress)
