"""The migrations, from Python: bring a schema to head, and tell whether it is there."""

from functools import cache
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine

# Beside the package in a clone, inside it once installed.
_PLACES = (Path(__file__).parent / "migrations", Path(__file__).parents[1] / "migrations")


class SchemaNotAtHeadError(RuntimeError):
    """The database has not, or not yet, the tables of this version."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(
            f"The database's schema is at {found!r} and this version needs {wanted!r}: "
            "run `filmmart migrate`."
        )


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database to this version's schema; nothing to do is fine."""
    config = _config()
    config.attributes["url"] = url
    command.upgrade(config, revision)


@cache
def head() -> str:
    """Name the newest migration of this version."""
    return ScriptDirectory.from_config(_config()).get_current_head() or "none"


def current(url: str) -> str:
    """Name the newest migration that ran on the database, or "none"."""
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool
    )
    try:
        with engine.connect() as connection:
            return _current(connection)
    finally:
        engine.dispose()


def schema_is_at_head(url: str) -> bool:
    return current(url) == head()


async def require_head(engine: AsyncEngine) -> None:
    """Refuse to serve another schema than this version's.

    Raises:
        SchemaNotAtHeadError: says which command to run.
    """
    async with engine.connect() as connection:
        found = await connection.run_sync(_current)
    if found != (wanted := head()):
        raise SchemaNotAtHeadError(found, wanted)


def _current(connection: Connection) -> str:
    heads = MigrationContext.configure(connection).get_current_heads()
    return ", ".join(sorted(heads)) or "none"


def _config() -> Config:
    config = Config()
    place = next(place for place in _PLACES if place.is_dir())
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
