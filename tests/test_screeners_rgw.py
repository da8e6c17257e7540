"""A screener goes to each store: sent in part, resumed, held to what it should be."""

from collections.abc import AsyncIterator

import pytest

from app.main import create_app
from app.settings import Settings
from tests import screeners as films
from tests.screeners import LONG_FILM, PART
from tests.servers import S3Settings, make_settings
from tests.world import Caller, World, world_of


@pytest.fixture
def settings(database_url: str, any_s3: S3Settings) -> Settings:
    return make_settings(database_url, any_s3)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    async with world_of(create_app(settings)) as world:
        yield world


async def test_an_upload_is_resumed_from_what_arrived(world: World, seller: Caller) -> None:
    screener = await films.started(seller, await films.make_title(world, seller), LONG_FILM)
    path = f"/screeners/{screener['id']}"
    first, _, third = screener["part_urls"]["parts"]
    assert (await films.put(first, LONG_FILM.parts[0])).status_code == 200
    assert (await films.put(third, LONG_FILM.parts[2])).status_code == 200

    arrived = (await seller.get(f"{path}/upload")).json()["parts"]
    assert arrived == [
        {"number": 1, "size_bytes": PART, "md5": LONG_FILM.md5s[0]},
        {"number": 3, "size_bytes": 12_345, "md5": LONG_FILM.md5s[2]},
    ]
    early = await seller.post(f"{path}/complete", LONG_FILM.stated)
    assert early.json()["parts"] == [{"number": 2, "reason": "has not arrived"}]
    wanted = {"parts": [{"number": 2, "md5": LONG_FILM.md5s[1]}]}
    (signed,) = (await seller.post(f"{path}/part-urls", wanted)).json()["parts"]
    assert (await films.put(signed, LONG_FILM.parts[1])).status_code == 200
    done = await seller.post(f"{path}/complete", LONG_FILM.stated)
    assert done.status_code == 200
    assert done.json()["checksum"] == LONG_FILM.checksum
    again = await seller.post(f"{path}/complete", LONG_FILM.stated)
    assert again.json() == done.json()
    assert (await films.put(third, LONG_FILM.parts[2])).status_code == 404
    store, key = world.app.state.store, f"screeners/{screener['id']}/original"
    size = len(LONG_FILM.content)
    assert await store.get_range(key, 0, size) == LONG_FILM.content


async def test_parts_that_changed_places_are_named(world: World, seller: Caller) -> None:
    screener = await films.started(seller, await films.make_title(world, seller), LONG_FILM)
    path = f"/screeners/{screener['id']}"
    first, second, third = screener["part_urls"]["parts"]
    await films.put(second, LONG_FILM.parts[0])
    await films.put(first, LONG_FILM.parts[1])
    await films.put(third, LONG_FILM.parts[2])
    answer = await seller.post(f"{path}/complete", LONG_FILM.stated)
    assert answer.json()["code"] == "parts_do_not_match"
    assert [part["number"] for part in answer.json()["parts"]] == [1, 2]
    assert (await seller.get(path)).json()["state"] == "uploading"


async def test_an_upload_that_the_store_lost_is_over(world: World, seller: Caller) -> None:
    screener = await films.started(seller, await films.make_title(world, seller))
    path = f"/screeners/{screener['id']}"
    store, prefix = world.app.state.store, f"screeners/{screener['id']}/"
    for upload in await store.list_uploads(prefix):
        await store.abort_upload(upload.key, upload.upload_id)
    assert (await seller.get(f"{path}/upload")).json()["code"] == "upload_lost"
    answer = await seller.post(f"{path}/complete", films.SHORT_FILM.stated)
    assert answer.json()["code"] == "upload_lost"
    assert (await seller.get(path)).json()["state"] == "expired"
