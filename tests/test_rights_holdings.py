"""Sellers record what they may sell; what is sold or offered can't be cut from under itself."""

from typing import Any

from tests.meetings import events_of, execute, make_title
from tests.rights import (
    ALWAYS,
    TWO_YEARS,
    box,
    box_in,
    days,
    done,
    offered,
    refused,
    sold,
    title_of,
)
from tests.world import Caller, World


async def test_a_seller_records_what_they_hold(world: World, seller: Caller) -> None:
    title = await make_title(world, seller)
    wanted = {
        "territories": ["WORLD", "-CN", "-SCO"],
        "media": ["svod", "AVOD"],
        "term": {"from": "2027-01-01", "until": "2028-12-31"},
        "licensor": " Kazakhfilm ",
        "note": "Contract 118",
    }
    answer = await seller.post(f"/titles/{title}/holdings", wanted)
    holding = done(answer, 201)
    assert answer.headers["Location"] == f"/v1/titles/{title}/holdings/{holding['id']}"
    created_at = holding["created_at"]
    assert holding == {
        "id": holding["id"],
        "title_id": title,
        "territories": ["WORLD", "-SCO"],
        "media": ["SVOD", "AVOD"],
        "languages": ["ALL"],
        "term": {"from": "2027-01-01", "until": "2028-12-31"},
        "licensor": "Kazakhfilm",
        "note": "Contract 118",
        "source": "manual",
        "created_at": created_at,
        "updated_at": created_at,
    }
    address = answer.headers["Location"]
    assert done(await seller.get(address)) == holding
    assert done(await seller.get(f"/titles/{title}/holdings"))["items"] == [holding]
    (event,) = await events_of(world, holding["id"])
    assert (event.type, event.organisation_ids) == (
        "holding.created",
        [int(seller.organisation_id)],
    )


BAD: list[tuple[str, Any, str]] = [
    ("territories", ["XX"], "no territory"),
    ("territories", ["UK"], "Did you mean GB?"),
    ("territories", [], "at least one"),
    ("territories", ["CN", "-CN"], "No territory is left"),
    ("territories", "WORLD", "must be a list of codes"),
    ("territories", [1], "must be a list of codes"),
    ("territories", None, "must be a list of codes"),
    ("territories", ["KZ"] * 601, "600 codes at most"),
    ("territories", ["K" * 61], "60 characters at most"),
    ("territories", ["KZ\x00"], "U+0000"),
    ("territories", ["SCO@yesterday"], "no day"),
    ("media", ["TELEPATHY"], "no medium"),
    ("languages", ["klingonese"], "no language"),
    ("term", None, "should be"),
    ("term", {"from": "2027-01-01"}, "required"),
    ("term", days("2028-01-01", "2027-12-31"), "must end on the day it begins, or later"),
    ("term", days("2027-02-30", None), "must be a day"),
    ("term", days("1869-12-31", None), "must be a day from 1870-01-01 to 2300-12-31"),
    ("term", days("2027-01-01", "2301-01-01"), "must be a day"),
    ("term", {"from": 1_800_000_000, "until": None}, "must be a day"),
    ("term", {"from": "2027-01-01T00:00:00Z", "until": None}, "must be a day"),
    ("licensor", "", "at least 1 character"),
    ("licensor", "L" * 501, "at most 500 characters"),
    ("note", "N" * 4001, "at most 4000 characters"),
    ("id", "1", "not permitted"),
]


async def test_what_is_no_box_is_refused_and_pointed_at(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    address = f"/titles/{title}/holdings"
    (holding,) = done(await seller.get(address))["items"]
    for name, value, told in BAD:
        problem = refused(await seller.post(address, box() | {name: value}), "invalid", 422)
        (error,) = problem["errors"]
        assert told in error["detail"], (name, value, error)
        # U+0000 is looked for in the whole body
        assert error["pointer"].startswith(f"/{name}" if told != "U+0000" else "")
        refused(await seller.patch(f"{address}/{holding['id']}", {name: value}), "invalid", 422)


async def test_a_holding_is_changed_under_its_etag(world: World, seller: Caller) -> None:
    title = await make_title(world, seller)
    wanted = box("SCO", "SVOD", licensor="Kazakhfilm")
    made = await seller.post(f"/titles/{title}/holdings", wanted)
    address, etag = made.headers["Location"], made.headers["ETag"]
    assert (await seller.get(address, headers={"If-None-Match": etag})).status_code == 304

    patch = {"media": ["SVOD", "AVOD"], "term": days("2027-01-01", None), "licensor": None}
    changed = await seller.patch(address, patch, headers={"If-Match": etag})
    holding = done(changed)
    assert box_in(holding) == box("SCO", "SVOD AVOD", term=days("2027-01-01", None))
    assert holding["licensor"] is None
    assert (await seller.get(address, headers={"If-None-Match": etag})).status_code == 200
    refused(
        await seller.patch(address, patch, headers={"If-Match": etag}), "precondition_failed", 412
    )
    refused(await seller.delete(address, headers={"If-Match": etag}), "precondition_failed", 412)

    again = await seller.patch(address, patch, headers={"If-Match": changed.headers["ETag"]})
    assert again.headers["ETag"] == changed.headers["ETag"], "nothing changed"
    gone = await seller.delete(address, headers={"If-Match": changed.headers["ETag"]})
    assert gone.status_code == 204
    refused(await seller.get(address), "not_found", 404)
    events = await events_of(world, holding["id"])
    assert [event.type for event in events] == [
        "holding.created",
        "holding.updated",
        "holding.deleted",
    ]


async def test_holdings_come_in_pages_newest_first(world: World, seller: Caller) -> None:
    codes = ["KZ", "RU", "UZ"]
    title = await title_of(world, seller, *(box(code) for code in codes))
    address = f"/titles/{title}/holdings"
    first = await seller.get(address, params={"limit": 2})
    assert [item["territories"] for item in done(first)["items"]] == [["UZ"], ["RU"]]
    assert 'rel="next"' in first.headers["Link"]
    params = {"limit": 2, "cursor": first.json()["next_cursor"]}
    second = done(await seller.get(address, params=params))
    assert [item["territories"] for item in second["items"]] == [["KZ"]]
    assert second["next_cursor"] is None


async def test_a_holding_can_not_be_cut_below_what_is_licensed(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await title_of(world, seller, box("SCO", "SVOD AVOD", term=ALWAYS))
    licence = await sold(seller, title, "KZ UZ", "SVOD", licensee_id=buyer.organisation_id)
    (holding,) = done(await seller.get(f"/titles/{title}/holdings"))["items"]
    address = f"/titles/{title}/holdings/{holding['id']}"

    problem = refused(await seller.patch(address, {"territories": ["SCO", "-KZ"]}), "licensed")
    names = {"id": buyer.organisation_id, "name": problem["licences"][0]["licensee"]["name"]}
    assert problem["licences"] == [
        {
            "licence_id": licence["id"],
            "licensee": names,
            "exclusive": True,
            "outside": [box("KZ", "SVOD")],
        }
    ]
    problem = refused(await seller.delete(address), "licensed")
    assert problem["licences"][0]["outside"] == [box("KZ UZ", "SVOD")]
    assert done(await seller.get(address)) == holding, "a refusal changes nothing"

    assert done(await seller.patch(address, {"territories": ["KZ", "UZ"], "media": ["SVOD"]}))


async def test_a_holding_can_not_be_cut_below_what_is_offered(world: World, seller: Caller) -> None:
    title = await title_of(world, seller, box("SCO", "SVOD", term=ALWAYS))
    offering = await offered(seller, title, "SCO", "SVOD")
    (holding,) = done(await seller.get(f"/titles/{title}/holdings"))["items"]
    address = f"/titles/{title}/holdings/{holding['id']}"
    problem = refused(
        await seller.patch(address, {"term": days("2026-01-01", "2027-12-31")}), "offered"
    )
    lost = box("SCO", "SVOD", term=days("2028-01-01", "2028-12-31"))
    assert problem["offerings"] == [{"offering_id": offering["id"], "outside": [lost]}]
    refused(await seller.delete(address), "offered")
    assert (await seller.delete(f"/titles/{title}/offerings/{offering['id']}")).status_code == 204
    assert (await seller.delete(address)).status_code == 204


async def test_what_two_holdings_hold_together_stays_held_when_they_are_cut_apart(
    world: World, seller: Caller
) -> None:
    one, other = box("KZ", "SVOD", term=ALWAYS), box("KZ UZ", "SVOD", term=ALWAYS)
    title = await title_of(world, seller, one, other)
    await sold(seller, title, "KZ UZ", "SVOD")
    address = f"/titles/{title}/holdings"
    newer, older = done(await seller.get(address))["items"]
    refused(await seller.delete(f"{address}/{newer['id']}"), "licensed")
    done(await seller.patch(f"{address}/{newer['id']}", {"territories": ["UZ"]}))
    refused(await seller.delete(f"{address}/{older['id']}"), "licensed")


async def test_what_was_terminated_hangs_on_nothing(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    licence = await sold(seller, title, "KZ", "SVOD", term=TWO_YEARS)
    done(await seller.post(f"/licences/{licence['id']}/terminate", {"on": "2027-01-01"}))
    (holding,) = done(await seller.get(f"/titles/{title}/holdings"))["items"]
    assert (await seller.delete(f"/titles/{title}/holdings/{holding['id']}")).status_code == 204


async def test_a_ledger_has_an_end(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    await execute(
        world,
        "INSERT INTO holdings (title_id, territories, media, languages, term) "
        "SELECT title_id, territories, media, languages, term FROM holdings, "
        "generate_series(2, 300) WHERE title_id = :id",
        id=int(title),
    )
    refused(await seller.post(f"/titles/{title}/holdings", box()), "ledger_full")
