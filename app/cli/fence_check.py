"""What `filmmart doctor` says of the fences around programs that open strangers' files."""

from app.cli.checks import Finding, State
from app.screeners.media.fences import find_fences
from app.screeners.media.isolation import Fence
from app.screeners.media.refusals import MediaFailedError


async def check_fences() -> Finding:
    """Put up the fences, and have a child try to get out."""
    try:
        found = await find_fences()
    except MediaFailedError as error:
        return Finding(
            "isolation", State.BAD, str(error), "Until then no upload is processed by the worker."
        )
    missing = [fence for fence in Fence if fence not in found]
    return Finding(
        "isolation",
        State.DOUBTFUL if Fence.LANDLOCK in missing else State.FINE,
        f"{', '.join(sorted(found))}: a child that tried reached no network",
        "Landlock (Linux 5.13) would hide our files, too." if Fence.LANDLOCK in missing else "",
    )
