"""Films that can be watched, as the worker leaves them, and the ways of a player."""

import functools
import re
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

import httpx2
import m3u8
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from sqlalchemy import delete, update

from app.models import Screener, ScreenerRendition
from app.models.screeners import RenditionKind, ScreenerSubtitles
from app.s3 import open_store
from app.screeners import objects
from app.screeners.media.encryption import encrypt_segment
from tests.films import Films, ffmpeg
from tests.screeners import ready_screener
from tests.world import Caller, World

SECONDS = 60
SEGMENT_SECONDS = 6
MEDIA_KEY = bytes(range(32))
WIDTH, HEIGHT = 640, 360
SUBTITLES = {"kk": "Қазақша жазу", "en": "Words to read"}
TILES = {
    "interval_milliseconds": 6000,
    "tile_width": 160,
    "tile_height": 90,
    "columns": 10,
    "rows": 1,
    "count": 10,
}


async def watchable_screener(
    world: World, seller: Caller, title_id: str, films: Films
) -> dict[str, Any]:
    """Make a film of a minute, of two sizes, two sound tracks and subtitles in two languages."""
    screener = await ready_screener(world, seller, title_id)
    id_ = int(screener["id"])
    made = _made(films)
    store = open_store(world.app.state.settings)
    for name, segments in made.segments.items():
        for number, path in enumerate(segments):
            key = objects.segment_key(id_, name, number)
            await store.put_bytes(key, path.read_bytes(), objects.SEGMENT_TYPE)
    for key, picture in (
        (objects.poster_key(id_), made.poster),
        (objects.thumbnails_key(id_), made.thumbnails),
    ):
        await store.put_bytes(key, picture.read_bytes(), objects.PICTURE_TYPE)
    await _written(world, id_, {name: len(segments) for name, segments in made.segments.items()})
    return screener


class _Made(NamedTuple):
    """What a worker would make of the film: encrypted segments of each rendition, and pictures."""

    segments: dict[str, list[Path]]
    poster: Path
    thumbnails: Path


@functools.cache
def _made(films: Films) -> _Made:
    """Make it, once in a session."""
    film = films.film(SECONDS, f"{WIDTH}x{HEIGHT}", audio=("rus", "eng"))
    folder = films.folder / "made"
    plain = {
        "360p": _segments(film, folder / "360p", "-map", "0:v", *_picture(HEIGHT)),
        "180p": _segments(film, folder / "180p", "-map", "0:v", *_picture(HEIGHT // 2)),
        "audio-1": _segments(film, folder / "audio-1", "-map", "0:a:0", "-c:a", "aac"),
        "audio-2": _segments(film, folder / "audio-2", "-map", "0:a:1", "-c:a", "aac"),
    }
    tiles = ("-vf", "fps=1/6,scale=160:90,tile=10x1")
    made = _Made({}, folder / "poster.jpg", folder / "thumbnails.jpg")
    for picture, arguments in ((made.poster, ()), (made.thumbnails, tiles)):
        ffmpeg("-i", film, *arguments, "-frames:v", "1", picture)
    for name, segments in plain.items():
        made.segments[name] = [path.with_suffix(".enc") for path in segments]
        for number, path in enumerate(segments):
            target = path.with_suffix(".enc")
            encrypt_segment(path, target, media_key=MEDIA_KEY, number=number)
    return made


def _picture(height: int) -> tuple[str, ...]:
    keys = ("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_SECONDS})", "-sc_threshold", "0")
    size = ("-vf", f"scale=-2:{height}", "-pix_fmt", "yuv420p")
    return ("-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", *size, *keys)


def _segments(film: Path, folder: Path, *arguments: str) -> list[Path]:
    folder.mkdir(parents=True)
    hls = ("-f", "hls", "-hls_time", SEGMENT_SECONDS, "-hls_list_size", 0)
    ffmpeg("-i", film, *arguments, "-muxdelay", 0, *hls, folder / "list.m3u8")
    made = sorted(folder.glob("*.ts"), key=lambda path: int(re.sub(r"\D", "", path.stem)))
    return made[: SECONDS // SEGMENT_SECONDS]  # sound goes on for a few milliseconds


async def _written(world: World, id_: int, counts: dict[str, int]) -> None:
    async with world.app.state.database.session() as session, session.begin():
        await session.execute(
            update(Screener)
            .where(Screener.id == id_)
            .values(
                media_key=MEDIA_KEY,
                duration_milliseconds=SECONDS * 1000,
                pictures={"poster": {"width": WIDTH, "height": HEIGHT}, "thumbnails": TILES},
            )
        )
        await session.execute(delete(ScreenerRendition).where(ScreenerRendition.screener_id == id_))
        for name, language, height in (
            ("180p", None, 180),
            ("360p", None, 360),
            ("audio-1", "ru", None),
            ("audio-2", "en", None),
        ):
            session.add(
                ScreenerRendition(
                    screener_id=id_,
                    name=name,
                    kind=RenditionKind.AUDIO if height is None else RenditionKind.VIDEO,
                    language=language,
                    width=None if height is None else height * 16 // 9,
                    height=height,
                    bandwidth=140_000 if height is None else height * 4000,
                    codecs="mp4a.40.2" if height is None else "avc1.42c01e",
                    segment_milliseconds=[SEGMENT_SECONDS * 1000] * counts[name],
                )
            )
        for language, words in SUBTITLES.items():
            cue = f"WEBVTT\n\n00:00.000 --> 00:{SECONDS - 1}.000\n{words}\n"
            session.add(ScreenerSubtitles(screener_id=id_, language=language, webvtt=cue))


async def opened(viewer: Caller, screener_id: str, status: int = 201) -> dict[str, Any]:
    answer = await viewer.post(f"/screeners/{screener_id}/playback")
    assert answer.status_code == status, answer.text
    playback: dict[str, Any] = answer.json()
    return playback


async def fetched(
    world: World, playback: dict[str, Any], what: str, query: str = ""
) -> httpx2.Response:
    """Fetch something of a viewing, as its player does."""
    path = f"/v1/viewings/{playback['viewing_id']}/{what}?token={playback['token']}{query}"
    return await world.http.get(path)


def lines_of(playlist: str) -> list[str]:
    """Give the addresses that a playlist names."""
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


def beside(path: str, address: str) -> str:
    """Follow an address in a list that lies at a path."""
    return urljoin(f"http://filmmart.test{path}", address)


async def unlocked(world: World, playback: dict[str, Any], name: str, number: int) -> bytes:
    """Fetch a segment and its key as any player does, and decrypt it (RFC 8216, 4.3.2.4)."""
    listed = m3u8.loads((await fetched(world, playback, f"{name}.m3u8")).text)
    segment = listed.segments[number]
    at = f"/v1/viewings/{playback['viewing_id']}/{name}.m3u8"
    key = await world.http.get(urljoin(at, segment.key.uri))
    assert len(key.content) == 16, key.text
    async with httpx2.AsyncClient() as anybody:
        locked = await anybody.get(segment.uri)
    assert locked.status_code == 200, locked.text
    iv = (listed.media_sequence + number).to_bytes(16)
    decryptor = Cipher(AES(key.content), CBC(iv)).decryptor()
    padded = decryptor.update(locked.content) + decryptor.finalize()
    return padded[: -padded[-1]]
