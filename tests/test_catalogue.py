"""The stories of a title: made, said of, published, changed, withdrawn."""

import asyncio
from typing import Any

import pytest

from tests.catalogue import STALKER, Json, create, events_of, found, publish
from tests.world import Caller, World

COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BR BS BT BV
BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CX CY CZ DE DJ DK DM DO DZ EC
"""


async def test_a_title_is_kept_as_it_was_told(seller: Caller) -> None:
    answer = await seller.post("/titles", STALKER)
    assert answer.status_code == 201
    title = answer.json()
    assert answer.headers["Location"] == f"/v1/titles/{title['id']}"
    assert title == {
        "id": title["id"],
        "reference": "MF-1979",
        "kind": "feature",
        "stage": "completed",
        "state": "draft",
        "title": "Сталкер",
        "title_language": "ru",
        "original_title": "Сталкер",
        "original_language": "ru",
        "logline": None,
        "synopsis": None,
        "year": 1979,
        "runtime_minutes": 163,
        "seasons": None,
        "episodes": None,
        "episode_minutes": None,
        "part_of_id": None,
        "season_number": None,
        "volume_number": None,
        "episode_number": None,
        "countries": ["SU"],
        "audio_languages": ["ru"],
        "subtitle_languages": ["zh-Hans", "en"],
        "genres": ["science_fiction", "drama"],
        "keywords": ["zone"],
        "credits": STALKER["credits"],
        "awards": STALKER["awards"],
        "eidr": "10.5240/7791-8534-2C23-9030-8610-5",
        "isan": None,
        "seeks": [],
        "financing": None,
        "seller": {"id": seller.organisation_id, "name": title["seller"]["name"]},
        "texts": {
            "en": STALKER["texts"]["en"] | {"synopsis": None},
            "zh-Hans": STALKER["texts"]["zh-Hans"],
        },
        "published_at": None,
        "created_at": title["created_at"],
        "updated_at": title["updated_at"],
    }
    assert (await seller.get(f"/titles/{title['id']}")).json() == title


async def test_a_draft_is_its_sellers_alone_until_it_is_published(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await create(seller, texts={"en": {"title": "Hidden"}})
    address = f"/titles/{title['id']}"
    colleague = await world.person(seller.organisation_id)
    for stranger in (buyer, await world.seller(), await world.organiser()):
        assert (await stranger.get(address)).status_code == 404
        assert (await stranger.get("/titles")).json()["items"] == []
        assert (await stranger.post(f"{address}/publish")).status_code == 404
    assert (await colleague.get(address)).status_code == 200
    published = await colleague.post(f"{address}/publish")
    assert published.json()["state"] == "published"
    assert (await buyer.get(address)).status_code == 200
    assert (await buyer.get("/titles")).json()["items"][0]["id"] == title["id"]


async def test_the_reference_is_shown_to_the_seller_alone(seller: Caller, buyer: Caller) -> None:
    title = await publish(seller, reference="OURS-1")
    address = f"/titles/{title['id']}"
    assert (await seller.get(address)).json()["reference"] == "OURS-1"
    assert (await buyer.get(address)).json()["reference"] is None


async def test_a_title_says_what_the_market_must_know_before_it_is_published(
    seller: Caller,
) -> None:
    title = await create(seller, kind="microdrama", year=None)
    address = f"/titles/{title['id']}"
    refused = await seller.post(f"{address}/publish")
    assert refused.status_code == 409
    assert refused.json()["code"] == "incomplete"
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/texts",
        "/year",
        "/episodes",
    ]
    await seller.patch(address, {"year": 2025, "episodes": 80})
    await seller.put(f"{address}/texts/en", {"title": "Eighty minutes"})
    assert (await seller.post(f"{address}/publish")).status_code == 200
    # … and goes on saying it.
    for body, pointer in (({"year": None}, "/year"), ({"episodes": None}, "/episodes")):
        refused = await seller.patch(address, body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == pointer
    refused = await seller.delete(f"{address}/texts/en")
    assert refused.json()["code"] == "last_text"


async def test_a_withdrawn_title_returns_to_its_old_place(
    world: World, seller: Caller, buyer: Caller
) -> None:
    old = await publish(seller, original_title="Old")
    await publish(seller, original_title="New")
    address = f"/titles/{old['id']}"
    assert (await seller.post(f"{address}/withdraw")).json()["state"] == "withdrawn"
    assert (await seller.post(f"{address}/withdraw")).status_code == 200
    assert (await buyer.get(address)).status_code == 404
    assert await found(buyer) == ["New"]
    back = (await seller.post(f"{address}/publish")).json()
    assert back["published_at"] == old["published_at"]
    assert (await seller.post(f"{address}/publish")).status_code == 200
    assert await found(buyer) == ["New", "Old"]
    assert await events_of(world, old["id"]) == [
        "title.created",
        "title.published",
        "title.withdrawn",
        "title.published",
    ]


async def test_a_draft_can_not_be_withdrawn(seller: Caller) -> None:
    title = await create(seller)
    refused = await seller.post(f"/titles/{title['id']}/withdraw")
    assert refused.status_code == 409
    assert refused.json()["code"] == "not_published"


async def test_an_organiser_may_withdraw_a_title_and_change_nothing_else(
    world: World, seller: Caller
) -> None:
    organiser = await world.organiser()
    title = await publish(seller)
    address = f"/titles/{title['id']}"
    assert (await organiser.patch(address, {"year": 1990})).json()["code"] == "not_the_seller"
    withdrawn = await organiser.post(f"{address}/withdraw")
    assert withdrawn.json()["state"] == "withdrawn"
    assert (await organiser.get(address)).status_code == 404
    assert (await seller.get(address)).json()["state"] == "withdrawn"


async def test_only_what_is_given_changes_and_null_empties(world: World, seller: Caller) -> None:
    title = await create(seller, **STALKER)
    address = f"/titles/{title['id']}"
    changed = (
        await seller.patch(
            address, {"year": 1980, "genres": None, "eidr": None, "credits": [], "keywords": ["a"]}
        )
    ).json()
    expected = {"year": 1980, "genres": [], "eidr": None, "credits": [], "keywords": ["a"]}
    assert changed == title | expected | {"updated_at": changed["updated_at"]}
    before = (await seller.get(address)).headers["ETag"]
    same = await seller.patch(address, {"year": 1980})
    assert same.headers["ETag"] == before
    assert await events_of(world, title["id"]) == ["title.created", "title.updated"]


async def test_a_reference_is_one_titles_of_a_seller(world: World, seller: Caller) -> None:
    await create(seller, reference="A-1")
    other = await create(seller, reference="A-2")
    again = {"kind": "feature", "original_title": "B", "reference": "A-1"}
    for refused in (
        await seller.post("/titles", again),
        await seller.patch(f"/titles/{other['id']}", {"reference": "A-1"}),
    ):
        assert refused.status_code == 409
        assert refused.json()["code"] == "reference_taken"
    rival = await world.seller()
    assert (await rival.post("/titles", again)).status_code == 201


async def test_an_edit_holds_to_the_version_its_author_read(seller: Caller) -> None:
    title = await create(seller, texts={"en": {"title": "One"}})
    address = f"/titles/{title['id']}"
    read = {"If-Match": (await seller.get(address)).headers["ETag"]}
    put = await seller.put(f"{address}/texts/en", {"title": "Two"}, headers=read)
    assert put.status_code == 200
    assert put.headers["ETag"] != read["If-Match"]
    for late in (
        await seller.put(f"{address}/texts/en", {"title": "Three"}, headers=read),
        await seller.delete(f"{address}/texts/en", headers=read),
        await seller.patch(address, {"year": 2000}, headers=read),
    ):
        assert late.status_code == 412
    assert (await seller.get(address)).json()["texts"]["en"]["title"] == "Two"


async def test_of_edits_at_once_none_is_lost(seller: Caller) -> None:
    title = await create(seller)
    address = f"/titles/{title['id']}"
    languages = ["en", "ru", "zh", "fa", "hi", "kk"]
    answers = await asyncio.gather(
        *(seller.put(f"{address}/texts/{tag}", {"title": f"In {tag}"}) for tag in languages),
        seller.patch(address, {"year": 1999}),
    )
    assert {answer.status_code for answer in answers} == {200, 201}
    after = (await seller.get(address)).json()
    assert set(after["texts"]) == set(languages)
    assert after["year"] == 1999


async def test_texts_come_and_go_and_the_search_follows(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await publish(seller, original_title="Stalker")
    texts = f"/titles/{title['id']}/texts"
    first = await seller.put(f"{texts}/ZH_hans", {"title": "潜行者", "synopsis": "很长"})
    assert first.status_code == 201
    assert first.json()["texts"]["zh-Hans"]["synopsis"] == "很长"
    assert await found(buyer, q="潜行者") == ["Stalker"]
    again = await seller.put(f"{texts}/zh-Hans", {"title": "潜行者", "synopsis": "很长"})
    assert again.status_code == 200
    assert again.headers["ETag"] == first.headers["ETag"]
    changed = await seller.put(f"{texts}/zh-Hans", {"title": "另一个"})
    assert changed.json()["texts"]["zh-Hans"] == {
        "title": "另一个",
        "logline": None,
        "synopsis": None,
    }
    assert await found(buyer, q="潜行者") == []
    gone = await seller.delete(f"{texts}/zh-hans")
    assert set(gone.json()["texts"]) == {"en"}
    assert await found(buyer, q="另一个") == []
    assert (await seller.delete(f"{texts}/zh-Hans")).status_code == 404
    assert (await events_of(world, title["id"]))[2:] == [
        "title.text_set",
        "title.text_set",
        "title.text_deleted",
    ]


async def test_a_title_has_texts_in_so_many_languages_at_most(seller: Caller) -> None:
    tags = [f"en-{country}" for country in COUNTRIES.split()]
    assert len(tags) == 61
    texts = {tag: {"title": tag} for tag in tags[:60]}
    title = await create(seller, texts=texts)
    refused = await seller.put(f"/titles/{title['id']}/texts/{tags[60]}", {"title": "One more"})
    assert refused.json()["code"] == "too_many_texts"


# One application for all of them: to start one takes longer than to refuse them.
IMPOSSIBLE: list[tuple[Json, str]] = [
    ({}, "/kind"),
    ({"kind": "film", "original_title": "A"}, "/kind"),
    ({"original_title": " "}, "/original_title"),
    ({"original_title": "A" * 501}, "/original_title"),
    ({"original_title": 7}, "/original_title"),
    ({"year": 1869}, "/year"),
    ({"year": "1979"}, "/year"),
    ({"year": 10**30}, "/year"),
    ({"year": 1979.5}, "/year"),
    ({"year": True}, "/year"),
    ({"runtime_minutes": 0}, "/runtime_minutes"),
    ({"countries": ["XX"]}, "/countries/0"),
    ({"countries": ["Russia"]}, "/countries/0"),
    ({"countries": COUNTRIES.split()}, "/countries"),
    ({"original_language": "klingonish"}, "/original_language"),
    ({"original_language": "zzz"}, "/original_language"),
    ({"genres": ["drama", "weepie"]}, "/genres/1"),
    ({"keywords": [""]}, "/keywords/0"),
    ({"credits": [{"role": "director"}]}, "/credits/0/name"),
    ({"credits": [{"role": "boss", "name": "A"}]}, "/credits/0/role"),
    ({"credits": [{"role": "cast", "name": "A", "age": 3}]}, "/credits/0/age"),
    ({"awards": [{"name": "A", "result": "lost"}]}, "/awards/0/result"),
    ({"eidr": "10.5240/7791-8534-2C23-9030-8610-6"}, "/eidr"),
    ({"eidr": "10.2340/7791-8534-2C23-9030-8610-5"}, "/eidr"),
    ({"isan": "0000-0001-8CFA-0000-J"}, "/isan"),
    ({"episodes": 3}, "/episodes"),
    ({"seeks": ["pre_sale"]}, "/seeks"),
    ({"stage": "financing", "seeks": ["money"]}, "/seeks/0"),
    ({"kind": "project", "stage": "completed"}, "/stage"),
    ({"stage": "financing", "financing": {"budget": {"amount": "1"}}}, "/financing/budget"),
    ({"texts": {"en": {}}}, "/texts/en/title"),
    ({"texts": {"zh-hans": {"title": "A"}, "zh-Hans": {"title": "B"}}}, "/texts"),
    ({"sold": True}, "/sold"),
]


async def test_what_can_not_be_is_refused_and_pointed_at(seller: Caller) -> None:
    for body, pointer in IMPOSSIBLE:
        wanted = {"kind": "feature", "original_title": "A"} | body if body else {}
        refused = await seller.post("/titles", wanted)
        assert refused.status_code == 422, (body, refused.text)
        errors = refused.json()["errors"]
        assert any(error["pointer"].startswith(pointer) for error in errors), (body, errors)
    assert (await seller.get("/titles?mine=true")).json()["items"] == []


@pytest.mark.parametrize(
    "text", ["A\x00B", '{"kind": "feature", "original_title": "\\ud800"}', '{"kind": "feature"']
)
async def test_text_that_is_none_is_refused(seller: Caller, text: str) -> None:
    body: Any = {"json": {"kind": "feature", "original_title": text}}
    if text.startswith("{"):
        body = {"content": text, "headers": {"Content-Type": "application/json"}}
    refused = await seller.request("POST", "/titles", **body)
    assert refused.status_code in {400, 422}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": None}, "/kind"),
        ({"original_title": None}, "/original_title"),
        ({"texts": {}}, "/texts"),
        ({"state": "published"}, "/state"),
        ({"kind": "short"}, "/episodes"),
        ({"stage": "completed", "year": 2020}, "/seeks"),
    ],
)
async def test_a_change_that_can_not_be_is_refused_whole(
    seller: Caller, body: Json, pointer: str
) -> None:
    told = {"kind": "series", "stage": "financing", "episodes": 8, "seeks": ["pre_sale"]}
    title = await create(seller, **told)
    refused = await seller.patch(f"/titles/{title['id']}", body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert (await seller.get(f"/titles/{title['id']}")).json() == title


@pytest.mark.parametrize(
    "address",
    ["/titles/0", "/titles/-1", "/titles/abc", "/titles/9999999999999999999", "/titles/1.0"],
)
async def test_an_id_that_is_none_is_no_title(seller: Caller, address: str) -> None:
    assert (await seller.get(address)).status_code in {404, 422}
    assert (await seller.patch(address, {"year": 2000})).status_code in {404, 422}


@pytest.mark.parametrize("language", ["klingonish", "x", "zh-", "%00", "🎬", "e" * 50])
async def test_a_language_that_is_none_has_no_text(seller: Caller, language: str) -> None:
    title = await create(seller)
    address = f"/titles/{title['id']}/texts/{language}"
    assert (await seller.put(address, {"title": "A"})).status_code in {400, 422}


async def test_a_company_that_does_not_sell_lists_nothing(buyer: Caller, seller: Caller) -> None:
    wanted = {"kind": "feature", "original_title": "A"}
    assert (await buyer.post("/titles", wanted)).status_code == 403
    title = await publish(seller)
    assert (await buyer.patch(f"/titles/{title['id']}", {"year": 1})).status_code in {403, 422}
    assert (await buyer.post(f"/titles/{title['id']}/withdraw")).json()["code"] == "not_the_seller"
