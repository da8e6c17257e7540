"""Titles on their way out: ranges of ids, several read at once, each a statement of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from app.actors import Actor
from app.catalogue.answers import TitleOut
from app.catalogue.mass_reads import count_ids, end_of_range, lines_between
from app.db import Read
from app.partners.bulk.schemas import TitlesWanted
from app.partners.bulk.sources import Chunk
from app.profiles.answers import languages_for

# Titles of a range: some tens of milliseconds of PostgreSQL, and some megabytes
SIZE = 1000
# One range is sent on while the next ones are read.
IN_FLIGHT = 4


@dataclass(frozen=True, slots=True)
class Titles:
    """The titles that an actor may list, up to an id: those that are newer come by the feed."""

    engine: AsyncEngine
    actor: Actor
    wanted: TitlesWanted
    last: int

    @property
    def columns(self) -> list[str]:
        """Name the members of a title."""
        return list(TitleOut.model_fields)

    async def chunks(self, after: str | None) -> AsyncIterator[Chunk]:
        """Read on, in the order of the ids."""
        begin, mine = int(after or 0), self.wanted.mine
        [before] = await self._row(count_ids(mine=mine), 0, begin) if begin else [0]
        [left] = await self._row(count_ids(mine=mine), begin, self.last)
        total = max(before + left, 1)
        flying: deque[tuple[int, int, asyncio.Task[tuple[bytes, int]]]] = deque()
        looked_at = before
        try:
            async for end, size in self._ranges(begin):
                looked_at += size
                reading = asyncio.create_task(self._lines(begin, end))
                flying.append((end, looked_at, reading))
                begin = end
                if len(flying) == IN_FLIGHT and (chunk := await _landed(flying, total)):
                    yield chunk
            while flying:
                if chunk := await _landed(flying, total):
                    yield chunk
        finally:
            for _, _, reading in flying:
                reading.cancel()
            await asyncio.gather(*(reading for _, _, reading in flying), return_exceptions=True)

    async def _ranges(self, after: int) -> AsyncIterator[tuple[int, int]]:
        """Give where each range ends, and how many ids it has."""
        read = end_of_range(mine=self.wanted.mine, size=SIZE)
        size = SIZE
        while size == SIZE:
            end, size = await self._row(read, after, self.last)
            if end is not None:
                yield end, size
                after = end

    async def _lines(self, after: int, last: int) -> tuple[bytes, int]:
        given = self.wanted.given
        read = lines_between(frozenset(given), mine=self.wanted.mine)
        lines = [line for (line,) in await self._rows(read, after, last, **given)]
        return b"\n".join(lines), len(lines)

    async def _row(self, read: Read, after: int, last: int) -> tuple[Any, ...]:
        [row] = await self._rows(read, after, last)
        return tuple(row)

    async def _rows(
        self, read: Read, after: int, last: int, **given: object
    ) -> list[asyncpg.Record]:
        """Read of the primary, which has every title that is older than the operation."""
        values = {
            "after": after,
            "last": last,
            "organisation_id": self.actor.organisation_id,
            "languages": list(languages_for(self.actor, ())),
            **given,
        }
        async with self.engine.connect() as connection:
            # A million rows cost half of what they would as SQLAlchemy's.
            raw: Any = (await connection.get_raw_connection()).driver_connection
            rows: list[asyncpg.Record] = await raw.fetch(read.sql, *read.arguments(values))
            return rows


async def _landed(
    flying: deque[tuple[int, int, asyncio.Task[tuple[bytes, int]]]], total: int
) -> Chunk | None:
    end, looked_at, reading = flying[0]
    lines, rows = await reading
    flying.popleft()
    return Chunk(lines, rows, str(end), min(looked_at / total, 1.0)) if lines else None
