"""Transcode a film, piece by piece."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from app.screeners.media.commands import piece_command, segment_file
from app.screeners.media.facts import Film
from app.screeners.media.ffmpeg import run_ffmpeg
from app.screeners.media.grid import Piece, Segment
from app.screeners.media.isolation import Bench, Limits
from app.screeners.media.ladder import Rendition
from app.screeners.media.refusals import MediaRefusedError, Reason

_FILE_BYTES = 64 << 20
# The slowest film that is worth waiting for is worked through at a twentieth of real time.
_SECONDS_A_SECOND = 20
_SECONDS_TO_SEEK = 300


async def transcode_piece(
    film: Film,
    renditions: Sequence[Rendition],
    piece: Piece,
    bench: Bench,
    on_progress: Callable[[int], None] | None = None,
) -> Mapping[str, tuple[Segment, ...]]:
    """Make the segments of a piece in every rendition, by name; the film is decoded once.

    The files lie in a folder of this piece below the bench's; the caller removes them. What an
    earlier attempt left there is removed first. `on_progress` is given the milliseconds of the
    piece that are done.

    Raises:
        MediaRefusedError: the film cannot be decoded, or not within the limits.
        MediaFailedError: we could not.
    """
    own = bench.cleared(f"piece-{piece.number:05}")
    seconds = _SECONDS_TO_SEEK + _SECONDS_A_SECOND * piece.length_ms / 1000
    limits = Limits(seconds=seconds, file_bytes=_FILE_BYTES)
    command = piece_command(film, renditions, piece, own.scratch)
    await run_ffmpeg(command, film, own, limits, on_progress)
    return {
        rendition.name: collected(
            own.scratch, rendition.name, piece.first_segment, piece.durations_ms
        )
        for rendition in renditions
    }


def collected(
    folder: Path, name: str, first: int, durations_ms: Sequence[int]
) -> tuple[Segment, ...]:
    """Give the segments that were made, all of them."""
    made = tuple(
        Segment(number, duration, segment_file(folder, name, number))
        for number, duration in enumerate(durations_ms, first)
    )
    for segment in made:
        if not segment.path.exists() or segment.path.stat().st_size == 0:
            raise MediaRefusedError(
                Reason.TRUNCATED,
                f"Nothing could be decoded at {segment.number * 6} s: the file is damaged there.",
            )
    return made
