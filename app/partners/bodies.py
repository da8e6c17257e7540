"""A request whose body is a file: into the object store before its transaction begins."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Annotated, ClassVar

from fastapi import Depends, Request, Response

from app.actors import Actor
from app.errors import TooLarge, UnsupportedMediaType
from app.s3 import Store
from app.settings import Settings
from app.stored import StorageUnavailable
from app.transaction import Handler, TransactionRoute


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that lies in the store."""

    key: str
    size: int


class FileRoute(TransactionRoute):
    """A route that finds the body of its request in the store: `request.state.upload`.

    The caller is let in, and the first bytes are looked at, before anything is kept. A transaction
    that is repeated does not need the body again.
    """

    taken: ClassVar[tuple[str, ...]]

    async def admit(self, request: Request) -> Actor:
        """Give the caller, before a byte is read."""
        raise NotImplementedError

    def key(self, actor: Actor, media_type: str) -> str:
        """Name the object that the file will be; nobody can guess it."""
        raise NotImplementedError

    def most(self, settings: Settings) -> int:
        """Give the bytes that a file may have."""
        raise NotImplementedError

    def look(self, file: IO[bytes]) -> None:
        """Look at the first bytes of what came.

        Raises:
            UnsupportedMediaType: they are no such file's.
        """
        raise NotImplementedError

    def get_route_handler(self) -> Handler:
        """Wrap the transaction."""
        handle = super().get_route_handler()

        async def after_upload(request: Request) -> Response:
            actor = await self.admit(request)
            media_type = _media_type(request, self.taken)
            async with self._stored(request, self.key(actor, media_type), media_type):
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

    @asynccontextmanager
    async def _stored(self, request: Request, key: str, media_type: str) -> AsyncIterator[None]:
        """Keep the body in the store; throw it away if nothing comes of the request."""
        store: Store = request.app.state.store
        with TemporaryFile() as file:
            most = self.most(request.app.state.settings)
            size, digest = await _read_body(request, file, most)
            file.seek(0)
            self.look(file)
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


class _ReplayedError(Exception):
    """The answer is that of an earlier request: this one's file is not needed."""

    def __init__(self, response: Response) -> None:
        """Keep the answer."""
        self.response = response


def new_name() -> str:
    """Give a name that nobody can guess."""
    return secrets.token_hex(16)


def _media_type(request: Request, taken: tuple[str, ...]) -> str:
    headers = request.headers
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType(
            "Send the file as it is, without Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )
    if media_type not in taken:
        raise UnsupportedMediaType(
            f"Send the file itself as the body, with Content-Type: {', or '.join(taken)}.",
            headers={"Accept": ", ".join(taken)},
        )
    return media_type


async def _read_body(request: Request, file: IO[bytes], most: int) -> tuple[int, bytes]:
    """Copy the body to a file on disk; give its size and its digest.

    Raises:
        TooLarge: it is larger than what is taken.
    """
    refusal = TooLarge(
        f"A file may have {most} bytes over HTTP: "
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


def upload_of(request: Request) -> Upload:
    """Give the file that came with the request."""
    upload: Upload = request.state.upload
    return upload


UploadDep = Annotated[Upload, Depends(upload_of)]
