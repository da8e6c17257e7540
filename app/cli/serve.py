"""`filmmart serve` and `filmmart worker`: the two processes of a real installation."""

import asyncio
import os
import tempfile
from contextlib import ExitStack
from typing import Annotated

import typer
import uvicorn

from app.cli.installation import ConfigurationError
from app.cli.schema_checks import require_market
from app.local.processes import why_no_listening
from app.settings import load_settings
from app.worker import run_worker

# Behind most load balancers, which keep a connection for 60 s: the one that closes first must not
# be us, or a request in flight is lost.
KEEP_ALIVE_SECONDS = 65
GRACE_SECONDS = 15


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes; about one for each core.")
    ] = 1,
) -> None:
    """Serve the API. Run `filmmart worker` beside it.

    Takes everything from FILMMART_* variables, and refuses to start if one is missing or the schema
    is not at head. SIGTERM lets requests finish (15 s) and ends. Each worker opens
    FILMMART_DATABASE_POOL_SIZE + FILMMART_DATABASE_READ_POOL_SIZE + 3 connections at most.
    """
    settings = load_settings()
    require_market(settings)
    require_port(port, host)
    with ExitStack() as cleaning:
        if workers > 1:
            # prometheus-client adds the workers' figures up through files in this folder.
            figures = cleaning.enter_context(tempfile.TemporaryDirectory(prefix="filmmart-"))
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", figures)
        uvicorn.run(
            "app.main:create_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            loop="uvloop",
            http="httptools",
            access_log=False,  # costs 28 %; app.edge logs what is slow or fails
            log_config=None,
            proxy_headers=False,  # app.proxies reads them, and needs to know who sent them
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )


def require_port(port: int, host: str = "127.0.0.1") -> None:
    """Find out before anything is started.

    Raises:
        ConfigurationError: somebody listens there already.
    """
    if reason := why_no_listening(port, host):
        raise ConfigurationError(
            f"Nobody can listen on port {port} of {host}: {reason}. Choose another port, "
            f"as with --port {port + 1} or `make run PORT={port + 1}`."
        )


def worker() -> None:
    """Do what happens after the answer: expiries, unfinished uploads, tidying.

    Run at least one beside `serve`; several share the work. SIGTERM lets running jobs finish; what
    a killed worker had begun is begun again by another one within two minutes.
    """
    settings = load_settings()
    require_market(settings)
    asyncio.run(run_worker(settings))
