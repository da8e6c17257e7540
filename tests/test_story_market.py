"""The story of a small market, told over HTTP: from accreditation to the one who did not come."""

from datetime import UTC, datetime
from typing import Any

import httpx2
from icalendar import Calendar

from tests import markets
from tests.day import starts_in
from tests.markets import made
from tests.meetings import faults
from tests.schedules import work
from tests.world import Caller, World

Json = dict[str, Any]


def done(answer: httpx2.Response, status: int = 200) -> Any:
    """Give what was answered, if all is well."""
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_small_market_from_accreditation_to_the_one_who_did_not_come(  # noqa: PLR0915
    world: World, organiser: Caller
) -> None:
    # The organisers prepare an edition in Tehran: hours, a break, two halls, three tables.
    market = await made(organiser, "/markets", markets.market(meetings_a_day=4, request_quota=5))
    address = f"/markets/{market['id']}"
    done(await organiser.put(f"{address}/hours", markets.hours()))
    hall, far = [await markets.hall(organiser, market["id"], name) for name in ("Hall 1", "Hall 2")]
    walk = {"hall_ids": [hall["id"], far["id"]], "minutes": 12}
    done(await organiser.put(f"{address}/walks", {"walks": [walk]}))
    tables = [await markets.place(organiser, hall, name) for name in ("T1", "T2")]
    done(await organiser.post(f"{address}/open"))

    # Two sellers and two buyers register their people; one seller has a stand of their own.
    sellers = [await world.seller(name) for name in ("Mosfilm", "Kazakhfilm")]
    buyers = [await world.buyer(name) for name in ("Farabi", "Lumbini TV")]
    for person, role in [(one, "seller") for one in sellers] + [(one, "buyer") for one in buyers]:
        await markets.accredited(person, market["id"], person, role)
    stand = {"kind": "stand", "seller_id": sellers[0].organisation_id}
    stand = await markets.place(organiser, far, "Mosfilm", **stand)
    slots = done(await buyers[0].get(f"{address}/slots?limit=100"))["items"]

    # A buyer asks; the seller proposes another time; the buyer takes one of those free for both.
    wish = {key: slots[0][key] for key in ("starts_at", "ends_at")}
    ask = {"market_id": market["id"], "to_organisation_id": sellers[0].organisation_id}
    request = done(
        await buyers[0].post(
            "/meeting-requests",
            ask | {"topics": ["co-production"], "priority": 3, "proposed_times": [wish]},
        ),
        201,
    )
    path = f"/meeting-requests/{request['id']}"
    lunch = {key: slots[0][key] for key in ("starts_at", "ends_at")} | {"label": "Breakfast"}
    await made(sellers[0], "/agenda/blocks", lunch)
    later = {"starts_at": slots[1]["starts_at"], "ends_at": slots[3]["ends_at"]}
    done(await sellers[0].post(f"{path}/counter", {"proposed_times": [later]}))
    offered = done(await buyers[0].get(f"{path}/slots"))["items"]
    assert [one["starts_at"] for one in offered] == [one["starts_at"] for one in slots[1:4]]
    taken = done(await buyers[0].post(f"{path}/accept", {"starts_at": offered[0]["starts_at"]}))
    assert taken["state"] == "scheduled"
    assert taken["meeting"]["place_id"] == stand["id"]
    agreed = taken["meeting"]["id"]

    # The other wishes are left to the schedule, which proves that none of them need be left out.
    waiting = []
    for asker, asked in [(buyers[0], sellers[1]), (buyers[1], sellers[0]), (sellers[1], buyers[1])]:
        to = ask | {"to_organisation_id": asked.organisation_id}
        wanted = done(await asker.post("/meeting-requests", to), 201)
        accept = f"/meeting-requests/{wanted['id']}/accept"
        assert done(await asked.post(accept, {"anyone": True}))["state"] == "accepted"
        waiting.append(wanted["id"])
    run = done(await organiser.post(f"{address}/schedule-runs", {"seed": 1, "effort": 0.1}), 202)
    await work(world)
    plan = done(await organiser.get(f"/schedule-runs/{run['id']}"))["plan"]
    assert (plan["status"], plan["gap"], plan["counts"]["left_out"]) == ("optimal", 0, 0)
    done(await organiser.post(f"/schedule-runs/{run['id']}/apply"))
    for id_ in waiting:
        assert done(await organiser.get(f"/meeting-requests/{id_}"))["state"] == "scheduled"
    assert await faults(world) == []

    # Everybody has it in their calendar.
    feed = await made(buyers[1], "/agenda/calendar-feeds", {})
    token = feed["url"].partition("token=")[2]
    file = await world.anonymous.get(f"/agenda.ics?token={token}")
    events = Calendar.from_ical(file.content).walk("VEVENT")
    agenda = done(await buyers[1].get("/agenda?from=2027-01-01T00:00:00Z"))["items"]
    assert {one["starts_at"] for one in agenda} == {
        event.decoded("DTSTART").astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for event in events
    }
    assert len(agenda) == 2

    # A table breaks. Who sits there is named, waits for a repair, and has another place after it.
    grid = done(await organiser.get(f"{address}/grid?day={markets.DAYS[0]}"))
    assert grid["day"] == markets.DAYS[0]
    at_tables = [one for one in await meetings_of(sellers[1]) if one["place_id"] != stand["id"]]
    broken = at_tables[0]["place_id"]
    refused = await organiser.patch(f"/places/{broken}", {"closed": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "strands_meetings")
    stranded = refused.json()["count"]
    done(await organiser.patch(f"/places/{broken}?stranded=replan", {"closed": True}))
    repair = {"mode": "repair", "seed": 1, "effort": 0.1}
    run = done(await organiser.post(f"{address}/schedule-runs", repair), 202)
    await work(world)
    plan = done(await organiser.get(f"/schedule-runs/{run['id']}"))["plan"]
    assert (plan["counts"]["new"], plan["counts"]["moved"]) == (stranded, 0)
    done(await organiser.post(f"/schedule-runs/{run['id']}/apply"))
    assert broken not in {one["place_id"] for one in await meetings_of(sellers[1])}
    assert len({table["id"] for table in tables}) == 2

    # The day comes. Two meet, and note what came of it for themselves alone.
    await starts_in(world, agreed, -1)
    for person in (buyers[0], sellers[0]):
        met = done(await person.post(f"/meetings/{agreed}/check-in"))
    assert met["state"] == "held"
    done(await buyers[0].put(f"/meetings/{agreed}/notes", {"text": "Ask for six."}))
    assert "six" not in (await sellers[0].get(f"/meetings/{agreed}/notes")).text

    # Another one waits in vain, longer than the market's grace; it is a no-show, and is counted.
    missed = next(
        one["id"] for one in await meetings_of(buyers[1]) if one["request_id"] == waiting[2]
    )
    await starts_in(world, missed, -15)
    done(await sellers[1].post(f"/meetings/{missed}/check-in"))
    assert done(await sellers[1].post(f"/meetings/{missed}/no-show"))["state"] == "no_show"
    assert done(await buyers[1].get(f"/meeting-requests/{waiting[2]}"))["state"] == "no_show"
    assert await faults(world) == []


async def meetings_of(person: Caller) -> list[Json]:
    """Give what somebody has on their agenda, whenever it is."""
    found: list[Json] = done(await person.get("/agenda?from=2026-01-01T00:00:00Z"))["items"]
    assert [datetime.fromisoformat(one["starts_at"]) for one in found]
    return found
