"""The export: everything held of a person, at one moment, as one JSON document."""

from tempfile import SpooledTemporaryFile

from app.db import Reads
from app.partners.personal.held import held

# More than that is on the disk, not in memory, until it is sent.
IN_MEMORY = 2**20
ROWS_AT_ONCE = 1000


async def write_export(reads: Reads, person_id: int) -> SpooledTemporaryFile[bytes]:
    """Write what is held of a person to a file, and give it as it stands at its end.

    To a file first, so that who reads slowly holds no connection.
    """
    file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed when sent
    async with (
        reads.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        for number, one in enumerate(held()):
            file.write(f'{"," if number else "{"}"{one.table.name}":['.encode())
            comma = ""
            async for row in connection.cursor(one.sql, person_id, prefetch=ROWS_AT_ONCE):
                file.write((comma + row[0]).encode())
                comma = ","
            file.write(b"]")
    file.write(b"}")
    return file
