"""Editions of the market: made, opened, closed; their hours and slots."""

from typing import Any

import pytest

from tests.manners import pointers, refused
from tests.markets import DAYS, accredited, draft, hours, made, market, opened
from tests.meetings import events_of
from tests.world import Caller, World

# Editions -------------------------------------------------------------------------------------


async def test_an_edition_is_a_draft_that_its_organisers_open_and_close(
    world: World, organiser: Caller, seller: Caller
) -> None:
    wanted = market(name="SCO FilmMart 2027", request_quota=20, askers=["seller", "buyer"])
    answer = await organiser.post("/markets", wanted)
    found = answer.json()
    address = f"/markets/{found['id']}"
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1{address}"
    assert found == {
        "id": found["id"],
        "name": "SCO FilmMart 2027",
        "state": "draft",
        "starts_on": "2027-06-14",
        "ends_on": "2027-06-17",
        "time_zone": "Asia/Tehran",
        "slot_minutes": 30,
        "walk_minutes": 10,
        "askers": ["buyer", "seller"],
        "request_quota": 20,
        "lead_minutes": 0,
        "request_lifetime_hours": 168,
        "meetings_a_day": None,
        "grace_minutes": 10,
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
    }
    refused(await seller.get(address), 404, "not_found")
    refused(await organiser.post(f"{address}/open"), 409, "no_hours")
    refused(await organiser.post(f"{address}/close"), 409, "not_open")

    await organiser.put(f"{address}/hours", hours())
    for _ in range(2):
        assert (await organiser.post(f"{address}/open")).json()["state"] == "open"
    assert (await seller.get(address)).json()["name"] == "SCO FilmMart 2027"
    for _ in range(2):
        assert (await organiser.post(f"{address}/close")).json()["state"] == "closed"
    assert (await seller.get(address)).json()["state"] == "closed"
    assert (await organiser.post(f"{address}/open")).json()["state"] == "open"
    assert [event.type for event in await events_of(world, found["id"])] == [
        "market.created",
        "market.hours_changed",
        "market.opened",
        "market.closed",
        "market.opened",
    ]


async def test_markets_are_listed_newest_first_and_drafts_to_organisers_alone(
    organiser: Caller, buyer: Caller
) -> None:
    ids = [(await opened(organiser))["id"] for _ in range(3)]
    hidden = (await draft(organiser))["id"]
    await organiser.post(f"/markets/{ids[0]}/close")

    async def listed(caller: Caller, query: str) -> list[str]:
        return [row["id"] for row in (await caller.get(f"/markets?{query}")).json()["items"]]

    assert await listed(organiser, "") == [hidden, *reversed(ids)]
    assert await listed(buyer, "") == [*reversed(ids)]
    assert await listed(buyer, "state=closed") == [ids[0]]
    assert await listed(buyer, "state=draft") == []
    first = await buyer.get("/markets?limit=2")
    assert [row["id"] for row in first.json()["items"]] == [ids[2], ids[1]]
    assert 'rel="next"' in first.headers["Link"]
    assert await listed(buyer, f"cursor={first.json()['next_cursor']}") == [ids[0]]


async def test_an_edition_is_changed_where_nobody_changed_it_since(
    world: World, organiser: Caller
) -> None:
    found = await draft(organiser, request_quota=20, meetings_a_day=12)
    address = f"/markets/{found['id']}"
    tag = (await organiser.get(address)).headers["ETag"]
    assert (await organiser.get(address, headers={"If-None-Match": tag})).status_code == 304
    patch = {"slot_minutes": 20, "request_quota": None, "askers": ["buyer", "buyer"]}
    answer = await organiser.patch(address, patch, headers={"If-Match": tag})
    changed = answer.json()
    assert answer.status_code == 200
    assert (changed["slot_minutes"], changed["request_quota"]) == (20, None)
    assert (changed["askers"], changed["meetings_a_day"]) == (["buyer"], 12)
    assert answer.headers["ETag"] != tag
    again = await organiser.patch(address, {"slot_minutes": 30}, headers={"If-Match": tag})
    refused(again, 412, "precondition_failed")
    late = await organiser.put(f"{address}/hours", hours(), headers={"If-Match": tag})
    refused(late, 412, "precondition_failed")
    # What changes nothing is no change.
    same = await organiser.patch(address, patch, headers={"If-Match": answer.headers["ETag"]})
    assert same.headers["ETag"] == answer.headers["ETag"]
    types = [event.type for event in await events_of(world, found["id"])]
    assert types.count("market.updated") == 1


async def test_no_two_editions_have_one_name(organiser: Caller) -> None:
    await made(organiser, "/markets", market(name="FilmMart"))
    other = await made(organiser, "/markets", market())
    refused(await organiser.post("/markets", market(name="filmmart")), 409, "name_taken")
    patched = await organiser.patch(f"/markets/{other['id']}", {"name": "FILMMART"})
    refused(patched, 409, "name_taken")


async def test_dates_change_as_long_as_no_day_is_left_outside(
    organiser: Caller, seller: Caller
) -> None:
    found = await opened(organiser)
    address = f"/markets/{found['id']}"
    await accredited(seller, found["id"], seller, days=[DAYS[1], DAYS[0]])
    late = await organiser.patch(address, {"starts_on": DAYS[2]})
    assert refused(late, 409, "days_outside")["days"] == [DAYS[0], DAYS[1]]
    await organiser.put(f"{address}/hours", hours(DAYS[3]))
    assert refused(await organiser.patch(address, {"starts_on": DAYS[3]}), 409, "days_outside")[
        "days"
    ] == [DAYS[0], DAYS[1]]
    assert (await organiser.patch(address, {"ends_on": "2027-06-20"})).status_code == 200
    # What follows from the dates follows them.
    assert (await organiser.put(f"{address}/hours", hours("2027-06-20"))).status_code == 200
    shorter = await organiser.patch(address, {"ends_on": "2027-06-19"})
    assert refused(shorter, 409, "days_outside")["days"] == ["2027-06-20"]
    for patch in ({"ends_on": "2027-06-01"}, {"starts_on": "2027-01-01"}):
        assert pointers(refused(await organiser.patch(address, patch), 422, "invalid")) == [
            "/ends_on"
        ]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "/name"),
    ({"name": "x" * 201}, "/name"),
    ({"name": "a\u0000"}, ""),
    ({"starts_on": "2027-06-18"}, ""),
    ({"ends_on": "2027-07-15"}, ""),
    ({"starts_on": "0001-01-01"}, "/starts_on"),
    ({"ends_on": "9999-12-31"}, "/ends_on"),
    ({"starts_on": 1}, "/starts_on"),
    ({"starts_on": "2027-02-30"}, "/starts_on"),
    ({"time_zone": "Tehran"}, "/time_zone"),
    ({"slot_minutes": 4}, "/slot_minutes"),
    ({"slot_minutes": 10**30}, "/slot_minutes"),
    ({"slot_minutes": 30.0}, "/slot_minutes"),
    ({"askers": []}, "/askers"),
    ({"askers": ["press"]}, "/askers/0"),
    ({"askers": ["buyer"] * 10**5}, "/askers"),
    ({"request_quota": 0}, "/request_quota"),
    ({"lead_minutes": -1}, "/lead_minutes"),
    ({"request_lifetime_hours": 0}, "/request_lifetime_hours"),
    ({"meetings_a_day": 2**63}, "/meetings_a_day"),
    ({"grace_minutes": 241}, "/grace_minutes"),
    ({"walk_minutes": -1}, "/walk_minutes"),
    ({"state": "open"}, "/state"),
]


async def test_an_edition_that_cannot_be_is_refused(organiser: Caller) -> None:
    for wrong, pointer in WRONG:
        answer = await organiser.post("/markets", market(**wrong))
        assert pointers(refused(answer, 422, "invalid")) == [pointer], wrong


async def test_a_change_that_cannot_be_is_refused(organiser: Caller) -> None:
    address = f"/markets/{(await draft(organiser))['id']}"
    for name in ("name", "starts_on", "time_zone", "slot_minutes", "askers", "grace_minutes"):
        answer = await organiser.patch(address, {name: None})
        assert pointers(refused(answer, 422, "invalid")) == [f"/{name}"]


async def test_a_market_made_twice_with_one_key_is_made_once(organiser: Caller) -> None:
    body, headers = market(), {"Idempotency-Key": "only-once"}
    first = await organiser.post("/markets", body, headers=headers)
    again = await organiser.post("/markets", body, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["ETag"] == first.headers["ETag"]


# Hours ----------------------------------------------------------------------------------------


async def test_hours_are_replaced_as_a_whole_and_given_in_order(
    organiser: Caller, seller: Caller
) -> None:
    address = f"/markets/{(await opened(organiser))['id']}/hours"
    breaks = [{"starts": "15:00", "ends": "15:15"}, {"starts": "12:00", "ends": "13:00"}]
    wanted = hours(DAYS[1], opens="10:00", closes="17:30", breaks=breaks)["days"]
    wanted += hours(DAYS[0], breaks=[])["days"]
    answer = await organiser.put(address, {"days": wanted})
    assert answer.json() == {
        "time_zone": "Asia/Tehran",
        "days": [
            {"day": DAYS[0], "opens": "09:00", "closes": "18:00", "breaks": []},
            {
                "day": DAYS[1],
                "opens": "10:00",
                "closes": "17:30",
                "breaks": [
                    {"starts": "12:00", "ends": "13:00"},
                    {"starts": "15:00", "ends": "15:15"},
                ],
            },
        ],
    }
    read = await seller.get(address)
    assert (read.json(), read.headers["ETag"]) == (answer.json(), answer.headers["ETag"])
    known = await seller.get(address, headers={"If-None-Match": read.headers["ETag"]})
    assert known.status_code == 304


async def test_a_market_that_was_opened_keeps_a_day(organiser: Caller) -> None:
    address = f"/markets/{(await draft(organiser))['id']}"
    assert (await organiser.put(f"{address}/hours", {"days": []})).json()["days"] == []
    await organiser.put(f"{address}/hours", hours())
    await organiser.post(f"{address}/open")
    refused(await organiser.put(f"{address}/hours", {"days": []}), 409, "no_hours")


WRONG_HOURS: list[tuple[dict[str, Any], list[str]]] = [
    (hours("2027-06-13", DAYS[0], "2027-06-18"), ["/days/0/day", "/days/2/day"]),
    (hours(DAYS[0], DAYS[0]), [""]),
    (hours(opens="18:00"), [f"/days/{place}" for place in range(4)]),
    (hours(DAYS[0], breaks=[{"starts": "08:00", "ends": "10:00"}]), ["/days/0"]),
    (hours(DAYS[0], opens="9:00"), ["/days/0/opens"]),
    (hours(DAYS[0], opens="09:00:00"), ["/days/0/opens"]),
    (hours(DAYS[0], closes="24:00"), ["/days/0/closes"]),
    ({"days": [{"day": DAYS[0], "opens": 9, "closes": "18:00"}]}, ["/days/0/opens"]),
    (hours(DAYS[0], opens="٠٩:٠٠"), ["/days/0/opens"]),
    (hours(DAYS[0], breaks=[{"starts": "12:00", "ends": "13:00"}] * 13), ["/days/0/breaks"]),
    (hours(DAYS[0], breaks=None), ["/days/0/breaks"]),
    ({"days": [{}] * 10**4}, ["/days"]),
    ({"days": None}, ["/days"]),
    ({}, ["/days"]),
]


async def test_hours_that_cannot_be_are_refused(organiser: Caller) -> None:
    address = f"/markets/{(await draft(organiser))['id']}/hours"
    for wrong, expected in WRONG_HOURS:
        answer = await organiser.put(address, wrong)
        assert pointers(refused(answer, 422, "invalid")) == expected, wrong
    refused(await organiser.put("/markets/1/hours", hours()), 404, "not_found")


# Slots ----------------------------------------------------------------------------------------


async def slots(caller: Caller, market_id: str, query: str = "") -> list[dict[str, Any]]:
    answer = await caller.get(f"/markets/{market_id}/slots?limit=100&{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_slots_are_told_in_utc_and_on_the_market_s_clock(
    organiser: Caller, buyer: Caller
) -> None:
    found = await opened(organiser)
    listed = await slots(buyer, found["id"])
    assert len(listed) == 4 * 16
    assert listed[0] == {
        "day": DAYS[0],
        "index": 0,
        "starts_at": "2027-06-14T05:30:00Z",
        "ends_at": "2027-06-14T06:00:00Z",
        "local": {
            "starts_at": "2027-06-14T09:00:00+03:30",
            "ends_at": "2027-06-14T09:30:00+03:30",
        },
    }
    one_day = await slots(buyer, found["id"], f"day={DAYS[2]}")
    assert one_day == [slot for slot in listed if slot["day"] == DAYS[2]]
    # Noon is a break: 12:30 to 13:30
    assert [slot["index"] for slot in one_day] == [*range(7), *range(9, 18)]


async def test_slots_come_in_pages(organiser: Caller, buyer: Caller) -> None:
    address = f"/markets/{(await opened(organiser))['id']}/slots"
    whole = (await buyer.get(f"{address}?limit=100")).json()
    pages: list[list[dict[str, Any]]] = []
    query: dict[str, Any] = {"limit": 15}
    while len(pages) < 9:
        page = (await buyer.get(address, params=query)).json()
        pages.append(page["items"])
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert [len(page) for page in pages] == [15, 15, 15, 15, 4]
    assert [slot for page in pages for slot in page] == whole["items"]
    forged = await buyer.get("/markets", params={"limit": 1, "cursor": "WyJzbG90IiwgMSwgMV0"})
    refused(forged, 422, "invalid_cursor")
    refused(await buyer.get(f"{address}?cursor=WyJzbG90IiwgMSwgMV0"), 422, "invalid_cursor")
    refused(await buyer.get(f"{address}?day=2027-6-1"), 422, "invalid")


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        ("Asia/Tehran", "2027-03-28", "2027-03-27T20:30:00Z"),
        ("Asia/Kolkata", "2027-03-28", "2027-03-27T18:30:00Z"),
        ("Europe/Moscow", "2027-03-28", "2027-03-27T21:00:00Z"),
        ("Asia/Chongqing", "2027-03-28", "2027-03-27T16:00:00Z"),
        ("Europe/Berlin", "2027-03-28", "2027-03-27T23:00:00Z"),
        ("Europe/Berlin", "2027-10-31", "2027-10-30T22:00:00Z"),
        ("America/New_York", "2027-11-07", "2027-11-07T04:00:00Z"),
    ],
)
async def test_a_night_has_as_many_slots_as_hours_in_fact(
    organiser: Caller, zone: str, day: str, starts: str
) -> None:
    found = await made(
        organiser,
        "/markets",
        market(starts_on=day, ends_on=day, time_zone=zone, slot_minutes=60),
    )
    night = hours(day, opens="00:00", closes="06:00", breaks=[])
    await organiser.put(f"/markets/{found['id']}/hours", night)
    listed = await slots(organiser, found["id"])
    in_fact = {("Europe/Berlin", "2027-03-28"): 5}.get((zone, day), 6)
    in_fact += (zone, day) in {("Europe/Berlin", "2027-10-31"), ("America/New_York", "2027-11-07")}
    assert len(listed) == in_fact
    assert listed[0]["starts_at"] == starts
    assert listed[-1]["local"]["ends_at"].startswith(f"{day}T06:00:00")
