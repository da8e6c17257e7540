"""When each client last called, and from where: noted in memory, written every half minute."""

import asyncio
import time
from datetime import UTC, datetime

import structlog
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from app.db import Database
from app.models.clients import ApiClientUse
from app.networks import address_of

WRITTEN_EVERY_SECONDS = 30.0
logger = structlog.get_logger("app.uses")


class Uses:
    """The calls of one process's clients that are not written yet: the last one of each."""

    def __init__(self, database: Database) -> None:
        """Begin with none."""
        self._database = database
        self._noted: dict[int, tuple[float, str | None]] = {}

    def note(self, client_id: int, address: str | None) -> None:
        """Remember a call."""
        self._noted[client_id] = (time.time(), address)

    async def write(self) -> None:
        """Write what was noted, in one statement; what can't be written now is kept for later."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        rows = [
            {
                "client_id": client_id,
                "used_at": datetime.fromtimestamp(at, UTC),
                "address": address_of(address),
            }
            for client_id, (at, address) in sorted(noted.items())  # as every process locks them
        ]
        wanted = insert(ApiClientUse).values(rows)
        statement = wanted.on_conflict_do_update(
            index_elements=[ApiClientUse.client_id],
            set_={
                "used_at": wanted.excluded.used_at,
                "address": func.coalesce(wanted.excluded.address, ApiClientUse.address),
            },
            where=ApiClientUse.used_at < wanted.excluded.used_at,
        )
        try:
            async with self._database.session() as session, session.begin():
                await session.execute(statement)
        except (OSError, SQLAlchemyError) as error:
            logger.warning("uses_not_written", error=str(error))
            self._noted = noted | self._noted

    async def keep_writing(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(WRITTEN_EVERY_SECONDS)
            await self.write()
