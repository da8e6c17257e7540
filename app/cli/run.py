"""`filmmart run`: everything on one machine, for trying it out and for development."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Never

import typer
from rich.table import Table

from app.cli.console import out
from app.cli.installation import DATA, Data, Installation, embedded
from app.cli.schema import ensure_bucket, migrate_to_head, reachable_schema
from app.cli.serve import require_port
from app.cli.supervisor import Supervisor
from app.demo import DEMO_ACCOUNTS, DEMO_PASSWORD, load_demo_market
from app.settings import Settings


class _Stopped(BaseException):
    """Somebody wants us to end."""


def run(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The API's port on loopback.")] = 8000,
    data: Data = DATA,
) -> None:
    """Start everything on this machine, with a demo market: database, object store, API, worker.

    Listens on 127.0.0.1 alone. PostgreSQL 18 and an S3 server are started from Python packages and
    keep their data in the data folder; where FILMMART_DATABASE_URL or FILMMART_S3_ENDPOINT_URL and
    its keys are set, yours are used instead, and no demo market is loaded into your database.
    Ctrl-C or SIGTERM stops everything; the next run finds its data.
    """
    require_port(port)
    for_people = {"public_url": f"http://127.0.0.1:{port}", "log_json": "0", "log_level": "WARNING"}
    try:
        with _signals_stop_us(), embedded(data, **for_people) as installed:
            _prepare(installed)
            with Supervisor(installed, port=port, folder=data.absolute()) as supervisor:
                supervisor.wait_until_ready()
                _greet(installed)
                supervisor.watch()
    except _Stopped:
        out.print("Everything has stopped.")


@contextmanager
def _signals_stop_us() -> Iterator[None]:
    """Turn the first signal into an orderly end, and let no second one disturb it."""

    def stop(number: int, frame: FrameType | None) -> Never:
        del number, frame
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        out.print("Stopping …")
        raise _Stopped

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for each in signals:
        signal.signal(each, stop)
    yield


def _prepare(installed: Installation) -> None:
    settings = installed.settings
    reachable_schema(settings.database_url)
    with out.status("Bringing the schema to head …"):
        migrate_to_head(settings.database_url)
        ensure_bucket(settings)
    if installed.postgres is not None:  # never into a database that is somebody's own
        with out.status("Loading the demo market …"):
            asyncio.run(load_demo_market(settings))


def _greet(installed: Installation) -> None:
    settings: Settings = installed.settings
    out.print(f"\nFilmMart is open at   [bold]{settings.public_url}/v1[/]")
    out.print(f"Try it in the browser [bold]{settings.public_url}/docs[/]")
    if installed.postgres is not None:
        table = Table(
            "sign in as", "password", "who", title="The demo market", title_justify="left"
        )
        for email, who in DEMO_ACCOUNTS:
            table.add_row(email, DEMO_PASSWORD, who)
        out.print(table)
    out.print("Ctrl-C stops everything.\n")
