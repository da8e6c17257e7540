"""The organisers' grid of a day, and its figures."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.meetings.day.grid_schemas import GridOut
from tests import markets
from tests.day import market_now, starts_in, today
from tests.fairs import Fair, fair
from tests.manners import refused
from tests.meetings import execute, respond
from tests.world import World

Json = dict[str, Any]


@pytest.fixture
async def tehran(world: World) -> Fair:
    return await fair(world)


async def grid(fair: Fair, day: str = markets.DAYS[0]) -> Json:
    answer = await fair.organiser.get(f"/markets/{fair.id}/grid?day={day}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    # It is the database's own words: they say what the schema says.
    shown = GridOut.model_validate_json(answer.content).model_dump(mode="json")
    assert shown == found
    return found


async def block(fair: Fair, place: Json, starts_at: str, minutes: int, label: str) -> None:
    await execute(
        fair.world,
        "INSERT INTO agenda_entries (kind, holder_id, place_id, label, during) "
        "SELECT 'block', :id, :id, :label, tstzrange(starts, starts + make_interval(mins => :long))"
        " FROM (SELECT CAST(CAST(:at AS text) AS timestamptz) AS starts) AS at",
        id=int(place["id"]),
        at=starts_at,
        label=label,
        long=minutes,
    )


def cells(found: Json) -> Iterator[tuple[str, int, str]]:
    """Tell each cell: its place, its slot, and what is held there."""
    for place in found["places"]:
        for held in place["held"]:
            for slot in held["slots"]:
                yield place["name"], slot, held["kind"]
        for slot in place["free"]:
            yield place["name"], slot, "free"


async def test_the_grid_has_every_place_by_every_slot(tehran: Fair) -> None:
    slots = await tehran.slots()
    request = await tehran.met(slots[2])
    await block(tehran, tehran.tables[1], slots[4]["starts_at"], 45, "Cleaning")
    found = await grid(tehran)
    assert [slot["starts_at"] for slot in found["slots"]] == [slot["starts_at"] for slot in slots]
    assert found["time_zone"] == "Asia/Tehran"
    indexes = [slot["index"] for slot in found["slots"]]
    told = {(place, slot): kind for place, slot, kind in cells(found)}
    assert set(told) == {(place, slot) for place in ("T0", "T1") for slot in indexes}
    taken = {cell: kind for cell, kind in told.items() if kind != "free"}
    assert taken == {("T0", 2): "meeting", ("T1", 4): "block", ("T1", 5): "block"}
    first, second = found["places"]
    (held,) = first["held"]
    assert held["meeting"]["id"] == request["meeting"]["id"]
    assert (held["meeting"]["state"], held["meeting"]["locked"]) == ("scheduled", False)
    people = held["meeting"]["people"]
    assert [one["person"]["id"] for one in people] == [
        tehran.buyer.person_id,
        tehran.seller.person_id,
    ]
    assert people[0]["organisation"] == request["from_organisation"]
    assert [one["came"] for one in people] == [None, None]
    assert first["hall"]["name"] == "Hall 1"
    assert second["held"][0]["label"] == "Cleaning"
    other = await grid(tehran, markets.DAYS[1])
    assert {kind for _, _, kind in cells(other)} == {"free"}


async def test_the_grid_is_read_again_only_when_it_changed(tehran: Fair) -> None:
    slots = await tehran.slots()
    request = await tehran.met(slots[0])
    address = f"/markets/{tehran.id}/grid?day={markets.DAYS[0]}"
    tag = {"If-None-Match": (await tehran.organiser.get(address)).headers["ETag"]}
    assert (await tehran.organiser.get(address, headers=tag)).status_code == 304
    await respond(tehran.buyer, request, "cancel")
    assert (await tehran.organiser.get(address, headers=tag)).status_code == 200
    await tehran.organiser.patch(f"/places/{tehran.tables[0]['id']}", {"closed": True})
    closed = (await grid(tehran))["places"][0]
    assert (closed["closed"], closed["free"]) == (True, [])


async def test_a_day_without_hours_has_places_and_no_slots(tehran: Fair) -> None:
    answer = await tehran.organiser.put(
        f"/markets/{tehran.id}/hours", markets.hours(markets.DAYS[0])
    )
    assert answer.status_code == 200, answer.text
    found = await grid(tehran, markets.DAYS[3])
    assert (found["slots"], len(found["places"])) == ([], 2)


async def test_the_grid_is_of_a_day_of_the_market(tehran: Fair) -> None:
    for view in ("grid", "counts"):
        address = f"/markets/{tehran.id}/{view}"
        answer = await tehran.organiser.get(address)
        assert answer.json()["day"] == markets.DAYS[0]
        for day in ("2027-06-13", "9999-12-31", "today"):
            refused(await tehran.organiser.get(f"{address}?day={day}"), 422, "invalid")
        refused(await tehran.buyer.get(address), 403, "forbidden")
        refused(await tehran.organiser.get(f"/markets/404/{view}"), 404, "not_found")


async def test_the_figures_follow_the_day(world: World) -> None:
    tehran = await fair(world, tables=6)
    slots = await tehran.slots()
    pairs = [(await tehran.another("buyer"), await tehran.another("seller")) for _ in range(5)]
    running, held, missed, silent, off = [await tehran.met(slots[0], *pair) for pair in pairs]
    await tehran.asked()
    now = await market_now(tehran.organiser)
    # The day of 2027 is today: what was agreed there is of the market that is open now.
    await execute(world, "UPDATE meetings SET place_id = NULL, market_id = NULL")
    await execute(world, "UPDATE meeting_requests SET market_id = :id", id=int(now["id"]))
    await execute(world, "UPDATE meetings SET market_id = :id", id=int(now["id"]))
    for request, minutes in ((running, -1), (held, -1), (missed, -20), (silent, -40), (off, -1)):
        await starts_in(world, request["meeting"]["id"], minutes)
    for caller in pairs[1]:
        await caller.post(f"/meetings/{held['meeting']['id']}/check-in")
    await pairs[2][0].post(f"/meetings/{missed['meeting']['id']}/check-in")
    await pairs[2][0].post(f"/meetings/{missed['meeting']['id']}/no-show")
    await respond(pairs[4][0], off, "cancel")
    badge = await markets.accredited(tehran.organiser, now["id"], tehran.seller)
    await markets.accredited(tehran.organiser, now["id"], tehran.buyer, "buyer")
    await tehran.organiser.post(f"/accreditations/{badge['id']}/check-in")
    hall = await markets.hall(tehran.organiser, now["id"])
    table = await markets.place(tehran.organiser, hall)
    await markets.place(tehran.organiser, hall, "B13")
    await block(tehran, table, f"{today()}T00:00:00Z", 1440, "All day")

    answer = await tehran.organiser.get(f"/markets/{now['id']}/counts")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    wanted = {"scheduled": 1, "held": 1, "no_show": 1, "unconfirmed": 1, "cancelled": 1}
    # Within the first hour of a day some of it was yesterday.
    yesterday = f"/markets/{now['id']}/counts?day={today() - timedelta(days=1)}"
    days = [found, (await tehran.organiser.get(yesterday)).json()]
    total = {kind: sum(day["meetings"][kind] for day in days) for kind in wanted}
    assert total == wanted
    for day in days:
        hours = day["hours"]
        assert {kind: sum(hour[kind] for hour in hours) for kind in wanted} == day["meetings"]
    assert found["requests"] == {
        "pending": 1,
        "scheduled": 2,
        "held": 1,
        "no_show": 1,
        "cancelled": 1,
    }
    assert (found["accredited"], found["checked_in"]) == (2, 1)
    assert (found["places"], found["places_in_use"]) == (2, 1)
