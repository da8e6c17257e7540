"""What the tests of markets share: editions, halls and places made over HTTP."""

from itertools import count
from typing import Any

from tests.world import Caller

Json = dict[str, Any]
_NUMBERS = count(1)
DAYS = ("2027-06-14", "2027-06-15", "2027-06-16", "2027-06-17")


def market(**wanted: Any) -> Json:
    """Give what a market is made of: four days in Tehran."""
    return {
        "name": f"Market {next(_NUMBERS)}",
        "starts_on": DAYS[0],
        "ends_on": DAYS[-1],
        "time_zone": "Asia/Tehran",
        "slot_minutes": 30,
        **wanted,
    }


def hours(*days: str, opens: str = "09:00", closes: str = "18:00", **more: Any) -> Json:
    """Give the same hours of some days, with an hour at noon."""
    noon = [{"starts": "12:30", "ends": "13:30"}]
    same = {"opens": opens, "closes": closes, "breaks": noon, **more}
    return {"days": [{"day": day, **same} for day in days or DAYS]}


async def made(caller: Caller, path: str, body: Json) -> Json:
    """Make something, and give it."""
    answer = await caller.post(path, body)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def draft(organiser: Caller, **wanted: Any) -> Json:
    """Make a draft with hours."""
    found = await made(organiser, "/markets", market(**wanted))
    answer = await organiser.put(f"/markets/{found['id']}/hours", hours())
    assert answer.status_code == 200, answer.text
    return found


async def opened(organiser: Caller, **wanted: Any) -> Json:
    """Make a market and open it."""
    found = await draft(organiser, **wanted)
    answer = await organiser.post(f"/markets/{found['id']}/open")
    assert answer.status_code == 200, answer.text
    opened: Json = answer.json()
    return opened


async def hall(organiser: Caller, market_id: str, name: str = "Hall 1") -> Json:
    """Make a hall."""
    return await made(organiser, f"/markets/{market_id}/halls", {"name": name})


async def place(organiser: Caller, hall: Json, name: str = "B12", **wanted: Any) -> Json:
    """Make a table of a hall."""
    body = {"name": name, "kind": "table", "hall_id": hall["id"], **wanted}
    return await made(organiser, f"/markets/{hall['market_id']}/places", body)


async def accredited(
    by: Caller, market_id: str, person: Caller, role: str = "seller", **wanted: Any
) -> Json:
    """Register somebody."""
    body = {"person_id": person.person_id, "role": role, **wanted}
    return await made(by, f"/markets/{market_id}/accreditations", body)
