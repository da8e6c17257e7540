"""The organisers move meetings: to another slot, another place, or not at all, and told why."""

import asyncio
from typing import Any

import pytest

from tests import markets
from tests.fairs import Fair, fair
from tests.manners import refused
from tests.meetings import events_of, execute, faults, meet, respond
from tests.world import Caller, World

Json = dict[str, Any]


@pytest.fixture
async def tehran(world: World) -> Fair:
    return await fair(world)


async def moved(fair: Fair, request: Json, **wanted: Any) -> Any:
    return await fair.organiser.post(f"/meetings/{request['meeting']['id']}/move", wanted)


def codes(refusal: Json) -> list[str]:
    return [obstacle["code"] for obstacle in refusal["obstacles"]]


async def test_a_meeting_moves_to_another_slot_and_place_at_once(tehran: Fair) -> None:
    first, second, third = (await tehran.slots())[:3]
    request = await tehran.met(first)
    answer = await moved(tehran, request, starts_at=second["starts_at"])
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["starts_at"], found["ends_at"]) == (second["starts_at"], second["ends_at"])
    assert (found["place"], found["sequence"]) == ("Hall 1, T0", 1)
    answer = await moved(tehran, request, place_id=tehran.tables[1]["id"])
    assert (answer.json()["place"], answer.json()["sequence"]) == ("Hall 1, T1", 2)
    assert answer.json()["starts_at"] == second["starts_at"]
    both = {"starts_at": third["starts_at"], "place_id": tehran.tables[0]["id"]}
    answer = await moved(tehran, request, **both)
    assert (answer.json()["starts_at"], answer.json()["place_id"]) == tuple(both.values())
    assert (await moved(tehran, request, **both)).json() == answer.json()
    assert (await moved(tehran, request)).json() == answer.json()
    agenda = (await tehran.buyer.get("/agenda")).json()["items"]
    assert [one["starts_at"] for one in agenda] == [third["starts_at"]]
    assert await faults(tehran.world) == []
    facts = await events_of(tehran.world, request["meeting"]["id"])
    assert [fact.type for fact in facts][1:] == ["meeting.moved"] * 3


async def test_two_meetings_change_places_by_way_of_a_third(tehran: Fair) -> None:
    """What it leaves is free at once: the old place is not held at the new time."""
    slots = await tehran.slots()
    one = await tehran.met(slots[0])
    other = await tehran.met(
        slots[1], await tehran.another("buyer"), await tehran.another("seller")
    )
    assert one["meeting"]["place_id"] == other["meeting"]["place_id"]
    answer = await moved(
        tehran, one, starts_at=slots[1]["starts_at"], place_id=tehran.tables[1]["id"]
    )
    assert answer.status_code == 200, answer.text
    assert await faults(tehran.world) == []


async def test_who_and_what_is_taken_is_named(tehran: Fair) -> None:
    slots = await tehran.slots()
    request = await tehran.met(slots[0])
    seller = await tehran.another("seller")
    theirs = await tehran.met(slots[1], asked=seller)
    refusal = refused(
        await moved(tehran, request, starts_at=slots[1]["starts_at"]), 409, "in_the_way"
    )
    assert codes(refusal) == ["person_is_taken", "place_is_taken"]
    person, place = refusal["obstacles"]
    assert person["person"]["id"] == tehran.buyer.person_id
    assert place["place"] == {"id": tehran.tables[0]["id"], "name": "T0"}
    for obstacle in (person, place):
        assert obstacle["meeting_id"] == theirs["meeting"]["id"]
        assert obstacle["starts_at"] == slots[1]["starts_at"]
        assert obstacle["companies"] == [
            theirs["from_organisation"]["name"],
            theirs["to_organisation"]["name"],
        ]
    assert (await tehran.buyer.get(f"/meetings/{request['meeting']['id']}")).json()["sequence"] == 0
    assert await faults(tehran.world) == []


async def test_a_block_is_named_but_not_what_it_is_for(tehran: Fair) -> None:
    slots = await tehran.slots()
    request = await tehran.met(slots[0])
    await execute(
        tehran.world,
        "INSERT INTO agenda_entries (kind, holder_id, person_id, label, during) "
        "SELECT 'block', :id, :id, 'the dentist', "
        "tstzrange(CAST(:at AS text)::timestamptz, CAST(:at AS text)::timestamptz + '1 hour')",
        id=int(tehran.seller.person_id),
        at=slots[4]["starts_at"],
    )
    answer = await moved(tehran, request, starts_at=slots[5]["starts_at"])
    (obstacle,) = refused(answer, 409, "in_the_way")["obstacles"]
    assert (obstacle["code"], obstacle["kind"]) == ("person_is_taken", "block")
    assert "the dentist" not in answer.text


async def test_a_way_that_is_too_long_is_named(tehran: Fair) -> None:
    slots = await tehran.slots()
    far = await markets.hall(tehran.organiser, tehran.id, "Hall 2")
    table = await markets.place(tehran.organiser, far, "F1")
    seller = await tehran.another("seller")
    theirs = await tehran.met(slots[1], asked=seller)
    request = await tehran.met(slots[0])
    refusal = refused(await moved(tehran, request, place_id=table["id"]), 409, "in_the_way")
    assert codes(refusal) == ["walk_too_long"]
    (way,) = refusal["obstacles"]
    assert (way["walk_minutes"], way["minutes_between"]) == (10, 0)
    assert way["meeting_id"] == theirs["meeting"]["id"]
    assert way["person"]["id"] == tehran.buyer.person_id
    answer = await moved(tehran, request, starts_at=slots[3]["starts_at"], place_id=table["id"])
    assert answer.json()["place"] == "Hall 2, F1"


async def test_places_that_are_not_for_the_meeting_are_named(tehran: Fair) -> None:
    slots = await tehran.slots()
    request = await tehran.met(slots[0])
    online = await markets.made(
        tehran.organiser, f"/markets/{tehran.id}/places", {"name": "Link", "kind": "online"}
    )
    rival = await tehran.another("seller")
    stand = await markets.place(
        tehran.organiser, tehran.hall, "S", kind="stand", seller_id=rival.organisation_id
    )
    closed = tehran.tables[1]
    await tehran.organiser.patch(f"/places/{closed['id']}", {"closed": True})
    for place, code in (
        (online, "nobody_attends_online"),
        (stand, "place_is_anothers"),
        (closed, "place_closed"),
    ):
        answer = await moved(tehran, request, place_id=place["id"])
        assert codes(refused(answer, 409, "in_the_way")) == [code]
    remote = await tehran.another("buyer", attendance="online")
    call = await tehran.met(slots[2], remote)
    answer = await moved(tehran, call, place_id=tehran.tables[0]["id"])
    assert codes(refused(answer, 409, "in_the_way")) == ["someone_attends_online"]
    elsewhere = await fair(tehran.world)
    for place_id in (elsewhere.tables[0]["id"], "1"):
        refused(await moved(tehran, request, place_id=place_id), 422, "invalid")


async def test_people_are_met_when_they_attend_and_not_too_often(world: World) -> None:
    tehran = await fair(world, meetings_a_day=1)
    slots = await tehran.slots()
    path = f"/markets/{tehran.id}/slots?day={markets.DAYS[1]}&limit=100"
    tomorrow = (await tehran.organiser.get(path)).json()["items"]
    request = await tehran.met(slots[0])
    assert (await moved(tehran, request, starts_at=slots[3]["starts_at"])).status_code == 200
    await tehran.met(tomorrow[0], asked=await tehran.another("seller"))
    (badge,) = (await tehran.seller.get(f"/markets/{tehran.id}/accreditations")).json()["items"]
    answer = await moved(tehran, request, starts_at=tomorrow[5]["starts_at"])
    (obstacle,) = refused(answer, 409, "in_the_way")["obstacles"]
    assert (obstacle["code"], obstacle["meetings_a_day"]) == ("too_many_that_day", 1)
    await tehran.organiser.patch(f"/accreditations/{badge['id']}", {"days": [markets.DAYS[0]]})
    answer = await moved(tehran, request, starts_at=tomorrow[5]["starts_at"])
    assert codes(refused(answer, 409, "in_the_way")) == ["not_attending", "too_many_that_day"]
    await execute(
        world,
        "UPDATE accreditations SET free = '{}' WHERE id = :id",
        id=int(badge["id"]),
    )
    answer = await moved(tehran, request, starts_at=slots[4]["starts_at"])
    assert codes(refused(answer, 409, "in_the_way")) == ["not_available"]


async def test_only_what_is_scheduled_at_an_open_market_moves(
    tehran: Fair, buyer: Caller, seller: Caller
) -> None:
    slots = await tehran.slots()
    outside = await meet(buyer, seller, 0, 1)
    refused(await moved(tehran, outside, starts_at=slots[0]["starts_at"]), 409, "no_market")
    request = await tehran.met(slots[0])
    refused(await moved(tehran, request, starts_at="2027-06-14T05:31:00Z"), 422, "not_a_slot")
    refused(await moved(tehran, {"meeting": {"id": "404"}}), 404, "not_found")
    off = await tehran.met(slots[1])
    await respond(tehran.buyer, off, "cancel")
    refused(await moved(tehran, off, starts_at=slots[2]["starts_at"]), 409, "not_scheduled")
    refused(await moved(tehran, request, starts_at="9999-12-31T23:59:59Z"), 422, "not_a_slot")
    closed = await tehran.organiser.post(f"/markets/{tehran.id}/close?stranded=cancel")
    assert closed.status_code == 200, closed.text
    refused(await moved(tehran, request, starts_at=slots[2]["starts_at"]), 409, "market_not_open")


async def test_the_lead_time_is_not_the_organisers(world: World) -> None:
    tehran = await fair(world)
    slots = await tehran.slots()
    request = await tehran.met(slots[0])
    answer = await tehran.organiser.patch(f"/markets/{tehran.id}", {"lead_minutes": 10_080})
    assert answer.status_code == 200, answer.text
    assert (await moved(tehran, request, starts_at=slots[1]["starts_at"])).status_code == 200


async def test_the_organisers_lock_a_meeting(tehran: Fair) -> None:
    request = await tehran.met((await tehran.slots())[0])
    address = f"/meetings/{request['meeting']['id']}"
    tag = (await tehran.organiser.get(address)).headers["ETag"]
    answer = await tehran.organiser.patch(address, {"locked": True}, headers={"If-Match": tag})
    assert (answer.json()["locked"], answer.json()["sequence"]) == (True, 0)
    assert (await tehran.buyer.get(address)).json()["locked"] is True
    stale = await tehran.organiser.patch(address, {"locked": False}, headers={"If-Match": tag})
    refused(stale, 412, "precondition_failed")
    refused(await tehran.buyer.patch(address, {"locked": False}), 403, "forbidden")
    assert (await tehran.organiser.patch(address, {"locked": False})).json()["locked"] is False
    await respond(tehran.buyer, request, "cancel")
    refused(await tehran.organiser.patch(address, {"locked": True}), 409, "not_scheduled")


async def test_of_many_moves_to_one_table_one_wins(world: World) -> None:
    tehran = await fair(world, tables=6)
    slots = await tehran.slots()
    pairs = [(await tehran.another("buyer"), await tehran.another("seller")) for _ in range(6)]
    requests = [await tehran.met(slots[0], *pair) for pair in pairs]
    wanted = {"starts_at": slots[1]["starts_at"], "place_id": tehran.tables[0]["id"]}
    answers = await asyncio.gather(*(moved(tehran, request, **wanted) for request in requests))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            assert codes(refused(answer, 409, "in_the_way")) == ["place_is_taken"]
    assert await faults(world) == []
