"""Subtitles that a seller sends: cleaned, kept by language, listed for whoever may watch."""

import pytest

from app.screeners.media.webvtt import MAX_BYTES
from app.screeners.processing.subtitles import MAX_LANGUAGES
from tests import screeners as films
from tests.meetings import execute
from tests.screeners import SUBTITLES, facts, make_title, ready_screener
from tests.world import Caller, World

SRT = "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Это</i> <script>x</script>Зона.\r\n"


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await make_title(world, seller)


@pytest.fixture
async def path(world: World, seller: Caller, title: str) -> str:
    """Give the address of a ready screener's subtitles."""
    return f"/screeners/{(await ready_screener(world, seller, title))['id']}/subtitles"


async def put(
    caller: Caller, path: str, content: str | bytes, media_type: str = "text/vtt"
) -> tuple[int, dict[str, object]]:
    headers = {"Content-Type": media_type}
    answer = await caller.request("PUT", path, content=content, headers=headers)
    return answer.status_code, answer.json()


async def test_subtitles_are_kept_clean_and_replaced(
    world: World, seller: Caller, path: str
) -> None:
    status, made = await put(seller, f"{path}/ru", SRT.encode("utf-16"), "application/x-subrip")
    assert (status, made["language"], made["by_seller"]) == (201, "ru", True)
    [(kept,)] = await execute(world, "SELECT webvtt FROM screener_subtitles")
    assert kept.startswith("WEBVTT")
    assert "<i>Это</i>" in kept
    assert "<script>" not in kept
    assert (await put(seller, f"{path}/RU", SUBTITLES))[0] == 200
    [(kept,)] = await execute(world, "SELECT webvtt FROM screener_subtitles")
    assert "Это Зона." in kept
    assert (await put(seller, f"{path}/en", SUBTITLES))[0] == 201
    listed = (await seller.get(path)).json()
    assert [row["language"] for row in listed["items"]] == ["en", "ru"]
    screener = (await seller.get(path.removesuffix("/subtitles"))).json()
    assert screener["subtitles"] == ["en", "ru"]
    assert (await facts(world, screener["id"])) == ["screener.subtitles_set"] * 3


async def test_subtitles_are_deleted(world: World, seller: Caller, path: str) -> None:
    await put(seller, f"{path}/ru", SUBTITLES)
    assert (await seller.delete(f"{path}/ru")).status_code == 204
    assert (await seller.delete(f"{path}/ru")).status_code == 404
    assert (await seller.get(path)).json()["items"] == []
    screener = path.split("/")[2]
    assert (await facts(world, screener))[-1] == "screener.subtitles_deleted"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "invalid"),
        (b"no subtitles at all", 422, "invalid"),
        (bytes(range(256)) * 100, 422, "invalid"),
        (b"WEBVTT\n\n" + b"x" * MAX_BYTES, 413, "too_large"),
    ],
)
async def test_what_is_no_subtitles_is_refused(
    seller: Caller, path: str, content: bytes, status: int, code: str
) -> None:
    found, problem = await put(seller, f"{path}/ru", content)
    assert (found, problem["code"]) == (status, code)
    assert (await seller.get(path)).json()["items"] == []


async def test_a_body_of_undeclared_length_is_counted(seller: Caller, path: str) -> None:
    async def endless() -> object:
        for _ in range(1 + MAX_BYTES // 2**16):
            yield b"WEBVTT\n\n" + b"x" * 2**16

    answer = await seller.request(
        "PUT", f"{path}/ru", content=endless(), headers={"Content-Type": "text/vtt"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": "text/vtt", "Content-Encoding": "gzip"},
    ],
)
async def test_a_body_of_another_kind_is_refused(
    seller: Caller, path: str, headers: dict[str, str]
) -> None:
    answer = await seller.request("PUT", f"{path}/ru", content=SUBTITLES, headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("language", ["not a language", "x" * 40, "%00", "ру"])
async def test_a_language_that_is_none_is_refused(seller: Caller, path: str, language: str) -> None:
    assert (await put(seller, f"{path}/{language}", SUBTITLES))[0] in {400, 422}


async def test_whoever_may_watch_may_list_and_change_nothing(
    seller: Caller, buyer: Caller, path: str
) -> None:
    await put(seller, f"{path}/ru", SUBTITLES)
    assert (await buyer.get(path)).status_code == 404
    await films.granted(seller, path.split("/")[2], buyer)
    assert [row["language"] for row in (await buyer.get(path)).json()["items"]] == ["ru"]
    assert (await put(buyer, f"{path}/ru", SUBTITLES))[0] == 403
    assert (await buyer.delete(f"{path}/ru")).status_code == 403


async def test_what_is_over_is_read_no_more(seller: Caller, path: str) -> None:
    await put(seller, f"{path}/ru", SUBTITLES)
    await seller.delete(path.removesuffix("/subtitles"))
    assert (await put(seller, f"{path}/ru", SUBTITLES))[1]["code"] == "screener_over"
    answer = await seller.delete(f"{path}/ru")
    assert (answer.status_code, answer.json()["state"]) == (409, "withdrawn")


async def test_a_screener_has_so_many_languages_and_no_more(
    world: World, seller: Caller, path: str
) -> None:
    await execute(
        world,
        "INSERT INTO screener_subtitles (screener_id, language, webvtt) "  # noqa: S608
        "SELECT id, 'ru-x-' || n, '' "
        f"FROM screeners, generate_series(1, {MAX_LANGUAGES}) n",
    )
    assert (await put(seller, f"{path}/ru", SUBTITLES))[1]["code"] == "too_many_subtitles"
    assert (await put(seller, f"{path}/ru-x-1", SUBTITLES))[0] == 200
