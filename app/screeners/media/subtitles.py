"""The subtitles inside a film, as WebVTT."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from app.screeners.media.commands import subtitles_command
from app.screeners.media.facts import Film, SubtitleTrack
from app.screeners.media.ffmpeg import run_ffmpeg
from app.screeners.media.isolation import Bench, Limits
from app.screeners.media.refusals import MediaRefusedError
from app.screeners.media.webvtt import MAX_BYTES, to_webvtt

_BYTES_A_SECOND = 20 << 20
_SECONDS_TO_START = 300


async def extract_subtitles(film: Film, bench: Bench) -> Mapping[int, bytes]:
    """Give the WebVTT of each track of text, by its index; a track that cannot be read is left out.

    Times are the film's own. Raises `MediaFailedError` when we could not.
    """
    tracks = [track for track in film.facts.subtitles if track.is_text]
    own = bench.cleared("subtitles")
    if tracks and not await _extracted(film, tracks, own):
        # One of them spoils it for all: each by itself, then.
        for track in tracks:
            await _extracted(film, [track], own)
    found: dict[int, bytes] = {}
    for track in tracks:
        with suppress(MediaRefusedError, OSError):
            found[track.index] = to_webvtt(_file(own, track).read_bytes())
    return found


async def _extracted(film: Film, tracks: Sequence[SubtitleTrack], bench: Bench) -> bool:
    reading = film.path.stat().st_size / _BYTES_A_SECOND
    limits = Limits(seconds=_SECONDS_TO_START + reading, file_bytes=2 * MAX_BYTES)
    command = subtitles_command(film, {track.index: _file(bench, track) for track in tracks})
    try:
        await run_ffmpeg(command, film, bench, limits)
    except MediaRefusedError:
        return False
    return True


def _file(bench: Bench, track: SubtitleTrack) -> Path:
    return bench.scratch / f"{track.index}.vtt"
