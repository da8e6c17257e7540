"""What the tests of the day share: meetings and markets that are just about to begin."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.markets import Json, made, market
from tests.meetings import execute, meet
from tests.world import Caller, World


async def starts_in(world: World, meeting_id: str, minutes: float, lasts: float = 30) -> None:
    """Let a meeting begin so many minutes from now: nobody sets the clock."""
    await execute(
        world,
        "UPDATE meetings SET during = tstzrange(now() + :starts, now() + :ends) WHERE id = :id",
        starts=timedelta(minutes=minutes),
        ends=timedelta(minutes=minutes + lasts),
        id=int(meeting_id),
    )


async def meeting_in(world: World, asker: Caller, asked: Caller, minutes: float) -> str:
    """Make a meeting that begins so many minutes from now, and give its id."""
    accepted = await meet(asker, asked, 12, 12.5)
    id_: str = accepted["meeting"]["id"]
    await starts_in(world, id_, minutes)
    return id_


def today() -> date:
    """Give the day it is; markets here are on the clock of UTC."""
    return datetime.now(UTC).date()


async def market_now(organiser: Caller, **wanted: Any) -> Json:
    """Open a market that lasts from yesterday to the day after tomorrow, day and night."""
    days = [str(today() + timedelta(days=number)) for number in range(-1, 3)]
    dates = {"starts_on": days[0], "ends_on": days[-1], "time_zone": "UTC"}
    found = await made(organiser, "/markets", market(**dates, **wanted))
    hours = [{"day": day, "opens": "00:00", "closes": "23:59", "breaks": []} for day in days]
    address = f"/markets/{found['id']}"
    assert (await organiser.put(f"{address}/hours", {"days": hours})).status_code == 200
    answer = await organiser.post(f"{address}/open")
    assert answer.status_code == 200, answer.text
    opened: Json = answer.json()
    return opened
