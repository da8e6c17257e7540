"""HLS playlists (RFC 8216) from plain data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.screeners.media.encryption import PERIOD_SEGMENTS, period_of
from app.screeners.media.ladder import AUDIO_CODEC, AUDIO_KILOBITS


@dataclass(frozen=True, slots=True)
class Variant:
    """A rendition of the picture, as the multivariant playlist offers it."""

    uri: str
    width: int
    height: int
    frame_rate: Fraction
    max_kilobits: int
    average_kilobits: int
    codec: str


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound track, as the multivariant playlist offers it."""

    uri: str
    name: str
    language: str | None
    is_default: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A track of subtitles, as the multivariant playlist offers it."""

    uri: str
    name: str
    language: str
    forced: bool = False


def multivariant_playlist(
    variants: Sequence[Variant], sounds: Sequence[Sound] = (), texts: Sequence[Text] = ()
) -> str:
    """Write the playlist that lists the others."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_sound_line(sound) for sound in sounds]
    lines += [_text_line(text) for text in texts]
    for variant in variants:
        lines += [_variant_line(variant, bool(sounds), bool(texts)), _checked(variant.uri)]
    return _text(lines)


def media_playlist(
    durations_ms: Sequence[int],
    *,
    segment_uri: Callable[[int], str],
    key_uri: Callable[[int], str] | None,
) -> str:
    """Write the playlist of one rendition or track; `key_uri` is asked for each period's key.

    The IV of a segment is its number (RFC 8216, 5.2): no playlist needs to say it.
    """
    lines = _head(max(durations_ms, default=0))
    for number, duration in enumerate(durations_ms):
        if key_uri is not None and number % PERIOD_SEGMENTS == 0:
            uri = _quoted(key_uri(period_of(number)))
            lines.append(f"#EXT-X-KEY:METHOD=AES-128,URI={uri}")
        lines += [f"#EXTINF:{duration / 1000:.3f},", _checked(segment_uri(number))]
    return _text([*lines, "#EXT-X-ENDLIST"])


def text_playlist(uri: str, duration_ms: int) -> str:
    """Write the playlist of subtitles: one file for the whole film."""
    whole = f"#EXTINF:{duration_ms / 1000:.3f},"
    return _text([*_head(duration_ms), whole, _checked(uri), "#EXT-X-ENDLIST"])


def _head(longest_ms: int) -> list[str]:
    # A duration, rounded to the nearest second, may not exceed the target (RFC 8216, 4.3.3.1).
    return [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        f"#EXT-X-TARGETDURATION:{-(-longest_ms // 1000)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]


def _variant_line(variant: Variant, has_sounds: bool, has_texts: bool) -> str:  # noqa: FBT001
    sound_kilobits = AUDIO_KILOBITS * has_sounds
    codecs = [variant.codec, *[AUDIO_CODEC] * has_sounds]
    attributes = [
        f"BANDWIDTH={(variant.max_kilobits + sound_kilobits) * 1000}",
        f"AVERAGE-BANDWIDTH={(variant.average_kilobits + sound_kilobits) * 1000}",
        f"CODECS={_quoted(','.join(codecs))}",
        f"RESOLUTION={variant.width}x{variant.height}",
        f"FRAME-RATE={float(variant.frame_rate):.3f}",
        *['AUDIO="sound"'] * has_sounds,
        *['SUBTITLES="texts"'] * has_texts,
    ]
    return "#EXT-X-STREAM-INF:" + ",".join(attributes)


def _sound_line(sound: Sound) -> str:
    attributes = [
        "TYPE=AUDIO",
        'GROUP-ID="sound"',
        f"NAME={_quoted(sound.name)}",
        *([f"LANGUAGE={_quoted(sound.language)}"] if sound.language else []),
        f"DEFAULT={'YES' if sound.is_default else 'NO'}",
        "AUTOSELECT=YES",
        'CHANNELS="2"',
        f"URI={_quoted(sound.uri)}",
    ]
    return "#EXT-X-MEDIA:" + ",".join(attributes)


def _text_line(text: Text) -> str:
    attributes = [
        "TYPE=SUBTITLES",
        'GROUP-ID="texts"',
        f"NAME={_quoted(text.name)}",
        f"LANGUAGE={_quoted(text.language)}",
        "DEFAULT=NO",
        "AUTOSELECT=YES",
        f"FORCED={'YES' if text.forced else 'NO'}",
        f"URI={_quoted(text.uri)}",
    ]
    return "#EXT-X-MEDIA:" + ",".join(attributes)


def _quoted(value: str) -> str:
    """Write a quoted string: names come from sellers, and a quote or a new line would end it."""
    clean = "".join(char if char.isprintable() else " " for char in value)
    return '"' + clean.replace('"', "'") + '"'


def _checked(uri: str) -> str:
    """Let no address become a second line or a tag."""
    if not uri or uri.startswith("#") or any(char.isspace() or char < " " for char in uri):
        raise ValueError(f"no address for a playlist: {uri!r}")
    return uri


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
