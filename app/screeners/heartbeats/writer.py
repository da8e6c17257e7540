"""Group commit: heartbeats that arrive together are one transaction, and answered after it.

A transaction of its own for each would wait for the disk as often. While one batch is written the
next one gathers, so that a batch grows with the load. Nothing runs where nobody watches.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import MAX_ATTEMPTS, backoff, may_retry
from app.errors import Unavailable
from app.screeners.heartbeats.batch import Busy, Settled, write
from app.screeners.heartbeats.rules import Heartbeats

# How long the first of a batch waits for others
GATHER_SECONDS = 0.003
# Requests in a batch, and the beats after which it takes no more of them
MOST_AT_ONCE = 500
MOST_BEATS_AT_ONCE = 5000
# Requests that may wait; who comes then is sent away for a moment
MOST_WAITING = 5000
# How long somebody else may hold a viewing, and when it is looked at again
PATIENCE_SECONDS = 5.0
BUSY_SECONDS = 0.03


@dataclass(slots=True)
class _Waiting:
    asked: Heartbeats
    answer: asyncio.Future[Settled]
    until: float


class Writer:
    """Writes the heartbeats of one process."""

    def __init__(
        self,
        engine: AsyncEngine,
        key: bytes,
        *,
        most_waiting: int = MOST_WAITING,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Begin with nothing to write."""
        self._engine = engine
        self._key = key
        self._most_waiting = most_waiting
        self._patience = patience
        self._waiting: deque[_Waiting] = deque()
        self._work: asyncio.Task[None] | None = None

    async def write(self, asked: Heartbeats) -> Settled:
        """Write one request, with those that come with it; it is durable on return.

        Raises:
            Unavailable: too many wait already, or somebody else holds the viewing for seconds.
        """
        if len(self._waiting) >= self._most_waiting:
            raise Unavailable(
                "More heartbeats come in than can be written. Send the same again in a second.",
                code="too_many_heartbeats",
                retry_after=1,
            )
        loop = asyncio.get_running_loop()
        one = _Waiting(asked, loop.create_future(), loop.time() + self._patience)
        self._add(one)
        return await one.answer

    async def close(self) -> None:
        """Write what waits."""
        while self._work is not None and not self._work.done():
            await asyncio.wait([self._work])

    def _add(self, one: _Waiting) -> None:
        self._waiting.append(one)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER_SECONDS)
            batch = self._take()
            try:
                await self._write(batch)
            except Exception as error:  # noqa: BLE001  # told to all who wait for it
                for one in batch:
                    _fail(one, error)

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        beats = 0
        while self._waiting and len(batch) < MOST_AT_ONCE and beats < MOST_BEATS_AT_ONCE:
            one = self._waiting.popleft()
            if not one.answer.done():  # else: nobody waits for it any more
                batch.append(one)
                beats += len(one.asked.beats)
        return batch

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        try:
            outcomes = await self._attempt([one.asked for one in batch])
        except asyncpg.PostgresError:
            if len(batch) == 1:
                raise
            await self._write_each(batch)
            return
        for one, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Busy):
                self._wait_on(one)
            elif isinstance(outcome, Exception):
                _fail(one, outcome)
            elif not one.answer.done():
                one.answer.set_result(outcome)

    async def _write_each(self, batch: Sequence[_Waiting]) -> None:
        """Find out which of them can't be written: it must not be the end of the others."""
        for one in batch:
            try:
                await self._write([one])
            except Exception as error:  # noqa: BLE001  # told to who waits for it
                _fail(one, error)

    async def _attempt(self, asked: Sequence[Heartbeats]) -> list[Settled | Busy | Exception]:
        for attempt in range(MAX_ATTEMPTS):
            try:
                async with self._engine.connect() as connection:
                    raw: Any = (await connection.get_raw_connection()).driver_connection
                    return await write(raw, self._key, asked)
            except asyncpg.PostgresError as error:
                if attempt == MAX_ATTEMPTS - 1 or not may_retry(error):
                    raise
            await asyncio.sleep(backoff(attempt))
        raise AssertionError  # the last attempt answered or raised

    def _wait_on(self, one: _Waiting) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < one.until:
            loop.call_later(BUSY_SECONDS, self._add, one)
        else:
            _fail(one, Unavailable("The viewing is busy. Send the same again.", retry_after=1))


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.answer.done():
        one.answer.set_exception(error)
