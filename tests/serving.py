"""The API as a process of its own: `filmmart serve`, started, killed, started again."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.local.processes import free_port, launch, stop, wait_until
from app.settings import Settings

# A busy machine takes its time to start a process; who is ready sooner is not waited for.
PATIENCE = 240.0
GIVEN = ("database_url", "s3_endpoint_url", "s3_access_key_id", "s3_bucket", "scratch_dir")
UNLIMITED = {
    "FILMMART_RATE_LIMIT_PER_MINUTE": str(10**9),
    "FILMMART_CLIENT_RATE_LIMIT_PER_MINUTE": str(10**9),
    "FILMMART_LOGIN_FAILURES_PER_ACCOUNT": str(10**9),
    "FILMMART_LOGIN_FAILURES_PER_ADDRESS": str(10**9),
    "FILMMART_LOG_LEVEL": "WARNING",
}


def environment_of(settings: Settings) -> dict[str, str]:
    """Tell a process what these settings are: limits apart, which a test would only run into."""
    given = {f"FILMMART_{name.upper()}": str(getattr(settings, name)) for name in GIVEN}
    secrets = {
        "FILMMART_S3_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),
        "FILMMART_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    return {**os.environ, **UNLIMITED, **given, **secrets}


class Api:
    """`filmmart serve`."""

    def __init__(
        self, settings: Settings, folder: Path, port: int | None = None, /, **others: str
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"api-{self.port}.log"
        self._folder = folder
        self._environment = environment_of(settings) | others
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it says that it can serve."""
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)]
        self._child = launch(
            command, folder=self._folder, log=self.log, environment=self._environment
        )
        assert wait_until(self.is_ready, self._child, seconds=PATIENCE), self.log.read_text()

    def kill(self) -> None:
        """Pull the plug: SIGKILL, and reap."""
        assert self._child is not None
        self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        """End it as an operator would."""
        if self._child is not None:
            stop(self._child, signal.SIGTERM, patience=PATIENCE)

    def is_ready(self) -> bool:
        """Ask `/readyz`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Worker:
    """`filmmart worker`, to be killed and started again."""

    def __init__(self, settings: Settings, folder: Path, **others: str) -> None:
        self.log = folder / "worker.log"
        self._folder = folder
        self._environment = environment_of(settings) | others
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start; it says nothing when it works."""
        command = [sys.executable, "-m", "app.cli", "worker"]
        self._child = launch(
            command, folder=self._folder, log=self.log, environment=self._environment
        )

    def kill(self) -> None:
        """Pull the plug: SIGKILL, and reap."""
        assert self._child is not None
        self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        """End it as an operator would."""
        if self._child is not None:
            stop(self._child, signal.SIGTERM, patience=PATIENCE)


@contextmanager
def served(
    settings: Settings, folder: Path, port: int | None = None, /, **others: str
) -> Iterator[Api]:
    """Serve the API from a process of its own; others are variables beside the settings."""
    api = Api(settings, folder, port, **others)
    try:
        api.start()
        yield api
    finally:
        api.stop()


@contextmanager
def worked(settings: Settings, folder: Path, **others: str) -> Iterator[Worker]:
    """Have a worker work in a process of its own."""
    worker = Worker(settings, folder, **others)
    try:
        worker.start()
        yield worker
    finally:
        worker.stop()
