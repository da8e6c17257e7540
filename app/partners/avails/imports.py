"""One batch of avails put into the market: titles, holdings, offerings, what is free of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.models.accounts import Organisation, Standing
from app.models.profiles import BuyerProfile
from app.models.rights import Source
from app.partners.avails import ledgers, ours, vocabulary
from app.partners.avails.batches import Batch, Keyed
from app.partners.avails.offered import Fate, Offer, Written, holdings, written
from app.partners.avails.rows import AvailRow
from app.partners.avails.titles import Titles, titles_of
from app.partners.imports.findings import Done, Finding, Matter
from app.rights.freeing import refresh_free_boxes

NOT_HELD = "lies outside of what you hold of the title"
OURS = "is an offering that was written here: it is changed here, not by avails"
NOBODY = "is nobody here: the offering is seen by you alone"
NOTHING = "names nothing that is offered: there is nothing to remove"
_FIND_BY_AVAIL_ID = frozenset({vocabulary.UPDATE, vocabulary.DELETE})

# What happened to each title's offerings
Changes = defaultdict[int, Counter[Fate]]


@dataclass(slots=True)
class PutIn:
    """What became of a batch, and what was found on the way."""

    fates: Counter[Fate] = field(default_factory=Counter)
    # How many titles are new
    titles: int = 0
    findings: list[Finding] = field(default_factory=list)

    def find(
        self, row: AvailRow, name: str, problem: str, done: Done, matter: Matter, value: str = ""
    ) -> None:
        """Say what was found of a row."""
        alid = row.get("ALID")
        self.findings.append(
            Finding(row.number, alid, name, value, problem, done, matter, row.sheet)
        )

    def refuse(self, row: AvailRow, name: str, problem: str) -> None:
        """Say why a row is refused."""
        self.fates[Fate.REFUSED] += 1
        self.find(row, name, problem, Done.ROW_REFUSED, Matter.CONTRADICTION)


@dataclass(slots=True)
class Importer:
    """Puts batches of one seller's avails in, one after another."""

    actor: Actor | None
    seller_id: int
    publish: bool = False
    # Licensees by name, as they were looked up
    _buyers: dict[str, int | None] = field(default_factory=dict)
    # Of which AvailIDs it was said that they are of this very market: once, not for every territory
    _told: set[str] = field(default_factory=set)

    async def put_in(self, session: AsyncSession, batch: Batch) -> PutIn:
        """Put a batch in; what is free of each title is computed once."""
        done = PutIn(Counter({Fate.REFUSED: batch.refused, Fate.REPEATED: batch.repeated}))
        avails = await self._from_elsewhere(session, batch.avails, done)
        works = [keyed.avail.work for keyed in avails if keyed.avail.work]
        titles = await titles_of(session, self.actor, self.seller_id, works, publish=self.publish)
        done.titles = titles.created
        await self._look_up_licensees(session, avails)
        offers = self._offers(avails, titles, done)
        changes: Changes = defaultdict(Counter)
        await self._remove(session, avails, changes, done)
        await ledgers.lock_titles(session, {offer.title_id for offer in offers})
        for each in await self._write(session, offers, done):
            changes[each.offer.title_id][each.fate] += 1
        await self._tell(session, changes, done)
        return done

    async def sweep(self, session: AsyncSession, ids: Sequence[tuple[int, int]]) -> PutIn:
        """Remove offerings, by their ids and their titles'."""
        done = PutIn()
        changes: Changes = defaultdict(Counter)
        await self._delete(session, dict(ids), changes)
        await self._tell(session, changes, done)
        return done

    async def _from_elsewhere(
        self, session: AsyncSession, avails: list[Keyed], done: PutIn
    ) -> list[Keyed]:
        """Leave out what was exported from here and is here still: people's own offerings."""
        ids = ours.offering_ids(keyed.avail.row.get("AvailID") for keyed in avails)
        if not ids:
            return avails
        here = await ledgers.written_here(session, self.seller_id, ids)
        known = {ids[id_] for id_ in here}
        others = []
        for keyed in avails:
            row = keyed.avail.row
            if (id_ := row.get("AvailID")) not in known:
                others.append(keyed)
                continue
            done.fates[Fate.UNCHANGED] += 1
            if id_ not in self._told:
                self._told.add(id_)
                done.find(row, "AvailID", OURS, Done.LEFT_OUT, Matter.NOTE, id_)
        return others

    async def _look_up_licensees(self, session: AsyncSession, avails: Iterable[Keyed]) -> None:
        names = {keyed.avail.licensee.casefold() for keyed in avails} - {""}
        if not (unknown := names - self._buyers.keys()):
            return
        found = await session.execute(
            select(func.lower(Organisation.name), Organisation.id)
            .join(BuyerProfile, BuyerProfile.organisation_id == Organisation.id)
            .where(func.lower(Organisation.name).in_(unknown))
            .where(Organisation.standing == Standing.APPROVED)
            .order_by(Organisation.id.desc())
        )
        self._buyers |= dict.fromkeys(unknown)
        self._buyers |= {name.casefold(): id_ for name, id_ in found}

    def _offers(self, avails: Iterable[Keyed], titles: Titles, done: PutIn) -> list[Offer]:
        """Give what is offered; tell of titles that can't be, or can't be published."""
        offers = []
        told: set[tuple[str, str]] = set()
        for keyed in avails:
            work, offered, row = keyed.avail.work, keyed.avail.offered, keyed.avail.row
            if work is None or offered is None:
                continue
            if (title_id := titles.ids.get(work.key)) is None:
                done.refuse(row, *titles.refused[work.key])
                continue
            if work.key in titles.unpublished and work.key not in told:
                told.add(work.key)
                name, problem = titles.unpublished[work.key]
                done.find(row, name, problem, Done.LEFT_A_DRAFT, Matter.NOT_PUBLISHED)
            offers.append(Offer(keyed, title_id, offered, self._audience(keyed, done)))
        return offers

    def _audience(self, keyed: Keyed, done: PutIn) -> list[int] | None:
        """Tell who may see an offering: a licensee that is nobody here leaves the seller alone."""
        if not (licensee := keyed.avail.licensee):
            return None
        if (buyer_id := self._buyers.get(licensee.casefold())) is not None:
            return [buyer_id]
        done.find(keyed.avail.row, "Licensee", NOBODY, Done.TAKEN, Matter.UNKNOWN, licensee)
        return [self.seller_id]

    async def _remove(
        self, session: AsyncSession, avails: Sequence[Keyed], changes: Changes, done: PutIn
    ) -> None:
        """Remove what Delete names, and what Update puts something else in the place of."""
        keys = {keyed.key for keyed in avails}
        gone: dict[int, int] = {}
        for keyed in avails:
            avail, row = keyed.avail, keyed.avail.row
            is_over = avail.offered is None
            if not is_over and avail.entry_type not in _FIND_BY_AVAIL_ID:
                continue
            found = await ledgers.offerings_of_avail(
                session, keyed.scope, row.get("AvailID"), row.get("Territory")
            )
            gone |= {each.id: each.title_id for each in found if each.avails_key not in keys}
            if is_over and not found:
                done.find(row, "AvailID", NOTHING, Done.LEFT_OUT, Matter.CONTRADICTION)
        await self._delete(session, gone, changes)

    async def _delete(
        self, session: AsyncSession, title_ids: dict[int, int], changes: Changes
    ) -> None:
        """Delete offerings, told by id and title."""
        if title_ids:
            await ledgers.lock_titles(session, title_ids.values())
            await ledgers.delete_offerings(session, title_ids)
        for title_id in title_ids.values():
            changes[title_id][Fate.REMOVED] += 1

    async def _write(
        self, session: AsyncSession, offers: Sequence[Offer], done: PutIn
    ) -> list[Written]:
        """Write what is new or changed, and hold it."""
        before = await ledgers.offerings_by_key(session, [offer.keyed.key for offer in offers])
        all_ = [written(offer, before.get(offer.keyed.key)) for offer in offers]
        done.fates[Fate.UNCHANGED] += sum(each.fate is Fate.UNCHANGED for each in all_)
        kept = await self._hold(
            session, [each for each in all_ if each.fate is not Fate.UNCHANGED], done
        )
        await ledgers.write_offerings(session, [each.row for each in kept])
        # An avail that is about another title now is offered of the one before no longer.
        left = {before[each.row["avails_key"]].title_id for each in kept if "id" in each.row}
        if left := left - {each.offer.title_id for each in kept}:
            await ledgers.lock_titles(session, left)
            await refresh_free_boxes(session, left)
        return kept

    async def _hold(
        self, session: AsyncSession, wanted: Sequence[Written], done: PutIn
    ) -> list[Written]:
        """Hold what is offered: by people's own holdings, or else by one made of the avails."""
        held = await ledgers.holdings_of(session, {each.offer.title_id for each in wanted})
        manual = {each.title_id for each in held if each.source is Source.MANUAL}
        own = {each.title_id: each for each in held if each.source is Source.AVAILS}
        outside = await ledgers.not_held(
            session, {n: each.row for n, each in enumerate(wanted) if each.offer.title_id in manual}
        )
        for n in sorted(outside):
            done.refuse(wanted[n].offer.keyed.avail.row, "", NOT_HELD)
        kept = [each for n, each in enumerate(wanted) if n not in outside]
        offers = [each.offer for each in kept if each.offer.title_id not in manual]
        await ledgers.write_holdings(session, holdings(offers, own))
        return kept

    async def _tell(self, session: AsyncSession, changes: Changes, done: PutIn) -> None:
        """Compute what is free anew, and write down what happened to each title's offerings."""
        if not changes:
            return
        await refresh_free_boxes(session, changes)
        told = {}
        for title_id, fates in sorted(changes.items()):
            done.fates.update(fates)
            counts = {fate.value: count for fate, count in sorted(fates.items())}
            told[title_id] = {"seller_id": str(self.seller_id), **counts}
        await events.record_each(
            session,
            self.actor,
            "title.avails_imported",
            told,
            organisation_ids=[self.seller_id],
        )
