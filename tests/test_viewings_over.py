"""Watching ends at the next thing fetched, whatever let it begin; nobody fetches by guessing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from app.main import create_app
from app.models.accounts import Role
from app.screeners.media.encryption import period_key
from app.settings import Settings
from tests.grants import give, to, to_person
from tests.players import Player, watched
from tests.screeners import SUBTITLES, make_title, ready_screener
from tests.servers import S3Settings, make_settings
from tests.watching import fetched, opened
from tests.world import Caller, World, world_of

FETCHES = (
    *("playback", "playlist.m3u8", "renditions/360p.m3u8", "renditions/audio-1.m3u8"),
    *("segments/360p/0.ts", "keys/0", "subtitles/ru.m3u8", "subtitles/ru.vtt", "watermark.svg"),
)
End = Callable[["Sitting"], Awaitable[httpx2.Response]]


@pytest.fixture
async def screener(world: World, seller: Caller) -> str:
    """Give a screener that is ready, with subtitles, of a title in the market."""
    id_ = str((await ready_screener(world, seller, await make_title(world, seller)))["id"])
    vtt = {"Content-Type": "text/vtt"}
    path = f"/screeners/{id_}/subtitles/ru"
    answer = await seller.request("PUT", path, content=SUBTITLES, headers=vtt)
    assert answer.status_code == 201, answer.text
    return id_


@pytest.fixture
async def playback(seller: Caller, buyer: Caller, screener: str) -> dict[str, Any]:
    """Give a buyer's viewing."""
    await give(seller, screener, to(buyer))
    return await opened(buyer, screener)


@dataclass(frozen=True)
class Sitting:
    """Somebody watches: who may do something about it, and to what."""

    world: World
    seller: Caller
    buyer: Caller
    screener_id: str
    playback: dict[str, Any]


async def revoke(sitting: Sitting) -> httpx2.Response:
    address = f"/screeners/{sitting.screener_id}/grants"
    (grant,) = (await sitting.seller.get(address)).json()["items"]
    return await sitting.seller.delete(f"{address}/{grant['id']}")


async def withdraw(sitting: Sitting) -> httpx2.Response:
    return await sitting.seller.delete(f"/screeners/{sitting.screener_id}")


async def leave_market(sitting: Sitting) -> httpx2.Response:
    return await sitting.seller.post(f"/titles/{sitting.playback['title_id']}/withdraw")


async def suspend(sitting: Sitting) -> httpx2.Response:
    organiser = await sitting.world.organiser()
    return await organiser.post(f"/organisations/{sitting.buyer.organisation_id}/suspend")


async def remove(sitting: Sitting) -> httpx2.Response:
    company = sitting.buyer.organisation_id
    colleague = await sitting.world.person(company, role=Role.ADMIN)
    return await colleague.delete(f"/organisations/{company}/people/{sitting.buyer.person_id}")


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (revoke, "revoked"),
        (withdraw, "withdrawn"),
        (leave_market, "withdrawn"),
        (suspend, "revoked"),
        (remove, "revoked"),
    ],
)
async def test_the_next_thing_fetched_says_that_it_is_over_and_why(
    world: World,
    seller: Caller,
    buyer: Caller,
    screener: str,
    playback: dict[str, Any],
    end: End,
    reason: str,
) -> None:
    for what in FETCHES:
        assert (await fetched(world, playback, what)).status_code in {200, 307}, what
    ended = await end(Sitting(world, seller, buyer, screener, playback))
    assert ended.is_success, ended.text
    for what in FETCHES:
        answer = await fetched(world, playback, what)
        assert (answer.status_code, answer.json()["code"]) == (403, "viewing_over"), what
        assert answer.json()["reason"] == reason
    player = Player(world, playback["viewing_id"], playback["token"])
    said = await player.say(watched(0, 5))
    assert (said.status_code, said.json()["reason"]) == (403, reason)


async def test_an_administrator_stops_watching_when_the_administration_ends(
    world: World, seller: Caller, screener: str
) -> None:
    keeper = await world.buyer()
    path = f"/screeners/{screener}/administrator"
    handed = await seller.put(path, {"organisation_id": keeper.organisation_id})
    assert handed.status_code == 200, handed.text
    playback = await opened(keeper, screener)
    own = await opened(seller, screener)
    assert (await seller.delete(path)).status_code == 204
    over = await fetched(world, playback, "keys/0")
    assert (over.status_code, over.json()["reason"]) == (403, "revoked")
    assert (await fetched(world, own, "keys/0")).status_code == 200


async def test_nobody_fetches_without_the_viewings_own_token(
    world: World, seller: Caller, buyer: Caller, screener: str, playback: dict[str, Any]
) -> None:
    other = await world.person(buyer.organisation_id)
    await give(seller, screener, to_person(other))
    others = await opened(other, screener)
    for what in FETCHES:
        path = f"/v1/viewings/{playback['viewing_id']}/{what}"
        bare = await buyer.get(path)
        assert (bare.status_code, bare.json()["code"]) == (401, "viewing_token_missing"), what
        for token in (others["token"], "made-up", playback["token"] + "=", "%F0%9F%8E%AC"):
            answer = await world.http.get(f"{path}?token={token}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), what
    assert (await other.get(f"/viewings/{playback['viewing_id']}")).status_code == 404
    assert (await buyer.get(f"/viewings/{playback['viewing_id']}")).status_code == 200


async def test_a_key_is_sixteen_bytes_for_a_minute_that_nobody_keeps(
    world: World, playback: dict[str, Any]
) -> None:
    keys = [await fetched(world, playback, f"keys/{number}") for number in (0, 1)]
    for number, key in enumerate(keys):
        assert key.content == period_key(bytes(32), number)
        assert len(key.content) == 16
        assert key.headers["Content-Type"] == "application/octet-stream"
        assert key.headers["Cache-Control"] == "private, no-store"
        assert key.headers["Referrer-Policy"] == "no-referrer"
    assert keys[0].content != keys[1].content


@pytest.mark.parametrize(
    "what",
    [
        *("keys/2", "keys/-1", "keys/9999999", "keys/x", "keys/%D9%A1", "keys/1e0"),
        *("segments/360p/20.ts", "segments/360p/-1.ts", "segments/720p/0.ts", "segments/360p/0"),
        *("renditions/720p.m3u8", "renditions/..%2Foriginal.m3u8", "subtitles/en.vtt"),
        *("subtitles/en.m3u8", "original", "subtitles/ru"),
    ],
)
async def test_what_the_film_has_not_is_not_there(
    world: World, playback: dict[str, Any], what: str
) -> None:
    assert (await fetched(world, playback, what)).status_code == 404


@pytest.mark.parametrize("id_", ["0", "x", "9" * 40, "-1", "%F0%9F%8E%AC"])
async def test_what_is_no_viewing_is_not_there(
    world: World, playback: dict[str, Any], id_: str
) -> None:
    path = f"/v1/viewings/{id_}/keys/0?token={playback['token']}"
    assert (await world.http.get(path)).status_code in {404, 422}


async def test_a_viewings_fetches_are_counted_for_it_alone(
    database_url: str, s3_settings: S3Settings
) -> None:
    """So a hotel full of viewers is not refused, and one who fetches without end is."""
    settings = make_settings(database_url, s3_settings, rate_limit_per_minute=40)
    async with world_of(create_app(settings)) as world:
        seller, buyer, neighbour = await world.seller(), await world.buyer(), await world.buyer()
        screener = (await ready_screener(world, seller, await make_title(world, seller)))["id"]
        for company in (buyer, neighbour):
            await give(seller, screener, to(company))
        mine, theirs = await opened(buyer, screener), await opened(neighbour, screener)
        await fetched(world, mine, "keys/0")
        found = [(await fetched(world, mine, "keys/0")).status_code for _ in range(41)]
        assert found == [200] * 40 + [429]
        assert (await fetched(world, theirs, "keys/0")).status_code == 200
        assert (await buyer.get("/me")).status_code == 200


async def test_no_token_of_a_viewing_is_logged(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world_of(create_app(settings)) as world:
        seller, buyer = await world.seller(), await world.buyer()
        screener = (await ready_screener(world, seller, await make_title(world, seller)))["id"]
        grant = await give(seller, screener, to(buyer))
        playback = await opened(buyer, screener)
        await fetched(world, playback, "keys/99")
        await seller.delete(f"/screeners/{screener}/grants/{grant['id']}")
        await fetched(world, playback, "keys/0")
    out, err = capsys.readouterr()
    assert f"/v1/viewings/{playback['viewing_id']}/keys/0" in out
    assert playback["token"] not in out + err


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "DELETE"])
async def test_a_player_reads_and_does_nothing_else(
    world: World, playback: dict[str, Any], method: str
) -> None:
    path = f"/v1/viewings/{playback['viewing_id']}/keys/0?token={playback['token']}"
    answer = await world.http.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert "Access-Control-Allow-Origin" not in answer.headers
