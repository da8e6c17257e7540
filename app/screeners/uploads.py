"""Uploads: started here, sent past the API, held to what the client states, made one object."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.actors import Actor
from app.errors import Conflict, Invalid
from app.models.base import NEW_ID
from app.models.catalogue import TitleState
from app.models.screeners import ProcessingStage, Screener, ScreenerState
from app.s3 import Store
from app.screeners import rules
from app.screeners.objects import original_key
from app.screeners.schemas import (
    ArrivedPart,
    Completion,
    PartUrl,
    PartUrls,
    PartWanted,
    ScreenerIn,
    UploadOut,
    UploadProgress,
)
from app.screeners.service import expire, get_title, own_screener, record, require_seller
from app.stored import PartsRefused, PartToSign, StoredObject, UploadGone

# Of one organisation: the store holds the bytes of unfinished uploads too.
MAX_UNFINISHED = 50

CHECKED = (ScreenerState.PROCESSING, ScreenerState.READY)
OVER = {
    ScreenerState.PROCESSING: "The upload is complete, and the file is being processed.",
    ScreenerState.READY: "The upload is complete.",
    ScreenerState.REJECTED: "The file was rejected: start a new upload.",
    ScreenerState.EXPIRED: "The upload has expired: start a new one.",
    ScreenerState.WITHDRAWN: "The screener was withdrawn: start a new one.",
}


class UploadLost(Conflict):
    """409: the store lost what had arrived, so this upload can't be finished."""

    code = "upload_lost"
    # The screener is expired by it.
    keeps_changes = True


async def create_screener(
    session: AsyncSession,
    store: Store,
    actor: Actor,
    title_id: int,
    wanted: ScreenerIn,
    lifetime: timedelta,
) -> Screener:
    """Start the upload of a file; what is unfinished after `lifetime` is thrown away.

    The upload begins at the store before the row is there: of a crash in between remains an upload
    without a row, which `jobs.tidy_store` aborts. The other way round would promise what isn't.

    Raises:
        NotFound: there is no such title, or it is not the actor's to see.
        Forbidden: the actor does not sell it.
        Conflict: it was withdrawn, or too many uploads are unfinished.
    """
    title = await get_title(session, actor, title_id)
    require_seller(actor, title.seller_id)
    if title.state is TitleState.WITHDRAWN:
        raise Conflict("The title was withdrawn; publish it first.", code="title_withdrawn")
    await _require_room(session, actor)
    id_ = await session.scalar(select(NEW_ID))
    key = original_key(id_)
    screener = Screener(
        id=id_,
        title_id=title.id,
        organisation_id=title.seller_id,
        part_bytes=rules.part_bytes_of(wanted.size_bytes),
        object_key=key,
        upload_id=await store.start_upload(key, wanted.content_type),
        upload_expires_at=datetime.now(UTC) + lifetime,
        **wanted.model_dump(),
    )
    session.add(screener)
    await session.flush()
    record(session, actor, "screener.created", screener, size_bytes=screener.size_bytes)
    await jobs.defer(
        session, "expire_upload", at=screener.upload_expires_at, screener_id=str(screener.id)
    )
    return screener


async def _require_room(session: AsyncSession, actor: Actor) -> None:
    unfinished = await session.scalar(
        select(func.count())
        .select_from(Screener)
        .where(Screener.organisation_id == actor.organisation_id)
        .where(Screener.state == ScreenerState.UPLOADING)
    )
    if unfinished is not None and unfinished >= MAX_UNFINISHED:
        raise Conflict(
            f"Your organisation has {unfinished} unfinished uploads. Complete or withdraw some.",
            code="too_many_uploads",
        )


def require_uploading(screener: Screener) -> None:
    """Hold an act to an upload that still runs.

    Raises:
        Conflict: it is complete, expired, rejected or withdrawn; `state` says which.
    """
    state = screener.state
    if state is ScreenerState.UPLOADING and screener.upload_expires_at <= datetime.now(UTC):
        state = ScreenerState.EXPIRED
    if state is not ScreenerState.UPLOADING:
        raise Conflict(OVER[state], code="upload_over", state=state)


def upload_of(screener: Screener) -> UploadOut:
    """Tell how a file is cut."""
    return UploadOut(
        part_bytes=screener.part_bytes,
        part_count=rules.part_count_of(screener.size_bytes, screener.part_bytes),
        expires_at=screener.upload_expires_at,
    )


def first_parts(screener: Screener) -> list[PartWanted]:
    """Name the parts whose URLs come with the new screener."""
    count = min(upload_of(screener).part_count, rules.MAX_PARTS_TO_SIGN)
    return [PartWanted(number=number) for number in range(1, count + 1)]


def sign_parts(
    store: Store, screener: Screener, wanted: Sequence[PartWanted], lifetime: timedelta
) -> PartUrls:
    """Sign a URL for each part; the same part may be signed any number of times.

    Raises:
        Conflict: the upload no longer runs.
        Invalid: the file has no such part.
    """
    require_uploading(screener)
    count = upload_of(screener).part_count
    for place, part in enumerate(wanted):
        if part.number > count:
            raise Invalid.field(f"/parts/{place}/number", f"the file has {count} parts")
    parts = [
        PartToSign(
            part.number,
            rules.part_size(part.number, screener.size_bytes, screener.part_bytes),
            part.md5,
        )
        for part in wanted
    ]
    now = datetime.now(UTC).replace(microsecond=0)
    lives = rules.url_lifetime(now, screener.upload_expires_at, lifetime)
    urls = store.sign_parts(screener.object_key, screener.upload_id, parts, lives)
    signed = [
        PartUrl(number=part.number, size_bytes=part.size_bytes, url=url, headers=part.headers)
        for part, url in zip(parts, urls, strict=True)
    ]
    return PartUrls(parts=signed, expires_at=now + lives)


async def get_upload(store: Store, screener: Screener) -> UploadProgress:
    """Tell which parts have arrived.

    Raises:
        Conflict: the upload no longer runs, or the store lost it.
    """
    require_uploading(screener)
    try:
        arrived = await store.list_parts(screener.object_key, screener.upload_id)
    except UploadGone:
        raise Conflict(
            "The store does not hold this upload. If you have just completed it, repeat that; "
            "otherwise its parts are lost: withdraw the screener and start a new one.",
            code="upload_lost",
        ) from None
    parts = [
        ArrivedPart(number=part.number, size_bytes=part.size_bytes, md5=part.md5)
        for _, part in sorted(arrived.items())
    ]
    return UploadProgress(**upload_of(screener).model_dump(), parts=parts)


async def complete_upload(
    session: AsyncSession, store: Store, actor: Actor, id_: int, stated: Completion
) -> Screener:
    """Hold what arrived to what the client stated, and make one object of it.

    Repeating it is harmless, also where the answer was lost between the store's completion and our
    commit: then the object is there already.

    Raises:
        Invalid: not every part is stated.
        Conflict: parts are missing or wrong, the whole is, or the upload no longer runs.
        UploadLost: the store holds neither the upload nor its object.
    """
    screener = await own_screener(session, actor, id_, lock=True)
    _require_all_parts(screener, stated)
    checksum = stated.expected_checksum
    if screener.state in CHECKED and screener.checksum == checksum:
        return screener
    require_uploading(screener)
    try:
        found = await _assemble(store, screener, stated)
    except UploadGone:
        found = await _find(session, store, screener)
    if not rules.agrees(found, screener.size_bytes, checksum):
        raise Conflict(
            "The store holds another file than you state. State the file you uploaded, or withdraw "
            "the screener and start a new one.",
            code="checksum_mismatch",
        )
    screener.state = ScreenerState.PROCESSING
    screener.stage = ProcessingStage.QUEUED
    screener.checksum = checksum
    screener.completed_at = datetime.now(UTC)
    record(session, actor, "screener.completed", screener, checksum=checksum)
    await session.flush()
    await jobs.defer(session, "process_screener", queue=jobs.MEDIA, screener_id=str(screener.id))
    return screener


def _require_all_parts(screener: Screener, stated: Completion) -> None:
    count = upload_of(screener).part_count
    if not stated.expected_checksum.endswith(f"-{count}"):
        pointer = "/checksum" if stated.parts is None else "/parts"
        raise Invalid.field(pointer, f"must be of all the file's {count} parts")


async def _assemble(store: Store, screener: Screener, stated: Completion) -> StoredObject:
    arrived = await store.list_parts(screener.object_key, screener.upload_id)
    wrong = rules.wrong_parts(arrived, stated.md5s, screener.size_bytes, screener.part_bytes)
    if wrong:
        raise Conflict(
            "Some parts are missing or wrong: see parts. Send them again, then complete.",
            code="parts_do_not_match",
            parts=[{"number": part.number, "reason": part.reason} for part in wrong],
        )
    parts = [arrived[number] for number in sorted(arrived)]
    if rules.composite_checksum([part.md5 for part in parts]) != stated.expected_checksum:
        raise Conflict(
            "The parts that arrived have another checksum than you state. Give the MD5 of each "
            "part to learn which are wrong.",
            code="checksum_mismatch",
        )
    try:
        made = await store.complete_upload(screener.object_key, screener.upload_id, parts)
    except PartsRefused:
        raise Conflict(
            "A part changed while the upload was completed. Look at what arrived, then repeat.",
            code="parts_do_not_match",
        ) from None
    return StoredObject(sum(part.size_bytes for part in parts), made)


async def _find(session: AsyncSession, store: Store, screener: Screener) -> StoredObject:
    """Look for the object of a completion whose answer was lost; without one, so is the upload."""
    found = await store.find_object(screener.object_key)
    if found is None:
        await expire(session, screener, "The store lost the upload before it was complete.")
        raise UploadLost("The store lost what had arrived of this upload. Start a new one.")
    return found
