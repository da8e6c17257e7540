"""What a file says of itself, once it was read through."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """The picture of a film; its size is as stored, before `rotation` and `pixel_aspect`."""

    index: int
    """Which of the file's video tracks, from 0: cover pictures are such, too."""
    codec: str
    width: int
    height: int
    rotation: int
    """Degrees to turn it clockwise before it is shown: 0, 90, 180 or 270."""
    pixel_aspect: Fraction
    """Width of a pixel over its height."""
    frame_rate: Fraction
    """Frames a second on average; those of a film of variable rate lie as they please."""
    frame_count: int
    longest_gap_ms: int
    """The longest time that one frame stands."""
    pixel_format: str
    interlaced: bool
    hdr: bool
    """Whether its light is of PQ or HLG, and must be mapped to ordinary screens."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One sound track."""

    index: int
    """Which of the file's audio tracks, from 0."""
    codec: str
    channels: int
    sample_rate: int
    language: str | None
    """As the file says it, mostly ISO 639-2."""
    title: str | None


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """One track of subtitles inside the file."""

    index: int
    """Which of the file's subtitle tracks, from 0."""
    codec: str
    language: str | None
    title: str | None
    is_text: bool
    """Pictures of text (DVD, PGS, DVB) become no WebVTT."""
    forced: bool


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """A film that can be worked on."""

    demuxer: str
    """What ffmpeg is told the file is, so that it never guesses."""
    duration_ms: int
    """Of the picture: from its first frame to the end of its last."""
    start_ticks: int
    """The timestamp of the first frame, in ticks of 1/90,000 s: the zero of the film's own time."""
    video: VideoFacts
    audio: tuple[AudioTrack, ...]
    subtitles: tuple[SubtitleTrack, ...]


@dataclass(frozen=True, slots=True)
class Film:
    """A file on the local disk, and what was found in it."""

    path: Path
    facts: MediaFacts
