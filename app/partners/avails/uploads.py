"""A request whose body is a file of avails: into the object store before its transaction begins."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Annotated

from fastapi import Depends, Request, Response

from app.deps import admit_seller
from app.errors import TooLarge, UnsupportedMediaType
from app.partners.avails.files import require_avails
from app.partners.imports.rows import ImportRefused
from app.s3 import Store
from app.stored import StorageUnavailable
from app.transaction import Handler, TransactionRoute

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XML = "application/xml"
TAKEN = (XLSX, XML, "text/xml")
# Under which the store keeps what waits to be imported
PREFIX = "avails/"
_HEAD = 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that lies in the store."""

    key: str
    size: int


class UploadRoute(TransactionRoute):
    """A route that finds the body of its request in the store: `request.state.upload`.

    The caller is let in, and the first bytes are looked at, before anything is kept. A transaction
    that is repeated does not need the body again.
    """

    def get_route_handler(self) -> Handler:
        """Wrap the transaction."""
        handle = super().get_route_handler()

        async def after_upload(request: Request) -> Response:
            await admit_seller(request)
            _require_media_type(request)
            async with _stored(request):
                response = await handle(request)
                if "idempotency-replayed" in response.headers:
                    raise _ReplayedError(response)
            return response

        async def answer(request: Request) -> Response:
            try:
                return await after_upload(request)
            except _ReplayedError as replayed:
                return replayed.response

        return answer


class _ReplayedError(Exception):
    """The answer is that of an earlier request: this one's file is not needed."""

    def __init__(self, response: Response) -> None:
        """Keep the answer."""
        self.response = response


def _require_media_type(request: Request) -> None:
    headers = request.headers
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType(
            "Send the file as it is, without Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )
    if media_type not in TAKEN:
        raise UnsupportedMediaType(
            f"Send the file itself as the body, with Content-Type: {XLSX}, or {XML}.",
            headers={"Accept": ", ".join(TAKEN)},
        )


@asynccontextmanager
async def _stored(request: Request) -> AsyncIterator[None]:
    """Keep the body in the store; throw it away if nothing comes of the request."""
    store: Store = request.app.state.store
    key = f"{PREFIX}{secrets.token_hex(16)}"
    with TemporaryFile() as file:
        size, digest = await _read_body(request, file)
        _require_avails(file)
        media_type = request.headers["content-type"].partition(";")[0].strip().lower()
        await store.put_file(key, file, media_type)
    request.state.upload = Upload(key, size)
    request.state.body_digest = digest
    try:
        yield
    except BaseException:
        # What is left over is found by the worker.
        with suppress(StorageUnavailable):
            await store.delete_object(key)
        raise


async def _read_body(request: Request, file: IO[bytes]) -> tuple[int, bytes]:
    """Copy the body to a file on disk; give its size and its digest.

    Raises:
        TooLarge: it is larger than what is taken.
    """
    most = request.app.state.settings.avails_max_bytes
    refusal = TooLarge(
        f"A file of avails may have {most} bytes over HTTP: "
        "have the operator of the market import a larger one."
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise refusal
    size, digest = 0, hashlib.sha256()
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise refusal
        digest.update(chunk)
        file.write(chunk)
    return size, digest.digest()


def _require_avails(file: IO[bytes]) -> None:
    """Look at the first bytes; the worker looks at the rest.

    Raises:
        UnsupportedMediaType: they are no workbook's, nor XML's.
    """
    file.seek(0)
    try:
        require_avails(file.read(_HEAD))
    except ImportRefused as error:
        raise UnsupportedMediaType(str(error), headers={"Accept": ", ".join(TAKEN)}) from None


def upload_of(request: Request) -> Upload:
    """Give the file that came with the request."""
    upload: Upload = request.state.upload
    return upload


UploadDep = Annotated[Upload, Depends(upload_of)]
