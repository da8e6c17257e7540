"""A store that refuses, is slow, lies or is cut off: the API stays up, and no film is made up."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from app.main import create_app
from app.s3 import CALLS
from app.settings import Settings
from tests import screeners as films
from tests.faults import Fault, Line, Request, line_to
from tests.screeners import LONG_FILM, SHORT_FILM
from tests.servers import S3Settings, make_settings
from tests.world import Caller, World, world_of

AWAY = {
    "hanging up": Fault(hangs_up=True),
    "answering 503": Fault(status=503),
    "answering 500": Fault(status=500),
    "cut off in its answer": Fault(answer_bytes=20),
}


@pytest.fixture
def line(s3_settings: S3Settings) -> Iterator[Line]:
    with line_to(s3_settings["s3_endpoint_url"]) as line:
        yield line


@pytest.fixture
def settings(database_url: str, s3_settings: S3Settings, line: Line) -> Settings:
    return make_settings(database_url, s3_settings | {"s3_endpoint_url": line.url})


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    async with world_of(create_app(settings)) as world:
        yield world


@pytest.fixture
async def screener(world: World, seller: Caller) -> Any:
    """Give an upload whose only part has arrived."""
    screener = await films.started(seller, await films.make_title(world, seller))
    await films.sent(screener)
    return screener


def changing(old: bytes, new: bytes) -> Fault:
    """Change an answer, its length with it."""

    def change(answer: bytes) -> bytes:
        head, _, body = answer.partition(b"\r\n\r\n")
        changed = re.sub(old, new, body)
        assert changed != body
        length = f"Content-Length: {len(changed)}".encode()
        return re.sub(rb"(?i)content-length: \d+", length, head) + b"\r\n\r\n" + changed

    return Fault(changed=change)


@pytest.mark.parametrize("how", AWAY)
async def test_a_store_that_fails_takes_nothing_else_down(
    world: World, seller: Caller, line: Line, screener: Any, how: str
) -> None:
    path = f"/screeners/{screener['id']}"
    line.disturb(AWAY[how])
    title = f"/titles/{screener['title_id']}/screeners"
    for answer in (
        await seller.post(title, SHORT_FILM.described()),
        await seller.get(f"{path}/upload"),
        await seller.post(f"{path}/complete", SHORT_FILM.stated),
    ):
        assert answer.status_code == 503
        assert answer.json()["code"] == "storage_unavailable"
        assert answer.headers["Retry-After"] == "10"
    assert (await seller.get(path)).json()["state"] == "uploading"
    refused = await seller.post(f"{path}/playback")
    assert refused.json()["code"] == "screener_not_ready"
    assert (await world.anonymous.get("/healthz")).status_code in (200, 404)

    line.mend()
    done = await seller.post(f"{path}/complete", SHORT_FILM.stated)
    assert done.status_code == 200, done.text


async def test_a_slow_store_keeps_nobody_else_waiting(
    seller: Caller, line: Line, screener: Any
) -> None:
    path = f"/screeners/{screener['id']}"
    line.disturb(Fault(delay_seconds=4.0))
    answers: list[int] = []
    others: list[int] = []

    async def look() -> None:
        answers.append((await seller.get(f"{path}/upload")).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(CALLS + 2):
            tasks.start_soon(look)
        await anyio.sleep(0.2)
        others += [(await seller.get("/titles")).status_code for _ in range(3)]
        assert answers == []  # all of them still wait
    assert others == [200] * 3
    assert set(answers) <= {200, 503}


LIES: dict[str, tuple[Callable[[Request], bool], Fault]] = {
    "a part is longer": (
        lambda request: request.is_list_of_parts,
        changing(rb"<Size>\d+", b"<Size>99999"),
    ),
    "a part is endless": (
        lambda request: request.is_list_of_parts,
        changing(rb"<Size>\d+", b"<Size>99999999999999999999999"),
    ),
    "a part has other bytes": (
        lambda request: request.is_list_of_parts,
        changing(rb"<ETag>[^<]*", b"<ETag>&quot;00000000000000000000000000000000&quot;"),
    ),
    "a part is another": (
        lambda request: request.is_list_of_parts,
        changing(rb"<PartNumber>\d+", b"<PartNumber>7"),
    ),
    "there are no parts": (
        lambda request: request.is_list_of_parts,
        changing(rb"(?s)<Part>.*</Part>", b""),
    ),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_store_that_lies_about_parts_completes_nothing(
    seller: Caller, line: Line, screener: Any, lie: str
) -> None:
    path = f"/screeners/{screener['id']}"
    line.disturb(LIES[lie][1], LIES[lie][0])
    refused = await seller.post(f"{path}/complete", SHORT_FILM.stated)
    assert refused.status_code == 409
    assert refused.json()["code"] == "parts_do_not_match"
    assert not [request for request in line.seen if request.is_completion]
    assert (await seller.get(path)).json()["state"] == "uploading"
    line.mend()
    done = await seller.post(f"{path}/complete", SHORT_FILM.stated)
    assert done.status_code == 200, done.text


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(hangs_up=True), Fault(answer_bytes=30), Fault(answer_bytes=0)],
)
async def test_a_completion_whose_answer_does_not_come_is_made_good_by_repeating(
    seller: Caller, line: Line, screener: Any, fault: Fault
) -> None:
    path = f"/screeners/{screener['id']}"
    line.disturb(fault, lambda request: request.is_completion)
    lost = await seller.post(f"{path}/complete", SHORT_FILM.stated)
    assert lost.status_code in (200, 503)
    line.mend()
    done = await seller.post(f"{path}/complete", SHORT_FILM.stated)
    assert done.status_code == 200
    assert done.json()["checksum"] == SHORT_FILM.checksum


@pytest.mark.parametrize("length", [b"0", b"1", b"99999999999"])
async def test_a_store_that_lies_about_the_whole_is_not_believed(
    world: World, seller: Caller, line: Line, screener: Any, length: bytes
) -> None:
    store = world.app.state.store
    for upload in await store.list_uploads(f"screeners/{screener['id']}/"):
        parts = await store.list_parts(upload.key, upload.upload_id)
        await store.complete_upload(upload.key, upload.upload_id, list(parts.values()))

    def lie(answer: bytes) -> bytes:
        return re.sub(rb"(?i)content-length: \d+", b"Content-Length: " + length, answer)

    path = f"/screeners/{screener['id']}"
    line.disturb(Fault(changed=lie), lambda request: request.method == "HEAD")
    refused = await seller.post(f"{path}/complete", SHORT_FILM.stated)
    assert refused.status_code == 409
    assert refused.json()["code"] == "checksum_mismatch"
    assert (await seller.get(path)).json()["state"] == "uploading"
    line.mend()
    assert (await seller.post(f"{path}/complete", SHORT_FILM.stated)).status_code == 200


async def test_a_part_that_was_cut_off_is_sent_again(
    world: World, seller: Caller, line: Line
) -> None:
    screener = await films.started(seller, await films.make_title(world, seller), LONG_FILM)
    first, *others = screener["part_urls"]["parts"]
    line.disturb(Fault(request_bytes=1_000_000), lambda request: request.is_part, times=1)
    with pytest.raises(httpx2.TransportError):
        await films.put(first, LONG_FILM.parts[0])
    path = f"/screeners/{screener['id']}"
    assert (await seller.get(f"{path}/upload")).json()["parts"] == []
    for part, content in zip([first, *others], LONG_FILM.parts, strict=True):
        assert (await films.put(part, content)).status_code == 200
    assert (await seller.post(f"{path}/complete", LONG_FILM.stated)).status_code == 200


async def test_a_film_is_fetched_over_a_line_that_is_cut_again_and_again(
    world: World, seller: Caller, line: Line, tmp_path: Path
) -> None:
    ready = await films.uploaded(seller, await films.make_title(world, seller), LONG_FILM)
    store, key = world.app.state.store, f"screeners/{ready['id']}/original"
    path, size = tmp_path / "film", len(LONG_FILM.content)
    line.disturb(Fault(answer_bytes=10_000_000), lambda request: request.method == "GET", times=3)
    await store.download_to(key, path, size)
    assert path.read_bytes() == LONG_FILM.content
    line.disturb(Fault(status=503))
    path.write_bytes(b"")
    with pytest.raises(Exception, match="does not answer"):
        await store.download_to(key, path, size)
