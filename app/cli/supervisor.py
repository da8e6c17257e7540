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


class Market:
    """The API and the worker of a market."""

    def __init__(self, whose: str, environment: Mapping[str, str], port: int, folder: Path) -> None:
        self._port = port
        self.api = Child(f"{whose} API", ["serve", "--port", str(port)], folder, environment)
        self.worker = Child(f"{whose} worker", ["worker"], folder, environment)

    def start(self) -> None:
        self.api.start()
        self.worker.start()

    def stop(self) -> None:
        """Stop the API first, so that no request loses what is under it."""
        self.api.stop()
        self.worker.stop()

    def wait_until_ready(self) -> None:
        """Wait until the API says it can serve.

        Raises:
            ConfigurationError: it ended or took too long.
        """
        process = self.api.process
        if process is None or not wait_until(self._is_ready, process, seconds=_READY_SECONDS):
            raise ConfigurationError(f"{self.api.name} did not start; what it said stands above.")

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


class Supervisor:
    """Keeps APIs, workers and the embedded servers running until told to stop."""

    def __init__(
        self, installed: Installation, *, port: int, folder: Path, sandbox: Installation | None
    ) -> None:
        self._markets = [Market("The", installed.environment, port, folder)]
        if sandbox is not None:
            beside = Market("The sandbox's", sandbox.environment, port + 1, folder)
            self._markets.append(beside)
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
        """Stop them before the servers under them."""
        for market in self._markets:
            market.stop()

    def wait_until_ready(self) -> None:
        """Start APIs and workers, and wait until each API says it can serve.

        Raises:
            ConfigurationError: one ended or took too long.
        """
        for market in self._markets:
            market.start()
        with out.status("Starting the API …"):
            for market in self._markets:
                market.wait_until_ready()

    def watch(self) -> None:
        """Start again whatever dies, until a signal interrupts.

        Raises:
            ConfigurationError: something dies again and again.
        """
        while True:
            for name, server in self._servers.items():
                self._revive(name, server)
            for market in self._markets:
                for child in (market.api, market.worker):
                    self._revive(child.name, child)
            time.sleep(_LOOK_EVERY)

    def _revive(self, name: str, process: Child | PostgresServer | S3Server) -> None:
        if process.is_running():
            return
        self._deaths.append(time.monotonic())
        if len(self._deaths) > _DEATHS_A_MINUTE and self._deaths[-1] - self._deaths[0] < 60:  # noqa: PLR2004
            raise ConfigurationError(f"{name} ends again and again: see what stands above.")
        err.print(f"[yellow]{name} has ended unexpectedly; starting it again.[/]")
        process.start()
