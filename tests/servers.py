"""The real PostgreSQL and S3 that the tests run on: ours, or the ones FILMMART_* names.

Each test has a database of its own, copied from a template that the migrations made. In memory
that takes 10 ms, on a slow disk 250; emptying 22 tables takes 30 and leaves the sequences behind.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from urllib.parse import urlsplit, urlunsplit

import anyio
import psycopg
import pytest
from psycopg import sql

from app import migrating
from app.local import local_postgres, local_s3
from app.local.processes import is_held
from app.s3 import open_store
from app.settings import Settings

# What a power cut leaves behind is asked by the tests marked `kill`, of servers of their own.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "128MB",
    "max_connections": "200",
}
MEMORY = Path("/dev/shm")  # noqa: S108  # made anew under a name nobody can guess
MEMORY_NEEDED = 2**30
OLD_SECONDS = 3600
# Two runs at once, of pytest-xdist or of people, may share a server.
_RUN = f"filmmart_test_{os.getpid()}"
# Where workers process films: of each database apart, for a worker sweeps what it does not know.
SCRATCH = Path(gettempdir()) / _RUN
S3Settings = dict[str, str]


class Databases:
    """Makes databases from the template, and throws them away."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._numbers = count(1)
        self.template = f"{_RUN}_template"

    def url(self, name: str) -> str:
        return urlunsplit(urlsplit(self._server_url)._replace(path=f"/{name}"))

    def create_template(self) -> None:
        self._execute("CREATE DATABASE {}", self.template)
        migrating.migrate(self.url(self.template))

    def drop_template(self) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.template)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Give the URL of a migrated database without rows that is thrown away afterwards."""
        with self._made("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", self.template) as url:
            yield url

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Give the URL of a database without tables that is thrown away afterwards."""
        with self._made("CREATE DATABASE {}") as url:
            yield url

    @contextmanager
    def _made(self, statement: str, *names: str) -> Iterator[str]:
        name = f"{_RUN}_{next(self._numbers)}"
        self._execute(statement, name, *names)
        try:
            yield self.url(name)
        finally:
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the URL of a server where databases may be made."""
    if given := os.environ.get("FILMMART_DATABASE_URL"):
        yield given
        return
    _forget_killed_runs()
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    with (
        TemporaryDirectory(prefix="filmmart-", dir=MEMORY if in_memory else None) as data,
        local_postgres(Path(data), settings=FAST) as server,
    ):
        yield server.url()


def _forget_killed_runs() -> None:
    """Give back the memory of runs that were killed an hour ago or more."""
    for folder in MEMORY.glob("filmmart-*"):
        with suppress(FileNotFoundError):
            is_old = time.time() - folder.stat().st_mtime > OLD_SECONDS
            if is_old and not is_held(folder / "postgres"):
                shutil.rmtree(folder)


@pytest.fixture(scope="session")
def databases(postgres_url: str) -> Iterator[Databases]:
    """Migrate a template once."""
    made = Databases(postgres_url)
    made.create_template()
    yield made
    made.drop_template()
    shutil.rmtree(SCRATCH, ignore_errors=True)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """Give a test its own migrated, empty database."""
    with databases.fresh() as url:
        yield url


@pytest.fixture(scope="session")
def s3_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Settings]:
    """Give the `s3_…` settings of a server, with a bucket of this session's own that exists."""
    bucket = _RUN.replace("_", "-")
    if "FILMMART_S3_ACCESS_KEY_ID" in os.environ:
        given = {"s3_bucket": bucket}
        ensure_bucket(given)
        yield given
        return
    with local_s3(tmp_path_factory.mktemp("s3")) as server:
        made = {
            "s3_endpoint_url": server.endpoint_url,
            "s3_access_key_id": server.access_key_id,
            "s3_secret_access_key": server.secret_access_key,
            "s3_bucket": bucket,
        }
        ensure_bucket(made)
        yield made


@pytest.fixture
def settings(database_url: str, s3_settings: S3Settings) -> Settings:
    """Give settings that point at this test's database and this session's bucket."""
    return make_settings(database_url, s3_settings)


def make_settings(database_url: str, s3_settings: S3Settings, **others: object) -> Settings:
    """Make settings for a database and a store; others override what is set here."""
    values: dict[str, object] = {
        "database_url": database_url,
        "database_pool_size": 5,
        "database_read_pool_size": 5,
        "secret_key": "a secret of the tests, long enough to sign with",
        "scratch_dir": SCRATCH / urlsplit(database_url).path.strip("/"),
        **s3_settings,
        **others,
    }
    return Settings.model_validate(values)


def ensure_bucket(s3_settings: S3Settings) -> None:
    """Make the bucket of a store."""
    nowhere = "postgresql://nowhere/nothing"
    store = open_store(make_settings(nowhere, s3_settings))
    anyio.run(store.ensure_bucket)
