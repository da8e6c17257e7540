"""What tests of media work stand on: a bench behind the fences, films that were probed, a watch."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from app.screeners.media.facts import Film
from app.screeners.media.fences import find_fences
from app.screeners.media.isolation import Bench
from app.screeners.media.probing import probe

TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".ts": "video/mp2t",
    ".mpg": "video/mpeg",
    ".mxf": "application/mxf",
}


@pytest.fixture
async def bench(tmp_path: Path) -> Bench:
    """Give a bench behind every fence there is."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Bench(await find_fences(), scratch)


async def film_at(path: Path, bench: Bench) -> Film:
    """Probe a film as what its name says."""
    return Film(path, await probe(path, TYPES[path.suffix], bench))


@dataclass
class Memory:
    """The most that any one child had resident."""

    most_bytes: int = 0


@contextmanager
def watched_children() -> Iterator[Memory]:
    """Look again and again how much memory each child of ours has had at most.

    What the kernel tells of children that ended (`RUSAGE_CHILDREN`) counts our own memory, too,
    which a child has until it becomes another program.
    """
    memory = Memory()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            memory.most_bytes = max(memory.most_bytes, _most_of_children())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        ended.set()
        thread.join()


def _most_of_children() -> int:
    ours = psutil.Process()
    most = 0
    for child in ours.children(recursive=True):
        with suppress(OSError, psutil.Error):  # it has just ended
            if child.cmdline() != ours.cmdline():  # or it is not yet another program
                status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
                most = max(most, *(int(kib) * 1024 for kib in _HIGH_WATER.findall(status)), 0)
    return most


_HIGH_WATER = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
