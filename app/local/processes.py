"""Child processes that die with us, and what is left of those that did not."""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

# Below the range the kernel hands to outgoing connections (32768 on Linux): a port taken from there
# could be gone when a killed server wants its own back.
_PORTS = range(20_000, 32_000)


class LocalError(RuntimeError):
    """Why an embedded server cannot run, as one sentence for the person who started it."""


@contextmanager
def os_errors_as_sentence(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses (read-only, full, not ours) into one sentence."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise LocalError(
            f"The data folder {folder} cannot be used: {where}: {error.strerror}."
        ) from error


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it however the process dies."""
    with os_errors_as_sentence(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise LocalError(
                f"{folder} is already in use by process {holder}: stop that one first."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def is_held(folder: Path) -> bool:
    """Tell whether some process holds the folder, as `exclusive` does."""
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def why_no_listening(port: int, host: str = "127.0.0.1") -> str | None:
    """Tell why nobody could listen there, or None if we can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return str(error.strerror)
    return None


def free_port() -> int:
    """Find a port nobody listens on; somebody may still be quicker, so the start must say so."""
    for port in secrets.SystemRandom().sample(_PORTS, 100):
        if why_no_listening(port) is None:
            return port
    raise LocalError(f"No free port was found between {_PORTS.start} and {_PORTS.stop}.")


def kept_secret(file: Path) -> str:
    """Read a generated secret, or make it and keep it for the owner's eyes only."""
    if not file.exists() or not file.read_text():
        new = file.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
            kept.write(secrets.token_hex(24))
        new.replace(file)
    return file.read_text()


def launch(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path | None = None,
    as_whom: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program as our own child, in its own session, with `folder` as its working folder.

    Its own session, so that a Ctrl-C in the terminal reaches us alone and we stop the children in
    order. The working folder is what `leftovers` knows a process of ours by. Without a log it
    speaks where we do.
    """
    with ExitStack() as opened:
        output = opened.enter_context(log.open("ab")) if log is not None else None
        return subprocess.Popen(
            [*dying_with_us(*as_whom), *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output and subprocess.STDOUT,
            start_new_session=True,
        )


def dying_with_us(*options: str) -> list[str]:
    """Give the launcher that has the kernel interrupt the child when we die, even of `kill -9`.

    `setpriv` comes with every Linux (util-linux). It also changes the user where `options` say so,
    and in that order, which matters: a change of user clears PR_SET_PDEATHSIG. The kernel watches
    the *thread* that started the child, so servers are started from the main thread. Elsewhere
    (macOS) nothing is watched, and the next start ends the `leftovers`.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is not None:
        return [setpriv, "--pdeathsig", "INT", *options, "--"]
    if options:
        raise LocalError(
            "The program setpriv (package util-linux) is missing, needed when run by root."
        )
    return []


def stop(child: subprocess.Popen[bytes], *signals: signal.Signals, patience: float) -> None:
    """Ask with each signal in turn, then kill; always reap, so that no zombie is left."""
    for number in signals:
        if child.poll() is not None:
            return
        child.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    if child.poll() is None:
        child.kill()
    child.wait()


def wait_until(
    ready: Callable[[], bool], child: subprocess.Popen[bytes], *, seconds: float
) -> bool:
    """Poll until the server is ready; False if it ended first or time ran out."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and child.poll() is None:
        if ready():
            return True
        time.sleep(0.02)
    return False


def leftovers(folder: Path, name: str) -> list[psutil.Process]:
    """List the living processes called `name` that work in `folder`, oldest first."""
    working = str(folder.resolve())
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            dead = process.status() == psutil.STATUS_ZOMBIE
            if not dead and process.name() == name and process.cwd() == working:
                found.append(process)
    return sorted(found, key=lambda process: process.create_time())


def end_leftovers(folder: Path, name: str, *, patience: float = 30) -> None:
    """End what a killed run left behind: its server first, then whatever still works there.

    Zombies don't count: in a container without an init nobody ever reaps them.
    """
    deadline = time.monotonic() + patience
    first_signal = signal.SIGINT
    while found := leftovers(folder, name):
        with suppress(psutil.Error):
            found[0].send_signal(first_signal)
        if time.monotonic() > deadline:
            _kill(found)
            if time.monotonic() > deadline + patience:
                raise LocalError(f"Process {found[0].pid} still uses {folder} and cannot be ended.")
        time.sleep(0.1)


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.kill()


def last_words(log: Path, *, marker: str = "") -> str:
    """Give the last line of a server's log that bears the marker, without what comes before it."""
    with suppress(OSError):
        lines = log.read_text(errors="replace").splitlines()
        for line in reversed(lines):
            if marker in line and line.strip():
                return line.partition(marker)[2].strip() if marker else line.strip()
    return f"it gave no reason (see {log})"
