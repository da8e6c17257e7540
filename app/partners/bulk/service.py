"""Imports and exports begun, and the files that come of them given out."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.deps import SELLER_ROLE
from app.errors import Conflict, Forbidden, NotFound
from app.models.operations import Operation, OperationState
from app.operations import service as operations
from app.partners.bulk.files import export_key, new_key, report_key, require_file
from app.partners.bulk.formats import MEDIA_TYPES, NDJSON, FileFormat
from app.partners.bulk.schemas import ExportIn, ExportOf, ImportIn, ImportOf
from app.partners.bulk.sources import require_may_list
from app.s3 import Store

IMPORT_KINDS = {of: f"{of}.import" for of in ImportOf}
EXPORT_KINDS = {of: f"{of}.export" for of in ExportOf}


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A file in the store, and a URL to get it from."""

    url: str
    expires_at: datetime
    file_name: str
    content_type: str
    size_bytes: int


async def begin_import(
    session: AsyncSession, store: Store, actor: Actor, wanted: ImportIn, invitations: timedelta
) -> Operation:
    """Have the worker import a file, or the items of a request, which are kept as one.

    `invitations` is how long those of people are good.

    Raises:
        Forbidden: the actor may not bring in such things.
        Invalid: there is no such file.
        Conflict: the organisation has too many operations that have not ended.
    """
    require_may_import(actor, wanted.of)
    key = await _kept(store, actor, wanted)
    return await operations.begin(
        session,
        actor,
        IMPORT_KINDS[wanted.of],
        {
            "of": wanted.of,
            "key": key,
            "mapping": wanted.mapping,
            "publish": wanted.publish,
            "dry_run": wanted.dry_run,
            "invitation_seconds": invitations.total_seconds(),
        },
    )


async def _kept(store: Store, actor: Actor, wanted: ImportIn) -> str:
    if wanted.file_id is not None:
        return await require_file(store, actor, wanted.file_id)
    key = new_key(actor, FileFormat.NDJSON)
    lines = "".join(f"{json.dumps(item)}\n" for item in wanted.items or [])
    await store.put_bytes(key, lines.encode(), NDJSON)
    return key


def require_may_import(actor: Actor, of: ImportOf) -> None:
    """Hold an import to those whose business it is; inviting people is people's own.

    Raises:
        Forbidden: it is not the actor's.
    """
    if of is ImportOf.PEOPLE and actor.client_id is not None:
        raise Forbidden(
            "Only people may do this: have an admin of your organisation import the list.",
            code="people_only",
        )
    may, who = {
        ImportOf.TITLES: (actor.sells, SELLER_ROLE),
        ImportOf.COMPANIES: (actor.is_organiser, "an organiser"),
        ImportOf.PEOPLE: (actor.is_admin, "an admin of your organisation"),
    }[of]
    if not may:
        raise Forbidden(f"Only {who} may do this.", code="forbidden")


async def begin_export(session: AsyncSession, actor: Actor, wanted: ExportIn) -> Operation:
    """Have the worker export a list.

    Raises:
        Forbidden: the list is not for the actor.
        Conflict: the organisation has too many operations that have not ended.
    """
    require_may_list(actor, wanted.of)
    given = wanted.model_dump(mode="json", exclude_unset=True).get("titles")
    kept = {"of": wanted.of, "format": wanted.format, "titles": given}
    return await operations.begin(session, actor, EXPORT_KINDS[wanted.of], kept)


async def sign_export(
    session: AsyncSession, store: Store, actor: Actor, id_: int, lifetime: timedelta
) -> SignedFile:
    """Sign a URL of an exported file.

    Raises:
        NotFound: there is no such export, or it is another organisation's, or its file is gone.
        Conflict: it has not ended well.
    """
    operation = await _ended(session, actor, id_, EXPORT_KINDS.values(), "export")
    format_ = FileFormat(operation.input["format"])
    key = export_key(operation.organisation_id, id_, format_)
    name = f"{operation.input['of']}-{id_}.{format_}"
    return await _signed(store, key, name, MEDIA_TYPES[format_], lifetime)


async def sign_report(
    session: AsyncSession, store: Store, actor: Actor, id_: int, lifetime: timedelta
) -> SignedFile:
    """Sign a URL of the report of an import.

    Raises:
        NotFound: there is no such import, or it is another organisation's, or its report is gone.
        Conflict: it has not ended, or failed.
    """
    operation = await _ended(
        session, actor, id_, IMPORT_KINDS.values(), "import", OperationState.CANCELLED
    )
    key = report_key(operation.organisation_id, id_)
    return await _signed(store, key, f"import-{id_}.ndjson", NDJSON, lifetime)


async def _ended(
    session: AsyncSession,
    actor: Actor,
    id_: int,
    kinds: Collection[str],
    noun: str,
    *also: OperationState,
) -> Operation:
    operation = await operations.get_operation(session, actor, id_)
    if operation.kind not in kinds:
        raise NotFound("operation")
    if operation.state not in {OperationState.SUCCEEDED, *also}:
        raise Conflict(
            f"The {noun} is {operation.state}: there is no file of it (yet).",
            code="no_file",
            state=operation.state,
        )
    return operation


async def _signed(
    store: Store, key: str, name: str, media_type: str, lifetime: timedelta
) -> SignedFile:
    found = await store.find_object(key)
    if found is None:
        raise NotFound("file")
    expires_at = datetime.now(UTC).replace(microsecond=0) + lifetime
    url = store.sign_playback(key, media_type, f'attachment; filename="{name}"', lifetime)
    return SignedFile(url, expires_at, name, media_type, found.size_bytes)
