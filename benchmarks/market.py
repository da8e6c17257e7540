"""The market that is measured: a server, made-up titles, one caller, and the API in front of it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.request import urlopen

import psycopg

from app.cli.schema import migrate_to_head
from app.local import PostgresServer, local_postgres, local_s3
from app.local.processes import free_port
from app.security import Signer
from benchmarks import ledgers, synthetic

SECRET = "a secret of the benchmarks, long enough to sign with"  # noqa: S105  # of no other place
# A quarter of a small server's memory, as every guide to PostgreSQL begins; durability as shipped.
POSTGRES = {"shared_buffers": "2GB", "max_connections": "300", "max_wal_size": "8GB"}
CALLER_ORGANISATION, CALLER_PERSON, CALLER_SESSION = 101, 102, 103
START_SECONDS = 300


@dataclass(frozen=True)
class Market:
    """A filled database, and what an API needs to serve it."""

    url: str
    environment: dict[str, str]
    token: str

    def sample(self, size: int) -> list[int]:
        """Give ids of published titles from everywhere in the table."""
        with psycopg.connect(self.url) as connection:
            (total,) = connection.execute("SELECT count(*) FROM titles").fetchone() or (1,)
            share = min(100.0, 100.0 * 4 * size / max(1, total))
            rows = connection.execute(
                "SELECT t.id FROM titles t TABLESAMPLE SYSTEM (%s) REPEATABLE (7) "
                "JOIN organisations o ON o.id = t.seller_id AND o.standing = 'approved' "
                "WHERE t.state = 'published' ORDER BY hashint8(t.id) LIMIT %s",
                (share, size),
            ).fetchall()
        return [row[0] for row in rows]


@contextmanager
def market(folder: Path, titles: int, shape: str = "few") -> Iterator[Market]:
    """Start the servers and fill the database, or find it filled by an earlier run.

    `shape` is that of the ledgers of rights: few rows a title, or many.
    """
    with (
        local_postgres(folder / "postgres", settings=POSTGRES) as postgres,
        local_s3(folder / "s3") as s3,
    ):
        url = _filled(postgres, titles, shape)
        environment = {
            **os.environ,
            "FILMMART_DATABASE_URL": url,
            "FILMMART_S3_ENDPOINT_URL": s3.endpoint_url,
            "FILMMART_S3_ACCESS_KEY_ID": s3.access_key_id,
            "FILMMART_S3_SECRET_ACCESS_KEY": s3.secret_access_key,
            "FILMMART_SECRET_KEY": SECRET,
            "FILMMART_LOG_LEVEL": "WARNING",
            # What a caller may do in a minute is not what is measured; that it is counted, is.
            "FILMMART_RATE_LIMIT_PER_MINUTE": "1000000000",
            "FILMMART_DATABASE_READ_POOL_SIZE": "16",
        }
        token = Signer(SECRET, timedelta(hours=12)).access_token(CALLER_SESSION)
        subprocess.run(  # the schema, and the bucket
            [sys.executable, "-m", "app.cli", "migrate"],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        yield Market(url, environment, token)


def _filled(postgres: PostgresServer, titles: int, shape: str) -> str:
    name = f"titles_{titles}" if shape == "few" else f"titles_{titles}_{shape}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if found.fetchone():
            return postgres.url(name)
        connection.execute("DROP DATABASE IF EXISTS being_filled WITH (FORCE)")
    url = postgres.create_database("being_filled")
    migrate_to_head(url)
    for done in synthetic.load(url, titles):
        print(f"\r  loading {done:,} of {titles:,} titles", end="", file=sys.stderr)
    print(file=sys.stderr)
    for done in ledgers.load(url, shape):
        print(f"\r  ledgers of {done:,} of {titles:,} titles", end="", file=sys.stderr)
    print(file=sys.stderr)
    with psycopg.connect(url, autocommit=True) as connection:
        add_caller(connection)
        connection.execute("VACUUM (ANALYZE, FREEZE)")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE being_filled RENAME TO {name}".encode())
    return postgres.url(name)


def add_caller(connection: psycopg.Connection) -> None:
    """Add who asks: one person of a company that sells."""
    connection.execute(
        "INSERT INTO organisations (id, name, country, standing) "
        "VALUES (%s, 'Caller', 'KZ', 'approved')",
        (CALLER_ORGANISATION,),
    )
    connection.execute(
        "INSERT INTO people (id, organisation_id, email, name, role, password_hash) "
        "VALUES (%s, %s, 'caller@bench.example', 'Caller', 'admin', 'none')",
        (CALLER_PERSON, CALLER_ORGANISATION),
    )
    connection.execute(
        "INSERT INTO sessions (id, person_id, expires_at) "
        "VALUES (%s, %s, now() + interval '10 years')",
        (CALLER_SESSION, CALLER_PERSON),
    )
    connection.execute(
        "INSERT INTO seller_profiles (organisation_id) VALUES (%s)", (CALLER_ORGANISATION,)
    )


@dataclass(frozen=True)
class Api:
    """A server under measurement."""

    port: int
    process: subprocess.Popen[bytes]


@contextmanager
def api(
    market: Market,
    target: str = "serve",
    *,
    workers: int = 1,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Api]:
    """Serve the market: the real app (`serve`) by one worker or several, or another by its name."""
    port = free_port()
    environment = {**market.environment, **settings}
    if target == "serve":
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
        command += ["--workers", str(workers)]
        probe = f"http://127.0.0.1:{port}/healthz"
    else:
        command = [sys.executable, "-m", "uvicorn", target, "--port", str(port)]
        command += ["--no-access-log", "--log-level", "warning"]
        probe = f"http://127.0.0.1:{port}/openapi.json"
    process = subprocess.Popen(command, env=environment)  # noqa: S603  # our own command line
    try:
        _wait_until_it_answers(probe)
        yield Api(port, process)
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(probe: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urlopen(probe, timeout=2):  # noqa: S310  # a loopback address, made above
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(probe)
