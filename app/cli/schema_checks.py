"""What commands ask of the database's schema before they begin."""

import psycopg

from app import schema
from app.cli.console import first_line
from app.cli.installation import ConfigurationError
from app.settings import Settings


def reachable_schema(url: str) -> str:
    """Name the schema's newest migration.

    Raises:
        ConfigurationError: the database does not answer.
    """
    try:
        return schema.current(url)
    except psycopg.OperationalError as error:
        raise ConfigurationError(
            f"The PostgreSQL of FILMMART_DATABASE_URL does not answer: {first_line(error)}"
        ) from error


def require_head(url: str) -> None:
    """Refuse to go on with another schema than this version's, before a server logs a traceback.

    Raises:
        ConfigurationError: the database does not answer.
        SchemaNotAtHeadError: says which command to run.
    """
    found, wanted = reachable_schema(url), schema.head()
    if found != wanted:
        raise schema.SchemaNotAtHeadError(found, wanted)


def require_market(settings: Settings) -> None:
    """Refuse to serve another schema than this version's, and a sandbox's database as a live one.

    Raises:
        ConfigurationError: the database does not answer.
        SchemaNotAtHeadError: says which command to run.
        WrongMarketError: says what to set.
    """
    require_head(settings.database_url)
    if schema.is_sandbox(settings.database_url) != settings.sandbox:
        raise schema.WrongMarketError(sandbox=settings.sandbox)
