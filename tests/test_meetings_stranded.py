"""Changes of a market that would strand meetings: listed and refused, or decided upon."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from tests import markets
from tests.fairs import Fair, fair
from tests.manners import refused
from tests.meetings import events_of, execute, faults, respond
from tests.world import World

Json = dict[str, Any]
Change = Callable[[Fair, str], Awaitable[httpx2.Response]]


@pytest.fixture
async def tehran(world: World) -> Fair:
    return await fair(world)


async def cut_the_morning(of: Fair, query: str) -> httpx2.Response:
    return await of.organiser.put(f"/markets/{of.id}/hours{query}", markets.hours(opens="11:00"))


async def break_at_nine(of: Fair, query: str) -> httpx2.Response:
    coffee = [{"starts": "09:15", "ends": "09:30"}]
    return await of.organiser.put(f"/markets/{of.id}/hours{query}", markets.hours(breaks=coffee))


async def longer_slots(of: Fair, query: str) -> httpx2.Response:
    return await of.organiser.patch(f"/markets/{of.id}{query}", {"slot_minutes": 60})


async def another_zone(of: Fair, query: str) -> httpx2.Response:
    return await of.organiser.patch(f"/markets/{of.id}{query}", {"time_zone": "Asia/Kathmandu"})


async def close_the_table(of: Fair, query: str) -> httpx2.Response:
    return await of.organiser.patch(f"/places/{of.tables[0]['id']}{query}", {"closed": True})


async def give_the_table_away(of: Fair, query: str) -> httpx2.Response:
    other = await of.another("seller")
    body = {"seller_id": other.organisation_id}
    return await of.organiser.patch(f"/places/{of.tables[0]['id']}{query}", body)


async def delete_the_table(of: Fair, query: str) -> httpx2.Response:
    return await of.organiser.delete(f"/places/{of.tables[0]['id']}{query}")


async def revoke_the_buyer(of: Fair, query: str) -> httpx2.Response:
    return await of.buyer.post(f"/accreditations/{await buyers(of)}/revoke{query}")


async def move_the_buyer_to_another_day(of: Fair, query: str) -> httpx2.Response:
    body = {"days": [markets.DAYS[1]]}
    return await of.buyer.patch(f"/accreditations/{await buyers(of)}{query}", body)


async def let_the_buyer_stay_at_home(of: Fair, query: str) -> httpx2.Response:
    body = {"attendance": "online"}
    return await of.buyer.patch(f"/accreditations/{await buyers(of)}{query}", body)


async def close_the_market(of: Fair, query: str) -> httpx2.Response:
    return await of.organiser.post(f"/markets/{of.id}/close{query}")


async def buyers(of: Fair) -> str:
    found = (await of.buyer.get(f"/markets/{of.id}/accreditations")).json()["items"]
    return str(found[0]["id"])


CHANGES = [
    (cut_the_morning, "no_slot"),
    (break_at_nine, "no_slot"),
    (longer_slots, "no_slot"),
    (another_zone, "no_slot"),
    (close_the_table, "place_closed"),
    (give_the_table_away, "place_unfit"),
    (delete_the_table, "place_closed"),
    (revoke_the_buyer, "not_attending"),
    (move_the_buyer_to_another_day, "not_attending"),
    (let_the_buyer_stay_at_home, "place_unfit"),
    (close_the_market, "market_closed"),
]


@pytest.mark.parametrize(("change", "cause"), CHANGES, ids=[one.__name__ for one, _ in CHANGES])
async def test_a_change_that_strands_a_meeting_names_it_and_asks_what_becomes_of_it(
    tehran: Fair, change: Change, cause: str
) -> None:
    request = await tehran.met((await tehran.slots())[0])
    meeting = request["meeting"]
    refusal = refused(await change(tehran, ""), 409, "strands_meetings")
    assert refusal["count"] == 1
    assert refusal["meetings"] == [
        {
            "meeting_id": meeting["id"],
            "meeting_request_id": request["id"],
            "starts_at": meeting["starts_at"],
            "ends_at": meeting["ends_at"],
            "place": meeting["place"],
            "cause": cause,
        }
    ]
    path = f"/meeting-requests/{request['id']}"
    assert (await tehran.buyer.get(path)).json()["state"] == "scheduled"
    done = await change(tehran, "?stranded=cancel")
    assert done.is_success, done.text
    shown = (await tehran.buyer.get(path)).json()
    assert shown["state"] == "cancelled"
    assert shown["answer"]
    assert shown["meeting"]["cancelled_at"]
    assert shown["meeting"]["sequence"] == 1
    assert await faults(tehran.world) == []
    facts = await events_of(tehran.world, request["id"], meeting["id"])
    assert [one.type for one in facts][-2:] == ["meeting.cancelled", "meeting_request.cancelled"]


async def test_a_stranded_meeting_can_wait_for_another_time_and_stays_the_same_meeting(
    tehran: Fair,
) -> None:
    slots = await tehran.slots()
    request = await tehran.met(slots[0])
    assert (await close_the_table(tehran, "?stranded=replan")).is_success
    path = f"/meeting-requests/{request['id']}"
    waiting = (await tehran.seller.get(path)).json()
    assert waiting["state"] == "accepted"
    assert waiting["meeting"]["cancelled_at"]
    assert (await tehran.buyer.get("/agenda")).json()["items"] == []
    starts_at = {"starts_at": slots[0]["starts_at"]}
    again = (await respond(tehran.seller, request, "schedule", starts_at)).json()
    assert again["state"] == "scheduled"
    assert again["meeting"]["id"] == request["meeting"]["id"]
    assert again["meeting"]["place"] == "Hall 1, T1"
    assert (again["meeting"]["sequence"], again["meeting"]["cancelled_at"]) == (2, None)
    assert await faults(tehran.world) == []


async def test_what_strands_nobody_needs_no_decision(tehran: Fair) -> None:
    await tehran.met((await tehran.slots())[-1])
    assert (await cut_the_morning(tehran, "")).is_success
    closed = await tehran.organiser.patch(f"/places/{tehran.tables[1]['id']}", {"closed": True})
    assert closed.is_success
    cancelled = await tehran.met((await tehran.slots())[0], await tehran.another("buyer"))
    await respond(tehran.seller, cancelled, "cancel")
    assert (await tehran.organiser.patch(f"/markets/{tehran.id}", {"lead_minutes": 10})).is_success


async def test_a_place_where_people_have_met_is_closed_and_not_deleted(tehran: Fair) -> None:
    await tehran.met((await tehran.slots())[0])
    table = tehran.tables[0]["id"]
    await tehran.organiser.post(
        f"/places/{tehran.tables[1]['id']}/blocks",
        {"starts_at": "2027-06-14T05:30:00Z", "ends_at": "2027-06-14T06:30:00Z"},
    )
    # A table with a block, or one whose meetings were called off, goes with what is kept there.
    assert (await tehran.organiser.delete(f"/places/{tehran.tables[1]['id']}")).status_code == 204
    await execute(
        tehran.world,
        "UPDATE meetings SET during = tstzrange(now() - interval '2 hours', now())",
    )
    refused(await tehran.organiser.delete(f"/places/{table}"), 409, "place_used")
