"""Find out what a file is, in a child process."""

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from app.screeners.media.containers import (
    DEMUXERS,
    HEAD_BYTES,
    demuxer_seen,
    description,
    film_kind,
)
from app.screeners.media.facts import AudioTrack, MediaFacts, SubtitleTrack, VideoFacts
from app.screeners.media.ffmpeg import judge
from app.screeners.media.isolation import Bench, Limits, run_isolated
from app.screeners.media.refusals import MediaFailedError, MediaRefusedError, Reason

READER = "app.screeners.media.reading"
_SECONDS_TO_START = 120
_BYTES_A_SECOND = 20 << 20


async def probe(path: Path, content_type: str, bench: Bench) -> MediaFacts:
    """Read a file through, as what it was declared to be, and tell what is in it.

    Raises:
        MediaRefusedError: it is no film, not what was declared, damaged, or too large to work on.
        MediaFailedError: we could not.
    """
    demuxer = declared_demuxer(path, content_type)
    limits = Limits(seconds=_SECONDS_TO_START + _bytes(path) / _BYTES_A_SECOND)
    command = (sys.executable, "-I", "-m", READER, str(path), demuxer)
    outcome = await run_isolated(command, bench, limits, reads=[path])
    if outcome.exit_code > 0:  # the reader's own mistake: it says in its answer what is the film's
        raise MediaFailedError(f"The reader failed: {outcome.errors[-300:]}")
    judge(outcome, limits)
    return facts_of(json.loads(outcome.output))


def _bytes(path: Path) -> int:
    return path.stat().st_size


def declared_demuxer(path: Path, content_type: str) -> str:
    """Give the reader for what a file was declared to be, if that is what it looks like."""
    demuxer = DEMUXERS.get(content_type)
    if demuxer is None:
        raise MediaRefusedError(Reason.NOT_AS_DECLARED, f"{content_type} is no film we read.")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if demuxer_seen(head) != demuxer:
        raise MediaRefusedError(
            Reason.NOT_AS_DECLARED,
            f"The file was declared as {film_kind(demuxer)}, but is {description(head)}.",
        )
    return demuxer


def facts_of(answer: dict[str, Any]) -> MediaFacts:
    """Make facts of what the child printed, or the refusal that it was."""
    if "facts" not in answer:
        raise MediaRefusedError(Reason(answer["reason"]), answer["sentence"])
    facts = answer["facts"]
    video = facts["video"]
    fractions = {name: Fraction(video[name]) for name in ("pixel_aspect", "frame_rate")}
    return MediaFacts(
        demuxer=facts["demuxer"],
        duration_ms=facts["duration_ms"],
        start_ticks=facts["start_ticks"],
        video=VideoFacts(**video | fractions),
        audio=tuple(AudioTrack(**track) for track in facts["audio"]),
        subtitles=tuple(SubtitleTrack(**track) for track in facts["subtitles"]),
    )
