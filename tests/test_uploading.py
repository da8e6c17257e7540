"""The client that uploads, over bad lines and to a market that says no."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.settings import Settings
from app.uploading.files import FileChanged, opened_film
from app.uploading.market import Account, Document, Market, Refused
from app.uploading.retrying import GivenUp, Patience, is_passing
from app.uploading.upload import Upload, Wanted
from tests import screeners as films
from tests.faults import Fault, Line, line_to
from tests.screeners import LONG_FILM, PART
from tests.servers import S3Settings, make_settings
from tests.wire import serving
from tests.world import PASSWORD, Caller, World

NAME = "film.mp4"


@dataclass
class Told:
    """What a watcher was told."""

    sentences: list[str] = field(default_factory=list)
    done: int = 0
    resumed: bool = False

    def begun(self, screener: Document, part_count: int, *, resumed: bool) -> None:  # noqa: ARG002
        self.resumed, self.done = resumed, 0

    def checked(self, number: int, length: int) -> None:  # noqa: ARG002
        self.done += length

    def moved(self, length: int) -> None:
        self.done += length

    def processing(self, screener: Document) -> None:
        self.sentences.append(screener["state"])

    def said(self, sentence: str) -> None:
        self.sentences.append(sentence)


@pytest.fixture
def line(s3_settings: S3Settings) -> Iterator[Line]:
    """Give the line that the parts go over."""
    with line_to(s3_settings["s3_endpoint_url"]) as line:
        yield line


@pytest.fixture
def settings(database_url: str, s3_settings: S3Settings, line: Line) -> Settings:
    return make_settings(database_url, s3_settings, s3_public_url=line.url)


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await films.make_title(world, seller)


@pytest.fixture
async def way(world: World, seller: Caller, title: str, tmp_path: Path) -> AsyncIterator[Upload]:
    """Give an upload that may begin."""
    path = tmp_path / NAME
    path.write_bytes(LONG_FILM.content)
    patience = Patience(attempts=4, first_seconds=0.01)
    account = Account(email=seller.email, password=PASSWORD)
    async with (
        serving(world.app) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as api,
        httpx2.AsyncClient() as store,
    ):
        with path.open("rb") as opened:
            market = Market(api, account, patience)
            film = opened_film(path, opened.fileno())
            yield Upload(store, market, film, Wanted(title, NAME, "video/mp4"), Told(), patience)


async def screeners(seller: Caller, title: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await seller.get(f"/titles/{title}/screeners")).json()["items"]
    return found


@pytest.mark.parametrize(
    "fault",
    [Fault(hangs_up=True), Fault(status=503), Fault(status=403), Fault(changed=lambda _: b"")],
    ids=["cut", "overloaded", "run out", "unanswered"],
)
async def test_a_part_that_fails_is_sent_again_with_another_url(
    way: Upload, line: Line, fault: Fault
) -> None:
    line.disturb(fault, lambda request: request.is_part, times=2)
    done = await way.run()
    assert done["checksum"] == LONG_FILM.checksum
    assert len(line.parts_sent()) == 5
    targets = [request.target for request in line.seen if request.is_part]
    assert len({*targets}) >= 3
    assert isinstance(way.watcher, Told)
    assert way.watcher.done == len(LONG_FILM.content)


async def test_who_gives_up_leaves_an_upload_to_go_on_with(way: Upload, line: Line) -> None:
    way.wanted = replace(way.wanted, parallel=1)  # the others have arrived then
    line.disturb(Fault(status=503), lambda request: "partNumber=3&" in request.target)
    with pytest.raises(GivenUp, match="did not take part 3: it answered 503"):
        await way.run()
    line.mend()
    line.seen.clear()
    assert (await way.run())["checksum"] == LONG_FILM.checksum
    assert isinstance(way.watcher, Told)
    assert way.watcher.resumed
    assert line.parts_sent() == [3]


async def test_what_the_store_lost_is_begun_anew(
    way: Upload, world: World, seller: Caller, title: str
) -> None:
    lost = await films.started(seller, title, LONG_FILM, file_name=NAME)
    store = world.app.state.store
    for each in await store.list_uploads(f"screeners/{lost['id']}/"):
        await store.abort_upload(each.key, each.upload_id)
    done = await way.run()
    assert done["checksum"] == LONG_FILM.checksum
    assert [row["id"] for row in await screeners(seller, title)] == [done["id"], lost["id"]]


async def test_parts_that_came_from_another_file_are_not_kept(
    way: Upload, seller: Caller, title: str
) -> None:
    begun = await films.started(seller, title, LONG_FILM, file_name=NAME)
    first, second, _ = begun["part_urls"]["parts"]
    assert (await films.put(first, LONG_FILM.parts[0])).status_code == 200
    assert (await films.put(second, bytes(PART))).status_code == 200
    assert (await way.run())["checksum"] == LONG_FILM.checksum


async def test_a_token_that_ran_out_is_followed_by_another(way: Upload) -> None:
    way.market._account.token = "of yesterday"  # noqa: SLF001
    assert (await way.run())["checksum"] == LONG_FILM.checksum


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"title_id": "1"}, "title"),
        ({"audio_language": "no language"}, "audio_language"),
        ({"content_type": "text/html"}, "content_type"),
    ],
)
async def test_what_the_market_refuses_is_said(
    way: Upload, other: dict[str, str], sentence: str
) -> None:
    way.wanted = replace(way.wanted, **other)  # type: ignore[arg-type]
    with pytest.raises(Refused, match=sentence):
        await way.run()


async def test_strangers_are_refused(way: Upload) -> None:
    way.market._account.password = "another"  # noqa: SLF001
    with pytest.raises(Refused):
        await way.run()


async def test_a_file_that_changes_meanwhile_is_not_stated(way: Upload, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(LONG_FILM.content[::-1])
    with pytest.raises(FileChanged):
        await way.run()


def test_pauses_double_and_heed_what_is_asked() -> None:
    patience = Patience(first_seconds=1.0)
    for failures, longest in enumerate((1, 2, 4, 8, 16, 32, 60, 60)):
        assert longest / 2 <= patience.pause(failures) <= longest
    assert 7 <= patience.pause(0, "7") <= 8
    assert patience.pause(0, "86400") <= 61
    assert [is_passing(status) for status in (200, 403, 408, 429, 500, 503)] == [
        *(False, False),
        *(True,) * 4,
    ]
