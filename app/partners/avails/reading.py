"""Offerings read out of the ledgers, to be said by avails: with what they are about."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.accounts import Organisation
from app.models.catalogue import Title
from app.models.rights import Holdback, Offering, Source
from app.partners.avails.manual import Described, Written
from app.partners.avails.meaning import of_today
from app.partners.avails.rows import AvailRow, from_json

_COLUMNS = (
    Offering.id,
    Offering.title_id,
    Offering.source,
    Offering.avails,
    Offering.territories,
    Offering.media,
    Offering.languages,
    Offering.term,
    Offering.exclusivity,
    Offering.min_days,
    Offering.price,
    Offering.note,
    Offering.visible_to,
)


def offerings() -> Select[Any]:
    """Select by title, so that what is of one stands together."""
    wanted: Any = select(*_COLUMNS)  # its type has a word for each column
    statement: Select[Any] = wanted.order_by(Offering.title_id, Offering.id)
    return statement


async def understood(session: AsyncSession, rows: Sequence[Any]) -> list[AvailRow | Written]:
    """Give the row that an offering came as, or an offering that a person wrote."""
    manual = [row for row in rows if row.source is Source.MANUAL]
    titles = await _titles(session, {row.title_id for row in manual})
    names = await _names(session, {id_ for row in manual for id_ in row.visible_to or ()})
    counts = await _holdbacks(session, [row.id for row in manual])
    return [
        Written(
            row.id,
            titles[row.title_id],
            row.territories,
            row.media,
            row.languages,
            row.term.lower,
            row.term.upper,
            row.exclusivity,
            row.min_days,
            row.price,
            row.note,
            [names[id_] for id_ in row.visible_to or () if id_ in names],
            counts.get(row.id, 0),
        )
        if row.source is Source.MANUAL
        else of_today(from_json(row.avails))
        for row in rows
    ]


async def _titles(session: AsyncSession, ids: Collection[int]) -> dict[int, Described]:
    """Read titles with what they are part of."""
    kept: dict[int, Any] = {}
    wanted = set(ids)
    while wanted:
        found = await session.execute(select(*_FACTS, Title.part_of_id).where(Title.id.in_(wanted)))
        kept |= {row.id: row for row in found}
        wanted = {row.part_of_id for row in kept.values() if row.part_of_id} - kept.keys()
    return {id_: _described(kept, id_) for id_ in ids}


_FACTS = (
    Title.id,
    Title.kind,
    Title.original_title,
    Title.reference,
    Title.year,
    Title.runtime_minutes.label("minutes"),
    Title.eidr,
    Title.season_number,
    Title.volume_number,
    Title.episode_number,
    Title.seasons,
    Title.episodes,
)


def _described(kept: dict[int, Any], id_: int) -> Described:
    facts = dict(kept[id_]._mapping)  # noqa: SLF001  # SQLAlchemy's own way to name columns
    part_of_id = facts.pop("part_of_id")
    whole = _described(kept, part_of_id) if part_of_id else None
    return Described(**facts, part_of=whole)


async def _names(session: AsyncSession, ids: set[int]) -> dict[int, str]:
    found = await session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    )
    return {row.id: row.name for row in found}


async def _holdbacks(session: AsyncSession, ids: list[int]) -> dict[int, int]:
    found = await session.execute(
        select(Holdback.offering_id, func.count())
        .where(Holdback.offering_id.in_(ids))
        .group_by(Holdback.offering_id)
    )
    return {row[0]: row[1] for row in found}
