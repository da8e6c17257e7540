"""What tests of media work stand on: a bench behind the fences, and films that were probed."""

from pathlib import Path

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
