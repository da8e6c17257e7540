"""Requests at a market: who may ask, what is accepted, and the place that comes with it."""

from typing import Any

import pytest

from tests import markets
from tests.fairs import Fair, fair
from tests.manners import refused
from tests.meetings import ask, events_of, faults, period, respond
from tests.world import Caller, World

Json = dict[str, Any]
START = "2027-06-14T05:30:00Z"


@pytest.fixture
async def tehran(world: World) -> Fair:
    return await fair(world)


async def test_a_request_accepted_in_a_slot_is_a_meeting_at_a_table(tehran: Fair) -> None:
    slot = (await tehran.slots())[3]
    request = await tehran.asked(topics=["co-production"], priority=3)
    assert request["state"] == "pending"
    assert request["awaits"] == "asked"
    assert (request["topics"], request["priority"]) == (["co-production"], 3)
    answer = await respond(tehran.seller, request, "accept", {"starts_at": slot["starts_at"]})
    accepted = answer.json()
    assert accepted["state"] == "scheduled"
    assert accepted["taker"]["id"] == tehran.seller.person_id
    meeting = accepted["meeting"]
    assert meeting["market_id"] == tehran.id
    assert (meeting["starts_at"], meeting["ends_at"]) == (slot["starts_at"], slot["ends_at"])
    assert meeting["place"] == "Hall 1, T0"
    assert meeting["place_id"] == tehran.tables[0]["id"]
    assert await faults(tehran.world) == []


async def test_of_two_meetings_in_one_slot_each_has_a_table_and_a_third_has_none(
    tehran: Fair,
) -> None:
    slot, later = (await tehran.slots())[:2]
    for number in range(2):
        met = await tehran.met(slot, await tehran.another("buyer"), await tehran.another("seller"))
        assert met["meeting"]["place"] == f"Hall 1, T{number}"
    request = await tehran.asked()
    answer = await respond(tehran.seller, request, "accept", {"starts_at": slot["starts_at"]})
    refusal = refused(answer, 409, "time_taken")
    assert refusal["free_times"][0]["starts_at"] == later["starts_at"]
    assert len(refusal["free_times"]) == 5


async def test_a_seller_is_met_at_their_own_stand_first(tehran: Fair) -> None:
    own = {"kind": "stand", "seller_id": tehran.seller.organisation_id}
    stand = await markets.place(tehran.organiser, tehran.hall, "Z9", **own)
    slot = (await tehran.slots())[0]
    assert (await tehran.met(slot))["meeting"]["place_id"] == stand["id"]
    # Nobody else is put there.
    other = await tehran.met(slot, await tehran.another("buyer"), await tehran.another("seller"))
    assert other["meeting"]["place_id"] == tehran.tables[0]["id"]


async def test_who_attends_online_is_met_in_a_room_online(tehran: Fair) -> None:
    room = {"name": "Room A", "kind": "online"}
    made = await markets.made(tehran.organiser, f"/markets/{tehran.id}/places", room)
    away = await tehran.another("buyer", attendance="online")
    met = await tehran.met((await tehran.slots())[0], away)
    assert (met["meeting"]["place_id"], met["meeting"]["place"]) == (made["id"], "Room A")


async def test_nobody_is_sent_where_they_cannot_walk_in_time(tehran: Fair) -> None:
    """A seller's stand is ten minutes away, and slots follow each other without a pause."""
    far = await markets.hall(tehran.organiser, tehran.id, "Hall 2")
    other = await tehran.another("seller")
    own = {"kind": "stand", "seller_id": other.organisation_id}
    stand = await markets.place(tehran.organiser, far, "S1", **own)
    first, second = (await tehran.slots())[:2]
    await tehran.met(first)
    near = await tehran.met(second, asked=other)
    assert near["meeting"]["place_id"] == tehran.tables[0]["id"]
    # With a slot in between there is time for the walk.
    again = await tehran.met((await tehran.slots())[5], await tehran.another("buyer"), other)
    assert again["meeting"]["place_id"] == stand["id"]


async def test_a_day_has_no_more_meetings_than_the_market_allows(world: World) -> None:
    found = await fair(world, meetings_a_day=1)
    slots = await found.slots()
    await found.met(slots[0])
    request = await found.asked(asked=await found.another("seller"))
    path = f"/meeting-requests/{request['id']}/slots?limit=100"
    offered = (await found.buyer.get(path)).json()["items"]
    assert {one["starts_at"][:10] for one in offered}.isdisjoint({markets.DAYS[0]})
    assert offered


async def test_the_slots_of_a_request_suit_both_and_are_on_both_clocks(tehran: Fair) -> None:
    slots = await tehran.slots()
    await tehran.met(slots[0], asked=await tehran.another("seller"))
    await tehran.met(slots[1], asker=await tehran.another("buyer"))
    request = await tehran.asked()
    path = f"/meeting-requests/{request['id']}/slots"
    answer = await tehran.seller.get(f"{path}?limit=2")
    items = answer.json()["items"]
    assert [one["starts_at"] for one in items] == [one["starts_at"] for one in slots[2:4]]
    people = items[0]["people"]
    assert [one["person"]["id"] for one in people] == [
        tehran.buyer.person_id,
        tehran.seller.person_id,
    ]
    assert people[0]["local"]["time_zone"]
    more = await tehran.seller.get(f"{path}?limit=2&cursor={answer.json()['next_cursor']}")
    assert more.json()["items"][0]["starts_at"] == slots[4]["starts_at"]
    elsewhere = await tehran.another("buyer")
    refused(await elsewhere.get(path), 404, "not_found")


async def test_accepted_without_a_time_it_waits_for_the_schedule_or_a_slot_of_theirs(
    tehran: Fair,
) -> None:
    request = await tehran.asked()
    answer = await respond(tehran.seller, request, "accept", {})
    assert answer.json()["state"] == "accepted"
    assert answer.json()["meeting"] is None
    slot = (await tehran.slots())[0]
    stranger = await tehran.another("seller")
    refused(
        await respond(stranger, request, "schedule", {"starts_at": slot["starts_at"]}),
        404,
        "not_found",
    )
    scheduled = await respond(tehran.buyer, request, "schedule", {"starts_at": slot["starts_at"]})
    assert scheduled.json()["state"] == "scheduled"
    assert scheduled.json()["meeting"]["starts_at"] == slot["starts_at"]
    again = await respond(tehran.buyer, request, "schedule", {"starts_at": slot["starts_at"]})
    refused(again, 409, "not_accepted")


async def test_an_accepted_request_can_be_called_off_by_either(tehran: Fair) -> None:
    request = await tehran.asked()
    await respond(tehran.seller, request, "accept", {})
    answer = await respond(tehran.seller, request, "cancel", {"answer": "ill"})
    assert (answer.json()["state"], answer.json()["answer"]) == ("cancelled", "ill")


async def test_any_of_them_takes_it_who_is_free_and_meets_the_fewest(tehran: Fair) -> None:
    colleague = await tehran.world.person(tehran.seller.organisation_id)
    await tehran.attends(colleague, "seller")
    first, second, _ = (await tehran.slots())[:3]
    taken = await tehran.met(first, await tehran.another("buyer"))
    assert taken["taker"]["id"] == tehran.seller.person_id
    for slot, taker in ((first, colleague), (second, tehran.seller)):
        asker = await tehran.another("buyer")
        request = await tehran.asked(asker, to_person_id=None)
        body = {"starts_at": slot["starts_at"], "anyone": True}
        answer = (await respond(tehran.seller, request, "accept", body)).json()
        people = {one["person"]["id"] for one in answer["meeting"]["attendees"]}
        assert people == {asker.person_id, taker.person_id}


async def test_other_times_are_proposed_until_one_suits(tehran: Fair) -> None:
    slots = await tehran.slots()
    wish = {"starts_at": slots[0]["starts_at"], "ends_at": slots[0]["ends_at"]}
    request = await tehran.asked(to_person_id=None, proposed_times=[wish])
    refused(
        await respond(tehran.seller, request, "accept", {"starts_at": slots[4]["starts_at"]}),
        422,
        "not_proposed",
    )
    later = {"starts_at": slots[4]["starts_at"], "ends_at": slots[6]["ends_at"]}
    counter = {"proposed_times": [later], "message": "Rather later."}
    refused(await respond(tehran.buyer, request, "counter", counter), 403, "not_the_asked")
    answer = (await respond(tehran.seller, request, "counter", counter)).json()
    assert (answer["state"], answer["awaits"]) == ("pending", "asker")
    assert answer["proposed_times"] == [later]
    assert answer["counter_proposals"][0]["message"] == "Rather later."
    assert answer["taker"]["id"] == tehran.seller.person_id
    refused(await respond(tehran.seller, request, "accept", {}), 403, "not_your_turn")
    offered = await tehran.buyer.get(f"/meeting-requests/{request['id']}/slots")
    assert [one["starts_at"] for one in offered.json()["items"]] == [
        one["starts_at"] for one in slots[4:7]
    ]
    taken = await respond(tehran.buyer, request, "accept", {"starts_at": slots[5]["starts_at"]})
    assert taken.json()["state"] == "scheduled"
    assert [one.type for one in await events_of(tehran.world, request["id"])] == [
        "meeting_request.created",
        "meeting_request.countered",
        "meeting_request.accepted",
    ]


async def test_outside_a_market_other_times_are_proposed_too(seller: Caller, buyer: Caller) -> None:
    request = await ask(buyer, seller, proposed_times=[period(1, 2)])
    counter = {"proposed_times": [period(5, 7)]}
    await respond(seller, request, "counter", counter)
    offered = await buyer.get(f"/meeting-requests/{request['id']}/slots?minutes=60&limit=1")
    assert offered.json()["items"][0]["starts_at"] == period(5, 7)["starts_at"]
    more = await buyer.get(
        f"/meeting-requests/{request['id']}/slots?minutes=60&cursor={offered.json()['next_cursor']}"
    )
    assert [one["starts_at"] for one in more.json()["items"]] == [period(6, 7)["starts_at"]]
    answer = await respond(buyer, request, "accept", period(5.5, 6))
    assert answer.json()["state"] == "scheduled"
    assert {one["person"]["id"] for one in answer.json()["meeting"]["attendees"]} == {
        seller.person_id,
        buyer.person_id,
    }


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"starts_at": "2027-06-14T05:31:00Z"}, 422, "not_a_slot"),
        (
            {"starts_at": "2027-06-14T05:30:00Z", "ends_at": "2027-06-14T05:45:00Z"},
            422,
            "not_a_slot",
        ),
        ({"starts_at": START, "place": "At the bar"}, 422, "invalid"),
        ({"ends_at": START}, 422, "invalid"),
        ({"anyone": True, "person_id": "1"}, 422, "invalid"),
        ({"person_id": "1"}, 422, "not_attending"),
    ],
)
async def test_what_no_meeting_at_a_market_can_be_is_refused(
    tehran: Fair, body: Json, status: int, code: str
) -> None:
    request = await tehran.asked()
    answer = await respond(tehran.seller, request, "accept", body)
    assert answer.status_code == status, answer.text
    assert code in answer.text
    assert await faults(tehran.world) == []


async def test_who_asks_at_a_market_attends_it_in_a_role_that_meets(tehran: Fair) -> None:
    stranger = await tehran.world.buyer()
    body = {"to_organisation_id": tehran.seller.organisation_id, "market_id": tehran.id}
    refused(await stranger.post("/meeting-requests", body), 403, "not_accredited")
    guest = await tehran.world.buyer()
    await tehran.attends(guest, "guest")
    refused(await guest.post("/meeting-requests", body), 403, "may_not_ask")
    absent = body | {"to_organisation_id": stranger.organisation_id}
    answer = await tehran.buyer.post("/meeting-requests", absent)
    refused(answer, 422, "not_attending")
    own = body | {"to_organisation_id": tehran.buyer.organisation_id}
    assert "own_organisation" in (await tehran.buyer.post("/meeting-requests", own)).text
    nowhere = body | {"market_id": "1"}
    assert "unknown_market" in (await tehran.buyer.post("/meeting-requests", nowhere)).text


async def test_a_market_may_let_one_side_ask(world: World) -> None:
    found = await fair(world, askers=["buyer"])
    body = {"to_organisation_id": found.buyer.organisation_id, "market_id": found.id}
    refused(await found.seller.post("/meeting-requests", body), 403, "may_not_ask")
    await found.asked()


async def test_a_declined_or_cancelled_request_gives_its_quota_back(world: World) -> None:
    found = await fair(world, request_quota=1)
    request = await found.asked()
    other = await found.another("seller")
    body = {"to_organisation_id": other.organisation_id, "market_id": found.id}
    refusal = refused(await found.buyer.post("/meeting-requests", body), 409, "too_many_pending")
    assert refusal["quota"] == 1
    await respond(found.seller, request, "decline")
    second = await found.asked(asked=other)
    refused(
        await found.buyer.post(
            "/meeting-requests", body | {"to_organisation_id": found.seller.organisation_id}
        ),
        409,
        "too_many_pending",
    )
    await respond(found.buyer, second, "cancel")
    await found.asked()
    # Outside the market it counts for nothing.
    await ask(found.buyer, other)


async def test_proposed_times_hold_a_slot_on_a_day_that_one_attends(tehran: Fair) -> None:
    visitor = await tehran.world.buyer()
    await tehran.attends(visitor, "buyer", days=[markets.DAYS[1]])
    body = {"to_organisation_id": tehran.seller.organisation_id, "market_id": tehran.id}
    first = (await tehran.slots())[0]
    wish = {"starts_at": first["starts_at"], "ends_at": first["ends_at"]}
    answer = await visitor.post("/meeting-requests", body | {"proposed_times": [wish]})
    assert "no_slot" in answer.text
    assert (
        await tehran.buyer.post("/meeting-requests", body | {"proposed_times": [wish]})
    ).status_code == 201


async def test_a_closed_market_takes_no_request_and_makes_no_meeting(tehran: Fair) -> None:
    request = await tehran.asked()
    await tehran.organiser.post(f"/markets/{tehran.id}/close")
    slot = (await tehran.slots())[0]
    accept = {"starts_at": slot["starts_at"]}
    refused(await respond(tehran.seller, request, "accept", accept), 409, "market_not_open")
    body = {"to_organisation_id": tehran.buyer.organisation_id, "market_id": tehran.id}
    refused(await tehran.seller.post("/meeting-requests", body), 409, "market_not_open")
    declined = await respond(tehran.seller, request, "decline")
    assert declined.json()["state"] == "declined"


async def test_requests_are_listed_by_market(tehran: Fair) -> None:
    request = await tehran.asked()
    await ask(tehran.buyer, tehran.seller)
    found = (await tehran.buyer.get(f"/meeting-requests?market_id={tehran.id}")).json()["items"]
    assert [one["id"] for one in found] == [request["id"]]
