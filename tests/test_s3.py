"""The store, as it really is: what it keeps, what it refuses, what we say when it is away."""

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
from app.settings import Settings
from app.stored import (
    PartsRefused,
    PartToSign,
    StorageUnavailable,
    StoredPart,
    UploadGone,
)
from tests.screeners import fetch, md5, put
from tests.servers import make_settings

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
async def store(settings: Settings) -> Store:
    """Give a bucket of this test's own."""
    store = open_store(settings.model_copy(update={"s3_bucket": f"test-{uuid4()}"}))
    await store.ensure_bucket()
    return store


async def send(store: Store, key: str, upload_id: str, number: int, content: bytes) -> StoredPart:
    part = PartToSign(number, len(content))
    (url,) = await store.sign_parts(key, upload_id, [part], MINUTE)
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
    with pytest.raises(UploadGone):
        await store.complete_upload(KEY, upload_id, [part])


async def test_the_store_completes_no_other_parts_than_it_holds(store: Store) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    await send(store, KEY, upload_id, 1, CONTENT)
    with pytest.raises(PartsRefused):
        await store.complete_upload(KEY, upload_id, [StoredPart(1, len(CONTENT), md5(b"other"))])
    assert await store.find_object(KEY) is None


async def test_a_part_url_takes_its_own_part_alone(store: Store) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    part = PartToSign(1, len(CONTENT), md5(CONTENT))
    (url,) = await store.sign_parts(KEY, upload_id, [part], MINUTE)
    signed = {"url": url, "headers": part.headers}
    other_bytes = CONTENT[::-1]
    refused = {
        "longer": await put(signed | {"headers": {}}, CONTENT + b"!"),
        "shorter": await put(signed | {"headers": {}}, CONTENT[:-1]),
        "other part": await put(
            signed | {"url": url.replace("artNumber=1", "artNumber=2")}, CONTENT
        ),
        "other object": await put(
            signed | {"url": url.replace("/1/original", "/2/original")}, CONTENT
        ),
        "other method": await fetch(url),
        "unsigned MD5": await put(signed | {"headers": {}}, CONTENT),
        "other MD5": await put(
            signed | {"headers": PartToSign(1, len(CONTENT), md5(other_bytes)).headers}, other_bytes
        ),
    }
    assert {why: answer.status_code for why, answer in refused.items()} == dict.fromkeys(
        refused, 403
    )
    assert await store.list_parts(KEY, upload_id) == {}
    assert (await put(signed, CONTENT)).status_code == 200


async def test_bytes_that_are_not_those_of_the_signed_md5_are_refused(store: Store) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    part = PartToSign(1, len(CONTENT), md5(CONTENT))
    (url,) = await store.sign_parts(KEY, upload_id, [part], MINUTE)
    answer = await put({"url": url, "headers": part.headers}, CONTENT[::-1])
    assert answer.status_code == 400
    assert "BadDigest" in answer.text


async def test_signed_urls_run_out(store: Store) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    part = PartToSign(1, len(CONTENT))
    (url,) = await store.sign_parts(KEY, upload_id, [part], timedelta(seconds=1))
    playback = store.sign_playback(KEY, "video/mp4", "inline", timedelta(seconds=1))
    await anyio.sleep(2.1)
    assert (await put({"url": url, "headers": part.headers}, CONTENT)).status_code in (400, 403)
    assert (await fetch(playback)).status_code in (400, 403)
    assert await store.list_parts(KEY, upload_id) == {}


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
