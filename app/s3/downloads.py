"""Objects of many gibibytes, fetched to a file: piece by piece, and on from where it ended."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from app.s3.objects import Objects
from app.stored import StorageUnavailable

# Of one request: a turn of the store is held for no longer, and progress is told between two.
PIECE_BYTES = 64 * 2**20
# Of a piece of which not a byte came
ATTEMPTS = 3
PAUSE_SECONDS = 0.25

Told = Callable[[int], Awaitable[object]]


class Downloads(Objects):
    """What the worker fetches to work on."""

    async def download_to(
        self, key: str, path: Path, size_bytes: int, told: Told | None = None
    ) -> None:
        """Fetch an object of exactly this length to a file, on from the bytes that are there.

        `told` learns the length of the file after each piece. What came before a failure stays:
        call again to go on from there. A file longer than the object is begun anew.

        Raises:
            ObjectGone: there is no such object.
            StorageUnavailable: the store did not give these bytes, after some attempts.
            OSError: the disk took no more.
        """
        done = _length(path, size_bytes)
        failures = 0
        while done < size_bytes:
            try:
                await self._append(key, path, done, min(PIECE_BYTES, size_bytes - done))
            except StorageUnavailable:
                failures = failures + 1 if _length(path, size_bytes) == done else 0
                if failures == ATTEMPTS:
                    raise
                await anyio.sleep(PAUSE_SECONDS * 2**failures)
            done = _length(path, size_bytes)
            if told is not None:
                await told(done)

    async def _append(self, key: str, path: Path, start: int, length: int) -> None:
        def append() -> None:
            with path.open("ab") as file:
                self._copy_range(key, start, length, file)

        await self._call(append)


def _length(path: Path, most: int) -> int:
    """Give how much of a file is there; one that has too much is no beginning of it."""
    if not path.exists():
        return 0
    if (found := path.stat().st_size) <= most:
        return found
    path.unlink()
    return 0
