"""What something cost by the processor's clock, which work beside it falsifies little.

A second by the clock is worth less the more others want the same cores; a second of CPU is not,
but for what two threads of one core take from each other.
"""

import os
import sys

import psutil
import psycopg

from benchmarks.market import Market


def of_process(process: int) -> float:
    """Give the seconds of CPU of a process and of all that it ever started."""
    return _whole(psutil.Process(process))


def of_postgres(measured: Market) -> float:
    """Give the seconds of CPU of PostgreSQL: of every connection that is, and that was."""
    with psycopg.connect(measured.url) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        return _whole(backend.parent() or backend)


def of_store() -> float:
    """Give the seconds of CPU of the store that we started."""
    ours = psutil.Process().children()
    return sum(_whole(child) for child in ours if child.name().startswith("rclone"))


def _whole(process: psutil.Process) -> float:
    total = sum(process.cpu_times()[:4])
    for child in process.children():
        try:
            total += _whole(child)
        except psutil.NoSuchProcess:
            continue
    return float(total)


def tell_load() -> None:
    """Say how many wanted the processor, of late."""
    minute, _, _ = os.getloadavg()
    print(f"  load: {minute:.1f} on {os.cpu_count()} cores", file=sys.stderr)
