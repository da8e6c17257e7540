"""What `filmmart doctor` looks at: settings, PostgreSQL, disk."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from app import schema
from app.catalogue.indexing import ANALYSIS
from app.cli.console import first_line
from app.settings import Settings

OLDEST_POSTGRES = 150_000
SKEW_SECONDS = 60  # presigned URLs and tokens bear it, barely
SECRET_CHARACTERS = 10
WORKER_SECONDS = 120
DISK_BYTES = 2 * 2**30
REPLICA_LAG_SECONDS = 10
# Read by `filmmart upload`, which needs no settings
_OF_A_CLIENT = {"FILMMART_TOKEN", "FILMMART_PASSWORD"}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class State(StrEnum):
    FINE = "fine"
    DOUBTFUL = "doubtful"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    found: str
    remedy: str = ""


def judged(what: str, *, good: bool, found: str, remedy: str, otherwise: State) -> Finding:
    """Make a finding whose remedy shows only where there is need of one."""
    return Finding(what, State.FINE if good else otherwise, found, "" if good else remedy)


def unknown_variables(environment: Mapping[str, str]) -> list[Finding]:
    """Find FILMMART_ variables that are no setting: a misspelt one is silently unused."""
    known = {f"FILMMART_{name.upper()}" for name in Settings.model_fields} | _OF_A_CLIENT
    return [
        Finding("settings", State.DOUBTFUL, f"{name} is no setting", "Misspelt? Nobody reads it.")
        for name in sorted(environment)
        if name.startswith("FILMMART_") and name not in known
    ]


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Look at what a setting's type cannot."""
    secret = settings.secret_key.get_secret_value()
    yield judged(
        "secret key",
        good=len(set(secret)) >= SECRET_CHARACTERS and "change" not in secret.lower(),
        found=f"{len(secret)} characters, {len(set(secret))} different ones",
        remedy="Use a random one: `openssl rand -hex 32`. Everybody has to sign in again.",
        otherwise=State.BAD,
    )
    address = urlsplit(settings.public_url)
    yield judged(
        "public address",
        good=address.scheme == "https" or address.hostname in _LOOPBACK,
        found=settings.public_url,
        remedy="Passwords and tokens travel in the clear: put TLS in front and say https.",
        otherwise=State.DOUBTFUL,
    )


def check_database(settings: Settings) -> Iterator[Finding]:
    """Look at the primary: everything depends on it."""
    try:
        with psycopg.connect(settings.database_url, connect_timeout=5, autocommit=True) as primary:
            yield from _look_at_server(primary, settings)
            yield from _look_at_schema(primary, settings.database_url)
    except psycopg.Error as error:
        yield Finding(
            "PostgreSQL",
            State.BAD,
            first_line(error),
            "Check FILMMART_DATABASE_URL, and the server.",
        )


def _look_at_server(primary: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    info = primary.info
    yield judged(
        "PostgreSQL",
        good=info.server_version >= OLDEST_POSTGRES,
        found=f"{info.host}, version {info.server_version // 10_000}",
        remedy="FilmMart wants PostgreSQL 15 or later.",
        otherwise=State.BAD,
    )
    encoding = info.parameter_status("server_encoding") or "unknown"
    yield judged(
        "encoding",
        good=encoding == "UTF8",
        found=encoding,
        remedy="Titles come in ten scripts: make the database with ENCODING 'UTF8'.",
        otherwise=State.BAD,
    )
    most = int(_value(primary, "SELECT current_setting('max_connections')"))
    each = settings.database_pool_size + settings.database_read_pool_size
    yield judged(
        "connections",
        good=most >= 2 * each,
        found=f"{most}; each API process may take {each}, the worker as many",
        remedy="Raise max_connections, or lower the FILMMART_DATABASE_…POOL_SIZE settings.",
        otherwise=State.DOUBTFUL,
    )
    yield clock(
        "PostgreSQL's clock",
        lambda: float(_value(primary, "SELECT extract(epoch FROM clock_timestamp())")),
    )


def _look_at_schema(primary: psycopg.Connection, url: str) -> Iterator[Finding]:
    found, wanted = schema.current(url), schema.head()
    yield judged(
        "schema",
        good=found == wanted,
        found=found,
        remedy=f"This version needs {wanted}: run `filmmart migrate`.",
        otherwise=State.BAD,
    )
    if found == wanted:
        heartbeat = "SELECT max(last_heartbeat) FROM procrastinate_workers"
        alive = f"SELECT coalesce(({heartbeat}) > now() - interval '{WORKER_SECONDS} s', false)"
        yield judged(
            "worker",
            good=_value(primary, alive) == "True",
            found=f"last heard {_value(primary, heartbeat)}".replace("None", "never"),
            remedy="Nothing expires and nothing is tidied: start `filmmart worker`.",
            otherwise=State.DOUBTFUL,
        )
        analysis = _value(primary, "SELECT analysis FROM title_index")
        titles = _value(primary, "SELECT EXISTS (SELECT FROM titles)")
        yield judged(
            "index of titles",
            good=analysis == str(ANALYSIS) or titles == "False",
            found=f"by analysis {analysis}",
            remedy=f"This version searches by analysis {ANALYSIS} and finds too little: "
            "run `filmmart reindex`.",
            otherwise=State.DOUBTFUL,
        )


def check_read_replica(settings: Settings) -> Iterator[Finding]:
    """Look at the replica of the hot reads, if there is one."""
    if settings.database_read_url is None:
        return
    lag_sql = (
        "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0 ELSE "
        "coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0) END"
    )
    try:
        with psycopg.connect(settings.database_read_url, connect_timeout=5) as replica:
            lag = float(_value(replica, lag_sql))
    except psycopg.Error as error:
        yield Finding(
            "read replica", State.BAD, first_line(error), "Check FILMMART_DATABASE_READ_URL."
        )
        return
    yield judged(
        "read replica",
        good=lag < REPLICA_LAG_SECONDS,
        found=f"answers, {lag:.0f} s since its last change",
        remedy="Fine on a quiet market; on a busy one it lags, and readers see old data.",
        otherwise=State.DOUBTFUL,
    )


def check_disk(data: Path) -> Iterator[Finding]:
    """Look at the disk of the data folder, where there is one."""
    if data.exists():
        free = shutil.disk_usage(data).free
        yield judged(
            "disk",
            good=free > DISK_BYTES,
            found=f"{free / 2**30:.1f} GiB free in {data}",
            remedy="Make room: PostgreSQL stops when the disk is full.",
            otherwise=State.DOUBTFUL,
        )


def clock(what: str, ask: Callable[[], float]) -> Finding:
    """Compare another machine's clock (epoch seconds) with ours."""
    skew = ask() - time.time()
    return judged(
        what,
        good=abs(skew) < SKEW_SECONDS,
        found=f"{skew:+.1f} s from this machine's, {datetime.now().astimezone():%H:%M:%S %z}",
        remedy="Signed URLs and tokens expire by the clock: run NTP on both machines.",
        otherwise=State.BAD,
    )


def _value(connection: psycopg.Connection, statement: str) -> str:
    row = connection.execute(statement.encode()).fetchone()
    return str(row[0]) if row is not None else ""
