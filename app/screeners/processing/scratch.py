"""The folder of one film on the worker's disk: its own, locked, thrown away when it is over."""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

# Beside the film: the segments of a piece in every size, or those of a whole sound track
RESERVE_BYTES = 256 * 2**20
OWNER_ONLY = 0o700


class ScratchTakenError(Exception):
    """Another process works in the folder."""


class NoRoomError(Exception):
    """The disk has too little room; `str()` is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """Where one film lies while it is worked on."""

    folder: Path

    @property
    def original(self) -> Path:
        """Name the file as it was fetched, as far as it was."""
        return self.folder / "original"

    @property
    def bench(self) -> Path:
        """Name the folder of what is being made."""
        return self.folder / "bench"

    def clear_bench(self) -> None:
        """Throw away what was made, or half made."""
        shutil.rmtree(self.bench, ignore_errors=True)
        self.bench.mkdir(mode=OWNER_ONLY)

    def require_room(self, size_bytes: int) -> None:
        """Ask whether the rest of a file has room, and what is made of it.

        Raises:
            NoRoomError: it has not; it may later.
        """
        here = self.original.stat().st_size if self.original.exists() else 0
        wanted = max(0, size_bytes - here) + RESERVE_BYTES
        free = shutil.disk_usage(self.folder).free
        if free < wanted:
            raise NoRoomError(
                f"The worker's disk has {free // 2**20} MiB left, and the film wants "
                f"{wanted // 2**20}."
            )


@contextmanager
def scratch_of(root: Path, screener_id: int) -> Iterator[Scratch]:
    """Lock a film's folder; what lies in it stays there afterwards, for a next run.

    Raises:
        ScratchTakenError: another process has it.
        OSError: it can't be made.
    """
    make_root(root)
    folder = root / str(screener_id)
    with _locked(folder) as is_ours:
        if not is_ours:
            raise ScratchTakenError
        scratch = Scratch(folder)
        scratch.clear_bench()
        yield scratch


def make_root(root: Path) -> None:
    """Make the folder of all films: nobody else may look into it.

    Raises:
        OSError: it can't be made, or is somebody else's.
    """
    root.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{root} is not a folder of our own: set FILMMART_SCRATCH_DIR.")
    if found.st_mode & 0o077:
        root.chmod(OWNER_ONLY)


def kept_ids(root: Path) -> list[int]:
    """Name the screeners that have a folder here."""
    if not root.is_dir():
        return []
    return sorted(int(each.name) for each in root.iterdir() if each.name.isdecimal())


def remove(root: Path, screener_id: int) -> bool:
    """Throw a film's folder away, unless somebody works in it; tell whether it is gone."""
    folder = root / str(screener_id)
    if not folder.is_dir():
        return True
    with _locked(folder) as is_ours:
        if is_ours:
            shutil.rmtree(folder, ignore_errors=True)
        return is_ours


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Lock a folder until its holder lets go, or dies."""
    held = None
    while held is None:
        held = _open_and_lock(folder)
    try:
        yield held >= 0
    finally:
        if held >= 0:
            os.close(held)


def _open_and_lock(folder: Path) -> int | None:
    """Give what holds the lock, or -1 where another one does; None if it was removed meanwhile."""
    with suppress(FileExistsError):
        folder.mkdir(mode=OWNER_ONLY)
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(held), folder.stat()):
            return held
    except BlockingIOError:
        os.close(held)
        return -1
    except FileNotFoundError:
        pass
    os.close(held)
    return None
