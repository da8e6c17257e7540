"""What every table shares: naming, the id made by the database, instants, enums kept as text."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, Enum, MetaData, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

NEW_ID = text("new_id()")
NOW = text("now()")


class Base(DeclarativeBase):
    """The root of all tables."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class
        int: BigInteger,
        str: Text,
        datetime: TIMESTAMP(timezone=True),
    }


# 64-bit, time-ordered, made by the database's `new_id()`: see the first migration.
Key = Annotated[int, mapped_column(BigInteger, primary_key=True, server_default=NEW_ID)]
Instant = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True), server_default=NOW)]


class Versioned:
    """A row that people edit: `version` counts its edits and is what an `ETag` names.

    The ORM adds `WHERE version = …` to every update: of two edits that read the same row one fails.
    """

    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = mapped_column(
        TIMESTAMP(timezone=True), server_default=NOW, onupdate=NOW
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, object]:  # noqa: N805
        """Let the ORM keep `version`, and read back what the database filled in."""
        return {"version_id_col": cls.version, "eager_defaults": True}


def text_enum(members: type[StrEnum]) -> Enum:
    """Keep an enum as text under a CHECK, so that a new member is a migration without a rewrite."""
    return Enum(
        members,
        name=members.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda cls: [member.value for member in cls],
    )


def one_of(column: str, members: Iterable[str]) -> str:
    """Write the CHECK that every element of a `text[]` column is a member."""
    values = ",".join(f"'{member}'" for member in members)
    return f"{column} <@ ARRAY[{values}]::text[]"


JsonObject = dict[str, Any]
JsonList = list[dict[str, Any]]
