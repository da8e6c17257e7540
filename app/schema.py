"""Whether a database has the tables of this version, and whose market it holds.

Every command asks this when it starts, and few migrate: so nothing here imports Alembic, which
takes as long to import as all else that a command does at its start.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

# Beside the package in a clone, inside it once installed.
_PLACES = (Path(__file__).parent / "migrations", Path(__file__).parents[1] / "migrations")
_SAID = re.compile(r'^(revision|down_revision) = "(.+)"$', re.MULTILINE)
_WAS_MIGRATED = "SELECT to_regclass('alembic_version') IS NOT NULL"
_CURRENT = "SELECT version_num FROM alembic_version"


class SchemaNotAtHeadError(RuntimeError):
    """The database has not, or not yet, the tables of this version."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(
            f"The database's schema is at {found!r} and this version needs {wanted!r}: "
            "run `filmmart migrate`."
        )


class WrongMarketError(RuntimeError):
    """The database is a sandbox's and the settings a live market's, or the other way round."""

    def __init__(self, *, sandbox: bool) -> None:
        super().__init__(
            "FILMMART_SANDBOX is set and the database of FILMMART_DATABASE_URL is a live market's: "
            "name one of its own, empty, and run `filmmart migrate`."
            if sandbox
            else "The database of FILMMART_DATABASE_URL is a sandbox's: set FILMMART_SANDBOX=true, "
            "or name the live market's."
        )


def migrations() -> Path:
    """Give the folder of the migrations."""
    return next(place for place in _PLACES if place.is_dir())


@cache
def head() -> str:
    """Name the newest migration of this version: the one that none comes after."""
    revisions: dict[str, str] = {}
    for file in (migrations() / "versions").glob("*.py"):
        said = dict(_SAID.findall(file.read_text(encoding="utf-8")))
        revisions[said["revision"]] = said.get("down_revision", "")
    return _named(revisions.keys() - revisions.values())


def current(url: str) -> str:
    """Name the newest migration that ran on the database, or "none"."""
    with psycopg.connect(url) as connection:
        if not _told(connection, _WAS_MIGRATED):
            return _named([])
        return _named(row[0] for row in connection.execute(_CURRENT))


def schema_is_at_head(url: str) -> bool:
    return current(url) == head()


async def require_head(engine: AsyncEngine) -> None:
    """Refuse to serve another schema than this version's.

    Raises:
        SchemaNotAtHeadError: says which command to run.
    """
    async with engine.connect() as connection:
        was_migrated = await connection.scalar(text(_WAS_MIGRATED))
        found = _named(await connection.scalars(text(_CURRENT)) if was_migrated else [])
    if found != (wanted := head()):
        raise SchemaNotAtHeadError(found, wanted)


def _named(revisions: Iterable[str]) -> str:
    return ", ".join(sorted(revisions)) or "none"


# Where the sequence of a sandbox's ids begins: it makes others than a live market (see migration
# `2026_11_22_sandbox`), and says for good which of the two a database is, in its copies too.
_OF_SANDBOXES = 2**40
_IS_SANDBOX = f"SELECT last_value >= {_OF_SANDBOXES} FROM id_sequence"  # noqa: S608  # a number


def make_sandbox(url: str) -> None:
    """Make a migrated database, in which nobody has been yet, a sandbox's; nothing to do is fine.

    Raises:
        WrongMarketError: it is a live market's.
    """
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE organisations IN SHARE ROW EXCLUSIVE MODE")
        if _told(connection, _IS_SANDBOX):
            return
        if _told(connection, "SELECT EXISTS (SELECT FROM organisations)"):
            raise WrongMarketError(sandbox=True)
        connection.execute("SELECT setval('id_sequence', %s)", [_OF_SANDBOXES])


def _told(connection: psycopg.Connection, question: str) -> bool:
    found = connection.execute(question.encode()).fetchone()
    return bool(found and found[0])


def is_sandbox(url: str) -> bool:
    """Tell whether a migrated database is a sandbox's."""
    with psycopg.connect(url) as connection:
        return _told(connection, _IS_SANDBOX)


async def require_kind(engine: AsyncEngine, *, sandbox: bool) -> None:
    """Refuse to serve a live market's database as a sandbox's, and the other way round.

    Raises:
        WrongMarketError: says what to set.
    """
    async with engine.connect() as connection:
        found = bool(await connection.scalar(text(_IS_SANDBOX)))
    if found != sandbox:
        raise WrongMarketError(sandbox=sandbox)
