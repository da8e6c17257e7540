"""How a film is cut: segments of 6 s that a player fetches, pieces of 60 s that one child makes.

The cuts lie on the film's own time, so every rendition and every sound track has the same ones:
segment k holds the frames from 6k s on and before 6(k + 1) s.
"""

from dataclasses import dataclass
from pathlib import Path

SEGMENT_MS = 6_000
PIECE_SEGMENTS = 10
PIECE_MS = PIECE_SEGMENTS * SEGMENT_MS
# The last frames of a film are not worth a segment of their own: players stall on very short ones.
SHORTEST_MS = 500


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a rendition or of a sound track."""

    number: int
    """From 0, through the whole film: the media sequence number."""
    duration_ms: int
    path: Path


@dataclass(frozen=True, slots=True)
class Piece:
    """What one child transcodes: segments that follow each other."""

    number: int
    first_segment: int
    durations_ms: tuple[int, ...]
    is_last: bool

    @property
    def start_ms(self) -> int:
        """Where it starts in the film."""
        return self.first_segment * SEGMENT_MS

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return sum(self.durations_ms)


def segment_durations(duration_ms: int) -> tuple[int, ...]:
    """Give the length of every segment of a film, in order."""
    whole, rest = divmod(duration_ms, SEGMENT_MS)
    durations = [SEGMENT_MS] * whole
    if rest >= SHORTEST_MS or not durations:
        return (*durations, rest)
    durations[-1] += rest
    return tuple(durations)


def pieces_of(duration_ms: int) -> tuple[Piece, ...]:
    """Cut a film into pieces."""
    durations = segment_durations(duration_ms)
    firsts = range(0, len(durations), PIECE_SEGMENTS)
    return tuple(
        Piece(
            number=number,
            first_segment=first,
            durations_ms=durations[first : first + PIECE_SEGMENTS],
            is_last=first + PIECE_SEGMENTS >= len(durations),
        )
        for number, first in enumerate(firsts)
    )
