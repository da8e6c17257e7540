"""The page that plays a film, in a real browser: Debian's Chromium, without a head."""

import io
import os
import shutil
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.async_api import Browser, Page, async_playwright

from tests.films import Films
from tests.grants import give, to, to_link
from tests.meetings import make_title
from tests.serving import Api, served
from tests.watching import opened, watchable_screener
from tests.world import Caller, World

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
PATIENCE = 60_000
# From a revocation to a dark screen
STOPS_WITHIN = 10_000
WINDOW = {"width": 1280, "height": 720}

# What is in the film where the mark lies, and the mark itself, as pictures of the mark's size
BENEATH = """() => {
    const mark = rover.getBoundingClientRect(), picture = video.getBoundingClientRect();
    const [width, height] = [Math.round(mark.width), Math.round(mark.height)];
    const drawn = (draw) => {
        const canvas = Object.assign(document.createElement("canvas"), { width, height });
        draw(canvas.getContext("2d"));
        return canvas.toDataURL("image/png").split(",")[1];
    };
    return {
        clip: { x: mark.x, y: mark.y, width: mark.width, height: mark.height },
        film: drawn((on) => on.drawImage(
            video, picture.x - mark.x, picture.y - mark.y, picture.width, picture.height)),
        mark: drawn((on) => on.drawImage(rover, 0, 0, width, height)),
    };
}"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and "CI" not in os.environ,
        reason="Chromium is not installed: apt-get install chromium",
    ),
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give a browser of this test's own."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def screener(world: World, seller: Caller, films: Films) -> str:
    """Give a film of a minute that is ready to be watched."""
    title = await make_title(world, seller)
    made = await watchable_screener(world, seller, title, films)
    return str(made["id"])


@pytest.fixture
async def api(world: World, tmp_path: Path) -> AsyncIterator[Api]:
    """Serve the same market over HTTP."""
    with served(world.app.state.settings, tmp_path) as api:
        yield api


async def page_of(browser: Browser, address: str) -> Page:
    page = await browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    await page.goto(address)
    return page


async def until(page: Page, expression: str, *, within: float = PATIENCE) -> None:
    await page.wait_for_function(f"() => {expression}", timeout=within)


async def time_of(page: Page) -> float:
    seconds: float = await page.evaluate("video.currentTime")
    return seconds


def picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def difference(one: Image.Image, other: Image.Image, mask: Image.Image | None = None) -> float:
    """Give how far two pictures differ, on average, where the mask is; 255 is black and white."""
    apart = ImageChops.difference(one, other.resize(one.size)).convert("L")
    return ImageStat.Stat(apart, mask).mean[0]


async def ledger_of(seller: Caller, viewing_id: str) -> list[dict[str, Any]]:
    answer = await seller.get(f"/viewings/{viewing_id}/ledger?limit=100")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def watched(entries: list[dict[str, Any]]) -> int:
    return sum(entry["to_ms"] - entry["from_ms"] for entry in entries if entry["kind"] == "watched")


async def test_a_film_is_played_sought_and_marked_and_stops_when_leave_is_taken_back(
    seller: Caller, buyer: Caller, screener: str, browser: Browser, api: Api
) -> None:
    grant = await give(seller, screener, to(buyer))
    playback = await opened(buyer, screener)
    viewing = playback["viewing_id"]
    page = await page_of(browser, f"{api.url}/watch/{viewing}#{playback['token']}")

    await until(page, "video.currentTime > 2 && !video.paused")
    before = picture(await page.screenshot())
    # What was played since the last `timeupdate` is not told
    await until(page, "video.currentTime > 6")
    assert difference(before, picture(await page.screenshot())) > 1

    await page.select_option("#texts", "0")
    shown = "[...video.textTracks].flatMap((track) => [...(track.activeCues ?? [])])"
    await until(page, f"{shown}.some((cue) => cue.text.length > 3)")

    await page.keyboard.press("5")
    await until(page, "video.currentTime > 31 && !video.seeking")
    await page.keyboard.press("k")
    await until(page, "video.paused && video.readyState >= 2")
    await shows_the_watermark(page)

    await page.reload()
    await until(page, "video.currentTime > 25 && !video.paused")

    await page.context.set_offline(offline=True)
    await page.keyboard.press("9")
    await until(page, "note.textContent.includes('connection was lost')")
    await page.context.set_offline(offline=False)
    await until(page, "video.currentTime > 54.5 && !video.seeking")

    await page.keyboard.press("1")
    await until(page, "video.currentTime > 7 && !video.paused")
    gone = await seller.delete(f"/screeners/{screener}/grants/{grant['id']}")
    assert gone.status_code == 204
    await until(page, "frame.dataset.state === 'over'", within=STOPS_WITHIN)
    assert "taken back" in await page.inner_text("#over")
    assert await page.evaluate("video.paused")
    told = await ledger_of(seller, viewing)
    assert {"opened", "watched", "sought"} <= {entry["kind"] for entry in told}
    assert 5_000 < watched(told) < 60_000


async def shows_the_watermark(page: Page) -> None:
    """Read the screen back: where the letters are it is not the film, and beside them it is."""
    beneath = await page.evaluate(BENEATH)
    screen = picture(await page.screenshot(clip=beneath["clip"]))
    film = picture(b64decode(beneath["film"]))
    mark = Image.open(io.BytesIO(b64decode(beneath["mark"]))).resize(screen.size)
    letters = mark.getchannel("A").point(lambda alpha: 255 if alpha > 200 else 0)
    beside = mark.getchannel("A").point(lambda alpha: 255 if alpha == 0 else 0)
    assert ImageStat.Stat(letters).mean[0] > 5  # there are letters
    assert difference(screen, film, letters) > 2 * difference(screen, film, beside) + 15


TAMPERING = (
    "rover.style.display = 'none'",
    "marks.remove()",
    "video.style.zIndex = 99",
)


async def test_a_film_whose_watermark_is_touched_stops_and_the_seller_learns_of_it(
    seller: Caller, screener: str, browser: Browser, api: Api
) -> None:
    grant = await give(seller, screener, to_link("Аружан Сейітова"))
    token = grant["link"].partition("#")[2]
    for count, touch in enumerate(TAMPERING, 1):
        page = await page_of(browser, f"{api.url}/watch/link#{token}")
        await until(page, "video.currentTime > 1 && !video.paused")
        await page.evaluate(touch)
        await until(page, "frame.dataset.state === 'over'", within=STOPS_WITHIN)
        assert await page.evaluate("video.paused")
        (viewing,) = (await seller.get(f"/screeners/{screener}/viewings")).json()["items"]
        assert await times_told(page, seller, viewing["id"], count) == count
        await page.close()


async def times_told(page: Page, seller: Caller, viewing_id: str, count: int) -> int:
    """Count how often the ledger says that somebody laid hand on the mark; wait for `count`."""
    found = 0
    for _ in range(50):
        entries = await ledger_of(seller, viewing_id)
        found = sum(entry["kind"] == "tampered" for entry in entries)
        if found >= count:
            break
        await page.wait_for_timeout(200)
    return found


async def test_an_address_that_is_not_whole_is_told_in_plain_words(
    browser: Browser, api: Api
) -> None:
    page = await page_of(browser, f"{api.url}/watch/1234")
    await until(page, "frame.dataset.state === 'over'")
    assert "its last part" in await page.inner_text("#over-words")


async def test_the_page_lets_nothing_in_from_elsewhere(world: World) -> None:
    for address in ("/watch/1234", "/watch/link"):
        answer = await world.http.get(address)
        assert answer.status_code == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy or "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert (await world.http.get("/watch/assets/%2e%2e/page.py")).status_code == 404
