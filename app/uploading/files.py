"""The file that is uploaded: its parts, read as they are needed."""

import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio.to_thread

READ_BYTES = 2**20
CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".ts": "video/mp2t",
    ".m2ts": "video/mp2t",
    ".mxf": "application/mxf",
}


class FileChanged(Exception):  # noqa: N818  # a fact
    """The file is no longer what it was when the upload began."""


@dataclass(frozen=True)
class Film:
    """A file of one length, cut into parts of another; it is never in memory."""

    path: Path
    size_bytes: int
    changed_at: int
    descriptor: int

    def part_size(self, number: int, part_bytes: int) -> int:
        """Give the length of a part: all have `part_bytes` but the last."""
        return min(part_bytes, self.size_bytes - (number - 1) * part_bytes)

    async def md5(self, number: int, part_bytes: int) -> str:
        """Compute the MD5 of a part, in a thread."""
        start, length = (number - 1) * part_bytes, self.part_size(number, part_bytes)
        return await anyio.to_thread.run_sync(partial(self._md5, start, length))

    def _md5(self, start: int, length: int) -> str:
        digest = hashlib.md5(usedforsecurity=False)
        for at in range(start, start + length, READ_BYTES):
            digest.update(self._read(at, min(READ_BYTES, start + length - at)))
        return digest.hexdigest()

    async def pieces(self, number: int, part_bytes: int) -> AsyncIterator[bytes]:
        """Give a part a mebibyte at a time."""
        start, length = (number - 1) * part_bytes, self.part_size(number, part_bytes)
        for at in range(start, start + length, READ_BYTES):
            wanted = min(READ_BYTES, start + length - at)
            yield await anyio.to_thread.run_sync(self._read, at, wanted)

    def _read(self, at: int, length: int) -> bytes:
        found = os.pread(self.descriptor, length, at)
        if len(found) != length:
            raise FileChanged(f"{self.path.name} became shorter while it was uploaded.")
        return found

    def require_unchanged(self) -> None:
        """Hold the file to what it was.

        Raises:
            FileChanged: somebody wrote to it.
        """
        now = os.fstat(self.descriptor)
        if (now.st_size, now.st_mtime_ns) != (self.size_bytes, self.changed_at):
            raise FileChanged(f"{self.path.name} changed while it was uploaded: start again.")


def opened_film(path: Path, descriptor: int) -> Film:
    """Look at an open file."""
    found = os.fstat(descriptor)
    return Film(path, found.st_size, found.st_mtime_ns, descriptor)
