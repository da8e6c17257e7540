"""The application: settings in, ASGI out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from app import __version__, api, docs, monitoring, refusals
from app.answers import Answers
from app.authentication import Actors
from app.catalogue.reindexing import is_behind
from app.db import open_database
from app.edge import Edge
from app.hot import Lane
from app.limits import Bearers, Costs, RateLimit, open_windows
from app.limits.limit import keep_beating
from app.logs import configure_logs
from app.openapi import operations_of
from app.proxies import Proxies
from app.s3 import open_store
from app.schema import require_head, require_kind
from app.screeners.heartbeats.writer import Writer
from app.screeners.ledger.keys import ledger_key
from app.screeners.viewings.watching import page
from app.security import open_signer
from app.sequencing.chain import journal_key
from app.sequencing.sequencer import Sequencer
from app.settings import Settings, load_settings

# How long an answer is kept if nobody says that it changed. A replica may still give the old rows
# when the news has come: what is read from one is kept only this long.
KEPT_SECONDS = 60.0
REPLICA_SECONDS = 0.5
# Of one viewing: a player has something to say every five seconds.
HEARTBEATS_PER_MINUTE = 60

logger = structlog.get_logger("app.main")


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the app; what it needs is opened when it starts and closed when it stops."""
    settings = settings or load_settings()
    configure_logs(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = await open_database(settings)
        try:
            await require_head(database.engine)
            await require_kind(database.engine, sandbox=settings.sandbox)
            async with database.session() as session:
                if await is_behind(session):
                    logger.warning("searches find too little: run `filmmart reindex`")
            app.state.database = database
            app.state.actors = Actors(database, app.state.signer, settings)
            app.state.store = open_store(settings)
            app.state.answers = Answers(
                settings.answer_cache_entries,
                longest_seconds=REPLICA_SECONDS if settings.database_read_url else KEPT_SECONDS,
            )
            app.state.lane = Lane(app)
            app.state.costs = Costs(operations_of(app))
            windows = await open_windows(settings.database_url)
            app.state.limit = RateLimit("requests", settings.rate_limit_per_minute, windows)
            app.state.client_limit = RateLimit(
                "requests", settings.client_rate_limit_per_minute, windows
            )
            app.state.heartbeat_limit = RateLimit("heartbeats", HEARTBEATS_PER_MINUTE, windows)
            app.state.heartbeats = Writer(database.engine, ledger_key(settings))
            app.state.sequencer = Sequencer(settings.database_url, journal_key(settings))
            beside = [
                asyncio.create_task(app.state.answers.listen(settings.database_url)),
                asyncio.create_task(app.state.sequencer.run()),
                asyncio.create_task(app.state.actors.uses.keep_writing()),
                asyncio.create_task(
                    keep_beating(app.state.limit, app.state.client_limit, app.state.heartbeat_limit)
                ),
            ]
            yield
            await app.state.heartbeats.close()
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            await app.state.actors.uses.write()
            await windows.close()
        finally:
            await database.close()

    app = FastAPI(
        title="FilmMart sandbox" if settings.sandbox else "FilmMart",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # Told in logs and at /metrics; looking each time for somebody who listens costs 3 %.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        # One address for each thing; a redirection would also repeat whatever Host was sent.
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.bearers = Bearers()
    app.state.signer = open_signer(settings)
    app.add_middleware(Edge, settings=settings)
    app.add_middleware(Proxies, settings=settings)
    refusals.install(app)
    docs.install(app)
    page.install(app)
    # Shared, not included: what FastAPI works out of a route takes 4 ms, and each test has an app.
    app.router.routes.extend([*api.router.routes, *monitoring.router.routes])
    return app
