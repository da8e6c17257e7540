"""Programs that open strangers' files: fenced in, and ended."""

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from app.screeners.media import launcher
from app.screeners.media.refusals import MediaFailedError

GIB = 1 << 30
MAX_OUTPUT_BYTES = 4 << 20
MAX_LINE_BYTES = 64 << 10
KEPT_ERROR_BYTES = 16 << 10
# What a program needs beside the files that it is there for
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/urandom", "/sys/devices/system/cpu")
# Nothing of ours. Few arenas: each of malloc's takes 64 MiB of the address space.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8"}
_STACK_BYTES = 2 << 20
# Resident are a program's data, which are limited, and what it touches of its own file, which is no
# more than this (27 MiB of ffmpeg). The limit of the address space is for memory that is shared.
_PROGRAM_BYTES = 40 << 20


class Fence(StrEnum):
    """What the kernel may grant."""

    NAMESPACE = "namespace"
    """A network of its own, in which there is nothing."""
    SECCOMP = "seccomp"
    """No sockets at all, and no further processes."""
    LANDLOCK = "landlock"
    """No files but those it is there for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use."""

    seconds: float
    """By the clock on the wall."""
    memory_bytes: int = GIB
    cpu_seconds: int | None = None
    """Of all its threads; without a figure, `seconds` on every core."""
    file_bytes: int = GIB
    """Of the largest file that it writes."""
    open_files: int = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a child ended."""

    exit_code: int
    """Negative: the signal that ended it."""
    output: bytes
    errors: str
    """The end of what it said on standard error."""
    timed_out: bool
    """It was ended by us, for its time or for talking without end."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Where work is done: behind which fences, and in which folder (it must exist)."""

    fences: frozenset[Fence]
    scratch: Path

    def cleared(self, name: str) -> "Bench":
        """Give a bench in an empty folder below this one."""
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return replace(self, scratch=folder)


async def run_isolated(
    command: Sequence[str],
    bench: Bench,
    limits: Limits,
    *,
    reads: Sequence[Path] = (),
    on_line: Callable[[str], None] | None = None,
) -> Outcome:
    """Run a program in a folder, and wait for its end; it dies with us, and when cancelled.

    It may read `reads` and what programs need, write below its folder, and nothing else, where the
    kernel has Landlock. `on_line` is given every line of its output, which is then not kept.

    Raises:
        MediaFailedError: it could not be fenced in, and was not started.
    """
    plan = _plan(command, bench, limits, reads)
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", launcher.__file__, plan, *command),
        cwd=bench.scratch,
        env=_ENVIRONMENT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    output, errors, timed_out = _Output(on_line), _Tail(), False
    try:
        async with asyncio.timeout(limits.seconds):
            await asyncio.gather(
                _read(process, process.stdout, output.take),
                _read(process, process.stderr, errors.take),
                process.wait(),
            )
    except TimeoutError:
        timed_out = True
    finally:
        await _end(process)
    code = process.returncode or 0
    if code == launcher.REFUSED:
        raise MediaFailedError(f"A program could not be fenced in: {errors.text()}")
    taken = time.monotonic() - began
    ended = timed_out or output.is_too_much
    return Outcome(code, bytes(output.kept), errors.text(), ended, taken)


def _plan(command: Sequence[str], bench: Bench, limits: Limits, reads: Sequence[Path]) -> str:
    cpu = limits.cpu_seconds or int(limits.seconds * (os.cpu_count() or 1)) + 1
    package = Path(__file__).parents[2]
    own = (sys.prefix, sys.base_prefix, str(package), command[0])
    return json.dumps(
        {
            "fences": sorted(bench.fences),
            "parent": os.getpid(),
            "limits": {
                "AS": limits.memory_bytes * 5 // 4,
                "DATA": limits.memory_bytes - _PROGRAM_BYTES,
                "CPU": cpu,
                "FSIZE": limits.file_bytes,
                "NOFILE": limits.open_files,
                "STACK": _STACK_BYTES,
                "CORE": 0,
            },
            "lists": [str(package.parent)],  # Python looks for the package there
            "reads": [*_SYSTEM, *own, *map(str, reads)],
            "writes": [str(bench.scratch), "/dev/null"],
        }
    )


class _Output:
    """What a child writes: handed on line by line, or kept."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self.kept = bytearray()
        self.is_too_much = False
        self._on_line = on_line

    def take(self, chunk: bytes) -> bool:
        """Take some more; False when it is more than anybody wants to read."""
        if self.is_too_much:
            return False
        self.kept += chunk
        if self._on_line is not None:
            *lines, rest = self.kept.split(b"\n")
            self.kept = bytearray(rest)
            for line in lines:
                self._on_line(line.decode(errors="replace"))
        if len(self.kept) > (MAX_OUTPUT_BYTES if self._on_line is None else MAX_LINE_BYTES):
            self.is_too_much = True
        return not self.is_too_much


class _Tail:
    """The end of what a child says went wrong."""

    def __init__(self) -> None:
        self._kept = b""

    def take(self, chunk: bytes) -> bool:
        self._kept = (self._kept + chunk)[-KEPT_ERROR_BYTES:]
        return True

    def text(self) -> str:
        return self._kept.decode(errors="replace").strip()


async def _read(
    process: Process, stream: asyncio.StreamReader | None, take: Callable[[bytes], bool]
) -> None:
    while stream is not None and (chunk := await stream.read(1 << 16)):
        if not take(chunk):
            _kill(process)


async def _end(process: Process) -> None:
    """Kill whatever still runs of a child and of its children.

    Its pipes are read to their ends: `wait` does not return while one is full.
    """
    _kill(process)
    await asyncio.gather(
        _read(process, process.stdout, lambda _: True),
        _read(process, process.stderr, lambda _: True),
        process.wait(),
    )


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
