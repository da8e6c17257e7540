"""What a person has planned: as JSON on everybody's clock, and as a file for a calendar program."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.models import Role
from tests.calendars import ONE_DAY, expanded, parse
from tests.meetings import TOMORROW, ask, at, execute, make_title, meet, period, respond
from tests.world import Caller, World

ZONES = {
    "Asia/Tehran": timedelta(hours=3.5),
    "Asia/Kolkata": timedelta(hours=5.5),
    "Europe/Moscow": timedelta(hours=3),
    "Asia/Shanghai": timedelta(hours=8),
    "Asia/Kathmandu": timedelta(hours=5.75),
}


async def in_zone(world: World, caller: Caller, time_zone: str) -> Caller:
    """Give a colleague who lives by another clock."""
    return await world.person(caller.organisation_id, role=Role.ADMIN, time_zone=time_zone)


async def agenda(caller: Caller, query: str = "") -> list[Any]:
    answer = await caller.get(f"/agenda{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def calendar(caller: Caller, **headers: str) -> list[Any]:
    answer = await caller.get("/agenda.ics", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(parse(answer.content).walk("VEVENT"))


async def test_an_agenda_shows_each_meeting_on_the_clock_of_both(
    world: World, seller: Caller, buyer: Caller
) -> None:
    tehran = await in_zone(world, buyer, "Asia/Tehran")
    delhi = await in_zone(world, seller, "Asia/Kolkata")
    title = await make_title(world, seller, "Сталкер", texts={"fa": "استاکر"})
    accepted = await meet(tehran, delhi, 0, 0.5, title_ids=[title])

    (meeting,) = await agenda(tehran)
    summary = accepted["meeting"]
    assert meeting == summary | {
        "request_id": accepted["id"],
        "titles": [{"id": title, "title": "Сталкер", "language": None}],
        "local": local("Asia/Tehran", 0, 0.5),
    }
    assert [one["local"] for one in meeting["attendees"]] == [
        local("Asia/Tehran", 0, 0.5),
        local("Asia/Kolkata", 0, 0.5),
    ]
    (other,) = await agenda(delhi)
    assert other == meeting | {"local": local("Asia/Kolkata", 0, 0.5)}
    assert await agenda(seller) == await agenda(buyer) == []

    await tehran.patch("/me", {"time_zone": "Europe/Moscow"})
    (moved,) = await agenda(tehran)
    assert moved["local"] == moved["attendees"][0]["local"] == local("Europe/Moscow", 0, 0.5)


def local(time_zone: str, starts: float, ends: float) -> dict[str, str]:
    zone = ZoneInfo(time_zone)
    starts_at, ends_at = (
        (TOMORROW + timedelta(hours=hours)).astimezone(zone).isoformat() for hours in (starts, ends)
    )
    return {"time_zone": time_zone, "starts_at": starts_at, "ends_at": ends_at}


async def test_an_agenda_is_in_the_order_of_time_and_cut_by_it(
    world: World, seller: Caller
) -> None:
    hours = [5, 1, 3, 0, 4, 2]
    ids = {}
    for hour in hours:
        accepted = await meet(await world.buyer(), seller, hour, hour + 1)
        ids[hour] = accepted["meeting"]["id"]
    everything = [ids[hour] for hour in sorted(hours)]

    async def listed(query: str) -> list[str]:
        return [meeting["id"] for meeting in await agenda(seller, query)]

    assert await listed("") == everything
    # What has begun and not ended belongs to both sides of an instant.
    assert await listed(f"?from={at(2.5)}") == everything[2:]
    assert await listed(f"?from={at(3)}") == everything[3:]
    assert await listed(f"?until={at(2)}") == everything[:2]
    assert await listed(f"?from={at(1)}&until={at(1.5)}") == everything[1:2]

    seen, address = [], "/agenda?limit=4"
    while address:
        page = await seller.get(address)
        seen += [meeting["id"] for meeting in page.json()["items"]]
        link = page.headers.get("Link", "")
        address = link.removeprefix("<").partition(">")[0]
    assert seen == everything
    forged = "WyJzdGFydHNfYXQiLCAiMjAyNi0xMS0yNCIsICJ4Il0"
    assert (await seller.get(f"/agenda?cursor={forged}")).json()["code"] == "invalid_cursor"


@pytest.mark.parametrize("when", ["yesterday", "2026-11-24", "2026-11-24T10:00:00", "1900000000"])
async def test_an_instant_without_an_offset_is_refused(seller: Caller, when: str) -> None:
    for parameter in ("from", "until"):
        answer = await seller.get("/agenda", params={parameter: when})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["parameter"] == parameter


async def test_what_is_over_is_listed_on_demand(
    world: World, seller: Caller, buyer: Caller
) -> None:
    await meet(buyer, seller, 0, 1)
    await execute(world, "UPDATE meetings SET during = '[2026-01-05 10:00Z, 2026-01-05 11:00Z)'")
    assert await agenda(seller) == []
    assert len(await agenda(seller, "?from=2026-01-01T00:00:00Z")) == 1


async def test_a_cancelled_meeting_leaves_the_agenda_and_stays_to_be_read(
    world: World, seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    accepted = await meet(buyer, seller, 0, 1)
    address = f"/meetings/{accepted['meeting']['id']}"
    answer = await buyer.get(address)
    assert answer.json() == (await agenda(buyer))[0]
    etag = answer.headers["ETag"]
    assert (await buyer.get(address, headers={"If-None-Match": etag})).status_code == 304

    await respond(seller, accepted, "cancel")
    assert await agenda(buyer) == []
    for caller in (seller, await world.person(buyer.organisation_id), organiser):
        meeting = (await caller.get(address, headers={"If-None-Match": etag})).json()
        assert (meeting["sequence"], meeting["cancelled_at"] is None) == (1, False)
    for stranger in (await world.seller(), await world.buyer()):
        assert (await stranger.get(address)).status_code == 404


async def test_a_calendar_file_says_with_whom_about_what_and_where(
    world: World, buyer: Caller
) -> None:
    seller = await world.seller('Студия "Мосфильм"; Москва, Россия')
    names = ["Сталкер", "Зеркало, или «Белый день»", "潜行者" * 40, "उसने कहा था"]
    titles = [await make_title(world, seller, name) for name in names]
    message = "First line\r\nsecond; line, with\ttab\x07 and \\ backslash\u2028end"
    request = await ask(buyer, seller, title_ids=titles, message=message)
    wanted = {**period(0, 0.5), "place": "Halle 7,\nStand; B12"}
    accepted = (await respond(seller, request, "accept", wanted)).json()

    answer = await buyer.get("/agenda.ics")

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'inline; filename="agenda.ics"'
    assert answer.content.endswith(b"END:VCALENDAR\r\n")
    assert max(len(line) for line in answer.content.split(b"\r\n")) <= 75
    assert b"\n" not in answer.content.replace(b"\r\n", b"")
    (event,) = parse(answer.content).walk("VEVENT")
    meeting = accepted["meeting"]
    assert event["UID"] == f"meeting-{meeting['id']}@127.0.0.1"
    assert event["SUMMARY"] == f'Студия "Мосфильм"; Москва, Россия: {", ".join(names[:3])} +1'
    assert event["LOCATION"] == "Halle 7,\nStand; B12"
    assert event["DESCRIPTION"] == (
        f'{meeting["attendees"][1]["person"]["name"]}, Студия "Мосфильм"; Москва, Россия\n\n'
        + "\n".join(names)
        + "\n\nFirst line\nsecond; line, with\ttab  and \\ backslash\nend"
    )
    assert event["URL"] == f"http://127.0.0.1:8000/v1/meetings/{meeting['id']}"
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 0)
    assert event["DTSTART"].dt == datetime.fromisoformat(at(0))
    assert event["DTEND"].dt == datetime.fromisoformat(at(0.5))
    assert b"\r\nDTSTART:" + at(0).replace("-", "").replace(":", "").encode() in answer.content
    (other,) = await calendar(seller)
    assert str(other["SUMMARY"]).startswith("Company ")
    assert other["UID"] == event["UID"]


async def test_a_calendar_file_names_both_people_but_gives_no_address_away(
    world: World, seller: Caller, buyer: Caller
) -> None:
    await execute(world, "UPDATE people SET name = 'Ann \"Anya\"; O:Neill\r\n, Ms' || id")
    await meet(buyer, seller, 0, 1)
    (event,) = await calendar(buyer)
    assert event["ATTENDEE"] == [
        f"mailto:{buyer.email}",
        f"urn:filmmart:person:{seller.person_id}",
    ]
    assert [one.params["CN"] for one in event["ATTENDEE"]] == [
        f'Ann "Anya"; O:Neill , Ms{one.person_id}' for one in (buyer, seller)
    ]
    assert {one.params["PARTSTAT"] for one in event["ATTENDEE"]} == {"ACCEPTED"}
    assert buyer.email.encode() not in (await seller.get("/agenda.ics")).content


async def test_a_cancelled_meeting_is_marked_so_under_the_same_uid(
    seller: Caller, buyer: Caller
) -> None:
    accepted = await meet(buyer, seller, 0, 1)
    before = await buyer.get("/agenda.ics")
    (confirmed,) = await calendar(buyer)
    assert (await buyer.get("/agenda.ics")).content == before.content
    unchanged = {"If-None-Match": before.headers["ETag"]}
    assert (await buyer.get("/agenda.ics", headers=unchanged)).status_code == 304

    await respond(seller, accepted, "cancel")
    (cancelled,) = await calendar(buyer, **unchanged)
    assert cancelled["UID"] == confirmed["UID"]
    assert (cancelled["STATUS"], cancelled["SEQUENCE"]) == ("CANCELLED", 1)
    assert cancelled["DTSTAMP"].dt >= confirmed["DTSTAMP"].dt
    assert cancelled["LAST-MODIFIED"].dt == cancelled["DTSTAMP"].dt


async def test_an_empty_calendar_is_a_calendar(seller: Caller) -> None:
    answer = await seller.get("/agenda.ics")
    assert answer.status_code == 200
    assert parse(answer.content)["VERSION"] == "2.0"
    assert await calendar(seller) == []


async def test_titles_in_a_calendar_are_named_as_its_reader_reads(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await make_title(world, seller, "Сталкер", texts={"zh": "潜行者", "fa": "استاکر"})
    await meet(buyer, seller, 0, 1, title_ids=[title])
    (event,) = await calendar(buyer, **{"Accept-Language": "zh-CN"})
    assert str(event["SUMMARY"]).endswith(": 潜行者")
    await buyer.patch("/me", {"language": "fa"})
    (event,) = await calendar(await signed_in_anew(world, buyer))
    assert str(event["SUMMARY"]).endswith(": استاکر")


async def signed_in_anew(world: World, caller: Caller) -> Caller:
    """Give the same person with another token: who asks is remembered for some seconds."""
    answer = await world.anonymous.post(
        "/oauth/token", data={"username": caller.email, "password": "correct-horse-battery"}
    )
    return Caller(world.http, answer.json()["access_token"], caller.person_id)


@pytest.mark.parametrize(("time_zone", "offset"), ZONES.items())
async def test_a_calendar_program_shows_the_right_local_time(
    world: World, seller: Caller, buyer: Caller, time_zone: str, offset: timedelta
) -> None:
    guest = await in_zone(world, buyer, time_zone)
    await meet(guest, seller, 0, 0.5)
    expected = (TOMORROW + offset).replace(tzinfo=None)

    (event,) = await calendar(guest)
    shown = event["DTSTART"].dt.astimezone(ZoneInfo(time_zone))
    assert shown.replace(tzinfo=None) == expected

    content = (await guest.get("/agenda.ics")).content
    day = expected.date()
    assert expanded(content, day, day, time_zone) == [(TOMORROW, TOMORROW + ONE_DAY / 48)]


def next_change(time_zone: str) -> date:
    """Give the last day before a zone's clocks change, from the day after tomorrow on."""
    zone = ZoneInfo(time_zone)
    day = (TOMORROW + timedelta(days=1)).date()
    while ten_o_clock(day, zone).utcoffset() == ten_o_clock(day + ONE_DAY, zone).utcoffset():
        day += ONE_DAY
    return day


def ten_o_clock(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=zone)


@pytest.mark.parametrize("time_zone", ["Europe/Berlin", "America/New_York", "Africa/Cairo"])
async def test_ten_o_clock_is_ten_o_clock_before_and_after_the_clocks_change(
    world: World, seller: Caller, buyer: Caller, time_zone: str
) -> None:
    guest = await in_zone(world, buyer, time_zone)
    last_day = next_change(time_zone)
    starts = [ten_o_clock(day, ZoneInfo(time_zone)) for day in (last_day, last_day + ONE_DAY)]
    assert starts[1].astimezone(UTC) - starts[0].astimezone(UTC) != ONE_DAY
    for start in starts:
        ends_at = (start + timedelta(hours=1)).isoformat()
        await accept_at(guest, seller, {"starts_at": start.isoformat(), "ends_at": ends_at})

    shown = [meeting["local"]["starts_at"] for meeting in await agenda(guest)]
    assert shown == [start.isoformat() for start in starts]
    content = (await guest.get("/agenda.ics")).content
    for start in starts:
        ((begun, _),) = expanded(content, start.date(), start.date(), time_zone)
        assert begun.astimezone(ZoneInfo(time_zone)).isoformat() == start.isoformat()


async def accept_at(asker: Caller, asked: Caller, body: dict[str, Any]) -> None:
    answer = await respond(asked, await ask(asker, asked), "accept", body)
    assert answer.status_code == 200, answer.text


async def test_the_market_has_four_clocks_and_one_meeting(world: World) -> None:
    """Tehran, Delhi, Moscow and Chongqing find the same instant, each on their own clock."""
    chongqing = await in_zone(world, await world.seller(), "Asia/Chongqing")
    instants = set()
    for hour, time_zone in enumerate(("Asia/Tehran", "Asia/Kolkata", "Europe/Moscow")):
        guest = await in_zone(world, await world.buyer(), time_zone)
        await meet(guest, chongqing, hour, hour + 1)
        (own,) = await agenda(guest)
        assert own["local"] == local(time_zone, hour, hour + 1)
        instants.add(own["starts_at"])
    seen = await agenda(chongqing)
    assert {meeting["starts_at"] for meeting in seen} == instants
    assert [meeting["local"] for meeting in seen] == [
        local("Asia/Chongqing", hour, hour + 1) for hour in range(3)
    ]
