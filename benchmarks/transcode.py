"""How fast a film becomes all its renditions: a piece of it, as the worker does it."""

import asyncio
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from app.screeners.media.commands import FFMPEG
from app.screeners.media.facts import Film
from app.screeners.media.fences import find_fences
from app.screeners.media.grid import pieces_of
from app.screeners.media.isolation import Bench
from app.screeners.media.ladder import renditions_of
from app.screeners.media.pieces import transcode_piece
from app.screeners.media.probing import probe

SECONDS = 24
ROUNDS = 3
# Full HD with the grain of a film: without it an encoder has nothing to do.
PICTURE = "testsrc2=size=1920x1080:rate=25,gblur=sigma=2,noise=alls=4:allf=t"


def measure() -> dict[str, float]:
    """Transcode a film of 1080p25 into 360p to 1080p; give its length over the time it took."""
    with tempfile.TemporaryDirectory(prefix="transcode-") as folder:
        path = Path(folder) / "film.mp4"
        made = ("-f", "lavfi", "-i", PICTURE, "-t", str(SECONDS), "-pix_fmt", "yuv420p")
        codec = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "8M")
        subprocess.run(  # noqa: S603  # a command line of our own
            [FFMPEG, "-nostdin", "-v", "error", *made, *codec, str(path)], check=True
        )
        rounds = sorted(asyncio.run(_transcode(path, Path(folder))) for _ in range(ROUNDS))
    return {
        "seconds_of_film_a_second": SECONDS / rounds[ROUNDS // 2][0],
        "cpu_seconds_a_second_of_film": rounds[ROUNDS // 2][1] / SECONDS,
        "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        "cores": float(os.cpu_count() or 0),
    }


async def _transcode(path: Path, folder: Path) -> tuple[float, float]:
    """Give the seconds by the clock and those of the cores."""
    bench = Bench(await find_fences(), folder)
    facts = await probe(path, "video/mp4", bench)
    [piece] = pieces_of(facts.duration_ms)
    began, used = time.monotonic(), _cpu()
    film = Film(path, facts)
    await transcode_piece(film, renditions_of(facts.video), piece, bench)
    return time.monotonic() - began, _cpu() - used


def _cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    print(measure())
