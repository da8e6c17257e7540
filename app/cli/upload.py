"""`filmmart upload`: a film to a market anywhere, over HTTP."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import anyio
import httpx2
import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from app.cli.console import err, out, refuse
from app.uploading.files import CONTENT_TYPES, FileChanged, Film, opened_film
from app.uploading.market import Account, Document, Market, Refused
from app.uploading.retrying import GivenUp, Patience
from app.uploading.upload import Lost, Upload, Wanted

REJECTED, NOTHING_DONE, UNFINISHED, STOPPED = 1, 2, 3, 130
MAX_PARALLEL = 32
# Of one read or write, not of a part
SECONDS = 60.0


class Shown:
    """A bar for the terminal, lines for a log."""

    def __init__(self, bar: Progress, film: Film) -> None:
        self._bar = bar
        self._task: TaskID = bar.add_task(escape(film.path.name), total=film.size_bytes)
        self._stage = ""

    def begun(self, screener: Document, part_count: int, *, resumed: bool) -> None:
        self._bar.reset(self._task)
        how = "Going on with" if resumed else "Uploading as"
        err.print(f"{how} screener {screener['id']}, {part_count} parts.", soft_wrap=True)

    def checked(self, number: int, length: int) -> None:  # noqa: ARG002  # others show numbers
        self._bar.advance(self._task, length)

    def moved(self, length: int) -> None:
        self._bar.advance(self._task, length)

    def processing(self, screener: Document) -> None:
        found = screener.get("processing") or {}
        stage = str(found.get("stage") or screener["state"])
        if stage != self._stage:
            self._stage = stage
            err.print(f"At the market: {escape(stage)}.", soft_wrap=True)
        if (progress := found.get("progress")) is not None:
            self._bar.update(self._task, description=f"{escape(stage)} {progress}")

    def said(self, sentence: str) -> None:
        err.print(escape(sentence), soft_wrap=True)


def upload(  # noqa: PLR0913, PLR0917  # a command's options are its arguments
    file: Annotated[Path, typer.Argument(help="The film.", exists=True, dir_okay=False)],
    title: Annotated[str, typer.Option(help="The id of the title it is of.")],
    server: Annotated[str, typer.Option(help="The market's address.")] = "http://127.0.0.1:8000",
    email: Annotated[
        str, typer.Option(help="Sign in as; the password is FILMMART_PASSWORD, or asked for.")
    ] = "",
    content_type: Annotated[
        str, typer.Option("--type", help="As video/mp4; by the file's name, if left out.")
    ] = "",
    audio_language: Annotated[
        str | None, typer.Option(help="BCP 47 of what is heard, as zh or ru.")
    ] = None,
    subtitle_language: Annotated[
        str | None, typer.Option(help="BCP 47 of what is written in the picture.")
    ] = None,
    parallel: Annotated[
        int, typer.Option(min=1, max=MAX_PARALLEL, help="Parts sent at a time.")
    ] = 4,
    patience: Annotated[
        int, typer.Option(min=1, help="Failures in a row after which it gives up.")
    ] = 10,
    *,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="End once it is sent, before it is processed.")
    ] = False,
) -> None:
    """Upload a film as a screener of a title: straight to the market's store, in parts.

    Signs in by FILMMART_TOKEN, or by --email. May be stopped at any time, also by a power cut: run
    it again, from any machine that has the file, and only what is missing is sent. Each part goes
    with its MD5, and the store takes no other bytes.

    Ends with 0 when the screener is ready (with --no-wait: sent), 1 when the market rejected the
    file, 2 when nothing could be done, 3 when it was sent in part, 130 when it was stopped.
    """
    wanted = Wanted(
        title,
        file.name,
        content_type or _content_type_of(file),
        audio_language,
        subtitle_language,
        parallel,
    )
    account = _account(email)
    with _opened(file) as film, _bar() as bar:
        try:
            screener = anyio.run(
                _upload, server, account, film, wanted, Shown(bar, film), patience, not no_wait
            )
        except KeyboardInterrupt as error:
            bar.stop()
            err.print("Stopped. Run the same command again, from any machine, to go on.")
            raise typer.Exit(STOPPED) from error
        except (Refused, FileChanged, ValueError) as error:
            refuse(error)
            raise typer.Exit(NOTHING_DONE) from error
        except (GivenUp, Lost) as error:
            refuse(error)
            err.print("What arrived stays: run the same command again to go on.")
            raise typer.Exit(UNFINISHED) from error
    _tell(screener, waited=not no_wait)


async def _upload(
    server: str,
    account: Account,
    film: Film,
    wanted: Wanted,
    shown: Shown,
    patience: int,
    wait: bool,  # noqa: FBT001  # anyio passes no keywords
) -> Document:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=wanted.parallel + 2)
    async with (
        httpx2.AsyncClient(base_url=server, timeout=SECONDS) as api,
        httpx2.AsyncClient(timeout=SECONDS, limits=limits) as store,
    ):
        patient = Patience(patience)
        market = Market(api, account, patient)
        way = Upload(store, market, film, wanted, shown, patient)
        screener = await way.run()
        return await way.follow(screener) if wait else screener


def _tell(screener: Document, *, waited: bool) -> None:
    state = screener["state"]
    if waited and state != "ready":
        reason = screener.get("reason") or "the market gives no reason"
        err.print(f"Screener {screener['id']} is {state}: {escape(reason)}", soft_wrap=True)
        raise typer.Exit(REJECTED)
    out.print(f"Screener {screener['id']} is {state}.", soft_wrap=True)


def _account(email: str) -> Account:
    if token := os.environ.get("FILMMART_TOKEN", ""):
        return Account(token=token)
    if not email:
        refuse(ValueError("Say who you are: set FILMMART_TOKEN, or give --email."))
        raise typer.Exit(NOTHING_DONE)
    password = os.environ.get("FILMMART_PASSWORD") or typer.prompt("Password", hide_input=True)
    return Account(email=email, password=password)


def _content_type_of(file: Path) -> str:
    if found := CONTENT_TYPES.get(file.suffix.lower()):
        return found
    refuse(ValueError(f"{file.name} does not say by its name what it is: give --type."))
    raise typer.Exit(NOTHING_DONE)


@contextmanager
def _opened(file: Path) -> Iterator[Film]:
    with file.open("rb") as opened:
        yield opened_film(file, opened.fileno())


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
