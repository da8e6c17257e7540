"""Transcode a sound track: in one go, so that it has no seams, then cut."""

from collections.abc import Callable

from app.screeners.media.commands import audio_command
from app.screeners.media.facts import AudioTrack, Film
from app.screeners.media.ffmpeg import run_ffmpeg
from app.screeners.media.grid import Segment, segment_durations
from app.screeners.media.isolation import Bench, Limits
from app.screeners.media.pieces import collected

_FILE_BYTES = 8 << 20
# The whole file is read: from a slow disk, with a decoder that is no faster than the film.
_BYTES_A_SECOND = 20 << 20
_SECONDS_TO_START = 300


async def transcode_audio(
    film: Film,
    track: AudioTrack,
    bench: Bench,
    on_progress: Callable[[int], None] | None = None,
) -> tuple[Segment, ...]:
    """Make a sound track's segments: stereo AAC, as long as the picture, silent where it is not.

    The files lie in a folder of this track below the bench's; the caller removes them.
    `on_progress` is given the milliseconds done. Raises as `transcode_piece` does.
    """
    own = bench.cleared(f"audio-{track.index}")
    durations = segment_durations(film.facts.duration_ms)
    reading = film.path.stat().st_size / _BYTES_A_SECOND
    limits = Limits(
        seconds=_SECONDS_TO_START + reading + film.facts.duration_ms / 1000, file_bytes=_FILE_BYTES
    )
    command = audio_command(film, track, own.scratch, len(durations))
    await run_ffmpeg(command, film, own, limits, on_progress)
    return collected(own.scratch, f"audio-{track.index}", 0, durations)
