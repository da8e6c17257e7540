"""`filmmart migrate`."""

import asyncio

import psycopg
from sqlalchemy.exc import DBAPIError

from app import schema
from app.catalogue.indexing import ANALYSIS
from app.cli.console import err, first_line, out
from app.cli.installation import DATA, ConfigurationError, Data, installation
from app.cli.schema_checks import reachable_schema
from app.errors import Problem
from app.migrating import migrate as run_migrations
from app.s3 import open_store
from app.settings import Settings


def migrate(data: Data = DATA) -> None:
    """Bring the database to this version's schema, and make the bucket if it is missing.

    Safe to run at any time, by several machines at once (they take turns), and while the version
    before this one still serves. `serve` and `worker` refuse to start until it has run.
    """
    with installation(data) as settings:
        before = reachable_schema(settings.database_url)
        migrate_to_head(settings.database_url)
        ensure_kind(settings)
        ensure_bucket(settings)
    wanted = schema.head()
    out.print(f"Already at {wanted}." if before == wanted else f"From {before} to {wanted}.")


def ensure_kind(settings: Settings) -> None:
    """Make the database of a sandbox one, for good.

    Raises:
        WrongMarketError: it is a live market's, or is a sandbox's and shall be a live market's.
    """
    if settings.sandbox:
        schema.make_sandbox(settings.database_url)
    elif schema.is_sandbox(settings.database_url):
        raise schema.WrongMarketError(sandbox=False)


def ensure_bucket(settings: Settings) -> None:
    """Make the bucket if it is missing; a store that is away must not stop a migration."""
    try:
        asyncio.run(open_store(settings).ensure_bucket())
    except Problem:
        err.print(f"The bucket {settings.s3_bucket} could not be looked at: see `filmmart doctor`.")


def migrate_to_head(url: str) -> None:
    """Run what has not run.

    Raises:
        ConfigurationError: a migration failed; each is a transaction, so nothing of it is left.
    """
    try:
        run_migrations(url)
    except DBAPIError as error:
        raise ConfigurationError(
            f"The migration failed and was undone: {first_line(error.orig)}. "
            "If it gave up waiting for a lock, run it again."
        ) from error
    _settle(url)


def _settle(url: str) -> None:
    """Note of a database without titles that all of them are indexed as this version does it."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE title_index SET analysis = %s, next_analysis = NULL, after_id = 0 "
            "WHERE NOT EXISTS (SELECT FROM titles)",
            (ANALYSIS,),
        )
