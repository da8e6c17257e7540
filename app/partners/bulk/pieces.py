"""What is done of an import or an export: written with the work itself, and read after a kill."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.base import JsonObject
from app.models.bulk import BulkPiece
from app.operations.handling import Means


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece without the lines of its report."""

    number: int
    rows: int
    told: JsonObject


async def keep(
    session: AsyncSession, operation_id: int, piece: Piece, lines: bytes | None = None
) -> None:
    """Write down that a piece is done, in place of what was said of it before."""
    values = {"rows": piece.rows, "told": piece.told, "lines": lines}
    statement = insert(BulkPiece).values(operation_id=operation_id, number=piece.number, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["operation_id", "number"], set_=values)
    )


async def done_of(means: Means, operation_id: int) -> list[Piece]:
    """Give what is done, in order."""
    statement = (
        select(BulkPiece.number, BulkPiece.rows, BulkPiece.told)
        .where(BulkPiece.operation_id == operation_id)
        .order_by(BulkPiece.number)
    )
    async with means.transaction() as session:
        return [Piece(*row) for row in await session.execute(statement)]


async def lines_of(means: Means, operation_id: int, number: int) -> bytes:
    """Give the lines that were kept with a piece."""
    async with means.transaction() as session:
        found = await session.scalar(
            select(BulkPiece.lines).where(
                BulkPiece.operation_id == operation_id, BulkPiece.number == number
            )
        )
    return found or b""


async def all_lines(means: Means, operation_id: int) -> AsyncIterator[bytes]:
    """Give the lines of piece after piece: never more than one in memory."""
    for piece in await done_of(means, operation_id):
        yield await lines_of(means, operation_id, piece.number)


async def forget(means: Means, operation_id: int) -> None:
    """Begin anew, or throw away what is needed no longer."""
    async with means.transaction() as session:
        await session.execute(delete(BulkPiece).where(BulkPiece.operation_id == operation_id))
