"""Rows of titles: read by a mapping as `filmmart import titles` does, known by the reference."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.partners.bulk.landing import Fate, Landed
from app.partners.imports.batches import Batch, Batches
from app.partners.imports.mapping import Mapping
from app.partners.imports.rows import Source
from app.partners.imports.service import put_in


@dataclass(frozen=True, slots=True)
class TitleRows:
    """Puts a seller's titles in."""

    source: Source
    actor: Actor
    mapping: Mapping | None
    publish: bool

    def batches(self) -> Iterator[Batch]:
        """Read on.

        Raises:
            ImportRefused: the mapping doesn't fit the file.
        """
        return iter(Batches(self.source, self.mapping))

    async def put(self, session: AsyncSession, batch: Batch) -> Landed:
        """Create the titles that are new, change those that say something new."""
        seller_id = self.actor.organisation_id
        put = await put_in(session, self.actor, seller_id, batch.candidates, publish=self.publish)
        fates = [
            Fate(candidate.row, candidate.reference, upserted.outcome, upserted.title_id)
            for candidate, upserted in zip(batch.candidates, put.upserted, strict=True)
        ]
        return Landed.of(fates, [*batch.findings, *put.findings])
