"""Rows of companies and of people, put in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.partners.bulk.companies import ITS_OWN, upsert_companies
from app.partners.bulk.landing import Fate, Landed, Outcome
from app.partners.bulk.people import Invited, upsert_people
from app.partners.bulk.plain_rows import PlainBatch, PlainRows
from app.partners.bulk.schemas import CompanyIn, PersonIn
from app.partners.imports.findings import Done, Finding, Matter
from app.partners.imports.rows import Source


@dataclass(frozen=True, slots=True)
class CompanyRows:
    """Puts companies in."""

    source: Source
    actor: Actor

    def batches(self) -> Iterator[PlainBatch[CompanyIn]]:
        """Read on."""
        return iter(PlainRows(self.source, CompanyIn))

    async def put(self, session: AsyncSession, batch: PlainBatch[CompanyIn]) -> Landed:
        """Put a batch in."""
        done = await upsert_companies(session, self.actor, [each for _, each in batch.wanted])
        fates, findings = [], list(batch.findings)
        for (row, wanted), company in zip(batch.wanted, done, strict=True):
            fates.append(Fate(row, wanted.reference, company.outcome, company.id))
            findings += [
                _told(row, wanted.reference, name, ITS_OWN, Done.LEFT_OUT) for name in company.kept
            ]
        return Landed.of(fates, findings)


@dataclass(frozen=True, slots=True)
class PeopleRows:
    """Invites people."""

    source: Source
    actor: Actor
    lifetime: timedelta
    # An invitation that is not kept has no way in.
    dry: bool

    def batches(self) -> Iterator[PlainBatch[PersonIn]]:
        """Read on."""
        return iter(PlainRows(self.source, PersonIn))

    async def put(self, session: AsyncSession, batch: PlainBatch[PersonIn]) -> Landed:
        """Put a batch in."""
        wanted = [each for _, each in batch.wanted]
        done = await upsert_people(session, self.actor, wanted, self.lifetime)
        fates, findings = [], list(batch.findings)
        for (row, person), invited in zip(batch.wanted, done, strict=True):
            fates.append(self._fate(row, person.reference, invited))
            if invited.problem is not None:
                is_refused = invited.outcome is Outcome.REFUSED
                fate = Done.ROW_REFUSED if is_refused else Done.LEFT_OUT
                findings.append(_told(row, person.reference, *invited.problem, fate))
        return Landed.of(fates, findings)

    def _fate(self, row: int, reference: str, invited: Invited) -> Fate:
        invitation = invited.invitation
        if invitation is None or self.dry:
            return Fate(row, reference, invited.outcome)
        more = {"token": invited.token, "expires_at": invitation.expires_at}
        return Fate(row, reference, invited.outcome, invitation.id, more)


def _told(row: int, reference: str, name: str, problem: str, done: Done) -> Finding:
    return Finding(row, reference, name, "", problem, done, Matter.CONTRADICTION)
