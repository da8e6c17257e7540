"""The original, from the store to the disk, held again to what its seller stated."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.s3 import Store
from app.screeners.processing.scratch import Scratch
from app.screeners.rules import composite_checksum

READ_BYTES = 2**20
# Hashed in a thread at a time, so that whoever is told to stop does so soon
STRIDE_BYTES = 256 * 2**20


class AnotherFileError(Exception):
    """The store holds another file than the one that was completed."""


@dataclass(frozen=True, slots=True)
class Original:
    """A file as its completion found it."""

    key: str
    size_bytes: int
    part_bytes: int
    checksum: str


async def fetch(
    store: Store, original: Original, scratch: Scratch, tell: Callable[[float], None]
) -> None:
    """Have the whole file in the scratch folder, every part of it what was uploaded.

    What lies there from before is read again: a power cut may have spoilt it.

    Raises:
        AnotherFileError: the store holds another file, even when asked a second time.
        NoRoomError: the disk has too little room for it.
        StorageUnavailable: the store did not give it.
        ObjectGone: it has none.
        OSError: the disk took no more.
    """
    path = scratch.original
    for _ in range(2):
        if await _has_come(store, original, scratch, tell):
            return
        path.unlink()
    raise AnotherFileError


async def _has_come(
    store: Store, original: Original, scratch: Scratch, tell: Callable[[float], None]
) -> bool:
    path, size = scratch.original, original.size_bytes
    if path.exists() and path.stat().st_size > size:
        path.unlink()
    scratch.require_room(size)
    parts = _Parts(path, original.part_bytes)

    async def told(length: int) -> None:
        await parts.follow(length)
        tell(length / size)

    await store.download_to(original.key, path, size, told)
    await parts.follow(size)
    return parts.checksum == original.checksum


class _Parts:
    """The MD5 of each part of a file that grows."""

    def __init__(self, path: Path, part_bytes: int) -> None:
        self._path = path
        self._part_bytes = part_bytes
        self._read = 0
        self._md5s: list[str] = []
        self._part = hashlib.md5(usedforsecurity=False)

    @property
    def checksum(self) -> str:
        """Give S3's checksum of what was read."""
        rest = [] if self._read % self._part_bytes == 0 else [self._part.hexdigest()]
        return composite_checksum([*self._md5s, *rest])

    async def follow(self, length: int) -> None:
        """Read on, up to where the file has grown."""
        while self._read < length:
            before = self._read
            await asyncio.to_thread(self._stride, min(length, before + STRIDE_BYTES))
            if self._read == before:  # somebody cut it short
                return

    def _stride(self, end: int) -> None:
        with self._path.open("rb") as file:
            file.seek(self._read)
            while self._read < end:
                to_part = self._part_bytes - self._read % self._part_bytes
                chunk = file.read(min(READ_BYTES, end - self._read, to_part))
                if not chunk:
                    return
                self._part.update(chunk)
                self._read += len(chunk)
                if self._read % self._part_bytes == 0:
                    self._md5s.append(self._part.hexdigest())
                    self._part = hashlib.md5(usedforsecurity=False)
