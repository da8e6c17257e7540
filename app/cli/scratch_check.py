"""What `filmmart doctor` says of the folder where films are processed; it makes none."""

import os
import shutil

from app.cli.checks import Finding, State, judged
from app.settings import Settings

# Less is too little for a feature film of the usual kind; a large one takes up to 100 GiB.
ROOM_BYTES = 2 * 2**30


def check_scratch(settings: Settings) -> Finding:
    """Look whether a film would have room, in a folder of our own."""
    root = settings.scratch_dir.absolute()
    there = next(place for place in (root, *root.parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "scratch", State.BAD, f"{there} can't be written to", "Set FILMMART_SCRATCH_DIR."
        )
    if there == root and root.stat().st_uid != os.getuid():
        return Finding(
            "scratch", State.DOUBTFUL, f"{root} is another user's", "Is it the worker's own?"
        )
    free = shutil.disk_usage(there).free
    return judged(
        "scratch",
        good=free > ROOM_BYTES,
        found=f"{free / 2**30:.1f} GiB free for films in {root}",
        remedy="Films wait until their size fits: make room, or set FILMMART_SCRATCH_DIR.",
        otherwise=State.DOUBTFUL,
    )
