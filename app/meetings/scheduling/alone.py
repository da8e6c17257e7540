"""The planning process: `python -m app.meetings.scheduling.alone`, spoken to through its pipes.

It plans what comes in, and says how far it is and what came of it. A byte more means that it is to
stop with what it has; the end of its input means that whoever asked is dead, and so is it. Nobody
else loads the solver: the worker and the API do without.
"""

import os
import sys
import time
import traceback
from threading import Event, Thread
from typing import BinaryIO

from app.meetings.planning.budget import Budget, Progress
from app.meetings.planning.outcome import Plan
from app.meetings.planning.planner import plan
from app.meetings.planning.repairing import repair
from app.meetings.scheduling.job import LENGTH, Broken, Job, framed, unframed

STDIN, STDOUT, STDERR = 0, 1, 2
NICENESS = 5
SECONDS_BETWEEN = 0.5
ORPHANED = 3


def main() -> None:
    """Plan once."""
    # What a library prints must not stand between two frames
    answers = os.fdopen(os.dup(STDOUT), "wb")
    os.dup2(STDERR, STDOUT)
    os.nice(NICENESS)
    job: Job = unframed(_read(int.from_bytes(_read(LENGTH), "big")))
    stop = Event()
    Thread(target=_listen, args=(stop,), daemon=True).start()
    budget = Budget(effort=job.effort, seconds=job.seconds, stop=stop, tell=_Teller(answers).tell)
    try:
        said: object = _plan(job, budget)
    except Exception:  # noqa: BLE001  # told, whatever it is
        said = Broken(traceback.format_exc())
    _say(answers, said)


def _plan(job: Job, budget: Budget) -> Plan:
    if job.known is None:
        return plan(job.instance, seed=job.seed, budget=budget)
    repaired = repair(job.instance, job.known, waiting=job.waiting, seed=job.seed, budget=budget)
    return repaired.plan


def _read(length: int) -> bytes:
    """Read so many bytes, and none beyond: the rest is for the thread that listens."""
    found = bytearray()
    while len(found) < length:
        part = os.read(STDIN, length - len(found))
        if not part:
            os._exit(ORPHANED)
        found += part
    return bytes(found)


def _listen(stop: Event) -> None:
    while os.read(STDIN, 1):
        stop.set()
    os._exit(ORPHANED)


def _say(answers: BinaryIO, said: object) -> None:
    answers.write(framed(said))
    answers.flush()


class _Teller:
    """Says how far it is, now and then."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._told_at = 0.0

    def tell(self, progress: Progress) -> None:
        if time.monotonic() - self._told_at >= SECONDS_BETWEEN:
            _say(self._answers, progress)
            self._told_at = time.monotonic()


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(ORPHANED)
