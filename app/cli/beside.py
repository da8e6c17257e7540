"""The sandbox that `filmmart run --sandbox` starts beside the market, on the same servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from app.cli.console import first_line
from app.cli.installation import ConfigurationError, Installation, told_to_others, variable
from app.local.processes import exclusive, kept_secret, os_errors_as_sentence
from app.settings import Settings

# What other commands have to know of a sandbox
_TOLD = (
    *("sandbox", "sandbox_key", "secret_key", "ledger_key", "public_url", "scratch_dir"),
    *("database_url", "s3_endpoint_url", "s3_public_url", "s3_region", "s3_bucket"),
    *("s3_access_key_id", "s3_secret_access_key"),
)


def of_live_market(data: Path, port: int) -> dict[str, str]:
    """Give the settings that let a market have its sandbox at a port."""
    with os_errors_as_sentence(data):
        data.mkdir(parents=True, exist_ok=True)
        key = kept_secret(data / "sandbox_key")
    return {"sandbox_url": f"http://127.0.0.1:{port}", "sandbox_key": key}


@contextmanager
def sandbox_beside(live: Installation, data: Path) -> Iterator[Installation]:
    """Give the installation of a market's sandbox.

    Other commands reach it by `--data …/sandbox` while it runs.

    Raises:
        ConfigurationError: there is no database for it, and none can be made.
    """
    folder = data.absolute() / "sandbox"
    own: dict[str, str | None] = {
        "sandbox": "true",
        "sandbox_url": None,
        "database_url": _database_beside(live.settings.database_url),
        "database_read_url": None,
        "s3_bucket": f"{live.settings.s3_bucket}-sandbox",
        "public_url": live.settings.sandbox_url,
        "scratch_dir": str(folder / "scratch"),
    }
    settings = Settings.model_validate({**live.settings.model_dump(exclude_unset=True), **own})
    as_variables = {variable(name): value for name, value in own.items()}
    environment = {
        name: value
        for name, value in {**live.environment, **as_variables}.items()
        if value is not None
    }
    given = {name: environment[variable(name)] for name in _TOLD if variable(name) in environment}
    with exclusive(folder), told_to_others(folder, given):
        yield Installation(settings, environment, live.postgres, live.s3)


def _database_beside(url: str) -> str:
    """Name the database of a market's sandbox, on the same server, and make it if it is missing."""
    parts = urlsplit(url)
    name = f"{unquote(parts.path).strip('/')}_sandbox"
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            asked = "SELECT FROM pg_database WHERE datname = %s"
            if connection.execute(asked, [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise ConfigurationError(
            f"The sandbox's database {name} could not be made: {first_line(error)}. Make it "
            "yourself, for the role of FILMMART_DATABASE_URL, and start again."
        ) from error
    return urlunsplit(parts._replace(path=f"/{quote(name)}"))
