"""The demo market is a market like any other."""

import asyncio
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from app.demo import DEMO_ACCOUNTS, DEMO_PASSWORD, load_demo_market
from app.main import create_app
from app.settings import Settings
from tests.world import Caller, World, world_of

pytestmark = pytest.mark.slow

MEMBER_STATES = {"CN", "RU", "KZ", "KG", "TJ", "UZ", "IN", "PK", "IR", "BY"}


async def sign_in(world: World, email: str) -> Caller:
    form = {"username": email, "password": DEMO_PASSWORD}
    answer = await world.anonymous.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    return Caller(world.http, answer.json()["access_token"], email=email)


async def items(caller: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = await caller.get(
        path, params={"limit": 100, **query}, headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_the_demo_market_opens_with_sellers_buyers_titles_and_meetings(
    settings: Settings,
) -> None:
    await load_demo_market(settings)
    async with world_of(create_app(settings)) as world:
        organiser, seller, buyer = [await sign_in(world, email) for email, _ in DEMO_ACCOUNTS]

        assert {row["country"] for row in await items(buyer, "/sellers")} == MEMBER_STATES
        assert len(await items(organiser, "/buyers")) == 5
        assert len(await items(buyer, "/titles")) == 47
        for q in ("stalker", "Сталкер", "潜行者"):
            assert (await items(buyer, "/titles", q=q))[0]["original_title"] == "Сталкер"
        waiting = await items(organiser, "/organisations", standing="pending")
        assert [row["name"] for row in waiting] == ["Issyk-Kul Studio"]

        asked = await items(seller, "/meeting-requests", direction="in", state="pending")
        assert [title["title"] for title in asked[0]["titles"]] == [
            "Stalker",
            "Moscow Does Not Believe in Tears",
        ]
        agenda = await items(buyer, "/agenda")
        assert len(agenda) == 1
        # 10 o'clock in Tashkent
        assert agenda[0]["starts_at"].endswith("T05:00:00Z")

        (edition,) = await items(buyer, "/markets", state="open")
        address = f"/markets/{edition['id']}"
        assert edition["starts_on"] <= agenda[0]["starts_at"][:10] <= edition["ends_on"]
        assert len(await items(buyer, f"{address}/slots")) == 5 * 16
        assert len(await items(buyer, f"{address}/places")) == 48
        stands = await items(buyer, f"{address}/places", kind="stand")
        assert stands[0]["seller"]["name"] == "Lena River Film Export"
        registered = await items(organiser, f"{address}/accreditations")
        # All but those who wait at the door
        assert len(registered) == 15
        assert {row["role"] for row in registered} == {"buyer", "seller", "staff"}
        assert len(await items(seller, f"{address}/accreditations")) == 1


async def test_loading_it_again_or_twice_at_once_changes_nothing(
    settings: Settings, world: World
) -> None:
    async def count() -> list[int]:
        pool = world.app.state.database.reads.pool
        tables = ("organisations", "people", "titles", "meeting_requests", "events")
        return [await pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608

    await asyncio.gather(load_demo_market(settings), load_demo_market(settings))
    loaded = await count()
    await load_demo_market(settings)
    assert await count() == loaded
    assert loaded[:4] == [16, 16, 47, 6]


def titles() -> list[dict[str, Any]]:
    text = files("app.demo").joinpath("titles.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["titles"]
    return found


@pytest.mark.parametrize("title", titles(), ids=lambda title: title["reference"])
def test_every_demo_title_is_told_of_in_its_own_language_and_in_english(
    title: dict[str, Any],
) -> None:
    assert title["texts"][title["original_language"]]["title"] == title["original_title"]
    assert len(title["texts"]["en"]["logline"]) > 40
