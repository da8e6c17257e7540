"""Where the market holds something of a person: every column that leads to people, by its table.

Told by the tables themselves, so that a new one is in the export without anybody thinking of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Table

from app.models.base import Base
from app.models.journal import Event

PEOPLE = "people.id"
# What proves who somebody is, or opens something: given to nobody, not even to them
SECRETS = frozenset({"password_hash", "token_hash", "hash", "entry_hash", "media_key"})
# Columns that lead to people without a foreign key
LOOSE = {Event.__tablename__: ("person_id",)}


@dataclass(frozen=True, slots=True)
class Held:
    """A table, and by which of its columns a row is of a person."""

    table: Table
    columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        """Give the rows of person $1, as JSON without secrets, oldest first."""
        is_theirs = " OR ".join(f"{name} = $1" for name in self.columns)
        hidden = ", ".join(f"'{name}'" for name in sorted(SECRETS))
        order = ", ".join(column.name for column in self.table.primary_key)
        return (
            f"SELECT (to_jsonb(t) - ARRAY[{hidden}])::text FROM {self.table.name} t "  # noqa: S608  # names of our own tables
            f"WHERE {is_theirs} ORDER BY {order}"
        )


def held() -> Iterator[Held]:
    """Name every table that holds something of people, the account first."""
    yield Held(Base.metadata.tables["people"], ("id",))
    for table in Base.metadata.sorted_tables:
        leading = [
            column.name
            for column in table.columns
            if any(key.target_fullname == PEOPLE for key in column.foreign_keys)
        ]
        columns = (*leading, *LOOSE.get(table.name, ()))
        if columns:
            yield Held(table, columns)
