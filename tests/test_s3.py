"""The store, as it really is: what it keeps, what it refuses, what we say when it is away."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from uuid import uuid4

import anyio
import pytest

from app.local import local_s3
from app.local.s3 import S3Server
from app.s3 import CALLS, Store, open_store
from app.s3.downloads import PIECE_BYTES
from app.settings import Settings
from app.stored import (
    ObjectGone,
    PartToSign,
    StorageUnavailable,
    StoredPart,
    UploadGone,
)
from tests.screeners import fetch, md5, put
from tests.servers import S3Settings, make_settings

NOWHERE = "postgresql://nowhere/nothing"
MINUTE = timedelta(minutes=1)
KEY = "screeners/1/original"
CONTENT = b"the bytes of a film"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[S3Server]:
    """Give a server of this test's own, to stop and start."""
    with local_s3(tmp_path) as server:
        yield server


def settings_of(server: S3Server, **others: object) -> Settings:
    given = {
        "s3_endpoint_url": server.endpoint_url,
        "s3_access_key_id": server.access_key_id,
        "s3_secret_access_key": server.secret_access_key,
    }
    return make_settings(NOWHERE, given, **others)


@pytest.fixture
async def store(any_s3: S3Settings) -> Store:
    """Give a bucket of this test's own, on each store."""
    store = open_store(make_settings(NOWHERE, any_s3 | {"s3_bucket": f"test-{uuid4()}"}))
    await store.ensure_bucket()
    return store


async def send(store: Store, key: str, upload_id: str, number: int, content: bytes) -> StoredPart:
    part = PartToSign(number, len(content))
    (url,) = store.sign_parts(key, upload_id, [part], MINUTE)
    answer = await put({"url": url, "headers": part.headers}, content)
    assert answer.status_code == 200, answer.text
    return StoredPart(number, len(content), md5(content))


async def test_a_bucket_is_made_once(own_server: S3Server) -> None:
    store = open_store(settings_of(own_server, s3_bucket="new-market"))
    with pytest.raises(StorageUnavailable):
        await store.check()
    await store.ensure_bucket()
    await store.ensure_bucket()
    await store.check()


async def test_two_may_make_the_bucket_at_once_and_in_another_region(own_server: S3Server) -> None:
    settings = settings_of(own_server, s3_bucket="new-market", s3_region="eu-central-1")
    stores = [open_store(settings) for _ in range(4)]
    async with anyio.create_task_group() as tasks:
        for store in stores:
            tasks.start_soon(store.ensure_bucket)
    await stores[0].check()


async def test_parts_become_one_object_that_plays_back(store: Store) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    part = await send(store, KEY, upload_id, 1, CONTENT)
    assert await store.list_parts(KEY, upload_id) == {1: part}
    assert [upload.upload_id for upload in await store.list_uploads("screeners/")] == [upload_id]

    checksum = await store.complete_upload(KEY, upload_id, [part])
    assert checksum is not None
    assert checksum.endswith("-1")
    found = await store.find_object(KEY)
    assert found is not None
    assert found.size_bytes == len(CONTENT)
    assert await store.list_uploads("screeners/") == []

    url = store.sign_playback(KEY, "video/webm", 'inline; filename="a.webm"', MINUTE)
    answer = await fetch(url)
    assert answer.content == CONTENT
    assert answer.headers["Content-Type"] == "video/webm"
    assert answer.headers["Content-Disposition"] == 'inline; filename="a.webm"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    slice_ = await fetch(url, Range="bytes=4-8")
    assert slice_.content == CONTENT[4:9]

    await store.delete_object(KEY)
    await store.delete_object(KEY)
    assert await store.find_object(KEY) is None
    assert (await fetch(url)).status_code == 404


async def test_an_upload_that_is_over_is_gone(store: Store) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    part = await send(store, KEY, upload_id, 1, CONTENT)
    await store.abort_upload(KEY, upload_id)
    await store.abort_upload(KEY, upload_id)
    with pytest.raises(UploadGone):
        await store.list_parts(KEY, upload_id)
    with pytest.raises((UploadGone, StorageUnavailable)):  # InternalError, says Ceph
        await store.complete_upload(KEY, upload_id, [part])


async def test_a_store_of_two_addresses_is_signed_for_the_public_one(settings: Settings) -> None:
    store = open_store(settings.model_copy(update={"s3_public_url": "https://films.example"}))
    url = store.sign_playback(KEY, "video/mp4", "inline", MINUTE)
    assert url.startswith(f"https://films.example/{settings.s3_bucket}/{KEY}?")
    await store.check()


async def test_a_store_that_is_away_is_said_to_be(own_server: S3Server) -> None:
    store = open_store(settings_of(own_server))
    await store.ensure_bucket()
    own_server.kill()
    with pytest.raises(StorageUnavailable) as refusal:
        await store.start_upload(KEY, "video/mp4")
    assert refusal.value.status == 503
    assert refusal.value.code == "storage_unavailable"
    assert refusal.value.headers == {"Retry-After": "10"}
    own_server.start()
    await store.start_upload(KEY, "video/mp4")


async def test_a_store_that_refuses_our_key_is_as_good_as_away(own_server: S3Server) -> None:
    wrong = settings_of(own_server).model_copy(update={"s3_access_key_id": "somebody-else"})
    with pytest.raises(StorageUnavailable):
        await open_store(wrong).ensure_bucket()
    with pytest.raises(StorageUnavailable):
        await open_store(wrong).find_object(KEY)


async def test_a_slow_store_holds_only_so_many_of_us(free_tcp_port: int) -> None:
    """Whoever finds no turn within two seconds is told to come back, and holds nothing."""
    store = open_store(
        make_settings(
            NOWHERE,
            {
                "s3_endpoint_url": f"http://127.0.0.1:{free_tcp_port}",
                "s3_access_key_id": "anybody",
                "s3_secret_access_key": "anything",
            },
        )
    )
    silent = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=free_tcp_port)
    async with silent:
        with anyio.move_on_after(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(CALLS):
                    tasks.start_soon(store.check)
                await anyio.sleep(0.1)
                with pytest.raises(StorageUnavailable):
                    await store.find_object(KEY)
                tasks.cancel_scope.cancel()


async def test_a_file_is_kept_listed_and_given_back(store: Store) -> None:
    # More than one part of boto3's
    content = b"0123456789abcdef" * 2**16 * 9
    with TemporaryFile() as file:
        file.write(content)
        await store.put_file("avails/1", file, "application/xml")
    await store.put_file("other/1", BytesIO(CONTENT), "text/plain")
    listed = await store.list_objects("avails/")
    assert list(listed) == ["avails/1"]
    assert abs(datetime.now(UTC) - listed["avails/1"]) < MINUTE
    copy = BytesIO()
    assert await store.get_file("avails/1", copy)
    assert copy.getvalue() == content
    found = await store.find_object("avails/1")
    assert found is not None
    await store.delete_object("avails/1")
    assert not await store.get_file("avails/1", copy)
    assert await store.list_objects("avails/") == {}


async def test_ranges_of_an_object_are_given_to_the_byte(store: Store) -> None:
    await store.put_bytes(KEY, CONTENT, "video/mp4")
    assert await store.get_range(KEY, 0, len(CONTENT)) == CONTENT
    assert await store.get_range(KEY, 4, 5) == CONTENT[4:9]
    with pytest.raises(StorageUnavailable):
        await store.get_range(KEY, 4, len(CONTENT))
    with pytest.raises(ObjectGone):
        await store.get_range("screeners/2/original", 0, 1)


async def test_a_film_is_fetched_on_from_where_it_ended(store: Store, tmp_path: Path) -> None:
    film = os.urandom(PIECE_BYTES + 12_345)
    await store.put_bytes(KEY, film, "video/mp4")
    path = tmp_path / "film"
    path.write_bytes(film[:1000])
    told: list[int] = []

    async def tell(done: int) -> None:
        told.append(done)

    await store.download_to(KEY, path, len(film), tell)
    assert path.read_bytes() == film
    assert told == [PIECE_BYTES + 1000, len(film)]
    await store.download_to(KEY, path, len(film), tell)
    assert len(told) == 2  # nothing was asked for again

    path.write_bytes(film + b"of another film")
    await store.download_to(KEY, path, len(film))
    assert path.read_bytes() == film


async def test_a_film_that_is_shorter_than_it_should_be_is_not_made_up(
    store: Store, tmp_path: Path
) -> None:
    await store.put_bytes(KEY, CONTENT, "video/mp4")
    with pytest.raises(StorageUnavailable):
        await store.download_to(KEY, tmp_path / "film", len(CONTENT) + 1)
    with pytest.raises(ObjectGone):
        await store.download_to("screeners/2/original", tmp_path / "other", 1)


async def test_a_folder_is_emptied_and_no_other(store: Store) -> None:
    for key in ("1/hls/a.ts", "1/hls/b.ts", "1/original", "10/hls/a.ts"):
        await store.put_bytes(f"screeners/{key}", CONTENT, "video/mp2t")
    assert await store.delete_prefix("screeners/1/hls/") == 2
    assert list(await store.list_objects("")) == ["screeners/1/original", "screeners/10/hls/a.ts"]
    assert await store.delete_prefix("screeners/1/hls/") == 0
    for prefix in ("", "/", "screeners/1"):
        with pytest.raises(ValueError, match="slash"):
            await store.delete_prefix(prefix)


async def test_hundreds_of_segments_are_signed_and_fetched(store: Store) -> None:
    keys = [f"screeners/1/hls/360p/{number:05}.ts" for number in range(300)]
    await store.put_bytes(keys[-1], CONTENT, "video/mp2t")
    urls = store.sign_gets(keys, MINUTE)
    assert len(set(urls)) == 300
    answer = await fetch(urls[-1])
    assert answer.content == CONTENT
    assert answer.headers["Content-Type"] == "video/mp2t"
    assert (await fetch(urls[0])).status_code == 404
    now = datetime.now(UTC)
    assert store.sign_gets(keys[:1], MINUTE, now) == store.sign_gets(keys[:1], MINUTE, now)
