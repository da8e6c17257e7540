"""The worker's part in webhooks: makes deliveries as the feed grows, and sends what is due.

The table of deliveries is the queue itself. A job of procrastinate for each would be a second row
for the same thing, to be kept in step with it; and a queue's slots are shared, so that receivers
that hang would take those of all others.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import structlog
from pydantic_core import to_json
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.connecting import LOST
from app.db import MAX_ATTEMPTS, Database, backoff, may_retry
from app.partners.webhooks.claiming import Claim, claim
from app.partners.webhooks.endpoints import unsealed
from app.partners.webhooks.making import list_behind, make_deliveries, skip_unconcerned
from app.partners.webhooks.positions import head_position
from app.partners.webhooks.sending import Outcome, Sender
from app.partners.webhooks.settling import SECRET_LOST, Taken, disable, settle_failed, settle_taken
from app.partners.webhooks.signing import headers_of
from app.security import Signer, open_signer
from app.sequencing.sequencer import Sequencer
from app.settings import Settings

# Sent at once by a process: to one receiver, to one that failed last, and to all. Some slots are
# for endpoints that have nothing under way, and those that fail have a share.
EACH, EACH_FAILING = 8, 1
SLOTS, SLOTS_FIRST, SLOTS_FAILING = 300, 50, 100
# What becomes due without a fact: second tries
BEAT_SECONDS = 1.0
RETRY_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
CONNECTIONS = 4
# What comes within it is looked at together.
PAUSE_SECONDS = 0.05
logger = structlog.get_logger("app.webhooks")


class Dispatcher:
    """Makes and sends the deliveries of all endpoints, beside others that do the same."""

    def __init__(
        self, database: Database, settings: Settings, signer: Signer, sender: Sender
    ) -> None:
        """Have nothing under way."""
        self._database = database
        self._patience = settings.webhook_patience
        self._signer = signer
        self._sender = sender
        self._sending: dict[asyncio.Task[None], bool] = {}
        # To be written down with the next look
        self._taken: list[Taken] = []
        # Of the process's connections, others need some too.
        self._writing = asyncio.Semaphore(CONNECTIONS)
        self._wanted = asyncio.Event()
        self._head = 0

    def wake(self) -> None:
        """Look soon: the feed has grown."""
        self._wanted.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; what is under way then is ended."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wanted.clear()
                wait = BEAT_SECONDS
                try:
                    await self.look()
                except (SQLAlchemyError, asyncpg.PostgresError, *LOST) as error:
                    logger.warning("webhooks_not_looked_at", error=str(error))
                    wait = RETRY_SECONDS
                wanted = asyncio.create_task(self._wanted.wait())
                await asyncio.wait(
                    (wanted, stopping), timeout=wait, return_when=asyncio.FIRST_COMPLETED
                )
                wanted.cancel()
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            stopping.cancel()
            await self.finish()
            await self._settle_taken()

    async def look(self) -> bool:
        """Make some of what deliveries there are to be made, and begin to send what is due.

        True where there is more to be made: what was made already need not wait for it.
        """
        await self._settle_taken()
        is_more = await self._make()
        if is_more:
            self._wanted.set()
        await self._begin(SLOTS - len(self._sending), 1)
        await self._begin(SLOTS - SLOTS_FIRST - len(self._sending), EACH)
        room = min(SLOTS - len(self._sending), SLOTS_FAILING - sum(self._sending.values()))
        await self._begin(room, EACH_FAILING, failing=True)
        return is_more

    async def work_off(self) -> None:
        """Send all that is due now, and wait for what comes of it."""
        while await self.look() or self._sending or self._taken:
            await self.finish()

    async def finish(self) -> None:
        """Wait for what is under way."""
        if self._sending:
            await asyncio.wait(list(self._sending))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.pop(task, None)
        self._wanted.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its lease ends, and then it is sent again.
            logger.error("webhook_not_settled", exc_info=error)

    async def _make(self) -> bool:
        """Move each endpoint on by a batch of facts; True where one of them has more to come."""
        async with self._transaction() as session:
            head = await head_position(session)
            await skip_unconcerned(session, self._head, head)
            behind = await list_behind(session, head)
        is_more = False
        for endpoint_id in behind:
            async with self._transaction() as session:
                is_more |= await make_deliveries(session, endpoint_id, head)
        self._head = head
        return is_more

    async def _begin(self, room: int, each: int, *, failing: bool = False) -> None:
        """Begin to send as much as there is room for."""
        async with self._transaction() as session:
            claims = await claim(session, room, each, failing=failing)
        for one in claims:
            task = asyncio.create_task(self._deliver(one))
            self._sending[task] = failing
            task.add_done_callback(self._ended)

    async def _deliver(self, one: Claim) -> None:
        outcome = await self._send(one)
        if outcome.succeeded:
            self._taken.append(Taken(one, outcome, datetime.now(UTC)))
        else:
            await self._settle_failed(one, outcome)

    async def _settle_taken(self) -> None:
        """Write down what was taken; what can't be is kept for the next time, or sent again."""
        if taken := self._taken[:]:
            async with self._transaction() as session:
                await settle_taken(session, taken)
            del self._taken[: len(taken)]

    async def _settle_failed(self, one: Claim, outcome: Outcome) -> None:
        for attempt in range(MAX_ATTEMPTS):
            try:
                async with self._transaction() as session:
                    reason = await settle_failed(session, one, outcome, self._patience)
                if reason is not None:
                    async with self._transaction() as session:
                        await disable(session, one.endpoint_id, reason)
            except DBAPIError as error:
                if attempt == MAX_ATTEMPTS - 1 or not may_retry(error):
                    raise
                await asyncio.sleep(backoff(attempt))
            else:
                return

    async def _send(self, one: Claim) -> Outcome:
        secret = unsealed(self._signer, one.secret)
        if secret is None:
            return Outcome(error=SECRET_LOST)
        previous = unsealed(self._signer, one.previous_secret)
        body = to_json(one.payload)
        timestamp = int(datetime.now(UTC).timestamp())
        secrets = [secret, previous] if previous else [secret]
        headers = headers_of(secrets, str(one.webhook_id), timestamp, body)
        return await self._sender.send(one.url, headers, body)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._writing, self._database.session() as session, session.begin():
            yield session


async def run_dispatcher(
    stop: asyncio.Event, settings: Settings, database: Database, sequencer: Sequencer
) -> None:
    """Send webhooks until told to stop, as soon as there are facts."""
    dispatcher = Dispatcher(database, settings, open_signer(settings), Sender(settings))
    following = asyncio.create_task(_follow(sequencer, dispatcher))
    try:
        await dispatcher.run(stop)
    finally:
        following.cancel()


async def _follow(sequencer: Sequencer, dispatcher: Dispatcher) -> None:
    while True:
        if await sequencer.wait_beyond(sequencer.head, LONGEST_WAIT_SECONDS):
            dispatcher.wake()
