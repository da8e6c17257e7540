"""What stands in the way of a change: looked up to tell the seller, after a law refused it.

All of it is the seller's own: nobody else is told what is held, or who bought.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from app.errors import Conflict
from app.models.rights import Holdback, Holding, Licence, Offering
from app.rights.rows import box_of, range_of
from app.rights.rules.boxes import Box
from app.rights.rules.chain import outside, shared
from app.rights.schemas import written
from app.rights.views import show_licensee

# A document need not tell everything: who sees these knows where to look for more.
MAX_TOLD = 20
Ledger = type[Holding] | type[Offering] | type[Licence] | type[Holdback]


def meets(table: Ledger, box: Box, term: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Tell of a row whether its box has anything in common with another."""
    return and_(
        table.territories.op("&&")(box.territories),
        table.media.op("&&")(box.media),
        table.languages.op("&&")(box.languages),
        term.op("&&")(range_of(box.term)),
    )


async def already_licensed(
    session: AsyncSession, title_id: int, box: Box, *, exclusive: bool, apart_from: int | None
) -> Conflict:
    """Say which licences take some of a box, and what of it."""
    statement = _licences(title_id, box)
    if not exclusive:
        statement = statement.where(Licence.exclusive)
    found = await session.scalars(statement.where(Licence.id.is_distinct_from(apart_from)))
    clashes = [(licence, shared(box, box_of(licence, licence.taken))) for licence in found]
    return Conflict(
        "Some of this is sold already: see clashes. Sell what is left, or amend or terminate what "
        "is in the way.",
        code="already_licensed",
        clashes=[
            _licence(licence) | {"box": written(common)}
            for licence, common in clashes[:MAX_TOLD]
            if common is not None
        ],
    )


async def outside_holdings(session: AsyncSession, title_id: int, box: Box) -> Conflict:
    """Say what of a box the seller does not hold."""
    return Conflict(
        "Some of this you don't hold: see outside. Record what you hold, or leave it out.",
        code="outside_holdings",
        outside=_written(outside(box, await _holdings(session, title_id))),
    )


async def licensed(
    session: AsyncSession, holding: Holding, before: Box, after: Box | None
) -> Conflict:
    """Say which licences a holding can't be cut below."""
    left = await _left(session, holding, after)
    found = await session.scalars(_licences(holding.title_id, before))
    hanging = [(licence, outside(box_of(licence, licence.taken), left)) for licence in found]
    return Conflict(
        "Some of this is licensed: see licences, and what of each you would no longer hold.",
        code="licensed",
        licences=[
            _licence(licence) | {"outside": _written(boxes)} for licence, boxes in hanging if boxes
        ][:MAX_TOLD],
    )


async def offered(
    session: AsyncSession, holding: Holding, before: Box, after: Box | None
) -> Conflict:
    """Say which offerings a holding can't be cut below."""
    left = await _left(session, holding, after)
    found = await session.scalars(
        select(Offering)
        .where(Offering.title_id == holding.title_id, meets(Offering, before, Offering.term))
        .order_by(Offering.id)
    )
    hanging = [(offering, outside(box_of(offering, offering.term), left)) for offering in found]
    return Conflict(
        "Some of this is offered: see offerings, and what of each you would no longer hold.",
        code="offered",
        offerings=[
            {"offering_id": str(offering.id), "outside": _written(boxes)}
            for offering, boxes in hanging
            if boxes
        ][:MAX_TOLD],
    )


async def held_back(
    session: AsyncSession, title_id: int, boxes: list[Box]
) -> list[tuple[Holdback, list[Box]]]:
    """Give the title's holdbacks that boxes run into, and where."""
    found: list[tuple[Holdback, list[Box]]] = []
    for holdback in await session.scalars(
        select(Holdback).where(Holdback.title_id == title_id).order_by(Holdback.id)
    ):
        box = box_of(holdback, holdback.term)
        if common := [part for one in boxes if (part := shared(one, box)) is not None]:
            found.append((holdback, common))
    return found


def refusal_of_holdbacks(hard: list[tuple[Holdback, list[Box]]]) -> Conflict:
    """Say which hard holdbacks are in the way, and where."""
    return Conflict(
        "Some of this is held back: see holdbacks. Sell the rest, or change the offering they "
        "belong to.",
        code="held_back",
        holdbacks=[
            {
                "offering_id": str(holdback.offering_id),
                "reason": holdback.reason,
                "boxes": _written(boxes),
            }
            for holdback, boxes in hard[:MAX_TOLD]
        ],
    )


def _licences(title_id: int, box: Box) -> Select[Licence]:
    return (
        select(Licence)
        .where(Licence.title_id == title_id, meets(Licence, box, Licence.taken))
        .options(joinedload(Licence.licensee))
        .order_by(Licence.id)
    )


async def _holdings(
    session: AsyncSession, title_id: int, apart_from: int | None = None
) -> list[Box]:
    found = await session.scalars(
        select(Holding).where(Holding.title_id == title_id, Holding.id.is_distinct_from(apart_from))
    )
    return [box_of(holding, holding.term) for holding in found]


async def _left(session: AsyncSession, holding: Holding, after: Box | None) -> list[Box]:
    others = await _holdings(session, holding.title_id, holding.id)
    return others if after is None else [*others, after]


def _licence(licence: Licence) -> dict[str, Any]:
    return {
        "licence_id": str(licence.id),
        "licensee": show_licensee(licence).model_dump(mode="json"),
        "exclusive": licence.exclusive,
    }


def _written(boxes: list[Box]) -> list[dict[str, Any]]:
    return [written(box) for box in boxes[:MAX_TOLD]]
