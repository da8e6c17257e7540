"""What the clock says: to people in many zones, and in the week in which clocks change.

JSON's local times and calendar files, read back by programs that know nothing of each other, mean
the same instants.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.agendas.rules import Period
from app.meetings.agenda import CalendarOwner
from app.meetings.calendar_events import CalendarView
from app.meetings.calendars import calendar_of
from app.meetings.views import local_period
from app.models import Role
from tests.calendars import NOON, ONE_DAY, Span, expanded, instants, meeting_of, read
from tests.markets import accredited, hall, hours, made, market, place
from tests.meetings import TOMORROW, ask, meet, respond
from tests.world import Caller, World

Json = dict[str, Any]
FOUR = {
    "Asia/Tehran": "+03:30",
    "Asia/Kolkata": "+05:30",
    "Europe/Moscow": "+03:00",
    "Asia/Chongqing": "+08:00",
}


def spans(meetings: list[Json]) -> list[Span]:
    """Give the instants of meetings after all that JSON says of each was found to mean the same."""
    found: list[Span] = []
    for meeting in meetings:
        told = [meeting, meeting["local"], *(one["local"] for one in meeting["attendees"])]
        meant = {(instant(one["starts_at"]), instant(one["ends_at"])) for one in told}
        assert len(meant) == 1, meeting
        found += meant
    return sorted(found)


def instant(told: str) -> datetime:
    found = datetime.fromisoformat(told)
    assert found.tzinfo is not None
    return found.astimezone(UTC)


async def agenda(caller: Caller) -> list[Json]:
    answer = await caller.get("/agenda?limit=100")
    assert answer.status_code == 200, answer.text
    meetings: list[Json] = answer.json()["items"]
    return meetings


async def test_tehran_delhi_moscow_and_chongqing_mean_one_instant(
    world: World, seller: Caller, buyer: Caller
) -> None:
    tehran = await world.person(buyer.organisation_id, time_zone="Asia/Tehran")
    delhi = await world.person(buyer.organisation_id, time_zone="Asia/Kolkata")
    moscow = await world.person(seller.organisation_id, time_zone="Europe/Moscow")
    chongqing = await world.person(
        seller.organisation_id, role=Role.ADMIN, time_zone="Asia/Chongqing"
    )
    accepted = await meet(tehran, chongqing, 0, 0.5)
    address = f"/meetings/{accepted['meeting']['id']}"
    expected = (TOMORROW, TOMORROW + timedelta(minutes=30))
    for caller, zone in zip((tehran, delhi, moscow, chongqing), FOUR, strict=True):
        shown = (await caller.get(address)).json()
        assert shown["local"]["time_zone"] == zone
        assert shown["local"]["starts_at"].endswith(FOUR[zone])
        assert [one["local"]["time_zone"] for one in shown["attendees"]] == [
            "Asia/Tehran",
            "Asia/Chongqing",
        ]
        assert spans([shown]) == [expected]
        assert instants(await read(caller, f"{address}.ics")) == [expected]
    for caller in (tehran, chongqing):
        assert spans(await agenda(caller)) == instants(await read(caller)) == [expected]


def changes(time_zone: str) -> Iterator[date]:
    """Give the days on which a zone's clocks change, from some days ahead on."""
    zone = ZoneInfo(time_zone)
    day = (TOMORROW + 3 * ONE_DAY).date()
    while True:
        if midnight(day, zone).utcoffset() != midnight(day + ONE_DAY, zone).utcoffset():
            yield day
        day += ONE_DAY


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def offset_of(told: str) -> timedelta:
    """Say by how much a clock is ahead of UTC."""
    found = datetime.fromisoformat(told)
    return found.replace(tzinfo=UTC) - found


async def nights_of(
    organiser: Caller, time_zone: str, days: tuple[date, ...], *people: Caller
) -> tuple[str, list[Json]]:
    """Open a market with a table that is awake on these nights; give its id and its slots."""
    wanted = market(
        starts_on=str(days[0]), ends_on=str(days[-1]), time_zone=time_zone, slot_minutes=60
    )
    id_ = (await made(organiser, "/markets", wanted))["id"]
    nights = hours(*map(str, days), opens="00:30", closes="03:30")
    for night in nights["days"]:
        night["breaks"] = []
    assert (await organiser.put(f"/markets/{id_}/hours", nights)).status_code == 200
    assert (await organiser.post(f"/markets/{id_}/open")).status_code == 200
    await place(organiser, await hall(organiser, id_))
    for person, role in zip(people, ("seller", "buyer"), strict=True):
        await accredited(organiser, id_, person, role)
    listed = (await organiser.get(f"/markets/{id_}/slots?limit=100")).json()
    assert listed["next_cursor"] is None
    return id_, listed["items"]


@pytest.mark.parametrize("number", [0, 1], ids=["next", "after next"])
@pytest.mark.parametrize(
    ("time_zone", "change"),
    [("Europe/Berlin", 60), ("America/New_York", 60), ("Australia/Lord_Howe", 30)],
)
async def test_a_market_on_the_days_on_which_its_clocks_change(
    world: World, organiser: Caller, seller: Caller, time_zone: str, change: int, number: int
) -> None:
    day = next(islice(changes(time_zone), number, None))
    days = (day - ONE_DAY, day, day + ONE_DAY)
    local = await world.person(seller.organisation_id, time_zone=time_zone)
    buyer = await world.buyer()
    abroad = await world.person(buyer.organisation_id, time_zone="Asia/Kathmandu")
    market_id, slots = await nights_of(organiser, time_zone, days, local, abroad)
    winter, summer = sorted({offset_of(one["local"]["starts_at"]) for one in slots})
    assert summer - winter == timedelta(minutes=change)
    # One of the nights is longer or shorter than the others, in fact.
    assert len(slots) in {60: (8, 10), 30: (8, 9)}[change]

    for slot in slots:
        request = await ask(abroad, local, market_id=market_id, to_person_id=local.person_id)
        body = {name: slot["local"][name] for name in ("starts_at", "ends_at")}
        answer = await respond(local, request, "accept", body)
        assert answer.status_code == 200, answer.text

    expected = [(instant(one["starts_at"]), instant(one["ends_at"])) for one in slots]
    assert {ends - starts for starts, ends in expected} == {timedelta(hours=1)}
    for caller in (local, abroad):
        assert spans(await agenda(caller)) == expected
        content = await read(caller)
        assert instants(content) == expected
        assert expanded(content, days[0], days[-1], time_zone) == expected
    assert [one["local"] for one in await agenda(local)] == [
        {"time_zone": time_zone, **slot["local"]} for slot in slots
    ]
    assert {one["local"]["starts_at"][-6:] for one in await agenda(abroad)} == {"+05:45"}


ZONES = sorted(available_timezones())
SECONDS = st.integers(0, int((datetime(2100, 1, 1, tzinfo=UTC) - NOON).total_seconds()))


@given(st.sampled_from(ZONES), SECONDS, st.integers(300, 8 * 3600))
@settings(max_examples=300, deadline=None)
def test_every_zone_means_the_instant_that_was_meant(zone: str, after: int, length: int) -> None:
    starts = NOON + timedelta(seconds=after)
    span = (starts, starts + timedelta(seconds=length))
    local = local_period(Period(*span), zone).model_dump(mode="json")
    assert (instant(local["starts_at"]), instant(local["ends_at"])) == span
    owner = CalendarOwner(10, "ann@company.example", zone)
    content = calendar_of([meeting_of(span)], [], CalendarView(owner, {}, "https://f.example"))
    assert instants(content) == [span]
