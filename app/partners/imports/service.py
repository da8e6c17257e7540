"""Whose titles are imported, and one batch of them put into the catalogue."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ARRAY, Text, any_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.catalogue.bulk import Outcome, Upserted, upsert_many
from app.models.accounts import Organisation, Standing
from app.models.catalogue import IS_LISTED, Title
from app.models.profiles import SellerProfile
from app.partners.imports.findings import Done, Finding, Matter
from app.partners.imports.rows import ImportRefused
from app.partners.imports.seen import likeness
from app.partners.imports.titles import Candidate
from app.search import latin_order

MAX_DIGITS = 18


async def find_seller(session: AsyncSession, wanted: str) -> Organisation:
    """Give a seller by its id or its name.

    Raises:
        ImportRefused: there is none, or there are several of that name.
    """
    statement = select(Organisation).join(
        SellerProfile, SellerProfile.organisation_id == Organisation.id
    )
    by_id = wanted.isdecimal() and len(wanted) <= MAX_DIGITS
    if by_id and (found := await session.scalar(statement.where(Organisation.id == int(wanted)))):
        return _approved(found)
    of_name = func.lower(Organisation.name) == wanted.strip().lower()
    sellers = (await session.scalars(statement.where(of_name).order_by(Organisation.id))).all()
    if len(sellers) > 1:
        ids = ", ".join(str(seller.id) for seller in sellers)
        raise ImportRefused(f"Several sellers are called {wanted!r}: give one of the ids {ids}.")
    if not sellers:
        raise ImportRefused(f"There is no seller {wanted!r}: give its id or its whole name.")
    return _approved(sellers[0])


def _approved(seller: Organisation) -> Organisation:
    if seller.standing is not Standing.APPROVED:
        raise ImportRefused(f"{seller.name} is {seller.standing}: approve it first.")
    return seller


@dataclass(slots=True)
class PutIn:
    """What became of a batch, in its order, and what was found on the way."""

    upserted: list[Upserted] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def outcomes(self) -> list[Outcome]:
        """Give the outcome of each."""
        return [upserted.outcome for upserted in self.upserted]


async def put_in(
    session: AsyncSession,
    actor: Actor | None,
    seller_id: int,
    candidates: Sequence[Candidate],
    *,
    publish: bool,
) -> PutIn:
    """Create the titles that are new, change those that say something new, and tell of all."""
    if not candidates:
        return PutIn()
    findings = await _lookalikes(session, seller_id, candidates)
    titles = [candidate.title for candidate in candidates]
    done = await upsert_many(session, actor, seller_id, titles, publish=publish)
    for candidate, upserted in zip(candidates, done, strict=True):
        findings += _complaints(candidate, upserted)
    return PutIn(done, findings)


async def _lookalikes(
    session: AsyncSession, seller_id: int, candidates: Sequence[Candidate]
) -> list[Finding]:
    """Tell which titles the market has: from somebody else, or from the seller by no reference."""
    by_order: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_order[latin_order(candidate.title.original_title)].append(candidate)
    by_order.pop("", None)
    orders = bindparam("orders", list(by_order), ARRAY(Text))
    found = await session.execute(
        select(Title.id, Title.kind, Title.year, Title.original_title, Title.sort_title)
        .where(IS_LISTED, Title.sort_title == any_(orders))
        .where(or_(Title.seller_id != seller_id, Title.reference.is_(None)))
        .order_by(Title.id)
    )
    told: dict[int, Finding] = {}
    for id_, kind, year, original_title, order in found:
        for candidate in by_order[order]:
            if _likeness(candidate) == likeness(kind, year, original_title):
                told.setdefault(candidate.row, _lookalike(candidate, id_))
    return list(told.values())


def _likeness(candidate: Candidate) -> str:
    title = candidate.title
    return likeness(title.kind, title.year, title.original_title)


def _lookalike(candidate: Candidate, title_id: int) -> Finding:
    return Finding(
        candidate.row,
        candidate.reference,
        "original_title",
        candidate.title.original_title,
        f"has kind, year and title of title {title_id} in the market",
        Done.TAKEN,
        Matter.LOOKALIKE,
    )


def _complaints(candidate: Candidate, upserted: Upserted) -> Iterator[Finding]:
    refused = upserted.outcome is Outcome.REFUSED
    for name, problem in upserted.complaints:
        yield Finding(
            candidate.row,
            candidate.reference,
            name,
            "",
            problem,
            Done.ROW_REFUSED if refused else Done.LEFT_A_DRAFT,
            Matter.CONTRADICTION if refused else Matter.NOT_PUBLISHED,
        )
