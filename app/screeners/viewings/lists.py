"""The playlists of a viewing: what a player may choose, and where each piece of it lies."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from urllib.parse import quote

from app.screeners.media.playlists import (
    Sound,
    Text,
    Variant,
    media_playlist,
    multivariant_playlist,
    text_playlist,
)
from app.screeners.viewings.facts import Facts
from app.screeners.viewings.languages import own_name, sound_name

# Frames a second of a film that does not say
USUAL_RATE = 25


def multivariant(facts: Facts, token: str, *, native: bool) -> str:
    """Write the list of what may be chosen: sizes of the picture, sound tracks, subtitles."""
    query = f"?token={quote(token)}" + ("&native=true" if native else "")
    variants = [
        Variant(
            uri=f"renditions/{each.name}.m3u8{query}",
            width=each.width or 0,
            height=each.height or 0,
            frame_rate=Fraction(each.frame_rate or USUAL_RATE).limit_denominator(1001),
            max_kilobits=each.bandwidth // 1000,
            average_kilobits=(each.average_bandwidth or each.bandwidth) // 1000,
            codec=each.codecs,
        )
        for each in facts.pictured
    ]
    sounds = [
        Sound(
            uri=f"renditions/{each.name}.m3u8{query}",
            name=sound_name(each.label, each.language, number),
            language=each.language,
            is_default=number == 1,
        )
        for number, each in enumerate(facts.sounded, 1)
    ]
    texts = [
        Text(uri=f"subtitles/{language}.m3u8{query}", name=own_name(language), language=language)
        for language in facts.subtitles
    ]
    return multivariant_playlist(variants, sounds, texts)


def rendition(durations_ms: Sequence[int], segment_uri: Callable[[int], str], token: str) -> str:
    """Write the list of a rendition's segments, and of the keys of each minute."""
    query = f"?token={quote(token)}"
    return media_playlist(
        durations_ms,
        segment_uri=segment_uri,
        key_uri=lambda period: f"../keys/{period}{query}",
    )


def native_segment_uri(name: str, token: str) -> Callable[[int], str]:
    """Tell where a player that fetches lists once asks for each segment."""
    query = f"?token={quote(token)}"
    return lambda number: f"../segments/{name}/{number}.ts{query}"


def subtitles(language: str, duration_ms: int, token: str) -> str:
    """Write the list of one language's subtitles: one file for the whole film."""
    return text_playlist(f"{quote(language)}.vtt?token={quote(token)}", duration_ms)
