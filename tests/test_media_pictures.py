"""Posters, thumbnails, subtitles; and what was made, played by ffmpeg as a player would."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import pytest

from app.screeners.media.audio import transcode_audio
from app.screeners.media.encryption import encrypt_segment, period_key
from app.screeners.media.facts import Film
from app.screeners.media.grid import Segment, pieces_of
from app.screeners.media.isolation import Bench
from app.screeners.media.ladder import renditions_of
from app.screeners.media.pictures import make_pictures
from app.screeners.media.pieces import transcode_piece
from app.screeners.media.playlists import (
    Sound,
    Variant,
    media_playlist,
    multivariant_playlist,
)
from app.screeners.media.subtitles import extract_subtitles
from tests.films import Films, rows_of
from tests.media import film_at

pytestmark = pytest.mark.slow

KEY = bytes(range(32))
RATE = 8


def picture(path: Path) -> tuple[int, int, float]:
    """Give width, height and mean brightness of a picture."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return frame.width, frame.height, float(frame.to_ndarray(format="gray").mean())


async def test_a_poster_and_thumbnails(films: Films, bench: Bench) -> None:
    film = await film_at(films.film(13, size="320x180", audio=()), bench)
    made = await make_pictures(film, bench)
    width, height, light = picture(made.poster)
    assert (width, height) == (made.poster_width, made.poster_height) == (320, 180)
    assert light > 40
    sprite = made.sprite
    assert (sprite.count, sprite.columns, sprite.rows, sprite.interval_ms) == (13, 10, 2, 1_000)
    assert (sprite.tile_width, sprite.tile_height) == (160, 90)
    assert picture(sprite.path)[:2] == (1_600, 180)


async def test_a_poster_is_not_black_if_the_film_is_not(films: Films, bench: Bench) -> None:
    dark_at_first = ("-vf", "drawbox=t=fill:color=black:enable='lt(t,6)'")
    film = await film_at(films.film(10, before=dark_at_first, audio=()), bench)
    assert picture((await make_pictures(film, bench)).poster)[2] > 40


async def test_a_dark_film_has_a_dark_poster(films: Films, bench: Bench) -> None:
    dark = ("-vf", "drawbox=t=fill:color=black")
    film = await film_at(films.film(3, before=dark, audio=(), suffix=".ts"), bench)
    made = await make_pictures(film, bench)
    assert picture(made.poster)[2] < 20
    assert made.sprite.count == 3


async def test_hdr_is_mapped_to_ordinary_light(films: Films, bench: Bench) -> None:
    tags = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    codec = ("libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", *tags)
    marked = "hdr-opt=1:repeat-headers=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    options = ("-x265-params", f"log-level=none:{marked}")
    film = await film_at(films.film(2, codec=(*codec, *options), audio=()), bench)
    assert film.facts.video.hdr
    [piece] = pieces_of(film.facts.duration_ms)
    made = await transcode_piece(film, renditions_of(film.facts.video), piece, bench)
    with av.open(str(made["360p"][0].path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.format.name, frame.color_trc) == ("yuv420p", 1)


async def test_texts_inside_a_film_become_webvtt(films: Films, bench: Bench) -> None:
    for suffix in (".mp4", ".mkv"):
        path = films.film(5, subtitles=("rus", "fas"), suffix=suffix)
        film = await film_at(path, bench)
        assert [track.language for track in film.facts.subtitles] == ["rus", "fas"]
        texts = await extract_subtitles(film, bench)
        assert sorted(texts) == [0, 1]
        assert texts[1].decode().startswith("WEBVTT\n\n00:00:01.000 --> 00:00:01.500\nfas 1\n")


async def test_a_film_without_texts_has_none(films: Films, bench: Bench) -> None:
    assert await extract_subtitles(await film_at(films.film(3), bench), bench) == {}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback address."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        pass


def store(folder: Path, name: str, segments: tuple[Segment, ...]) -> None:
    """Encrypt segments into a folder, as the worker does into the store."""
    for segment in segments:
        target = folder / f"{name}-{segment.number}.ts"
        encrypt_segment(segment.path, target, media_key=KEY, number=segment.number)


def list_segments(folder: Path, name: str, durations: list[int]) -> None:
    """Write the playlist of what `store` stored, and its keys."""
    written = media_playlist(
        durations, segment_uri=(name + "-{}.ts").format, key_uri="key-{}".format
    )
    (folder / f"{name}.m3u8").write_text(written)
    for period in range(1 + len(durations) // 10):
        (folder / f"key-{period}").write_bytes(period_key(KEY, period))


async def test_what_was_made_plays(films: Films, bench: Bench, tmp_path: Path) -> None:
    film = await film_at(films.film(63, size="1024x576", rate=str(RATE)), bench)
    folder = tmp_path / "store"
    folder.mkdir()
    durations = await stored_film(film, bench, folder)
    renditions = renditions_of(film.facts.video)
    for name in [*(each.name for each in renditions), "sound"]:
        list_segments(folder, name, durations)
    variants = [
        Variant(
            f"{each.name}.m3u8",
            each.width,
            each.height,
            each.frame_rate,
            each.max_kilobits,
            each.average_kilobits,
            each.codec,
        )
        for each in renditions
    ]
    sounds = [Sound("sound.m3u8", "English", "en", is_default=True)]
    (folder / "film.m3u8").write_text(multivariant_playlist(variants, sounds))
    with served(folder) as address:
        for at, rendition in enumerate(renditions):
            tracks = ("-map", f"0:v:{at}", "-map", "0:a:0")
            played = rows_of("-i", f"{address}/film.m3u8", *tracks, "-f", "framecrc", "-")
            lines = [line.split(",") for line in played if line[0] != "#"]
            pictures = [line for line in lines if line[0] == "0"]
            assert len(pictures) == 63 * RATE
            assert f"#dimensions 0: {rendition.width}x{rendition.height}" in played
            samples = sum(int(line[3]) for line in lines if line[0] == "1")
            assert abs(samples / 48_000 - 63) < 0.1


async def stored_film(film: Film, bench: Bench, folder: Path) -> list[int]:
    """Make and store every segment of a film; give their durations."""
    durations: list[int] = []
    for piece in pieces_of(film.facts.duration_ms):
        made = await transcode_piece(film, renditions_of(film.facts.video), piece, bench)
        for name, segments in made.items():
            store(folder, name, segments)
        durations += piece.durations_ms
    store(folder, "sound", await transcode_audio(film, film.facts.audio[0], bench))
    return durations


@pytest.mark.parametrize("rate", ["25", "60"])
async def test_the_codec_is_what_the_playlist_says(films: Films, bench: Bench, rate: str) -> None:
    film = await film_at(films.film(2, size="1920x1080", rate=rate, audio=()), bench)
    [piece] = pieces_of(film.facts.duration_ms)
    renditions = renditions_of(film.facts.video)
    made = await transcode_piece(film, renditions, piece, bench)
    for rendition in renditions:
        content = made[rendition.name][0].path.read_bytes()
        parameters = content.index(b"\x00\x00\x01\x67") + 4  # the sequence parameter set
        profile, _, level = content[parameters : parameters + 3]
        assert f"avc1.{profile:02x}00{level:02x}" == rendition.codec
