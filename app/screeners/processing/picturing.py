"""The poster, the thumbnails and the subtitles of a film, kept."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.dialects.postgresql import insert

from app.models.base import JsonObject
from app.models.screeners import ProcessingStage, ScreenerSubtitles
from app.operations.handling import Means
from app.s3 import Store
from app.screeners.media.facts import Film, SubtitleTrack
from app.screeners.media.isolation import Bench
from app.screeners.media.pictures import Pictures, make_pictures
from app.screeners.media.subtitles import extract_subtitles
from app.screeners.objects import PICTURE_TYPE, poster_key, thumbnails_key
from app.screeners.processing.plan import UNKNOWN_LANGUAGE, language_of
from app.screeners.processing.rows import Progress


async def make_and_keep_pictures(
    means: Means, progress: Progress, film: Film, bench: Bench
) -> None:
    """Make pictures of a film, and texts of its subtitles; then it is transcoded.

    Raises:
        MediaRefusedError: it can't be read.
        MediaFailedError: we could not.
        StorageUnavailable: the store does not keep them.
    """
    id_ = progress.found.screener_id
    await progress.open_file()
    pictures = await make_pictures(film, bench)
    progress.tell(0.5)
    texts = await extract_subtitles(film, bench)
    await _put(means.store, poster_key(id_), pictures.poster)
    await _put(means.store, thumbnails_key(id_), pictures.sprite.path)
    rows = [
        {"screener_id": id_, "language": language, "webvtt": texts[track.index].decode()}
        for language, track in best_of_languages(film.facts.subtitles, texts).items()
    ]
    async with means.transaction() as session:
        await progress.close_file(
            session, pictures=geometry(pictures), stage=ProcessingStage.TRANSCODING, progress=0.0
        )
        if rows:  # the seller's own stay
            await session.execute(insert(ScreenerSubtitles).values(rows).on_conflict_do_nothing())


async def _put(store: Store, key: str, path: Path) -> None:
    with path.open("rb") as file:
        await store.put_file(key, file, PICTURE_TYPE)


def geometry(pictures: Pictures) -> JsonObject:
    """Give what a player must know of the pictures, as the row keeps it."""
    sprite = pictures.sprite
    return {
        "poster": {"width": pictures.poster_width, "height": pictures.poster_height},
        "thumbnails": {
            "interval_milliseconds": sprite.interval_ms,
            "tile_width": sprite.tile_width,
            "tile_height": sprite.tile_height,
            "columns": sprite.columns,
            "rows": sprite.rows,
            "count": sprite.count,
        },
    }


def best_of_languages(
    tracks: tuple[SubtitleTrack, ...], texts: Mapping[int, bytes]
) -> dict[str, SubtitleTrack]:
    """Choose one track of text for each language: the first one that is not for signs alone."""
    chosen: dict[str, SubtitleTrack] = {}
    for track in sorted(tracks, key=lambda track: track.forced):
        if track.index in texts:
            chosen.setdefault(language_of(track.language) or UNKNOWN_LANGUAGE, track)
    return chosen
