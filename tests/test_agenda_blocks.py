"""Blocks: time that people keep for themselves, and that the market keeps of its places."""

from typing import Any

import pytest

from tests import markets
from tests.fairs import Fair, fair
from tests.manners import refused
from tests.meetings import ask, at, faults, meet, period, respond
from tests.world import Caller, World

Json = dict[str, Any]


@pytest.fixture
async def tehran(world: World) -> Fair:
    return await fair(world)


async def test_a_block_is_ones_own_and_in_the_way_of_meetings(
    seller: Caller, buyer: Caller
) -> None:
    lunch = await markets.made(seller, "/agenda/blocks", period(1, 2) | {"label": "Lunch"})
    assert lunch["kind"] == "block"
    assert (await seller.get("/agenda/blocks")).json()["items"] == [lunch]
    assert (await buyer.get("/agenda/blocks")).json()["items"] == []
    refused(await buyer.delete(f"/blocks/{lunch['id']}"), 404, "not_found")
    request = await ask(buyer, seller)
    refusal = refused(await respond(seller, request, "accept", period(1.5, 2.5)), 409, "time_taken")
    assert "Lunch" not in str(refusal)
    assert (await seller.delete(f"/blocks/{lunch['id']}")).status_code == 204
    assert (await respond(seller, request, "accept", period(1.5, 2.5))).is_success


async def test_a_block_over_something_else_is_told_what_is_in_the_way(
    world: World, seller: Caller, buyer: Caller
) -> None:
    met = await meet(buyer, seller, 1, 2)
    other = await markets.made(seller, "/agenda/blocks", period(3, 4) | {"label": "Dentist"})
    refusal = refused(await seller.post("/agenda/blocks", period(1.5, 3.5)), 409, "time_taken")
    assert [(one["kind"], one["meeting_id"], one["label"]) for one in refusal["in_the_way"]] == [
        ("meeting", met["meeting"]["id"], ""),
        ("block", None, "Dentist"),
    ]
    assert refusal["in_the_way"][1] == other
    assert await faults(world) == []


@pytest.mark.parametrize(
    "body",
    [
        period(2, 1),
        period(1, 1),
        {"starts_at": at(1), "ends_at": at(24 * 32)},
        period(-60, -59),
        {"starts_at": at(1)},
        period(1, 2) | {"label": "x" * 501},
    ],
)
async def test_a_block_that_cannot_be_is_refused(seller: Caller, body: Json) -> None:
    refused(await seller.post("/agenda/blocks", body), 422, "invalid")


async def test_blocks_are_listed_in_the_order_of_time(seller: Caller) -> None:
    for hour in (5, 1, 3):
        await markets.made(seller, "/agenda/blocks", period(hour, hour + 1))
    first = (await seller.get("/agenda/blocks?limit=2")).json()
    assert [one["starts_at"] for one in first["items"]] == [at(1), at(3)]
    rest = (await seller.get(f"/agenda/blocks?limit=2&cursor={first['next_cursor']}")).json()
    assert [one["starts_at"] for one in rest["items"]] == [at(5)]
    later = (await seller.get(f"/agenda/blocks?from={at(3.5)}")).json()
    assert [one["starts_at"] for one in later["items"]] == [at(3), at(5)]


async def test_the_market_keeps_a_table_free_and_nobody_is_put_there(tehran: Fair) -> None:
    slot = (await tehran.slots())[0]
    table = tehran.tables[0]["id"]
    body = {"starts_at": slot["starts_at"], "ends_at": slot["ends_at"], "label": "Repair"}
    block = await markets.made(tehran.organiser, f"/places/{table}/blocks", body)
    met = await tehran.met(slot)
    assert met["meeting"]["place_id"] == tehran.tables[1]["id"]
    found = (await tehran.organiser.get(f"/places/{table}/blocks?from=2027-01-01T00:00:00Z")).json()
    assert found["items"] == [block]
    refused(await tehran.seller.delete(f"/blocks/{block['id']}"), 404, "not_found")
    taken = f"/places/{tehran.tables[1]['id']}/blocks"
    refusal = refused(await tehran.organiser.post(taken, body), 409, "time_taken")
    assert refusal["in_the_way"][0]["meeting_id"] == met["meeting"]["id"]
    assert (await tehran.organiser.delete(f"/blocks/{block['id']}")).status_code == 204


async def test_people_say_when_they_are_free_and_are_offered_nothing_else(tehran: Fair) -> None:
    slots = await tehran.slots()
    path = f"/accreditations/{await own(tehran.seller, tehran)}/free-times"
    both = [
        {"starts_at": slots[2]["starts_at"], "ends_at": slots[3]["ends_at"]},
        {"starts_at": slots[3]["starts_at"], "ends_at": slots[4]["ends_at"]},
    ]
    said = await tehran.seller.put(path, {"free": both})
    assert said.json()["free"] == [
        {"starts_at": slots[2]["starts_at"], "ends_at": slots[4]["ends_at"]}
    ]
    request = await tehran.asked()
    offered = await tehran.buyer.get(f"/meeting-requests/{request['id']}/slots")
    assert [one["starts_at"] for one in offered.json()["items"]] == [
        one["starts_at"] for one in slots[2:5]
    ]
    outside = {"starts_at": slots[5]["starts_at"]}
    refusal = refused(await respond(tehran.seller, request, "accept", outside), 409, "time_taken")
    assert len(refusal["free_times"]) == 3
    never = await tehran.seller.put(path, {"free": []})
    assert never.json()["free"] == []
    assert (await tehran.buyer.get(f"/meeting-requests/{request['id']}/slots")).json()[
        "items"
    ] == []
    assert (await tehran.organiser.put(path, {"free": None})).json()["free"] is None
    assert (await respond(tehran.seller, request, "accept", outside)).is_success


async def test_only_they_and_who_registers_them_say_when_somebody_is_free(tehran: Fair) -> None:
    path = f"/accreditations/{await own(tehran.seller, tehran)}/free-times"
    colleague = await tehran.world.person(tehran.seller.organisation_id)
    refused(await colleague.put(path, {"free": None}), 403, "not_an_admin")
    refused(await tehran.buyer.put(path, {"free": None}), 404, "not_found")
    await tehran.organiser.post(path.replace("free-times", "revoke"))
    refused(await tehran.seller.put(path, {"free": None}), 409, "accreditation_revoked")


async def own(person: Caller, of: Fair) -> str:
    """Name somebody's accreditation."""
    found = (await person.get(f"/markets/{of.id}/accreditations")).json()["items"]
    return str(next(one["id"] for one in found if one["person"]["id"] == person.person_id))
