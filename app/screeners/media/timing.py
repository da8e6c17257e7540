"""When the pictures of a film are shown: every packet is looked at, none is decoded.

As `reading`, it runs in a child alone.
"""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from av.container import InputContainer
from av.stream import Stream

from app.screeners.media.refusals import MediaRefusedError, Reason

MAX_HOURS = 12
MIN_SECONDS = 1
# How far the last frame may be from where the file says it ends, and sound from the picture
SLACK_SECONDS = 2
SOUND_SLACK_SECONDS = 60
_SLACK_SHARE = Fraction(1, 50)
# A transport stream whose clock jumps further than this was glued together.
CLOCK_JUMP_SECONDS = 60
_STREAMS = {"mpegts", "mpeg"}
_TICKS = 90_000
_MICROSECONDS = 1_000_000
_CLOCK = re.compile(r"(\d{1,6}):(\d{2}):(\d{2}(?:\.\d{1,12})?)")


@dataclass(frozen=True, slots=True)
class Timing:
    """What the packets of a picture tell."""

    duration_ms: int
    frame_count: int
    longest_gap_ms: int
    frame_rate: Fraction


@dataclass(slots=True)
class _Track:
    """What was seen of one track."""

    unit: Fraction
    instants: "array[int]" = field(default_factory=lambda: array("q"))
    end: int | None = None
    cut_short: bool = False


def time_packets(container: InputContainer, video: Stream, start_ticks: int) -> Timing:
    """Read a file through, and tell when its frames are shown.

    Raises:
        MediaRefusedError: it ends before it should, has no length, or its tracks disagree.
    """
    tracks = _read_through(container, video)
    seen = tracks[video.index]
    start = Fraction(start_ticks, _TICKS)
    half_tick = Fraction(1, 2 * _TICKS)
    instants = sorted(
        instant for instant in seen.instants if instant * seen.unit >= start - half_tick
    )
    if len(instants) < 2:  # noqa: PLR2004  # one frame is a picture
        raise MediaRefusedError(Reason.NO_DURATION, "The file has no more than one picture.")
    timing = _timing(instants, seen, start)
    _check_length(timing)
    if container.format.name in _STREAMS and timing.longest_gap_ms > CLOCK_JUMP_SECONDS * 1000:
        raise MediaRefusedError(
            Reason.UNREADABLE, "The clock of the file jumps: remux it, and upload that."
        )
    _check_end(video, seen, start, container)
    _check_sound(tracks.values(), start + Fraction(timing.duration_ms, 1000))
    return timing


def _read_through(container: InputContainer, video: Stream) -> dict[int, _Track]:
    streams = [video, *container.streams.audio]
    tracks = {stream.index: _Track(_unit(stream)) for stream in streams}
    for packet in container.demux(*streams):
        track = tracks[packet.stream_index]
        instant = packet.pts if packet.pts is not None else packet.dts
        if instant is None or packet.is_discard:
            continue
        if packet.stream_index == video.index:
            track.instants.append(instant)
            track.cut_short = packet.is_corrupt
        track.end = max(instant + (packet.duration or 0), track.end or instant)
    return tracks


def _unit(stream: Stream) -> Fraction:
    if stream.time_base is None:
        raise MediaRefusedError(Reason.UNREADABLE, "The file has a track without a clock.")
    return stream.time_base


def _timing(instants: list[int], seen: _Track, start: Fraction) -> Timing:
    span = (instants[-1] - instants[0]) * seen.unit
    if span <= 0:
        raise MediaRefusedError(Reason.NO_DURATION, "All pictures of the file are shown at once.")
    rate = (len(instants) - 1) / span
    last = instants[-1] * seen.unit
    stated = max(seen.end or 0, instants[-1]) * seen.unit
    end = stated if stated > last else last + 1 / rate
    gap = max(later - earlier for earlier, later in pairwise(instants)) * seen.unit
    return Timing(
        duration_ms=int((end - start) * 1000),
        frame_count=len(instants),
        longest_gap_ms=int(max(gap, end - last) * 1000),
        frame_rate=rate,
    )


def _check_length(timing: Timing) -> None:
    if timing.duration_ms < MIN_SECONDS * 1000:
        raise MediaRefusedError(
            Reason.NO_DURATION, f"The film lasts less than {MIN_SECONDS} second."
        )
    if timing.duration_ms > MAX_HOURS * 3_600_000:
        hours = timing.duration_ms / 3_600_000
        raise MediaRefusedError(
            Reason.TOO_LONG, f"The film lasts {hours:,.0f} hours; at most {MAX_HOURS} are taken."
        )


def _check_end(video: Stream, seen: _Track, start: Fraction, container: InputContainer) -> None:
    """Hold the last frame to where the file says that its picture ends."""
    if container.format.name in _STREAMS:
        return  # they say nothing: ffmpeg guesses it of what we have just read
    stated = _stated_end(container, video, seen.unit)
    found = max(seen.end or 0, seen.instants[-1]) * seen.unit - start
    if seen.cut_short or found < stated * (1 - _SLACK_SHARE) - SLACK_SECONDS:
        raise MediaRefusedError(
            Reason.TRUNCATED,
            f"The file ends too early: it has {float(found):,.0f} of {float(stated):,.0f} s.",
        )


def _stated_end(container: InputContainer, video: Stream, unit: Fraction) -> Fraction:
    """Give the seconds a file says its picture lasts; 0 if it says nothing."""
    if video.duration is not None:
        return video.duration * unit
    if clock := _CLOCK.fullmatch(video.metadata.get("DURATION", "")):  # as Matroska has it
        hours, minutes, seconds = clock.groups()
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    if container.streams.subtitles:
        return Fraction(0)  # that of the whole file may be that of a subtitle
    return Fraction(container.duration or 0, _MICROSECONDS)


def _check_sound(tracks: Iterable[_Track], end: Fraction) -> None:
    """Refuse sound that goes on and on when the picture is over."""
    sound = max((track.end * track.unit for track in tracks if track.end is not None), default=end)
    if sound > end + SOUND_SLACK_SECONDS + abs(end) * _SLACK_SHARE:
        raise MediaRefusedError(
            Reason.TRACKS_DISAGREE,
            f"The sound goes on for {float(sound - end):,.0f} s when the picture is over.",
        )
