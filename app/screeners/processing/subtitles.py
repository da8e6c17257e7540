"""The texts of a film that its seller sends: in place of what the file has in that language."""

from collections.abc import Sequence
from datetime import UTC, datetime

from anyio import to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from app.actors import Actor
from app.errors import Conflict, Invalid, NotFound
from app.models.screeners import Screener, ScreenerState, ScreenerSubtitles
from app.screeners.media.refusals import MediaRefusedError
from app.screeners.media.webvtt import to_webvtt
from app.screeners.service import get_screener, own_screener, record

# More than there are languages of the market; texts are kept in the database.
MAX_LANGUAGES = 50
OPEN = (ScreenerState.UPLOADING, ScreenerState.PROCESSING, ScreenerState.READY)


async def put_subtitles(
    session: AsyncSession, actor: Actor, screener_id: int, language: str, content: bytes
) -> tuple[ScreenerSubtitles, bool]:
    """Keep texts in a language, as clean WebVTT; tell whether there were none in it before.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
        Forbidden: the actor may watch it, no more.
        Conflict: the screener is over, or has texts in too many languages.
        Invalid: the body is no WebVTT or SubRip.
    """
    _require_open(await own_screener(session, actor, screener_id))
    try:
        webvtt = (await to_thread.run_sync(to_webvtt, content)).decode()
    except MediaRefusedError as error:
        raise Invalid.field("", str(error)) from error
    session.expire_all()
    screener = await own_screener(session, actor, screener_id, lock=True)
    _require_open(screener)
    kept = {row.language: row for row in await _of(session, screener.id)}
    row = kept.get(language)
    is_new = row is None
    if row is None:
        if len(kept) >= MAX_LANGUAGES:
            raise Conflict(
                f"The screener has texts in {len(kept)} languages. Delete some.",
                code="too_many_subtitles",
            )
        row = ScreenerSubtitles(screener_id=screener.id, language=language)
        session.add(row)
    row.webvtt, row.by_seller, row.created_at = webvtt, True, datetime.now(UTC)
    record(session, actor, "screener.subtitles_set", screener, language=language)
    await session.flush()
    return row, is_new


async def delete_subtitles(
    session: AsyncSession, actor: Actor, screener_id: int, language: str
) -> None:
    """Delete the texts in a language, whoever they are from.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see; or no such texts.
        Forbidden: the actor may watch it, no more.
        Conflict: the screener is over.
    """
    screener = await own_screener(session, actor, screener_id, lock=True)
    _require_open(screener)
    row = await session.get(ScreenerSubtitles, (screener.id, language))
    if row is None:
        raise NotFound("language of subtitles")
    await session.delete(row)
    record(session, actor, "screener.subtitles_deleted", screener, language=language)


async def list_subtitles(
    session: AsyncSession, actor: Actor, screener_id: int
) -> Sequence[ScreenerSubtitles]:
    """Give the texts of a screener that one sees, by language.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
    """
    screener = await get_screener(session, actor, screener_id)
    return await _of(session, screener.id)


async def _of(session: AsyncSession, screener_id: int) -> Sequence[ScreenerSubtitles]:
    rows = await session.scalars(
        select(ScreenerSubtitles)
        .where(ScreenerSubtitles.screener_id == screener_id)
        .order_by(ScreenerSubtitles.language)
        .options(defer(ScreenerSubtitles.webvtt, raiseload=True))
    )
    return rows.all()


def _require_open(screener: Screener) -> None:
    if screener.state not in OPEN:
        raise Conflict(
            f"The screener is {screener.state}: there is nothing to read with it.",
            code="screener_over",
            state=screener.state,
        )
