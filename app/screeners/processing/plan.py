"""What is made of a film: its renditions, and how far they have got."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import langcodes
from pydantic import TypeAdapter, ValidationError

from app.models.base import JsonObject
from app.models.screeners import RenditionKind
from app.screeners.media.facts import AudioTrack, MediaFacts
from app.screeners.media.grid import Piece, pieces_of, segment_durations
from app.screeners.media.ladder import AUDIO_CODEC, AUDIO_KILOBITS, Rendition, renditions_of

UNKNOWN_LANGUAGE = "und"
_FACTS = TypeAdapter(MediaFacts)
# Of MPEG-TS: what a soundtrack's segments have beside the sound
TS_OVERHEAD = 1.15
# A soundtrack takes so much of the time that the picture does.
SOUND_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    """What a film becomes, told by its facts alone: made again, it is the same."""

    facts: MediaFacts
    # What is heard, where the file does not say it and has one soundtrack alone
    audio_language: str | None

    @property
    def videos(self) -> tuple[Rendition, ...]:
        """Give the sizes of the picture."""
        return renditions_of(self.facts.video)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Give the pieces that the picture is made in."""
        return pieces_of(self.facts.duration_ms)

    @property
    def segment_count(self) -> int:
        """Count the segments that each rendition must have."""
        return len(segment_durations(self.facts.duration_ms))

    @property
    def names(self) -> set[str]:
        """Name all renditions."""
        return {each.name for each in self.videos} | set(map(sound_name, self.facts.audio))

    def rows(self, screener_id: int) -> list[dict[str, object]]:
        """Give the rows of all renditions, empty as yet."""
        about = {"screener_id": screener_id, "segment_milliseconds": []}
        videos = [about | _video(each) for each in self.videos]
        return videos + [about | self._sound(each) for each in self.facts.audio]

    def _sound(self, track: AudioTrack) -> dict[str, object]:
        only = self.audio_language if len(self.facts.audio) == 1 else None
        return {
            "name": sound_name(track),
            "kind": RenditionKind.AUDIO,
            "language": language_of(track.language) or only,
            "label": track.title,
            "width": None,
            "height": None,
            "bandwidth": int(AUDIO_KILOBITS * 1000 * TS_OVERHEAD),
            "average_bandwidth": None,
            "frame_rate": None,
            "codecs": AUDIO_CODEC,
        }

    def is_of(self, segments: Mapping[str, Sequence[int]]) -> bool:
        """Tell whether these are the renditions that an earlier run began."""
        return self.names == set(segments)

    def pieces_left(self, segments: Mapping[str, Sequence[int]]) -> list[Piece]:
        """Give the pieces of the picture that are not in the store yet."""
        done = min(len(segments[each.name]) for each in self.videos)
        return [piece for piece in self.pieces if piece.first_segment >= done]

    def share(self, sounds_ms: float, picture_ms: float) -> float:
        """Tell how much of the transcoding is done."""
        whole = self.facts.duration_ms * (1 + SOUND_SHARE * len(self.facts.audio))
        return (picture_ms + SOUND_SHARE * sounds_ms) / whole


def _video(rendition: Rendition) -> dict[str, object]:
    return {
        "name": rendition.name,
        "kind": RenditionKind.VIDEO,
        "language": None,
        "label": None,
        "width": rendition.width,
        "height": rendition.height,
        "bandwidth": rendition.max_kilobits * 1000,
        "average_bandwidth": rendition.average_kilobits * 1000,
        "frame_rate": float(rendition.frame_rate),
        "codecs": rendition.codec,
    }


def language_of(said: str | None) -> str | None:
    """Give a file's word for a language (`rus`, `und`, nonsense) as BCP 47, if it is one."""
    if said is None or not langcodes.tag_is_valid(said):
        return None
    language = langcodes.standardize_tag(said)
    return None if language == UNKNOWN_LANGUAGE else language


def sound_name(track: AudioTrack) -> str:
    """Name the rendition of a soundtrack: part of the keys of its segments."""
    return f"audio-{track.index + 1}"


def kept(facts: MediaFacts) -> JsonObject:
    """Give facts as the row keeps them."""
    written: JsonObject = _FACTS.dump_python(facts, mode="json")
    return written


def read_back(source: JsonObject | None) -> MediaFacts | None:
    """Give facts that a row kept; None where there are none, or another version wrote them."""
    try:
        return None if source is None else _FACTS.validate_python(source)
    except ValidationError:
        return None
