"""What the worker does of imports and exports: a handler for each kind, and tidying up."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.bulk import BulkPiece
from app.models.operations import Operation
from app.operations.handling import Handler
from app.partners.bulk.exporting import export_list
from app.partners.bulk.files import EXPORTS, INCOMING, REPORTS
from app.partners.bulk.import_jobs import import_file
from app.partners.bulk.service import EXPORT_KINDS, IMPORT_KINDS
from app.s3 import Store

# How long a file waits to be imported, or to be fetched
UNCLAIMED_FOR = timedelta(days=1)
KEPT_FOR = timedelta(days=7)
HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(IMPORT_KINDS.values(), import_file),
    **dict.fromkeys(EXPORT_KINDS.values(), export_list),
}


async def tidy(session: AsyncSession, store: Store) -> None:
    """Throw away the files whose time is over, and what was noted of operations that ended."""
    now = datetime.now(UTC)
    waited_for = await _waited_for(session)
    for prefix, kept_for in ((INCOMING, UNCLAIMED_FOR), (REPORTS, KEPT_FOR), (EXPORTS, KEPT_FOR)):
        for key, written_at in (await store.list_objects(prefix)).items():
            if written_at < now - kept_for and key not in waited_for:
                await store.delete_object(key)
    await _abort_uploads(session, store)
    ended = select(Operation.id).where(Operation.ended_at.is_not(None))
    await session.execute(delete(BulkPiece).where(BulkPiece.operation_id.in_(ended)))


async def _waited_for(session: AsyncSession) -> set[str]:
    """Name the files that imports have yet to read."""
    key = Operation.input["key"].astext
    kinds = Operation.kind.in_(IMPORT_KINDS.values())
    return set(await session.scalars(select(key).where(kinds, Operation.ended_at.is_(None))))


async def _abort_uploads(session: AsyncSession, store: Store) -> None:
    """End the uploads of exports that have ended: a killed run may have left one behind."""
    running = select(Operation.id).where(
        Operation.kind.in_(EXPORT_KINDS.values()), Operation.ended_at.is_(None)
    )
    names = {str(id_) for id_ in await session.scalars(running)}
    for upload in await store.list_uploads(EXPORTS):
        if PurePosixPath(upload.key).stem not in names:
            await store.abort_upload(upload.key, upload.upload_id)
