"""The arithmetic of media: renditions, cuts, playlists, encryption, first bytes."""

from fractions import Fraction
from pathlib import Path

import m3u8
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.screeners.media.containers import DEMUXERS, demuxer_seen, description
from app.screeners.media.encryption import (
    decrypt_segment,
    encrypt_segment,
    period_key,
    period_of,
)
from app.screeners.media.facts import VideoFacts
from app.screeners.media.grid import PIECE_SEGMENTS, SEGMENT_MS, pieces_of, segment_durations
from app.screeners.media.ladder import level_of, renditions_of, shown_size
from app.screeners.media.playlists import (
    Sound,
    Text,
    Variant,
    media_playlist,
    multivariant_playlist,
    text_playlist,
)

KEY = bytes(range(32))


def video(
    width: int,
    height: int,
    *,
    rotation: int = 0,
    aspect: Fraction = Fraction(1),
    rate: Fraction = Fraction(25),
) -> VideoFacts:
    """Make the facts of a picture."""
    return VideoFacts(
        index=0,
        codec="h264",
        width=width,
        height=height,
        rotation=rotation,
        pixel_aspect=aspect,
        frame_rate=rate,
        frame_count=100,
        longest_gap_ms=40,
        pixel_format="yuv420p",
        interlaced=False,
        hdr=False,
    )


def sizes(facts: VideoFacts) -> dict[str, tuple[int, int]]:
    """Give the sizes of a picture's renditions."""
    return {each.name: (each.width, each.height) for each in renditions_of(facts)}


def test_full_hd_has_four_renditions() -> None:
    assert sizes(video(1920, 1080)) == {
        "360p": (640, 360),
        "480p": (854, 480),
        "720p": (1280, 720),
        "1080p": (1920, 1080),
    }
    assert [each.codec for each in renditions_of(video(1920, 1080))] == [
        "avc1.64001e",
        "avc1.64001e",
        "avc1.64001f",
        "avc1.640028",
    ]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (video(3840, 2160), (1920, 1080)),
        (video(1920, 804), (1920, 804)),
        (video(1080, 1920), (1080, 1920)),
        (video(1920, 1080, rotation=90), (1080, 1920)),
        (video(720, 576, aspect=Fraction(64, 45)), (1024, 576)),
        (video(1440, 1080, aspect=Fraction(4, 3)), (1920, 1080)),
        (video(128, 72), (128, 72)),
        (video(127, 71), (126, 70)),
        (video(1000, 562), (1000, 562)),
    ],
)
def test_the_largest_rendition_is_the_film_in_its_shape(
    facts: VideoFacts, wanted: tuple[int, int]
) -> None:
    assert list(sizes(facts).values())[-1] == wanted


@given(
    st.builds(
        video,
        st.integers(16, 8192),
        st.integers(16, 8192),
        rotation=st.sampled_from([0, 90, 180, 270]),
        aspect=st.fractions(Fraction(1, 4), Fraction(4), max_denominator=100),
        rate=st.fractions(Fraction(1), Fraction(240), max_denominator=1001),
    )
)
def test_renditions_are_never_larger_than_the_film(facts: VideoFacts) -> None:
    width, height = shown_size(facts)
    found = renditions_of(facts)
    assert 1 <= len(found) <= 4
    for each in found:
        assert each.width % 2 == each.height % 2 == 0
        assert 2 <= each.width <= width
        assert 2 <= each.height <= height
        assert each.width <= 1920
        assert each.height <= 1920
        assert min(each.width, each.height) <= 1080
        assert (each.width >= each.height) == (width >= height) or abs(width / height - 1) < 0.1
        assert each.frame_rate <= 60
        assert each.average_kilobits < each.max_kilobits
        shape = Fraction(each.width, each.height) / (width / height)
        assert min(each.width, each.height) < 50 or Fraction(95, 100) < shape < Fraction(105, 100)
    assert [each.max_kilobits for each in found] == sorted({each.max_kilobits for each in found})


@pytest.mark.parametrize(
    ("size", "rate", "level"),
    [
        ((640, 360), 30, 30),
        ((854, 480), 30, 31),
        ((1280, 720), 30, 31),
        ((1280, 720), 60, 32),
        ((1920, 1080), 30, 40),
        ((1920, 1080), 60, 42),
        ((1920, 1920), 25, 51),
    ],
)
def test_levels_are_those_of_the_standard(size: tuple[int, int], rate: int, level: int) -> None:
    assert level_of(*size, Fraction(rate), 5_000) == level


@given(st.integers(1, 12 * 3_600_000))
def test_segments_and_pieces_are_the_whole_film(duration: int) -> None:
    durations = segment_durations(duration)
    assert sum(durations) == duration
    assert all(each == SEGMENT_MS for each in durations[:-1])
    pieces = pieces_of(duration)
    assert sum((piece.durations_ms for piece in pieces), ()) == durations
    assert [piece.is_last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    for piece in pieces:
        assert piece.first_segment == piece.number * PIECE_SEGMENTS
        assert piece.start_ms == piece.first_segment * SEGMENT_MS
        assert piece.length_ms == sum(piece.durations_ms)


# Encryption


@given(st.binary(max_size=100), st.integers(0, 100_000))
def test_what_was_encrypted_is_decrypted(content: bytes, number: int) -> None:
    folder = Path("/dev/shm")  # noqa: S108
    source, target = folder / f"plain-{number}", folder / f"locked-{number}"
    source.write_bytes(content)
    try:
        written = encrypt_segment(source, target, media_key=KEY, number=number)
        locked = target.read_bytes()
    finally:
        source.unlink()
        target.unlink(missing_ok=True)
    assert len(locked) == written == len(content) // 16 * 16 + 16
    assert decrypt_segment(locked, media_key=KEY, number=number) == content


def test_a_large_segment_is_encrypted_as_a_stream(tmp_path: Path) -> None:
    content = bytes(range(256)) * 12_000
    (tmp_path / "plain").write_bytes(content)
    encrypt_segment(tmp_path / "plain", tmp_path / "locked", media_key=KEY, number=7)
    locked = (tmp_path / "locked").read_bytes()
    assert decrypt_segment(locked, media_key=KEY, number=7) == content
    with pytest.raises(ValueError, match="padding"):
        decrypt_segment(locked, media_key=bytes(32), number=7)


def test_a_minute_has_a_key_of_its_own() -> None:
    assert [period_of(number) for number in (0, 9, 10, 19, 20)] == [0, 0, 1, 1, 2]
    keys = {period_key(KEY, period) for period in range(100)}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {16}


# Playlists

VARIANTS = [
    Variant("v/360p.m3u8?token=x", 640, 360, Fraction(24000, 1001), 900, 600, "avc1.64001e"),
    Variant("v/1080p.m3u8?token=x", 1920, 1080, Fraction(25), 6500, 4500, "avc1.640028"),
]


def test_the_multivariant_playlist_offers_all() -> None:
    sounds = [
        Sound("a0.m3u8", 'Русский "дубляж"\nURI="http://evil"', "ru", is_default=True),
        Sound("a1.m3u8", "Track 2", None, is_default=False),
    ]
    texts = [Text("t.m3u8", "فارسی", "fa")]
    read = m3u8.loads(multivariant_playlist(VARIANTS, sounds, texts))
    assert read.is_variant
    assert [each.uri for each in read.playlists] == [each.uri for each in VARIANTS]
    first = read.playlists[0].stream_info
    assert first.resolution == (640, 360)
    assert first.bandwidth == 1_028_000
    assert first.average_bandwidth == 728_000
    assert first.codecs == "avc1.64001e,mp4a.40.2"
    assert first.frame_rate == 23.976
    assert [(each.type, each.uri, each.language) for each in read.media] == [
        ("AUDIO", "a0.m3u8", "ru"),
        ("AUDIO", "a1.m3u8", None),
        ("SUBTITLES", "t.m3u8", "fa"),
    ]
    assert read.media[2].name == "فارسی"


def test_a_film_without_sound_promises_none() -> None:
    read = m3u8.loads(multivariant_playlist(VARIANTS))
    assert read.playlists[0].stream_info.codecs == "avc1.64001e"
    assert read.playlists[0].stream_info.audio is None


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3 * 3_600_000))
def test_a_media_playlist_has_every_segment_and_key(duration: int) -> None:
    durations = segment_durations(duration)
    written = media_playlist(durations, segment_uri="s/{}.ts".format, key_uri="keys/{}".format)
    read = m3u8.loads(written)
    assert read.is_endlist
    assert read.media_sequence == 0
    assert [each.uri for each in read.segments] == [f"s/{n}.ts" for n in range(len(durations))]
    assert sum(round(each.duration * 1000) for each in read.segments) == duration
    assert all(round(each.duration) <= read.target_duration for each in read.segments)
    for number, each in enumerate(read.segments):
        assert each.key.method == "AES-128"
        assert each.key.uri == f"keys/{number // 10}"
        assert each.key.iv is None


def test_a_playlist_without_keys_and_one_of_subtitles() -> None:
    plain = m3u8.loads(media_playlist([6000, 100], segment_uri="{}.ts".format, key_uri=None))
    assert plain.keys == [None]
    text = m3u8.loads(text_playlist("fa.vtt?token=x", 90_500))
    assert [(each.uri, each.duration) for each in text.segments] == [("fa.vtt?token=x", 90.5)]


@pytest.mark.parametrize("uri", ["", "#EXT-X-KEY:METHOD=NONE", "a\nb", "a b"])
def test_no_address_is_a_tag(uri: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        media_playlist([1], segment_uri=lambda _: uri, key_uri=None)


# First bytes


@given(st.binary(max_size=600))
def test_first_bytes_of_anything_can_be_described(head: bytes) -> None:
    assert description(head)
    assert demuxer_seen(head) in {None, *DEMUXERS.values()}


def test_a_transport_stream_may_have_timestamps_before_its_packets() -> None:
    packet = b"\x47" + bytes(187)
    assert demuxer_seen(packet * 5) == "mpegts"
    assert demuxer_seen((bytes(4) + packet) * 5) == "mpegts"
    assert demuxer_seen(packet) is None
