"""The sequencer of a process: makes passes, hears of those of others, wakes who waits.

One connection does all of it, however many wait. Passes are made when this process committed a
fact (`wake`), when somebody wants to read (`catch_up`), and each beat, for the facts of those who
died before they could tell.
"""

import asyncio
from contextlib import suppress

import asyncpg
import structlog

from app.connecting import connect
from app.db import SERVER_SETTINGS
from app.errors import Unavailable
from app.sequencing.passes import CHANNEL, give_positions

BEAT_SECONDS = 0.5
RETRY_SECONDS = 0.5
PATIENCE_SECONDS = 10.0
# A pass takes half a second at most, and waits no longer than locks are waited for.
DEAD_AFTER_SECONDS = 30.0
# A statement of a pass is planned for what it looks for, which is next to nothing.
_SETTINGS = SERVER_SETTINGS | {
    "application_name": "filmmart sequencer",
    "plan_cache_mode": "force_custom_plan",
}
logger = structlog.get_logger("app.sequencing")


class Sequencer:
    """Gives positions; `head` is the last one that this process knows of."""

    def __init__(
        self, database_url: str, key: bytes, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        """Know nothing yet; `patience` is how long a reader waits for a pass."""
        self._patience = patience
        self._database_url = database_url
        self._key = key
        self.head = 0
        self._wanted = asyncio.Event()
        self._moved = asyncio.Event()
        self._begun = 0
        self._done = 0
        self._ended = asyncio.Event()

    def wake(self) -> None:
        """Have a pass made soon: a fact was committed."""
        self._wanted.set()

    async def catch_up(self) -> int:
        """Wait for a pass that begins now or later, and give the last position.

        Raises:
            Unavailable: the database does not answer.
        """
        needed = self._begun + 1
        self._wanted.set()
        try:
            async with asyncio.timeout(self._patience):
                while self._done < needed:
                    await self._ended.wait()
        except TimeoutError:
            raise Unavailable("The journal can't be read just now. Repeat the request.") from None
        return self.head

    async def wait_beyond(self, position: int, seconds: float) -> bool:
        """Wait until a position after this one was given; False where the time was over first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.head <= position:
                    await self._moved.wait()
        return self.head > position

    async def run(self) -> None:
        """Work until cancelled; a lost connection is made again."""
        while True:
            try:
                await self._run_once()
            except Exception as error:  # noqa: BLE001  # whatever it is, the market goes on without
                # A connection that was cut off ends in errors of asyncpg's own insides, too.
                logger.warning("journal_not_sequenced", error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _run_once(self) -> None:
        connection = await connect(self._database_url, server_settings=_SETTINGS)
        try:
            # Who waits for an answer of a connection that is lost is not always told.
            async with asyncio.timeout(None) as life:

                def end(_: object) -> None:
                    with suppress(RuntimeError):  # it has ended already
                        life.reschedule(0)

                connection.add_termination_listener(end)
                try:
                    await self._work(connection)
                finally:
                    connection.remove_termination_listener(end)
        finally:
            connection.terminate()

    async def _work(self, connection: asyncpg.Connection) -> None:
        await connection.add_listener(CHANNEL, self._hear)
        while True:
            async with asyncio.timeout(DEAD_AFTER_SECONDS):
                await self._pass(connection)
            with suppress(TimeoutError):
                # Not `wait_for`: Python 3.11's forgets a cancellation where a fact comes with it.
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._wanted.wait()

    async def _pass(self, connection: asyncpg.Connection) -> None:
        self._wanted.clear()
        self._begun += 1
        number = self._begun
        is_all = False
        while not is_all:
            given = await give_positions(connection, self._key)
            self._move(given.position)
            is_all = given.is_all
        self._done = number
        ended, self._ended = self._ended, asyncio.Event()
        ended.set()

    def _hear(self, *told: object) -> None:
        self._move(int(str(told[-1])))

    def _move(self, head: int) -> None:
        if head <= self.head:
            return
        self.head = head
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
