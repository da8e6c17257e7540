"""What happens after the answer was sent: jobs deferred in the transaction that needs them.

procrastinate runs them from the same PostgreSQL, each at least once: a task looks at how things
stand now and does nothing where there is nothing left to do.
"""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ConnectorException
from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.db import Database, open_database
from app.logs import configure_logs
from app.meetings import service as meetings
from app.meetings.day import attendance
from app.meetings.scheduling import jobs as schedule
from app.meetings.scheduling.service import KIND as PLANNING_OF_SCHEDULES
from app.models.accounts import LoginFailure, Session
from app.models.journal import IdempotencyKey
from app.models.limits import RateWindow
from app.operations import running
from app.operations import service as operations
from app.operations.handling import Handler
from app.partners.avails import jobs as avails
from app.partners.avails.service import KIND as IMPORT_OF_AVAILS
from app.partners.bulk import jobs as bulk
from app.partners.webhooks.dispatching import run_dispatcher
from app.partners.webhooks.forgetting import forget_deliveries
from app.s3 import Store, open_store
from app.schema import require_head, require_kind
from app.screeners import jobs as screeners
from app.screeners.heartbeats import closing
from app.screeners.ledger import sealing
from app.screeners.ledger.keys import ledger_key
from app.screeners.processing import endings as processing
from app.screeners.processing import tidying
from app.screeners.processing.running import Workshop, process_screener
from app.sequencing.chain import journal_key
from app.sequencing.retention import let_go
from app.sequencing.sequencer import Sequencer
from app.settings import Settings

# How many jobs of a queue run at once; a film takes all the processors there are.
CONCURRENCY = {jobs.DEFAULT: 4, jobs.LONG: 2, jobs.MEDIA: 1}
STALLED_AFTER = timedelta(minutes=1)
RETRY_SECONDS = 1.0
# How seldom Python looks for cycles of garbage
RARELY = (100_000, 50, 100)
# Five tries over an hour or so; what still fails stays in the table as failed, and in the log.
RETRIES = RetryStrategy(max_attempts=5, exponential_wait=4)
logger = structlog.get_logger("app.worker")


@dataclass(frozen=True, slots=True)
class Means:
    """What tasks work with."""

    database: Database
    store: Store
    # Set when the worker is told to stop: a film is left where it is then.
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Run a task's database work in one transaction."""
        async with self.database.session() as session, session.begin():
            yield session


# What does each kind of operation: see `app.operations`.
HANDLERS: Mapping[str, Handler] = {
    IMPORT_OF_AVAILS: avails.import_avails,
    PLANNING_OF_SCHEDULES: schedule.plan_schedule,
    **bulk.HANDLERS,
}


def make_worker(  # each task is a function of its own
    settings: Settings, means: Means, handlers: Mapping[str, Handler] = HANDLERS
) -> App:
    """Make the procrastinate app with every task this version knows."""
    app = App(connector=PsycopgConnector(conninfo=settings.database_url))
    _teach_of_screeners(app, settings, means)

    @app.task(name="expire_meeting_request", retry=RETRIES)
    async def expire_meeting_request(request_id: str) -> None:
        async with means.transaction() as session:
            await meetings.expire_request(session, int(request_id))

    @app.task(name=attendance.SETTLE_JOB, retry=RETRIES)
    async def settle_meeting(meeting_id: str) -> None:
        async with means.transaction() as session:
            await attendance.settle(session, int(meeting_id))

    @app.task(name=operations.TASK, retry=RETRIES)
    async def run_operation(operation_id: str) -> None:
        await running.run_operation(means, handlers, int(operation_id))

    @app.periodic(cron="17 * * * *")
    @app.task(name="tidy_store", queueing_lock="tidy_store")
    async def tidy_store(timestamp: int) -> None:
        """Do the removals that failed, and throw away what nobody knows of any more."""
        del timestamp
        await screeners.tidy_store(means)
        async with means.transaction() as session:
            await avails.tidy(session, means.store)
        async with means.transaction() as session:
            await bulk.tidy(session, means.store)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="forget", queueing_lock="forget")
    async def forget(timestamp: int) -> None:
        """Throw away what was kept for a while only."""
        del timestamp
        async with means.transaction() as session:
            await forget_the_expired(session)
            await let_go(session, settings.event_retention)
            await schedule.forget_runs(session)
            await running.forget_operations(session)
            await forget_deliveries(session)

    @app.periodic(cron="* * * * *")
    @app.task(name="rescue", queueing_lock="rescue", pass_context=True)
    async def rescue(context: JobContext, timestamp: int) -> None:
        """Run again what a killed worker had begun."""
        del context, timestamp
        for job in await app.job_manager.get_stalled_jobs(
            seconds_since_heartbeat=STALLED_AFTER.total_seconds()
        ):
            logger.warning("job_rescued", job_id=job.id, task=job.task_name)
            await app.job_manager.retry_job(job)
        async with means.transaction() as session:
            await running.rescue_operations(session)
            await tidying.rescue(session)

    return app


def _teach_of_screeners(app: App, settings: Settings, means: Means) -> None:
    """Add the tasks of films, and of the ledger of who watched them."""
    shop = Workshop(settings.scratch_dir, settings.processing_patience, means.stopping)

    @app.task(name="expire_upload", retry=RETRIES)
    async def expire_upload(screener_id: str) -> None:
        async with means.transaction() as session:
            await screeners.expire_upload(session, int(screener_id))

    @app.task(name="remove_screener", retry=RETRIES)
    async def remove_screener(screener_id: str) -> None:
        await screeners.remove_screener(means, int(screener_id))

    @app.task(name=processing.TASK, retry=RETRIES)
    async def process(screener_id: str) -> None:
        await process_screener(means, shop, int(screener_id))

    @app.periodic(cron="* * * * *")
    @app.task(name="seal_ledger", queueing_lock="seal_ledger")
    async def seal_ledger(timestamp: int) -> None:
        """Close the viewings that are over, and seal what the ledger's chains have grown by."""
        del timestamp
        await _in_batches(means, closing.close_those_over, ledger_key(settings), closing.BATCH)
        await _in_batches(means, sealing.seal, ledger_key(settings), sealing.MOST_ENDS)


async def _in_batches(
    means: Means, do: Callable[[AsyncSession, bytes, int], Awaitable[int]], key: bytes, size: int
) -> None:
    """Do something to the ledger, in transactions of so many viewings, while there are as many."""
    done = size
    while done == size:
        async with means.transaction() as session:
            done = await do(session, key, size)


async def forget_the_expired(session: AsyncSession) -> None:
    """Delete answers, sign-ins and wrong passwords whose time is over."""
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at < func.now()))
    await session.execute(
        delete(Session).where(Session.expires_at < func.now() - timedelta(days=30))
    )
    await session.execute(delete(RateWindow).where(RateWindow.ends_at < func.now()))
    await session.execute(
        delete(LoginFailure).where(LoginFailure.failed_at < func.now() - timedelta(hours=1))
    )


async def run_worker(settings: Settings, handlers: Mapping[str, Handler] = HANDLERS) -> None:
    """Work until told to stop: SIGTERM and SIGINT let running jobs finish, but for films."""
    configure_logs(settings)
    # Rows of imports make no cycles, and looking for some takes a third of the time.
    gc.freeze()
    gc.set_threshold(*RARELY)
    database = await open_database(settings)
    try:
        await require_head(database.engine)
        await require_kind(database.engine, sandbox=settings.sandbox)
        with _told_to_stop() as stop:
            means = Means(database, open_store(settings), stop)
            async with _sequencing(settings) as sequencer:
                await asyncio.gather(
                    *(_work_on(queue, stop, settings, means, handlers) for queue in CONCURRENCY),
                    run_dispatcher(stop, settings, database, sequencer),
                )
    finally:
        await database.close()


@asynccontextmanager
async def _sequencing(settings: Settings) -> AsyncIterator[Sequencer]:
    """Give facts their positions meanwhile, whether or not somebody reads them."""
    sequencer = Sequencer(settings.database_url, journal_key(settings))
    running = asyncio.create_task(sequencer.run())
    try:
        yield sequencer
    finally:
        running.cancel()
        await asyncio.wait([running])


@contextmanager
def _told_to_stop() -> Iterator[asyncio.Event]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _work_on(
    queue: str,
    stop: asyncio.Event,
    settings: Settings,
    means: Means,
    handlers: Mapping[str, Handler],
) -> None:
    while not stop.is_set():
        await _work_until(stop, make_worker(settings, means, handlers), queue)


async def _work_until(stop: asyncio.Event, app: App, queue: str) -> None:
    """Work until told to stop, or PostgreSQL is away: procrastinate ends then, as if it were done.

    A job it could not mark as done is `rescued` later.
    """
    try:
        async with app.open_async():
            work = app.run_worker_async(
                queues=[queue],
                concurrency=CONCURRENCY[queue],
                delete_jobs="successful",
                install_signal_handlers=False,
            )
            working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
            try:
                await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopping.cancel()
                working.cancel()  # lets running jobs finish
                await asyncio.wait([working])
            if not working.cancelled():
                working.result()
    except ConnectorException as error:
        logger.warning("database_unavailable", error=str(error.__cause__ or error))
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), RETRY_SECONDS)
