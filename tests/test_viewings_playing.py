"""A film that was really processed is played by a real player, over HTTP."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import m3u8
import pytest

from app.settings import Settings
from tests.films import FFMPEG, Films
from tests.grants import give, to
from tests.processing import sent, work
from tests.screeners import SUBTITLES, fetch, make_title
from tests.serving import served
from tests.watching import fetched, opened, unlocked, watchable_screener
from tests.world import Caller, World

pytestmark = pytest.mark.slow

SECONDS, RATE = 66, 5
WIDTH, HEIGHT = 64, 36
# Of 255: encoding once more costs about 1, a segment's length of time 3.6.
MOST_APART = 2.0


@pytest.fixture
def film(films: Films) -> Path:
    return films.film(SECONDS, f"{WIDTH}x{HEIGHT}", rate=str(RATE), audio=("rus", "eng"))


@pytest.fixture
async def screener(world: World, seller: Caller, film: Path) -> str:
    """Give a film of two keys and two sound tracks, as the worker made it."""
    content = await anyio.Path(film).read_bytes()
    id_ = await sent(seller, await make_title(world, seller), content)
    await work(world)
    vtt = {"Content-Type": "text/vtt"}
    path = f"/screeners/{id_}/subtitles/en"
    answer = await seller.request("PUT", path, content=SUBTITLES, headers=vtt)
    assert answer.status_code == 201, answer.text
    return id_


def decoded(*arguments: object) -> bytes:
    """Decode the picture: a byte for each pixel of each frame."""
    raw = ("-an", "-pix_fmt", "gray", "-fps_mode", "passthrough", "-f", "rawvideo", "-")
    command = [FFMPEG, "-nostdin", "-v", "error", *map(str, arguments), *raw]
    done = subprocess.run(command, check=False, timeout=120, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def is_like(found: bytes, wanted: bytes) -> bool:
    """Say whether two pictures differ by no more than what encoding again does."""
    if len(found) != len(wanted):
        return False
    apart = sum(abs(one - other) for one, other in zip(found, wanted, strict=True))
    return apart / len(wanted) < MOST_APART


async def test_a_processed_film_is_listed_whole_and_ffmpeg_sees_it_over_the_served_api(
    world: World,
    seller: Caller,
    buyer: Caller,
    screener: str,
    film: Path,
    settings: Settings,
    tmp_path: Path,
) -> None:
    grant = await give(seller, screener, to(buyer))
    playback = await opened(buyer, screener)
    wanted = decoded("-i", film)
    assert len(wanted) == SECONDS * RATE * WIDTH * HEIGHT
    second = WIDTH * HEIGHT * RATE
    assert not is_like(wanted[6 * second :], wanted[: -6 * second])  # a film that moves
    await is_listed(world, playback, film, wanted)
    await has_pictures_and_texts(world, playback)
    with served(settings, tmp_path) as api:
        for address in (playback["playlist_url"], playback["native_playlist_url"]):
            parts = urlsplit(address)
            found = decoded("-i", f"{api.url}{parts.path}?{parts.query}")
            assert len(found) == len(wanted)
            assert is_like(found, wanted)
        await seller.delete(f"/screeners/{screener}/grants/{grant['id']}")
        over = httpx2.get(f"{api.url}{parts.path}?{parts.query}")
        assert over.json()["code"] == "viewing_over"
    assert playback["token"] not in api.log.read_text()


async def is_listed(world: World, playback: dict[str, Any], film: Path, wanted: bytes) -> None:
    """Read the playlists: they say what there is, and each minute has its key."""
    whole = m3u8.loads((await fetched(world, playback, "playlist.m3u8")).text)
    assert [each.stream_info.resolution for each in whole.playlists] == [(WIDTH, HEIGHT)]
    assert [(each.type, each.language) for each in whole.media] == [
        ("AUDIO", "ru"),
        ("AUDIO", "en"),
        ("SUBTITLES", "en"),
    ]
    assert [each["language"] for each in playback["sounds"]] == ["ru", "en"]
    for address in [each.uri for each in (*whole.playlists, *whole.media)]:
        assert address.endswith(f".m3u8?token={playback['token']}")

    name = whole.playlists[0].uri.partition(".")[0]
    listed = m3u8.loads((await fetched(world, playback, f"{name}.m3u8")).text)
    assert len(listed.segments) == SECONDS // 6
    assert sum(each.duration for each in listed.segments) == pytest.approx(SECONDS, abs=0.1)
    assert [each.key.uri.partition("?")[0] for each in listed.segments] == (
        ["../keys/0"] * 10 + ["../keys/1"]
    )
    frames = WIDTH * HEIGHT * RATE
    for number in (0, 9, 10):
        plain = film.with_suffix(f".{number}.ts")
        plain.write_bytes(await unlocked(world, playback, name, number))
        assert is_like(
            decoded("-i", plain), wanted[number * 6 * frames : (number + 1) * 6 * frames]
        )


async def has_pictures_and_texts(world: World, playback: dict[str, Any]) -> None:
    """Fetch what the worker made beside the film, and the subtitles that its seller gave."""
    for address in (playback["poster_url"], playback["thumbnails"]["url"]):
        assert (await fetch(address)).content[:3] == b"\xff\xd8\xff"
    assert "Это Зона." in (await fetched(world, playback, "subtitles/en.vtt")).text


async def test_signed_addresses_lead_to_the_store_for_a_quarter_of_an_hour_and_no_longer(
    world: World, seller: Caller, buyer: Caller, films: Films
) -> None:
    made = await watchable_screener(world, seller, await make_title(world, seller), films)
    screener = made["id"]
    until = datetime.now(UTC) + timedelta(hours=2)
    grant = await give(seller, screener, to(buyer, expires_at=until.isoformat()))
    playback = await opened(buyer, screener)
    assert {seconds for _, seconds in await signed(world, playback)} == {900}
    for address in (playback["poster_url"], playback["thumbnails"]["url"]):
        picture = await fetch(address)
        assert picture.headers["Content-Type"] == "image/jpeg"
        assert picture.content[:3] == b"\xff\xd8\xff"

    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    address = f"/screeners/{screener}/grants/{grant['id']}"
    assert (await seller.patch(address, {"expires_at": soon})).status_code == 200
    for url, seconds in await signed(world, playback):
        assert 0 < seconds <= 300
        assert playback["token"] not in url
        assert (await fetch(url)).status_code == 200
        assert "Signature" in url
        assert (await fetch(url.partition("?")[0])).status_code in {400, 403}
    subtitles = await fetched(world, playback, "subtitles/en.vtt")
    assert subtitles.headers["Content-Type"].startswith("text/vtt")
    assert "Words to read" in subtitles.text


async def signed(world: World, playback: dict[str, Any]) -> list[tuple[str, int]]:
    """Give some signed addresses, each with the seconds for which it is good."""
    whole = m3u8.loads((await fetched(world, playback, "playlist.m3u8")).text)
    name = whole.playlists[0].uri.partition("?")[0]
    listed = m3u8.loads((await fetched(world, playback, name)).text)
    native = await fetched(
        world, playback, f"{name.removesuffix('.m3u8')}/0.ts".replace("renditions", "segments")
    )
    assert native.status_code == 307
    now = (await fetched(world, playback, "playback")).json()
    urls = [listed.segments[0].uri, native.headers["Location"], now["poster_url"]]
    return [(url, int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0])) for url in urls]
