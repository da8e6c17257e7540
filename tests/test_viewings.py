"""Opening viewings: who may, how often, until when, and what goes on with the one there is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx2
import pytest

from app.settings import Settings
from tests.grants import COUNTRY, UNTIL, from_address, give, to, to_link, told, with_countries
from tests.players import entries_of, row_of
from tests.screeners import execute, make_title, ready_screener
from tests.servers import S3Settings
from tests.watching import fetched, opened
from tests.world import Caller, World

LINK = "/screener-links/playback"
TWELVE_HOURS = timedelta(hours=12)


@pytest.fixture
def settings(database_url: str, s3_settings: S3Settings) -> Settings:
    return with_countries(database_url, s3_settings)


@pytest.fixture
async def screener(world: World, seller: Caller) -> str:
    """Give a screener that is ready, of a title in the market."""
    return str((await ready_screener(world, seller, await make_title(world, seller)))["id"])


def ends_in(playback: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(playback["expires_at"]) - datetime.now(UTC)


async def views_of(seller: Caller, grant: dict[str, Any]) -> int:
    address = f"/screeners/{grant['screener_id']}/grants/{grant['id']}"
    views: int = (await seller.get(address)).json()["views"]
    return views


async def test_opening_tells_a_player_all_that_it_needs(
    seller: Caller, buyer: Caller, screener: str
) -> None:
    await give(seller, screener, to(buyer))
    answer = await buyer.post(f"/screeners/{screener}/playback")
    assert answer.status_code == 201, answer.text
    playback = answer.json()
    id_, token = playback["viewing_id"], playback["token"]
    assert answer.headers["Location"] == f"/v1/viewings/{id_}"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert playback["watch_url"].endswith(f"/watch/{id_}#{token}")
    for address, what in (
        (playback["playlist_url"], "playlist.m3u8"),
        (playback["watermark"]["url"], "watermark.svg"),
        (playback["heartbeats_url"], "heartbeats"),
    ):
        assert address.endswith(f"/v1/viewings/{id_}/{what}?token={token}")
    assert playback["native_playlist_url"] == playback["playlist_url"] + "&native=true"
    assert playback["sounds"] == [{"name": "русский", "language": "ru"}]
    assert (playback["duration_seconds"], playback["position_seconds"]) == (120.0, 0.0)
    assert len(token) >= 43  # 256 bits in base64
    own = (await buyer.get(f"/viewings/{id_}")).json()
    assert (own["id"], own["screener_id"], own["end_reason"]) == (id_, screener, None)
    assert token not in str(own)


async def test_opening_again_goes_on_with_a_new_token_and_takes_no_view(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer, max_views=1))
    first = await opened(buyer, screener)
    await execute(world, "UPDATE viewings SET position_milliseconds = 61500")
    second = await opened(buyer, screener, 200)
    assert second["viewing_id"] == first["viewing_id"]
    assert second["position_seconds"] == 61.5
    assert second["expires_at"] == first["expires_at"]
    assert second["token"] != first["token"]
    assert (await fetched(world, first, "keys/0")).status_code == 404
    assert (await fetched(world, second, "keys/0")).status_code == 200
    assert await views_of(seller, grant) == 1
    kinds = [entry["kind"] for entry in await entries_of(world, first["viewing_id"])]
    assert kinds == ["opened", "continued"]


@pytest.mark.parametrize(("left_off", "begins"), [(61_500, 61.5), (119_000, 0.0)])
async def test_the_next_viewing_begins_where_the_last_one_was_left_but_not_at_the_end(
    world: World, seller: Caller, buyer: Caller, screener: str, left_off: int, begins: float
) -> None:
    await give(seller, screener, to(buyer))
    first = await opened(buyer, screener)
    await execute(
        world,
        "UPDATE viewings SET position_milliseconds = :at, ended_at = now(), end_reason = 'expired'",
        at=left_off,
    )
    second = await opened(buyer, screener)
    assert second["viewing_id"] != first["viewing_id"]
    assert second["position_seconds"] == begins


async def test_a_viewing_lives_for_twelve_hours_and_never_past_its_grant(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer))
    playback = await opened(buyer, screener)
    assert TWELVE_HOURS - timedelta(minutes=10) < ends_in(playback) <= TWELVE_HOURS
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    address = f"/screeners/{screener}/grants/{grant['id']}"
    shortened = await seller.patch(address, {"expires_at": soon})
    assert shortened.status_code == 200, shortened.text
    now = (await fetched(world, playback, "playback")).json()
    assert now["expires_at"] == shortened.json()["expires_at"]

    other = await world.buyer()
    await give(seller, screener, to(other, expires_at=soon))
    assert ends_in(await opened(other, screener)) <= timedelta(hours=1)


async def test_what_ran_out_is_over_and_can_be_opened_anew(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer, max_views=2))
    first = await opened(buyer, screener)
    await execute(world, "UPDATE viewings SET expires_at = now() - interval '1 second'")
    over = (await fetched(world, first, "keys/0")).json()
    assert (over["code"], over["reason"]) == ("viewing_over", "expired")
    second = await opened(buyer, screener)
    assert second["viewing_id"] != first["viewing_id"]
    assert await views_of(seller, grant) == 2
    assert (await row_of(world, first["viewing_id"])).end_reason == "expired"


async def test_a_links_holder_watches_on_its_terms_and_signs_in_nowhere(
    world: World, seller: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to_link(max_views=1))
    token = grant["link"].partition("#")[2]
    first = await world.anonymous.post(LINK, {"token": token})
    assert first.status_code == 201, first.text
    assert "Дилноза, жюри" in first.json()["watermark"]["lines"]
    assert token not in first.text
    again = await world.anonymous.post(LINK, {"token": token})
    assert again.status_code == 200
    assert again.json()["viewing_id"] == first.json()["viewing_id"]
    # Whoever has a link sees no viewing of others, not even by its id.
    assert (await seller.get(f"/viewings/{first.json()['viewing_id']}")).status_code == 404

    await execute(world, "UPDATE viewings SET ended_at = now(), end_reason = 'expired'")
    assert told(await world.anonymous.post(LINK, {"token": token})) == "no_views_left"
    revoked = await seller.delete(f"/screeners/{screener}/grants/{grant['id']}")
    assert revoked.status_code == 204, revoked.text
    assert told(await world.anonymous.post(LINK, {"token": token})) == "not_found"


@pytest.mark.parametrize(
    ("terms", "country", "code"),
    [
        ({"starts_at": "2027-03-01T00:00:00Z"}, "KZ", "grant_not_begun"),
        ({"territories": ["KZ"]}, "RU", "not_in_territory"),
        ({"territories": ["KZ"]}, None, "country_unknown"),
        ({"territories": ["KZ"]}, "KZ", "allowed"),
    ],
)
async def test_a_grant_or_a_link_is_good_when_and_where_it_says(
    world: World,
    seller: Caller,
    buyer: Caller,
    screener: str,
    terms: dict[str, Any],
    country: str | None,
    code: str,
) -> None:
    headers = {COUNTRY: country} if country else {}
    await give(seller, screener, to(buyer, **terms))
    link = (await give(seller, screener, to_link(**terms)))["link"].partition("#")[2]
    answers = (
        await buyer.post(f"/screeners/{screener}/playback", headers=headers),
        await world.anonymous.post(LINK, {"token": link}, headers=headers),
    )
    assert [told(answer) for answer in answers] == [code, code]
    for answer in answers:
        assert answer.status_code == (201 if code == "allowed" else 403)


async def test_of_openings_at_once_one_opens_and_the_others_go_on(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer, max_views=1))
    link = (await give(seller, screener, to_link(max_views=1)))["link"].partition("#")[2]

    async def both(answers: list[list[httpx2.Response]]) -> None:
        answers[0].append(await buyer.post(f"/screeners/{screener}/playback"))
        answers[1].append(await world.anonymous.post(LINK, {"token": link}))

    answers: list[list[httpx2.Response]] = [[], []]
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(both, answers)
    for mine in answers:
        assert sorted(answer.status_code for answer in mine) == [200] * 5 + [201]
        assert len({answer.json()["viewing_id"] for answer in mine}) == 1
        keys = [await fetched(world, answer.json(), "keys/0") for answer in mine]
        assert sorted(key.status_code for key in keys) == [200] + [404] * 5
    assert await views_of(seller, grant) == 1


async def test_the_last_view_is_taken_once_over_32_connections(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer, max_views=1))
    viewers = [await world.person(buyer.organisation_id) for _ in range(32)]
    found: list[str] = []

    async def ask(viewer: Caller) -> None:
        found.append(told(await viewer.post(f"/screeners/{screener}/playback")))

    async with anyio.create_task_group() as group:
        for viewer in viewers:
            group.start_soon(ask, viewer)
    assert sorted(found) == ["allowed"] + ["no_views_left"] * 31
    assert await views_of(seller, grant) == 1


async def test_who_changes_networks_goes_on(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    await give(seller, screener, to(buyer, expires_at=UNTIL))
    playback = await opened(buyer, screener)
    path = f"/v1/viewings/{playback['viewing_id']}/keys/0?token={playback['token']}"
    async with from_address(world.app, "203.0.113.9") as elsewhere:
        assert (await elsewhere.get(path)).status_code == 200
