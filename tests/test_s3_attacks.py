"""What a holder of signed URLs may try: refused, or harmless, on every store we prove ourselves on.

Requests are sent as they are written, since clients tidy up what an attacker would not.
"""

import base64
import http.client
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import anyio.to_thread
import pytest
from pydantic import SecretStr

from app.s3 import Store, open_store
from app.s3.client import bucket_url, client_of
from app.s3.signing import Asked, Signer
from app.settings import Settings
from app.stored import ObjectGone, PartsRefused, PartToSign, StoredPart, UploadGone
from tests.screeners import PART, md5
from tests.servers import S3Settings, make_settings

NOWHERE = "postgresql://nowhere/nothing"
QUARTER = timedelta(minutes=15)
KEY = "screeners/1/original"
OTHERS_KEY = "screeners/2/original"
CONTENT = b"the bytes of a film"
LENGTH = {"Content-Length": str(len(CONTENT))}
MD5_HEADER = {"Content-MD5": PartToSign(1, len(CONTENT), md5(CONTENT)).content_md5}
OTHERS = b"of somebody else...."[: len(CONTENT)]
OTHERS_MD5 = base64.b64encode(bytes.fromhex(md5(OTHERS))).decode()


@dataclass(frozen=True)
class Sent:
    """A request to be sent as it is, to the URL that was made of the signed one."""

    url: Callable[[str], str] = lambda signed: signed
    headers: Mapping[str, str] = field(default_factory=lambda: LENGTH | MD5_HEADER)
    body: bytes = CONTENT
    method: str = "PUT"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def _send(url: str, sent: Sent) -> Answer:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    try:
        connection.putrequest(
            sent.method, f"{address.path}?{address.query}", skip_accept_encoding=True
        )
        for name, value in sent.headers.items():
            connection.putheader(name, value)
        connection.endheaders(sent.body)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())
    finally:
        connection.close()


async def send(url: str, sent: Sent) -> Answer:
    return await anyio.to_thread.run_sync(_send, sent.url(url), sent)


def get(headers: Mapping[str, str] | None = None) -> Sent:
    return Sent(method="GET", headers=headers or {}, body=b"")


@pytest.fixture
def settings(any_s3: S3Settings) -> Settings:
    return make_settings(NOWHERE, any_s3 | {"s3_bucket": f"test-{uuid4()}"})


@pytest.fixture
async def store(settings: Settings) -> Store:
    """Give a bucket of this test's own, in which somebody else has a film."""
    store = open_store(settings)
    await store.ensure_bucket()
    await store.put_bytes(OTHERS_KEY, OTHERS, "video/mp4")
    return store


def signer_of(settings: Settings, **others: str) -> Signer:
    """Make a signer that knows other keys, or may sign for other times."""
    keys = {"s3_access_key_id": settings.s3_access_key_id, **others}
    secret = others.get("secret", settings.s3_secret_access_key.get_secret_value())
    client = client_of(
        settings.s3_endpoint_url,
        settings.s3_region,
        settings.s3_access_key_id,
        settings.s3_secret_access_key.get_secret_value(),
    )
    address = bucket_url(client, settings.s3_bucket)
    return Signer(address, settings.s3_region, keys["s3_access_key_id"], secret)


def asked(upload_id: str) -> Asked:
    return Asked(
        KEY,
        {"uploadId": upload_id, "partNumber": "1"},
        {"content-length": str(len(CONTENT)), "content-md5": MD5_HEADER["Content-MD5"]},
    )


async def arrived(store: Store, upload_id: str) -> dict[int, StoredPart]:
    try:
        return await store.list_parts(KEY, upload_id)
    except UploadGone:  # rclone ends an upload whose part has another MD5
        return {}


def replaced(old: str, new: str) -> Callable[[str], str]:
    def replace(url: str) -> str:
        changed = re.sub(old, new, url)
        assert changed != url
        return changed

    return replace


# Sent to the URL of part 1, which is signed for exactly CONTENT
REFUSED = {
    "a longer body": Sent(
        headers=MD5_HEADER | {"Content-Length": str(len(CONTENT) + 1)}, body=CONTENT + b"!"
    ),
    "a shorter body": Sent(
        headers=MD5_HEADER | {"Content-Length": str(len(CONTENT) - 1)}, body=CONTENT[:-1]
    ),
    "a body of no length": Sent(
        headers=MD5_HEADER | {"Transfer-Encoding": "chunked"},
        body=b"13\r\n" + CONTENT + b"\r\n0\r\n\r\n",
    ),
    "chunks longer than the length": Sent(
        headers=MD5_HEADER | LENGTH | {"Transfer-Encoding": "chunked"},
        body=b"1e\r\n" + CONTENT + b"MORE BYTES!\r\n0\r\n\r\n",
    ),
    "two lengths": Sent(
        headers=MD5_HEADER | LENGTH | {"content-length": str(len(CONTENT) + 4)},
        body=CONTENT + b"MORE",
    ),
    "a stream of chunks as of AWS": Sent(
        headers=MD5_HEADER
        | LENGTH
        | {
            "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "Content-Encoding": "aws-chunked",
            "x-amz-decoded-content-length": "9999",
        },
    ),
    "bytes of another MD5": Sent(body=OTHERS),
    "another MD5": Sent(headers=LENGTH | {"Content-MD5": OTHERS_MD5}, body=OTHERS),
    "no MD5": Sent(headers=LENGTH),
    "another part": Sent(url=replaced("partNumber=1", "partNumber=2")),
    "one part more": Sent(url=lambda url: f"{url}&partNumber=2"),
    "no part": Sent(url=replaced("&partNumber=1", "")),
    "another upload": Sent(url=replaced("uploadId=[^&]*", "uploadId=2~other")),
    "no upload": Sent(url=replaced("uploadId=[^&]*&partNumber=1&", "")),
    "another object": Sent(url=replaced("/1/original", "/2/original")),
    "a way up in the key": Sent(url=replaced("/1/original", "/2/../1/original")),
    "a way up in the key, hidden": Sent(url=replaced("/1/original", "/2/%2e%2e/1/original")),
    "a way up to another bucket": Sent(url=replaced("/screeners/1/", "/../other/screeners/1/")),
    "another bucket": Sent(url=replaced("/test-[^/]*/", "/filmmart/")),
    "a longer life": Sent(url=replaced("X-Amz-Expires=900", "X-Amz-Expires=604800")),
    "a second life": Sent(url=lambda url: f"{url}&X-Amz-Expires=604800"),
    "a later day": Sent(url=replaced("X-Amz-Date=20..", "X-Amz-Date=2099")),
    "its host alone signed": Sent(
        url=replaced("content-length%3Bcontent-md5%3Bhost", "host"), body=OTHERS
    ),
    "no signature": Sent(url=replaced("&X-Amz-Signature=.*", "")),
    "another signature": Sent(url=replaced("X-Amz-Signature=.", "X-Amz-Signature=")),
    "another act": Sent(url=lambda url: f"{url}&acl"),
    "read": get(),
    "looked at": Sent(method="HEAD", headers={}, body=b""),
    "deleted": Sent(method="DELETE", headers={}, body=b""),
    "posted": Sent(method="POST"),
    "a copy of somebody else's film": Sent(
        headers=LENGTH | MD5_HEADER | {"x-amz-copy-source": "/{bucket}/" + OTHERS_KEY}
    ),
    "a copy of as many bytes": Sent(
        headers=LENGTH
        | MD5_HEADER
        | {
            "x-amz-copy-source": "/{bucket}/" + OTHERS_KEY,
            "x-amz-copy-source-range": f"bytes=0-{len(CONTENT) - 1}",
        },
    ),
}
# Some stores refuse these; where they don't, the part is the one that was signed, and no more.
HARMLESS = {
    "bytes after the last": Sent(body=CONTENT + b"GET / HTTP/1.1\r\n"),
    "another type": Sent(headers=LENGTH | MD5_HEADER | {"Content-Type": "text/html"}),
    "read by everybody": Sent(headers=LENGTH | MD5_HEADER | {"x-amz-acl": "public-read"}),
    "said of it": Sent(headers=LENGTH | MD5_HEADER | {"x-amz-meta-a": "b", "x-amz-tagging": "a=b"}),
    "sent elsewhere": Sent(
        headers=LENGTH | MD5_HEADER | {"x-amz-website-redirect-location": "http://elsewhere"}
    ),
    "another method": Sent(headers=LENGTH | MD5_HEADER | {"X-HTTP-Method-Override": "DELETE"}),
    "two numbers": Sent(url=replaced(r"\?", "?partNumber=2&")),
    "small letters": Sent(url=replaced("X-Amz-Signature", "x-amz-signature")),
}


@pytest.mark.parametrize("attack", REFUSED)
async def test_a_part_url_is_refused_for_anything_but_its_part(
    store: Store, settings: Settings, attack: str
) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    part = PartToSign(1, len(CONTENT), md5(CONTENT))
    (url,) = store.sign_parts(KEY, upload_id, [part], QUARTER)
    sent = REFUSED[attack]
    headers = {
        name: value.format(bucket=settings.s3_bucket) for name, value in sent.headers.items()
    }
    answer = await send(url, Sent(sent.url, headers, sent.body, sent.method))
    assert 400 <= answer.status < 500, answer
    assert OTHERS not in answer.body
    assert await arrived(store, upload_id) == {}
    assert list(await store.list_objects("")) == [OTHERS_KEY]
    assert await store.get_range(OTHERS_KEY, 0, len(OTHERS)) == OTHERS


@pytest.mark.parametrize("attack", HARMLESS)
async def test_what_is_sent_beside_a_part_changes_nothing_of_the_film(
    store: Store, attack: str
) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    part = PartToSign(1, len(CONTENT), md5(CONTENT))
    (url,) = store.sign_parts(KEY, upload_id, [part], QUARTER)
    answer = await send(url, HARMLESS[attack])
    parts = await arrived(store, upload_id)
    declared = StoredPart(1, len(CONTENT), md5(CONTENT))
    assert parts == ({1: declared} if answer.status == 200 else {})
    if not parts:
        assert answer.status >= 400
        await send(url, Sent())
    await store.complete_upload(KEY, upload_id, [declared])

    (film_url,) = store.sign_gets([KEY], QUARTER)
    film = await send(film_url, get())
    assert film.status == 200
    assert film.body == CONTENT
    assert film.headers["content-type"] == "video/mp4"
    assert not {"x-amz-meta-a", "location", "x-amz-website-redirect-location"} & {*film.headers}
    anonymous = await send(film_url.partition("?")[0], get())
    assert anonymous.status in (400, 403)
    assert await store.get_range(OTHERS_KEY, 0, len(OTHERS)) == OTHERS


async def test_a_part_url_is_over_with_its_upload(store: Store) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    part = PartToSign(1, len(CONTENT), md5(CONTENT))
    other = PartToSign(1, len(CONTENT))
    url, open_url = store.sign_parts(KEY, upload_id, [part, other], QUARTER)
    assert (await send(url, Sent())).status == 200
    declared = StoredPart(1, len(CONTENT), md5(CONTENT))
    await store.complete_upload(KEY, upload_id, [declared])
    assert (await send(url, Sent())).status == 404
    assert (await send(open_url, Sent(headers=LENGTH, body=OTHERS))).status == 404
    assert await store.get_range(KEY, 0, len(CONTENT)) == CONTENT


async def test_urls_of_other_keys_and_other_times_are_refused(
    store: Store, settings: Settings
) -> None:
    upload_id = await store.start_upload(KEY, "video/mp4")
    part, now = asked(upload_id), datetime.now(UTC)
    ours = signer_of(settings)
    signed = {
        "another secret": signer_of(settings, secret="not the store's secret"),
        "another key": signer_of(settings, s3_access_key_id="somebody-else"),
    }
    urls = {why: signer.sign("PUT", [part], QUARTER)[0] for why, signer in signed.items()}
    urls["run out"] = ours.sign("PUT", [part], QUARTER, now - QUARTER - timedelta(seconds=2))[0]
    answers = {why: (await send(url, Sent())).status for why, url in urls.items()}
    assert set(answers.values()) <= {400, 403}, answers
    assert await arrived(store, upload_id) == {}

    (over,) = ours.sign("GET", [Asked(OTHERS_KEY)], QUARTER, now - QUARTER - timedelta(seconds=2))
    assert (await send(over, get())).status in (400, 403)
    wrong = settings.model_copy(update={"s3_secret_access_key": SecretStr("not the secret")})
    (forged,) = open_store(wrong).sign_gets([OTHERS_KEY], QUARTER)
    assert (await send(forged, get())).status == 403


async def test_a_url_to_watch_at_is_good_for_nothing_else(store: Store) -> None:
    url = store.sign_playback(OTHERS_KEY, "video/mp4", 'inline; filename="a.mp4"', QUARTER)
    attacks = {
        "written": await send(url, Sent(headers=LENGTH)),
        "deleted": await send(url, Sent(method="DELETE", headers={}, body=b"")),
        "another film": await send(url.replace("/2/original", "/1/original"), get()),
        "another type": await send(url.replace("video%2Fmp4", "text%2Fhtml"), get()),
        "another name": await send(url.replace("a.mp4", "b.mp4"), get()),
        "kept for ever": await send(url.replace("private", "public"), get()),
        "a longer life": await send(url.replace("Expires=900", "Expires=604800"), get()),
        "the list of all": await send(url.replace(OTHERS_KEY, ""), get()),
    }
    assert {why: answer.status for why, answer in attacks.items()} == dict.fromkeys(attacks, 403)
    assert (await send(url, get())).body == OTHERS


async def test_parts_cannot_change_places_at_completion(store: Store) -> None:
    contents = (b"a" * PART, b"b" * 1000)
    stored = [StoredPart(n, len(part), md5(part)) for n, part in enumerate(contents, 1)]

    async def sent() -> str:
        upload_id = await store.start_upload(KEY, "video/mp4")
        parts = [PartToSign(part.number, part.size_bytes, part.md5) for part in stored]
        urls = store.sign_parts(KEY, upload_id, parts, QUARTER)
        for url, part, content in zip(urls, parts, contents, strict=True):
            assert (await send(url, Sent(headers=part.headers, body=content))).status == 200
        return upload_id

    first, second = stored
    swapped = [
        StoredPart(1, first.size_bytes, second.md5),
        StoredPart(2, second.size_bytes, first.md5),
    ]
    for wrong in (swapped, [first, swapped[1]], [first, second, StoredPart(3, 1, md5(b""))]):
        with pytest.raises(PartsRefused):
            await store.complete_upload(KEY, await sent(), wrong)
        with pytest.raises(ObjectGone):
            await store.get_range(KEY, 0, 1)
    await store.complete_upload(KEY, await sent(), stored)
    assert await store.get_range(KEY, 0, PART + 1000) == b"".join(contents)
