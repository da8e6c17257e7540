"""`filmmart upload`, as a program: sent, killed, resumed, over bad lines, from elsewhere."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from app.settings import Settings
from tests.faults import Fault, Line, line_to
from tests.films import Films
from tests.processing import work
from tests.screeners import LONG_FILM, make_title
from tests.servers import S3Settings, make_settings
from tests.wire import serving
from tests.world import PASSWORD, Caller, World

pytestmark = pytest.mark.slow

NAME = "Сталкер.mp4"
SECONDS = 120


@pytest.fixture
def line(s3_settings: S3Settings) -> Iterator[Line]:
    """Give the line that the parts go over."""
    with line_to(s3_settings["s3_endpoint_url"]) as line:
        yield line


@pytest.fixture
def settings(database_url: str, s3_settings: S3Settings, line: Line) -> Settings:
    return make_settings(database_url, s3_settings, s3_public_url=line.url)


@pytest.fixture
async def api(world: World) -> AsyncIterator[str]:
    """Serve the API, whose store clients see through the line, and give its address."""
    async with serving(world.app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await make_title(world, seller)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(LONG_FILM.content)
    return path


@contextmanager
def started(api: str, film: Path, seller: Caller, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command, signed in by password."""
    command = [sys.executable, "-m", "app.cli", "upload", str(film), "--server", api]
    command += ["--email", seller.email, *options]
    ours = {name: value for name, value in os.environ.items() if name != "FILMMART_TOKEN"}
    with subprocess.Popen(
        command,
        env=ours | {"FILMMART_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


async def upload(api: str, film: Path, seller: Caller, *options: str) -> tuple[int, str, str]:
    with started(api, film, seller, "--no-wait", *options) as process:
        said, complained = await communicate(process)
        return process.returncode, said, complained


async def communicate(process: subprocess.Popen[str]) -> tuple[str, str]:
    return await anyio.to_thread.run_sync(partial(process.communicate, timeout=SECONDS))


async def until(line: Line, numbers: list[int]) -> None:
    """Wait until these parts, and no others, are on their way."""
    with anyio.fail_after(SECONDS):
        while line.parts_sent() != numbers:  # noqa: ASYNC110  # another thread's
            await anyio.sleep(0.02)


async def screeners(seller: Caller, title: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await seller.get(f"/titles/{title}/screeners")).json()["items"]
    return found


async def require_arrived(world: World, seller: Caller, title: str) -> None:
    (screener,) = await screeners(seller, title)
    assert screener["state"] != "uploading"
    assert screener["checksum"] == LONG_FILM.checksum
    key = f"screeners/{screener['id']}/original"
    size = len(LONG_FILM.content)
    assert await world.app.state.store.get_range(key, 0, size) == LONG_FILM.content


async def test_a_film_is_sent_as_it_is(
    world: World, seller: Caller, title: str, api: str, film: Path, line: Line
) -> None:
    code, said, complained = await upload(
        api, film, seller, "--title", title, "--audio-language", "ru"
    )
    assert code == 0, complained
    (screener,) = await screeners(seller, title)
    assert said.startswith(f"Screener {screener['id']} is ")
    assert screener["file_name"] == NAME
    assert screener["content_type"] == "video/mp4"
    assert screener["audio_language"] == "ru"
    assert sorted(line.parts_sent()) == [1, 2, 3]
    await require_arrived(world, seller, title)


async def test_a_killed_upload_is_resumed_and_sends_what_is_missing_alone(
    world: World, seller: Caller, title: str, api: str, film: Path, line: Line
) -> None:
    # Its second part hangs half-way, and there its power goes.
    line.disturb(Fault(delay_seconds=60), lambda request: "partNumber=2&" in request.target)
    with started(api, film, seller, "--title", title, "--parallel", "1") as process:
        await until(line, [1, 2])
        process.kill()
        await communicate(process)
    (screener,) = await screeners(seller, title)
    assert screener["state"] == "uploading"
    line.mend()
    line.seen.clear()
    code, _, complained = await upload(api, film, seller, "--title", title)
    assert code == 0, complained
    assert f"Going on with screener {screener['id']}" in complained
    assert sorted(line.parts_sent()) == [2, 3]
    await require_arrived(world, seller, title)


async def test_an_interrupted_upload_says_how_to_go_on(
    seller: Caller, title: str, api: str, film: Path, line: Line
) -> None:
    line.disturb(Fault(delay_seconds=60), lambda request: request.is_part)
    with started(api, film, seller, "--title", title, "--parallel", "1") as process:
        await until(line, [1])
        process.send_signal(signal.SIGINT)
        _, complained = await communicate(process)
    assert process.returncode == 130
    assert "Run the same command again" in complained
    assert "Traceback" not in complained
    (screener,) = await screeners(seller, title)
    assert screener["state"] == "uploading"


async def test_who_waits_is_told_that_a_film_is_ready_or_why_it_was_rejected(
    world: World, seller: Caller, title: str, api: str, films: Films, tmp_path: Path
) -> None:
    no_film = tmp_path / "notes.mp4"
    no_film.write_bytes(b"Nothing to be seen here. " * 1000)
    for film, code, what in ((films.film(3), 0, "is ready."), (no_film, 1, "is rejected: ")):
        with started(api, film, seller, "--title", title) as process:
            with anyio.fail_after(SECONDS):
                while not any(  # noqa: ASYNC110  # another process
                    each["file_name"] == film.name and each["state"] == "processing"
                    for each in await screeners(seller, title)
                ):
                    await anyio.sleep(0.05)
            await work(world)
            said, complained = await communicate(process)
        assert process.returncode == code, complained
        assert "At the market: " in complained
        assert what in said + complained
    assert "Traceback" not in complained


async def test_who_does_not_say_who_they_are_or_what_title_it_is_of_is_told_to(
    seller: Caller, title: str, api: str, film: Path
) -> None:
    code, _, complained = await upload(api, film, Caller(seller.http), "--title", title)
    assert code == 2
    assert "FILMMART_TOKEN" in complained
    code, _, complained = await upload(api, film, seller, "--title", "1")
    assert code == 2
    assert "title" in complained
    assert "Traceback" not in complained
    assert await screeners(seller, title) == []
