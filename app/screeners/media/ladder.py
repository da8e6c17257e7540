"""Which renditions a film gets: sizes, bit rates, and what a playlist calls their codecs."""

from dataclasses import dataclass
from fractions import Fraction

from app.screeners.media.facts import VideoFacts

AUDIO_CODEC = "mp4a.40.2"
AUDIO_KILOBITS = 128
# A film whose frames come faster is thinned out; one that stands longer gets its frames repeated,
# so that every segment has a frame to begin with.
MAX_FRAME_RATE = Fraction(60)
MAX_GAP_MS = 2_000
STEADY_FRAME_RATE = Fraction(25)

# The box of each rung (long side, short side) and its highest and average rate at 30 frames a
# second, in 1,000 bits a second: Apple's authoring specification for HLS, rounded for x264.
_RUNGS = {
    "360p": (640, 360, 900, 600),
    "480p": (854, 480, 1_600, 1_100),
    "720p": (1280, 720, 3_600, 2_400),
    "1080p": (1920, 1080, 6_500, 4_500),
}
# H.264, table A-1: level × 10, macroblocks a second and a frame, 1,000 bits a second (High)
_LEVELS = (
    (30, 40_500, 1_620, 12_500),
    (31, 108_000, 3_600, 17_500),
    (32, 216_000, 5_120, 25_000),
    (40, 245_760, 8_192, 25_000),
    (42, 522_240, 8_704, 62_500),
    (51, 983_040, 36_864, 300_000),
)


@dataclass(frozen=True, slots=True)
class Rendition:
    """One size of the picture."""

    name: str
    """`360p`, `480p`, `720p` or `1080p`: the box it fits into, whichever side is the short one."""
    width: int
    height: int
    frame_rate: Fraction
    max_kilobits: int
    """The highest rate over a second or two, in 1,000 bits a second."""
    average_kilobits: int
    level: int
    """Of H.264, times ten."""

    @property
    def codec(self) -> str:
        """What a playlist calls it (RFC 6381): High profile of that level."""
        return f"avc1.6400{self.level:02x}"


def renditions_of(video: VideoFacts) -> tuple[Rendition, ...]:
    """Choose the renditions of a film, smallest first: at least one, none larger than the film.

    A rung is a box in which the picture fits, lying or standing as the film does. The film's own
    size is the last rung if it lies between two.
    """
    width, height = shown_size(video)
    rate = rate_of(video)
    found: list[Rendition] = []
    for name, (long, short, highest, average) in _RUNGS.items():
        size = _fitted(width, height, long, short)
        if not found or size != (found[-1].width, found[-1].height):
            pace = max(Fraction(1), rate / 30) ** Fraction(1, 2)
            kilobits = (int(highest * pace), int(average * pace))
            level = level_of(*size, rate, kilobits[0])
            found.append(Rendition(name, *size, rate, *kilobits, level))
    return tuple(found)


def shown_size(video: VideoFacts) -> tuple[Fraction, Fraction]:
    """Give width and height of the picture as it is shown: square pixels, turned upright."""
    width, height = video.width * video.pixel_aspect, Fraction(video.height)
    return (height, width) if video.rotation in {90, 270} else (width, height)


def needs_beat(video: VideoFacts) -> bool:
    """Tell whether a film's frames must be put on a regular beat; else each keeps its time."""
    return video.frame_rate > MAX_FRAME_RATE or video.longest_gap_ms > MAX_GAP_MS


def rate_of(video: VideoFacts) -> Fraction:
    """Give the frames a second of the renditions."""
    if video.frame_rate > MAX_FRAME_RATE:
        return MAX_FRAME_RATE
    return STEADY_FRAME_RATE if needs_beat(video) else video.frame_rate


def level_of(width: int, height: int, rate: Fraction, kilobits: int) -> int:
    """Give the lowest level of H.264 (times ten) that allows a picture, from 3.0 on."""
    frame = -(-width // 16) * -(-height // 16)
    return next(
        level
        for level, a_second, a_frame, rates in _LEVELS
        if frame <= a_frame and frame * rate <= a_second and kilobits <= rates
    )


def _fitted(width: Fraction, height: Fraction, long: int, short: int) -> tuple[int, int]:
    """Shrink a picture into a box, to even sides as 4:2:0 wants them."""
    box = (long, short) if width >= height else (short, long)
    scale = min(Fraction(1), box[0] / width, box[1] / height)
    return _even(width * scale, width, box[0]), _even(height * scale, height, box[1])


def _even(side: Fraction, whole: Fraction, most: int) -> int:
    return max(2, 2 * min(round(side / 2), int(whole / 2), most // 2))
