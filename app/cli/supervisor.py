"""The children of `filmmart run`: started, watched, started again, stopped in order."""

import http.client
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from app.cli.console import err, out
from app.cli.installation import ConfigurationError, Installation
from app.local import PostgresServer, S3Server
from app.local.processes import launch, stop, wait_until

_READY_SECONDS = 120
_STOP_SECONDS = 20
_LOOK_EVERY = 0.2
# More deaths than this in a minute and starting again does not help.
_DEATHS_A_MINUTE = 5


class Child:
    """One of our own commands as a child process."""

    def __init__(
        self, name: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self._environment = environment
        self._arguments = arguments
        self._folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        command = [sys.executable, "-m", "app.cli", *self._arguments]
        self.process = launch(command, folder=self._folder, environment=self._environment)

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, signal.SIGTERM, patience=_STOP_SECONDS)


class Supervisor:
    """Keeps the API, the worker and the embedded servers running until told to stop."""

    def __init__(self, installed: Installation, *, port: int, folder: Path) -> None:
        self._port = port
        environment = installed.environment
        self._api = Child("The API", ["serve", "--port", str(port)], folder, environment)
        self._worker = Child("The worker", ["worker"], folder, environment)
        self._servers = {
            name: server
            for name, server in (
                ("PostgreSQL", installed.postgres),
                ("The S3 server", installed.s3),
            )
            if server is not None
        }
        self._deaths: deque[float] = deque(maxlen=_DEATHS_A_MINUTE + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the API first, so that no request loses the servers under it."""
        self._api.stop()
        self._worker.stop()

    def wait_until_ready(self) -> None:
        """Start the API and the worker, and wait until the API says it can serve.

        Raises:
            ConfigurationError: it ended or took too long.
        """
        self._api.start()
        self._worker.start()
        process = self._api.process
        with out.status("Starting the API …"):
            ready = process is not None and wait_until(
                self._is_ready, process, seconds=_READY_SECONDS
            )
        if not ready:
            raise ConfigurationError("The API did not start; what it said stands above.")

    def watch(self) -> None:
        """Start again whatever dies, until a signal interrupts.

        Raises:
            ConfigurationError: something dies again and again.
        """
        while True:
            for name, server in self._servers.items():
                self._revive(name, server)
            self._revive(self._api.name, self._api)
            self._revive(self._worker.name, self._worker)
            time.sleep(_LOOK_EVERY)

    def _revive(self, name: str, process: Child | PostgresServer | S3Server) -> None:
        if process.is_running():
            return
        self._deaths.append(time.monotonic())
        if len(self._deaths) > _DEATHS_A_MINUTE and self._deaths[-1] - self._deaths[0] < 60:  # noqa: PLR2004
            raise ConfigurationError(f"{name} ends again and again: see what stands above.")
        err.print(f"[yellow]{name} has ended unexpectedly; starting it again.[/]")
        process.start()

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()
