"""Ceph's object gateway as a store to prove security against: a cluster of one, in memory.

Debian's `radosgw ceph-mon ceph-osd ceph-common`; everything it writes lies in one temporary folder,
it listens on loopback alone, and it dies with us. Of Ceph 16, tried:
- It verifies every part of a signature, lengths and Content-MD5, and answers ranges with 206.
- A part that is sent twice replaces the first; unfinished uploads outlive a restart.
"""

import http.client
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest

from app.local.processes import free_port, launch, stop, wait_until
from tests.servers import S3Settings, ensure_bucket

PACKAGES = ("radosgw", "ceph-mon", "ceph-osd", "ceph-common")
START_SECONDS = 120.0
CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor_port}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
keyring = {folder}/keyring
run dir = {folder}
admin socket = {folder}/$name.asok
crash dir = {folder}/crash
log file = {folder}/$name.log
log to stderr = false
err to stderr = true
mon cluster log file = {folder}/cluster.log
ms bind msgr1 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 1

[mon.a]
mon data = {folder}/mon

[osd.0]
osd data = {folder}/osd
osd objectstore = memstore
osd op num shards = 1
memstore device bytes = 4294967296

[client.rgw]
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw thread pool size = 32
rgw enable usage log = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw run sync thread = false
"""


@dataclass(frozen=True)
class Gateway:
    """A running gateway and the keys to it."""

    s3_endpoint_url: str
    s3_access_key_id: str
    s3_secret_access_key: str


class Cluster:
    """A monitor, a disk of memory and a gateway, as our own children."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> Gateway:
        """Make and start everything: half a minute on an idle machine."""
        self._configure()
        self._make_keys()
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(self.folder / "monmap"))
        self._launch("ceph-mon", "-i", "a")
        disk = str(uuid4())
        self._run("ceph", "--connect-timeout", "60", "osd", "create", disk, "0")
        self._run("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", disk)
        self._launch("ceph-osd", "-i", "0")
        gateway = self._launch("radosgw", "--name", "client.rgw")
        assert wait_until(self._answers, gateway, seconds=START_SECONDS), self._last_words()
        command = ("user", "create", "--uid", "filmmart", "--display-name", "FilmMart")
        keys = json.loads(self._run("radosgw-admin", *command))["keys"][0]
        url = f"http://127.0.0.1:{self.port}"
        return Gateway(url, keys["access_key"], keys["secret_key"])

    def stop(self) -> None:
        """End the children, the last first: nothing of theirs is worth an orderly end."""
        for child in reversed(self._children):
            stop(child, signal.SIGKILL, patience=START_SECONDS)

    def _configure(self) -> None:
        monitor, fsid = free_port(), str(uuid4())
        for name in ("mon", "osd", "rgw", "crash"):
            (self.folder / name).mkdir()
        (self.folder / "ceph.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder, fsid=fsid, monitor_port=monitor, port=self.port
            )
        )
        address = f"[v2:127.0.0.1:{monitor}]"
        monmap = str(self.folder / "monmap")
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, monmap)

    def _make_keys(self) -> None:
        """Make everybody's key, which the monitor is born with."""
        allowed = {
            "mon.": {"mon": "allow *"},
            "client.admin": {"mon": "allow *", "osd": "allow *"},
            "osd.0": {"mon": "allow profile osd", "osd": "allow *"},
            "client.rgw": {"mon": "allow rw", "osd": "allow rwx"},
        }
        keyring = str(self.folder / "keyring")
        for name, caps in allowed.items():
            options = [word for where, what in caps.items() for word in ("--cap", where, what)]
            create = [] if Path(keyring).exists() else ["--create-keyring"]
            self._run("ceph-authtool", keyring, *create, "--gen-key", "-n", name, *options)

    def _launch(self, program: str, *options: str) -> subprocess.Popen[bytes]:
        child = launch(
            [_path(program), *self._own(program), *options, "-f"],
            folder=self.folder,
            log=self.folder / "children.log",
        )
        self._children.append(child)
        return child

    def _run(self, program: str, *options: str) -> bytes:
        done = subprocess.run(
            [_path(program), *self._own(program), *options],
            cwd=self.folder,
            capture_output=True,
            check=False,
            timeout=START_SECONDS,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def _own(self, program: str) -> list[str]:
        plain = program in {"ceph-authtool", "monmaptool"}
        return [] if plain else ["-c", str(self.folder / "ceph.conf")]

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_words(self) -> str:
        return "\n".join(file.read_text()[-2000:] for file in self.folder.glob("*.log"))


@contextmanager
def gateway() -> Iterator[Gateway]:
    """Run a gateway, and leave nothing behind."""
    with TemporaryDirectory(prefix="filmmart-rgw-") as folder:
        cluster = Cluster(Path(folder))
        try:
            yield cluster.start()
        finally:
            cluster.stop()


@pytest.fixture(scope="session")
def rgw_settings() -> Iterator[S3Settings]:
    """Give the `s3_…` settings of a gateway, with a bucket of this session's own that exists."""
    with gateway() as running:
        made = {**asdict(running), "s3_bucket": "filmmart-test"}
        ensure_bucket(made)
        yield made


@pytest.fixture(params=["rclone", pytest.param("rgw", marks=pytest.mark.rgw)])
def any_s3(request: pytest.FixtureRequest) -> S3Settings:
    """Run a test on each store: the one of `make run` always, Ceph's in `make test-rgw`."""
    name = "s3_settings" if request.param == "rclone" else "rgw_settings"
    found: S3Settings = request.getfixturevalue(name)
    return found


def _path(program: str) -> str:
    found = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/usr/bin")
    assert found, f"{program} is missing: apt-get install {' '.join(PACKAGES)}"
    return found
