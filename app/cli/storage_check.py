"""What `filmmart doctor` does to the object store: a screener's whole way, with eleven bytes."""

import http.client
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import anyio.to_thread

from app.cli.checks import Finding, State, clock
from app.errors import Problem
from app.s3 import Store, open_store
from app.settings import Settings
from app.stored import PartsRefused, PartToSign, StoredPart, UploadGone

_BYTES = b"hello world"
_LIFETIME = timedelta(minutes=5)
_REMEDY = "Check the FILMMART_S3_… settings, the bucket, and what the key may do there."


async def check_storage(settings: Settings) -> list[Finding]:
    """Upload in parts by signed URL, complete, read back by signed URL, delete."""
    store = open_store(settings)
    where = f"bucket {settings.s3_bucket} of {settings.s3_endpoint_url or 'AWS'}"
    try:
        await store.check()
    except Problem:
        return [Finding("object store", State.BAD, f"{where} does not answer", _REMEDY)]
    found = [Finding("object store", State.FINE, where)]
    try:
        found += [finding async for finding in _walk(store)]
    except (Problem, UploadGone, PartsRefused, OSError) as error:
        found.append(Finding("upload", State.BAD, f"{type(error).__name__}: {error}", _REMEDY))
    return found


async def _walk(store: Store) -> AsyncIterator[Finding]:
    key = f"doctor/{secrets.token_hex(8)}"
    upload_id = await store.start_upload(key, "text/plain")
    part = PartToSign(1, len(_BYTES))
    [url] = store.sign_parts(key, upload_id, [part], _LIFETIME)
    status, headers, _ = await _request("PUT", url, _BYTES)
    yield _answered("upload by signed URL", status)
    yield clock("the store's clock", lambda: parsedate_to_datetime(headers["date"]).timestamp())
    if status != HTTPStatus.OK:
        await store.abort_upload(key, upload_id)
        return
    etag = headers["etag"].strip('"')
    await store.complete_upload(key, upload_id, [StoredPart(1, len(_BYTES), etag)])
    url = store.sign_playback(key, "text/plain", "inline", _LIFETIME)
    status, _, body = await _request("GET", url)
    await store.delete_object(key)
    yield _answered("playback by signed URL", status if body == _BYTES else None)


def _answered(what: str, status: int | None) -> Finding:
    if status == HTTPStatus.OK:
        return Finding(what, State.FINE, "works")
    found = f"answered {status}" if status else "gave other bytes back"
    return Finding(what, State.BAD, found, _REMEDY)


async def _request(
    method: str, url: str, body: bytes | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    return await anyio.to_thread.run_sync(_request_blocking, method, url, body)


def _request_blocking(
    method: str, url: str, body: bytes | None
) -> tuple[int, Mapping[str, str], bytes]:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=15)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
    finally:
        connection.close()
