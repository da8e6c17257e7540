"""What a database is asked before anything begins: is it at this version's schema?"""

import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from app import migrating, schema
from tests.servers import Databases

EARLIER = "2026_11_21_operations"


def alembic_says(url: str) -> tuple[str, ...]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    engine.dispose()
    return found


def test_head_is_what_alembic_calls_it() -> None:
    assert [schema.head()] == ScriptDirectory.from_config(migrating.configured()).get_heads()


async def test_a_database_is_where_alembic_says(databases: Databases) -> None:
    with databases.empty() as url:
        assert schema.current(url) == "none"
        assert alembic_says(url) == ()
        await refused(url, "none")

        migrating.migrate(url, EARLIER)
        assert alembic_says(url) == (schema.current(url),) == (EARLIER,)
        await refused(url, EARLIER)

        migrating.migrate(url)
        assert alembic_says(url) == (schema.current(url),) == (schema.head(),)
        engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:", 1))
        await schema.require_head(engine)
        await engine.dispose()


async def refused(url: str, found: str) -> None:
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:", 1))
    with pytest.raises(schema.SchemaNotAtHeadError, match=f"{found!r}.*filmmart migrate"):
        await schema.require_head(engine)
    await engine.dispose()
