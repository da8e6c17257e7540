"""Answers kept in the process, and dropped when the journal says that something changed.

An answer is kept under what it depends on: who may see it, the address, the languages asked for. It
is good as long as no transaction has written a fact about what it shows. This process drops its
answers when it commits one; of the others' it hears through PostgreSQL's NOTIFY (see the trigger of
the first migration), within milliseconds. While the ear is not known to be open (a heartbeat each
half second) nothing kept is given out, so no answer is ever stale by more than a second.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Hashable

import asyncpg
import structlog
from fastapi import Response

from app.connecting import LOST, connect

CHANNEL = "journal"
BEAT_SECONDS = 0.4
# Two beats: what was not heard of within them may have changed.
DEAF_AFTER_SECONDS = 0.9
RETRY_SECONDS = 1.0
# A page may have 100 kB, and many questions may be asked between two changes.
MAX_BYTES = 64 * 2**20
logger = structlog.get_logger("app.answers")


class Answers:
    """The kept answers of one process."""

    def __init__(
        self, entries: int, *, longest_seconds: float, most_bytes: int = MAX_BYTES
    ) -> None:
        """Keep at most `entries`; none at all while nobody listens."""
        self._entries = entries
        self._most_bytes = most_bytes
        self._longest = longest_seconds
        self._kept: OrderedDict[Hashable, tuple[Response, float]] = OrderedDict()
        self._bytes = 0
        self._heard_at = 0.0
        # Counts the changes: an answer begun before a change is not kept after it.
        self.generation = 0

    def find(self, key: Hashable) -> Response | None:
        """Give a kept answer that is still good."""
        found = self._kept.get(key)
        if found is None:
            return None
        now = time.monotonic()
        if now > found[1] or now - self._heard_at > DEAF_AFTER_SECONDS:
            return None
        return found[0]

    def keep(self, key: Hashable, generation: int, answer: Response) -> None:
        """Keep an answer that was begun in this generation."""
        if generation != self.generation:
            return
        if (before := self._kept.pop(key, None)) is not None:
            self._bytes -= len(before[0].body)
        self._kept[key] = (answer, time.monotonic() + self._longest)
        self._bytes += len(answer.body)
        while len(self._kept) > self._entries or self._bytes > self._most_bytes:
            _, (oldest, _) = self._kept.popitem(last=False)
            self._bytes -= len(oldest.body)

    def drop(self) -> None:
        """Forget everything: something changed."""
        self.generation += 1
        self._kept.clear()
        self._bytes = 0

    def heard(self) -> None:
        """Note that the ear is open."""
        self._heard_at = time.monotonic()

    async def listen(self, database_url: str) -> None:
        """Hear of changes until cancelled; an ear that was closed drops what may have changed."""
        while True:
            try:
                await self._listen_once(database_url)
            except (asyncpg.PostgresError, *LOST) as error:
                logger.warning("journal_not_heard", error=str(error))
            self.drop()
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen_once(self, database_url: str) -> None:
        connection = await connect(database_url)
        try:
            await connection.add_listener(CHANNEL, lambda *_: self.drop())
            self.drop()
            while True:
                await connection.execute("SELECT", timeout=BEAT_SECONDS)
                self.heard()
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            connection.terminate()
