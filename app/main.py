"""The application: settings in, ASGI out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import __version__, api, docs, monitoring, refusals
from app.answers import Answers
from app.authentication import Actors
from app.db import open_database
from app.edge import Edge
from app.hot import Lane
from app.logs import configure_logs
from app.s3 import open_store
from app.schema import require_head
from app.security import Signer
from app.settings import Settings, load_settings

# How long an answer is kept if nobody says that it changed. A replica may still give the old rows
# when the news has come: what is read from one is kept only this long.
KEPT_SECONDS = 60.0
REPLICA_SECONDS = 0.5


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the app; what it needs is opened when it starts and closed when it stops."""
    settings = settings or load_settings()
    configure_logs(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = await open_database(settings)
        try:
            await require_head(database.engine)
            app.state.database = database
            app.state.actors = Actors(database, app.state.signer, settings)
            app.state.store = open_store(settings)
            app.state.answers = Answers(
                settings.answer_cache_entries,
                longest_seconds=REPLICA_SECONDS if settings.database_read_url else KEPT_SECONDS,
            )
            app.state.lane = Lane(app)
            ear = asyncio.create_task(app.state.answers.listen(settings.database_url))
            yield
            ear.cancel()
            await asyncio.wait([ear])
        finally:
            await database.close()

    app = FastAPI(
        title="FilmMart",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # One address for each thing; a redirection would also repeat whatever Host was sent.
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.signer = Signer(
        settings.secret_key.get_secret_value(), settings.access_token_lifetime
    )
    app.add_middleware(Edge, settings=settings)
    refusals.install(app)
    docs.install(app)
    # Shared, not included: what FastAPI works out of a route takes 4 ms, and each test has an app.
    app.router.routes.extend([*api.router.routes, *monitoring.router.routes])
    return app
