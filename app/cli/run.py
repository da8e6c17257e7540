"""`filmmart run`: everything on one machine, for trying it out and for development."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Annotated, Never

import typer
from rich.table import Table

from app.cli.beside import of_live_market, sandbox_beside
from app.cli.console import out
from app.cli.installation import DATA, Data, Installation, embedded
from app.cli.reindexing import reindex_all
from app.cli.schema import ensure_bucket, ensure_kind, migrate_to_head
from app.cli.schema_checks import reachable_schema
from app.cli.serve import require_port
from app.cli.supervisor import Supervisor
from app.demo import DEMO_ACCOUNTS, DEMO_PASSWORD, load_demo_market
from app.settings import Settings


class _Stopped(BaseException):
    """Somebody wants us to end."""


def run(
    port: Annotated[int, typer.Option(min=1, max=65534, help="The API's port on loopback.")] = 8000,
    data: Data = DATA,
    *,
    sandbox: Annotated[
        bool,
        typer.Option("--sandbox", help="Start its sandbox beside it, empty, at the next port."),
    ] = False,
) -> None:
    """Start everything on this machine, with a demo market: database, object store, API, worker.

    Listens on 127.0.0.1 alone. PostgreSQL 18 and an S3 server are started from Python packages and
    keep their data in the data folder; where FILMMART_DATABASE_URL or FILMMART_S3_ENDPOINT_URL and
    its keys are set, yours are used instead, and no demo market is loaded into your database.
    A sandbox has a database and a bucket of its own there, named after the market's.
    Ctrl-C or SIGTERM stops everything; the next run finds its data.
    """
    for each in (port, port + 1) if sandbox else (port,):
        require_port(each)
    for_people = {
        "public_url": f"http://127.0.0.1:{port}",
        "log_json": "0",
        "log_level": "WARNING",
        "scratch_dir": str(data.absolute() / "scratch"),
        **(of_live_market(data, port + 1) if sandbox else {}),
    }
    try:
        with (
            _signals_stop_us(),
            embedded(data, **for_people) as installed,
            _beside(installed, data, wanted=sandbox) as beside,
        ):
            _prepare(installed)
            if beside is not None:
                _bring_to_head(beside.settings)
            with Supervisor(
                installed, port=port, folder=data.absolute(), sandbox=beside
            ) as supervisor:
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
    before = {each: signal.signal(each, stop) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _beside(
    installed: Installation, data: Path, *, wanted: bool
) -> AbstractContextManager[Installation | None]:
    return sandbox_beside(installed, data) if wanted else nullcontext()


def _prepare(installed: Installation) -> None:
    settings = installed.settings
    _bring_to_head(settings)
    if installed.postgres is not None:  # never into a database that is somebody's own
        with out.status("Loading the demo market …"):
            asyncio.run(reindex_all(settings))  # what an older version made, if anything
            asyncio.run(load_demo_market(settings))


def _bring_to_head(settings: Settings) -> None:
    reachable_schema(settings.database_url)
    with out.status("Bringing the schema to head …"):
        migrate_to_head(settings.database_url)
        ensure_kind(settings)
        ensure_bucket(settings)


def _greet(installed: Installation) -> None:
    settings: Settings = installed.settings
    out.print(f"\nFilmMart is open at   [bold]{settings.public_url}/v1[/]")
    out.print(f"Try it in the browser [bold]{settings.public_url}/docs[/]")
    if settings.sandbox_url is not None:
        out.print(f"Its sandbox is at     [bold]{settings.sandbox_url}/v1[/]")
    if installed.postgres is not None:
        table = Table(
            "sign in as", "password", "who", title="The demo market", title_justify="left"
        )
        for email, who in DEMO_ACCOUNTS:
            table.add_row(email, DEMO_PASSWORD, who)
        out.print(table)
    out.print("Ctrl-C stops everything.\n")
