"""Parts of titles in lists: where they are left out, where they are found, and who sees them."""

import pytest

from app.catalogue.filters import TitleQuery
from app.catalogue.reads import ask
from app.pagination import encode_cursor
from tests.catalogue import Json, create, found, publish, told
from tests.world import Caller, World

ORDERS = (
    "ix_titles_newest, ix_titles_year, ix_titles_year_descending, ix_titles_sort_title, "
    "ix_titles_seller_id"
)


async def shelf(seller: Caller) -> dict[str, Json]:
    """Publish a series with parts of every kind, in no order, and a film with a supplement."""
    series = await publish(seller, kind="series", original_title="Dark Matter", genres=["drama"])
    two = await publish(seller, **told("season", "Two", series, season_number=2))
    one = await publish(seller, **told("season", "One", series, season_number=1))
    made = {"series": series, "two": two, "one": one}
    for name, wanted in {
        "lost": told("episode", "Lost matter", one),
        "ten": told("episode", "Tenth matter", one, episode_number=10),
        "pilot": told("episode", "Pilot", one, episode_number=0),
        "nine": told("episode", "Ninth", one, episode_number=9, genres=["drama"]),
        "special": told("episode", "Special", series, season_number=1, episode_number=1),
        "box": told("volume", "Box", series, volume_number=1),
        "trailer": told("supplement", "Dark trailer", one),
    }.items():
        made[name] = await publish(seller, **wanted)
    film = await publish(seller, original_title="Dark film", genres=["drama"])
    made["making"] = await publish(seller, **told("supplement", "Making of", film))
    await publish(seller, **told("supplement", "Dark reel", year=2020))
    return made


async def test_a_list_has_no_parts_unless_they_are_asked_for(seller: Caller, buyer: Caller) -> None:
    made = await shelf(seller)
    wholes = ["Dark reel", "Dark film", "Dark Matter"]
    assert await found(buyer) == await found(seller, mine=True) == wholes
    for sort in ("newest", "year", "-year", "title"):
        assert sorted(await found(buyer, sort=sort)) == sorted(wholes)
    assert await found(buyer, genre="drama") == wholes[1:]
    assert await found(buyer, q="dark", sort="newest") == wholes
    assert await found(seller, q="dark", sort="newest", mine=True) == wholes
    assert await found(buyer, q="matter") == ["Dark Matter"]
    assert await found(buyer, kind="episode") == await found(buyer, kind="season") == []
    assert await found(buyer, kind="supplement") == ["Dark reel"]
    for params in ({}, {"q": "dark"}, {"seller_id": seller.organisation_id}, {"mine": True}):
        caller = seller if "mine" in params else buyer
        counted = (await caller.get("/titles/facets", params=params)).json()
        assert counted["total"] == {"count": 3, "capped": False}
    assert (await buyer.get(f"/titles/{made['pilot']['id']}")).status_code == 200


async def test_parts_are_listed_as_they_follow_each_other(seller: Caller, buyer: Caller) -> None:
    made = await shelf(seller)
    of_series = {"part_of_id": made["series"]["id"]}
    of_season = {"part_of_id": made["one"]["id"]}
    assert await found(buyer, **of_series) == ["One", "Special", "Two", "Box"]
    episodes = ["Pilot", "Ninth", "Tenth matter", "Lost matter", "Dark trailer"]
    assert await found(buyer, **of_season) == episodes
    assert await found(buyer, limit=1, **of_season) == episodes
    assert await found(seller, limit=2, mine=True, sort="number", **of_season) == episodes
    assert await found(buyer, sort="title", **of_season) == sorted(episodes)
    assert await found(buyer, sort="newest", **of_season) == [
        "Dark trailer",
        "Ninth",
        "Pilot",
        "Tenth matter",
        "Lost matter",
    ]
    assert await found(buyer, kind="episode", genre="drama", **of_season) == ["Ninth"]
    assert await found(buyer, kind="season", **of_series) == ["One", "Two"]
    assert await found(buyer, part_of_id="123") == []
    (listed, *_) = (await buyer.get("/titles", params=of_series)).json()["items"]
    assert (listed["part_of_id"], listed["season_number"]) == (made["series"]["id"], 1)


async def test_parts_of_a_title_are_searched_and_counted(seller: Caller, buyer: Caller) -> None:
    made = await shelf(seller)
    of_season = {"part_of_id": made["one"]["id"]}
    for caller, mine in ((buyer, {}), (seller, {"mine": True})):
        assert await found(caller, q="matter", **of_season, **mine) == [
            "Tenth matter",
            "Lost matter",
        ]
        assert await found(caller, q="mat", limit=1, sort="number", **of_season, **mine) == [
            "Tenth matter",
            "Lost matter",
        ]
        assert await found(caller, q="dark", kind="supplement", **of_season, **mine) == [
            "Dark trailer"
        ]
        assert await found(caller, q="film", **of_season, **mine) == []
        for params, count in (({}, 5), ({"q": "matter"}, 2), ({"kind": "episode"}, 4)):
            asked = of_season | params | mine
            counted = (await caller.get("/titles/facets", params=asked)).json()
            assert counted["total"] == {"count": count, "capped": False}


async def test_ones_own_parts_are_listed_by_their_kind(world: World, seller: Caller) -> None:
    await shelf(await world.seller())
    made = await shelf(seller)
    await create(seller, **told("season", "Draft", made["series"]))
    await create(seller, **told("season", "Loose"))
    assert await found(seller, mine=True, kind="season") == ["Loose", "Draft", "One", "Two"]
    assert await found(seller, mine=True, kind=["season", "series"], sort="title") == [
        "Dark Matter",
        "Draft",
        "Loose",
        "One",
        "Two",
    ]
    assert await found(seller, mine=True, kind="episode", q="matter") == [
        "Tenth matter",
        "Lost matter",
    ]
    assert await found(seller, mine=True, state="draft") == ["Loose"]
    of_series = {"mine": True, "part_of_id": made["series"]["id"]}
    assert await found(seller, state="draft", **of_series) == ["Draft"]
    counted = await seller.get("/titles/facets", params={"mine": True, "kind": "season"})
    assert counted.json()["total"]["count"] == 4
    refused_order = await seller.get("/titles", params={"sort": "number"})
    assert refused_order.status_code == 422


async def test_a_part_is_seen_when_all_above_it_is(
    seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    series = await publish(seller, kind="series")
    season = await publish(seller, **told("season", "One", series))
    episode = await publish(seller, **told("episode", "Pilot", season))
    extra = await publish(seller, **told("supplement", "Extra", episode))
    chain = [series, season, episode, extra]
    for down, hidden in enumerate(chain):
        answer = await seller.post(f"/titles/{hidden['id']}/withdraw")
        assert answer.status_code == 200
        for place, title in enumerate(chain):
            for caller, status in ((buyer, 404 if place >= down else 200), (seller, 200)):
                answer = await caller.get(f"/titles/{title['id']}")
                assert answer.status_code == status, (down, place)
            listed = await found(buyer, part_of_id=title["id"])
            is_shown = place < len(chain) - 1 and place + 1 < down
            assert len(listed) == (1 if is_shown else 0), (down, place)
            of_own = await found(seller, part_of_id=title["id"], mine=True)
            assert len(of_own) == (1 if place < len(chain) - 1 else 0)
        await seller.post(f"/titles/{hidden['id']}/publish")
    company = f"/organisations/{seller.organisation_id}"
    for act, status, count in (("suspend", 404, 0), ("approve", 200, 1)):
        await organiser.post(f"{company}/{act}")
        assert (await buyer.get(f"/titles/{extra['id']}")).status_code == status
        assert len(await found(buyer, part_of_id=series["id"])) == count


async def test_business_is_done_with_a_part_as_long_as_it_is_seen(
    seller: Caller, buyer: Caller
) -> None:
    series = await publish(seller, kind="series")
    season = await publish(seller, **told("season", "One", series))
    meeting = {"to_organisation_id": seller.organisation_id, "title_ids": [season["id"]]}
    screener = {"title_id": season["id"]}
    await seller.post(f"/titles/{series['id']}/withdraw")
    assert (await buyer.post("/meeting-requests", meeting)).status_code == 422
    assert (await buyer.post("/screener-requests", screener)).status_code == 404
    await seller.post(f"/titles/{series['id']}/publish")
    assert (await buyer.post("/meeting-requests", meeting)).status_code == 201
    assert (await buyer.post("/screener-requests", screener)).status_code == 201


async def test_what_is_asked_of_parts_that_makes_no_sense_is_refused(buyer: Caller) -> None:
    for params in ({"part_of_id": "x"}, {"part_of_id": "9" * 30}, {"part_of_id": "0"}):
        for path in ("/titles", "/titles/facets"):
            assert (await buyer.get(path, params=params)).status_code == 422
    cursor = encode_cursor("number", 1, 10**30, 1)
    forged = {"part_of_id": "1", "cursor": cursor}
    assert (await buyer.get("/titles", params=forged)).json()["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "ix_titles_newest"),
        ({"sort": "year"}, "ix_titles_year"),
        ({"sort": "-year"}, "ix_titles_year_descending"),
        ({"sort": "title"}, "ix_titles_sort_title"),
        ({"country": ["KZ"]}, "ix_titles_newest"),
        ({"country": ["KZ"]}, "ix_titles_search"),
        ({"q": "dark"}, "ix_titles_search"),
        ({"mine": True}, "ix_titles_seller_id"),
        ({"part_of_id": "17"}, "ix_titles_part_of_id"),
    ],
)
async def test_every_list_can_use_its_index(world: World, asked: Json, index: str) -> None:
    question = ask(1, TitleQuery.model_validate(asked), ())
    assert question is not None
    read, values = question
    async with world.app.state.database.reads.pool.acquire() as connection:
        # An empty table is read whole or by any index, unless that is made dear or impossible.
        await connection.execute("SET enable_seqscan = off; SET enable_sort = off")
        if index == "ix_titles_search":
            await connection.execute(f"SET enable_indexscan = off; DROP INDEX {ORDERS}")
        rows = await connection.fetch(f"EXPLAIN {read.sql}", *read.arguments(values))
        await connection.execute("RESET ALL")
    assert any(f" {index} " in row[0] + " " for row in rows), rows
