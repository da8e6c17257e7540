"""What alembic runs the migrations with: whose database, whose tables."""

import os
import re
from datetime import UTC, datetime

import psycopg
from alembic import context
from alembic.operations.ops import MigrationScript
from sqlalchemy import Connection, NullPool, create_engine, text

from app.models import Base

# Two processes that migrate at once take turns; the number only has to be nobody else's.
LOCK = 70_110_514_801


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Leave out what procrastinate makes and migrates itself."""
    del parents
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def name_by_date(_: object, __: object, directives: list[MigrationScript]) -> None:
    """Name a new migration by date and slug, so that names sort by age and say what they do."""
    for script in directives:
        slug = re.sub(r"\W+", "_", script.message or "unnamed").lower()
        script.rev_id = f"{datetime.now(UTC):%Y_%m_%d}_{slug}"[:32]  # as long as alembic keeps


def configure(connection: Connection | None = None, url: str | None = None) -> None:
    context.configure(
        connection=connection,
        url=url,
        target_metadata=Base.metadata,
        include_name=is_ours,
        process_revision_directives=name_by_date,
        compare_server_default=True,
        # Each migration is a transaction, so that one may leave it for CREATE INDEX CONCURRENTLY.
        transaction_per_migration=True,
        literal_binds=url is not None,
    )


def run_on(url: str) -> None:
    # psycopg reads the URL itself: it knows sslmode and the other libpq words, SQLAlchemy doesn't.
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(url, application_name="filmmart migrate"),
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        configure(connection)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


def print_sql() -> None:
    configure(url="postgresql+psycopg://")
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    run_on(context.config.attributes.get("url") or os.environ["FILMMART_DATABASE_URL"])
