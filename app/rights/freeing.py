"""Free boxes, rewritten in the transaction that changes a ledger: what the market searches.

Every service that changes an offering or a licence ends with `refresh_free_boxes`. (Holdings need
none: nothing is offered outside of what is held.)
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import and_, case, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.catalogue import Title, TitleState
from app.models.rights import FreeBox, Holdback, Licence, Offering
from app.rights.rows import box_of, columns_of
from app.rights.rules.free import FreeBox as Free
from app.rights.rules.free import free_boxes
from app.rights.rules.ledgers import Holdback as Held
from app.rights.rules.ledgers import Ledgers, Offer, Taken

_BOX = ("title_id", "territories", "media", "languages")


async def refresh_free_boxes(session: AsyncSession, title_ids: Iterable[int]) -> None:
    """Write anew what these titles have free; what was changed must have been flushed.

    The caller holds the titles' locks, as everybody who changes a ledger does.
    """
    wanted = sorted(set(title_ids))
    ledgers = await _ledgers(session, wanted)
    published = await _published(session, list(ledgers))
    await session.execute(delete(FreeBox).where(FreeBox.title_id.in_(wanted)))
    rows = [
        {"title_id": title_id, "published_at": published.get(title_id), **row}
        for title_id, found in ledgers.items()
        for row in _rows(free_boxes(found))
    ]
    if rows:
        await session.execute(insert(FreeBox), rows)


async def _ledgers(session: AsyncSession, title_ids: list[int]) -> dict[int, Ledgers]:
    """Read what is offered, held back and taken of each title that offers anything."""
    found: dict[int, Ledgers] = defaultdict(Ledgers)
    offerings = select(
        *_columns(Offering), Offering.term, Offering.exclusivity, Offering.min_days,
        Offering.visible_to,
    )  # fmt: skip
    for row in await session.execute(offerings.where(Offering.title_id.in_(title_ids))):
        audience = None if row.visible_to is None else frozenset(row.visible_to)
        offer = Offer(box_of(row, row.term), row.exclusivity, row.min_days, audience)
        found[row.title_id].offers.append(offer)
    if not found:
        return found
    holdbacks = select(*_columns(Holdback), Holdback.term, Holdback.is_hard)
    for row in await session.execute(holdbacks.where(Holdback.title_id.in_(list(found)))):
        found[row.title_id].holdbacks.append(Held(box_of(row, row.term), row.is_hard))
    licences = select(*_columns(Licence), Licence.taken, Licence.exclusive).where(
        Licence.title_id.in_(list(found)), ~func.isempty(Licence.taken)
    )
    for row in await session.execute(licences):
        found[row.title_id].taken.append(Taken(box_of(row, row.taken), row.exclusive))
    return found


def _columns(table: Any) -> list[Any]:  # noqa: ANN401  # a table of boxes
    return [getattr(table, name) for name in _BOX]


async def _published(session: AsyncSession, title_ids: list[int]) -> dict[int, Any]:
    is_listed = and_(Title.state == TitleState.PUBLISHED, Title.part_of_id.is_(None))
    statement = select(Title.id, case((is_listed, Title.published_at)))
    found = await session.execute(statement.where(Title.id.in_(title_ids)))
    return {row[0]: row[1] for row in found}


def _rows(boxes: Iterable[Free]) -> Iterator[dict[str, Any]]:
    """Make one row of a box that is free both ways."""
    ways: dict[tuple[Any, ...], set[bool]] = defaultdict(set)
    for free in boxes:
        ways[free.box, free.min_days, free.visible_to, free.is_rough].add(free.exclusive)
    for (box, min_days, visible_to, is_rough), exclusive in ways.items():
        yield {
            **columns_of(box),
            "for_exclusive": True in exclusive,
            "for_shared": False in exclusive,
            "min_days": min_days,
            "visible_to": None if visible_to is None else sorted(visible_to),
            "is_rough": is_rough,
        }
