"""From rows to what is shown of them: screeners with what was made of them."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.screeners import (
    Screener,
    ScreenerRendition,
    ScreenerState,
    ScreenerSubtitles,
)
from app.screeners.schemas import ProcessingOut, RenditionOut, ScreenerOut


async def show(session: AsyncSession, screener: Screener) -> ScreenerOut:
    """Show one screener."""
    (shown,) = await show_all(session, [screener])
    return shown


async def show_all(session: AsyncSession, screeners: Sequence[Screener]) -> list[ScreenerOut]:
    """Show screeners: two statements more, however many they are."""
    ids = [screener.id for screener in screeners]
    ready = [each.id for each in screeners if each.state is ScreenerState.READY]
    renditions = await _renditions(session, ready) if ready else {}
    subtitles = await _subtitles(session, ids) if ids else {}
    return [
        ScreenerOut.model_validate(each).model_copy(
            update={
                "processing": _processing(each),
                "duration_seconds": _seconds(each.duration_milliseconds),
                "renditions": renditions.get(each.id, []),
                "subtitles": subtitles.get(each.id, []),
            }
        )
        for each in screeners
    ]


def _processing(screener: Screener) -> ProcessingOut | None:
    if screener.stage is None:
        return None
    return ProcessingOut.model_validate(screener)


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


async def _renditions(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[RenditionOut]]:
    row = ScreenerRendition
    columns = (row.name, row.kind, row.language, row.label, row.width, row.height, row.bandwidth)
    found = await session.execute(
        select(row.screener_id, *columns)
        .where(row.screener_id.in_(ids))
        .order_by(row.kind.desc(), row.height, row.name)
    )
    shown = defaultdict(list)
    for each in found:
        shown[each.screener_id].append(RenditionOut.model_validate(each))
    return shown


async def _subtitles(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[str]]:
    row = ScreenerSubtitles
    found = await session.execute(
        select(row.screener_id, row.language).where(row.screener_id.in_(ids)).order_by(row.language)
    )
    shown = defaultdict(list)
    for screener_id, language in found:
        shown[screener_id].append(language)
    return shown
