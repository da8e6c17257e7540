"""A seller's offerings as a file of avails: those that came as avails go out as they came in."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.models.accounts import Organisation
from app.models.catalogue import Title
from app.models.rights import Offering, Source
from app.partners.avails import manual, xlsx_writing, xml_writing
from app.partners.avails.manual import Written
from app.partners.avails.reading import offerings, understood
from app.partners.avails.rows import AvailRow

# How many offerings are read, and written in a thread, at once
BATCH = 200
# Of how many titles offerings are looked for at once
TITLES = 50
# How many are looked at to fill a page of what can't be said
LOOKED_AT = 2000

# A title's id, and an offering's
Place = tuple[int, int]


class Format(StrEnum):
    """What is written."""

    XLSX = "xlsx"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What of an offering Avails can't say."""

    title_id: int
    offering_id: int
    unsaid: list[str]


@dataclass(slots=True)
class Exported:
    """What was written, and what could not be."""

    rows: int = 0
    # What offerings say that Avails have no words for
    unsaid: list[Unsaid] = field(default_factory=list)
    # What came as avails, and this format has no place for: names and how often
    misfits: Counter[str] = field(default_factory=Counter)


class Writer(Protocol):
    """Writes rows to a file."""

    unsaid: Counter[str]

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a file."""
        ...

    def write(self, row: AvailRow) -> None:
        """Write a row."""
        ...

    def close(self) -> None:
        """End the file."""
        ...


@dataclass(frozen=True, slots=True)
class Export:
    """An export of all that one seller offers."""

    engine: AsyncEngine
    seller_id: int

    async def write(self, file: IO[bytes], format_: Format) -> Exported:
        """Write a file."""
        exported = Exported()
        await self._write_all(_WRITERS[format_](file), exported)
        return exported

    async def _write_all(self, writer: Writer, exported: Exported) -> None:
        async with AsyncSession(self.engine) as session:
            seller = await session.scalar(
                select(Organisation.name).where(Organisation.id == self.seller_id)
            )
            async for batch in _batches(session, self.seller_id):
                # Writing is what takes the time: others are served meanwhile.
                await asyncio.to_thread(_write, batch, seller or "", writer, exported)
        await asyncio.to_thread(writer.close)
        exported.misfits = writer.unsaid


_WRITERS: dict[Format, type[Writer]] = {
    Format.XLSX: xlsx_writing.XlsxWriter,
    Format.XML: xml_writing.XmlWriter,
}


def _write(
    batch: Sequence[AvailRow | Written], seller: str, writer: Writer, exported: Exported
) -> None:
    for each in batch:
        if isinstance(each, AvailRow):
            rows = [each]
        else:
            said = manual.avails_of(each, seller)
            rows = said.rows
            if said.unsaid:
                exported.unsaid.append(Unsaid(each.title.id, each.id, said.unsaid))
        for row in rows:
            writer.write(row)
        exported.rows += len(rows)


async def list_unsaid(
    session: AsyncSession,
    seller_id: int,
    format_: Format | None,
    after: Place,
    limit: int,
) -> tuple[list[Unsaid], Place | None]:
    """Give what of the seller's offerings Avails can't say, after a title and an offering.

    With a format, that of offerings which came as avails too: then only so many are looked at, so
    that there may be fewer than asked for. Beside them stands the place to go on from, if there is
    more.
    """
    statement = (
        select(Offering.title_id, Offering.id)
        .join(Title, Title.id == Offering.title_id)
        .where(Title.seller_id == seller_id, Title.id >= after[0])
        .where(func.row(Offering.title_id, Offering.id) > func.row(*after))
        .order_by(Title.id, Offering.id)
        .limit(LOOKED_AT)
    )
    if format_ is None:
        statement = statement.where(Offering.source == Source.MANUAL)
    places = [(row.title_id, row.id) for row in await session.execute(statement)]
    found: list[Unsaid] = []
    for at in range(0, len(places), BATCH):
        ids = [id_ for _, id_ in places[at : at + BATCH]]
        rows = (await session.execute(offerings().where(Offering.id.in_(ids)))).all()
        batch = await understood(session, rows)
        found += await asyncio.to_thread(_unsaid, rows, batch, format_)
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], (last.title_id, last.offering_id)
    return found, places[-1] if len(places) == LOOKED_AT else None


def _unsaid(
    rows: Sequence[Any], batch: Sequence[AvailRow | Written], format_: Format | None
) -> list[Unsaid]:
    found = []
    for row, each in zip(rows, batch, strict=True):
        if isinstance(each, Written):
            unsaid = manual.unsaid_of(each)
        else:
            unsaid = list(dict.fromkeys(_UNSAID_OF[format_](each))) if format_ else []
        if unsaid:
            found.append(Unsaid(row.title_id, row.id, unsaid))
    return found


_UNSAID_OF = {Format.XLSX: xlsx_writing.unsaid_of, Format.XML: xml_writing.unsaid_of}


async def _batches(
    session: AsyncSession, seller_id: int
) -> AsyncIterator[list[AvailRow | Written]]:
    last = 0
    while ids := await _title_ids(session, seller_id, last):
        found = await session.stream(offerings().where(Offering.title_id.in_(ids)))
        async for rows in found.partitions(BATCH):
            yield await understood(session, rows)
        last = ids[-1]


async def _title_ids(session: AsyncSession, seller_id: int, after: int) -> list[int]:
    statement = select(Title.id).where(Title.seller_id == seller_id, Title.id > after)
    return list(await session.scalars(statement.order_by(Title.id).limit(TITLES)))
