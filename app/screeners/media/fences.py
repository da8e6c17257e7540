"""What keeps a child off the network and our files here: found out once, and proven."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from app.screeners.media import trespasser
from app.screeners.media.isolation import Bench, Fence, Limits, run_isolated
from app.screeners.media.refusals import MediaFailedError

# Either of them keeps a child off the network by itself; both are put up where both are granted.
OF_THE_NETWORK = frozenset({Fence.NAMESPACE, Fence.SECCOMP})
_LIMITS = Limits(seconds=20)
NO_FENCE = (
    "Nothing here keeps a program off the network: the kernel grants neither user namespaces nor "
    "seccomp filters, so no seller's file is opened. Allow one of them (Docker's default profile "
    "allows seccomp filters)."
)


async def find_fences(wanted: Iterable[Fence] = tuple(Fence)) -> frozenset[Fence]:
    """Find what keeps a child off the network here, and prove it by a child that tries.

    Raises:
        MediaFailedError: nothing does; no file may be opened then.
    """
    with tempfile.TemporaryDirectory(prefix="fences-") as folder:
        scratch = Path(folder)
        found = {fence for fence in wanted if await _is_granted(fence, scratch)}
        bench = Bench(frozenset(found), scratch)
        if not found & OF_THE_NETWORK:
            raise MediaFailedError(NO_FENCE)
        if ways := await ways_out(bench):
            raise MediaFailedError(f"A fenced program reached the network by {', '.join(ways)}.")
    return bench.fences


async def ways_out(bench: Bench) -> list[str]:
    """Have a child try to reach a listener of ours, and give the ways by which it did."""
    reached = 0

    def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal reached
        reached += 1
        writer.close()

    async with await asyncio.start_server(count, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        command = (sys.executable, "-I", "-S", trespasser.__file__, str(port))
        outcome = await run_isolated(command, bench, _LIMITS)
    if outcome.exit_code != 0:
        raise MediaFailedError(f"The fences could not be proven: {outcome.errors}")
    ways: list[str] = json.loads(outcome.output)
    return ways or ["a connection that came nevertheless"] * (reached > 0)


async def _is_granted(fence: Fence, scratch: Path) -> bool:
    command = (sys.executable, "-I", "-S", "-c", "")
    try:
        outcome = await run_isolated(command, Bench(frozenset({fence}), scratch), _LIMITS)
    except MediaFailedError:
        return False
    return outcome.exit_code == 0
