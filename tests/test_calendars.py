"""Calendar files over HTTP: invitations and cancellations, and one's own blocks in the agenda."""

from datetime import timedelta
from typing import Any

import pytest

from app.models import Role
from tests.calendars import block, events, instants, parse, read, require_well_formed
from tests.fairs import fair
from tests.meetings import TOMORROW, execute, make_title, meet, period, respond
from tests.meetings import ask as asked
from tests.world import Caller, World

Json = dict[str, Any]


def path_of(accepted: Json) -> str:
    return f"/meetings/{accepted['meeting']['id']}.ics"


async def test_who_meets_is_invited_by_the_market(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await make_title(world, seller)
    request = await asked(buyer, seller, title_ids=[title])
    wanted = {**period(0, 0.5), "place": "Hall 1, B12"}
    accepted = (await respond(seller, request, "accept", wanted)).json()

    answer = await buyer.get(path_of(accepted))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; method=REQUEST; charset=utf-8"
    name = f"meeting-{accepted['meeting']['id']}.ics"
    assert answer.headers["Content-Disposition"] == f'inline; filename="{name}"'
    require_well_formed(answer.content)
    invitation = parse(answer.content)
    assert set(invitation) == {"VERSION", "PRODID", "CALSCALE", "METHOD"}
    assert invitation["METHOD"] == "REQUEST"
    (event,) = events(answer.content)
    assert event["ORGANIZER"] == "mailto:no-reply@127.0.0.1"
    assert event["ATTENDEE"] == [
        f"mailto:{buyer.email}",
        f"urn:filmmart:person:{seller.person_id}",
    ]
    assert event["LOCATION"] == "Hall 1, B12"
    assert (event["STATUS"], event["SEQUENCE"], event["TRANSP"]) == ("CONFIRMED", 0, "OPAQUE")
    # The same as in the agenda, word for word: a program knows it again.
    (listed,) = events(await read(buyer))
    assert listed == event
    (other,) = events(await read(seller, path_of(accepted)))
    assert other["UID"] == event["UID"]
    assert buyer.email.encode() not in await read(seller, path_of(accepted))

    unchanged = {"If-None-Match": answer.headers["ETag"]}
    assert (await buyer.get(path_of(accepted), headers=unchanged)).status_code == 304


async def test_a_cancelled_meeting_s_file_takes_it_off(seller: Caller, buyer: Caller) -> None:
    accepted = await meet(buyer, seller, 0, 1)
    (before,) = events(await read(seller, path_of(accepted)))
    await respond(buyer, accepted, "cancel")
    answer = await seller.get(path_of(accepted))
    assert answer.headers["Content-Type"] == "text/calendar; method=CANCEL; charset=utf-8"
    assert parse(answer.content)["METHOD"] == "CANCEL"
    (event,) = events(answer.content)
    assert (event["STATUS"], event["TRANSP"]) == ("CANCELLED", "TRANSPARENT")
    assert event["SEQUENCE"] == before["SEQUENCE"] + 1
    assert event["DTSTAMP"].dt >= before["DTSTAMP"].dt
    for name in ("UID", "ORGANIZER", "ATTENDEE", "DTSTART"):
        assert event[name] == before[name]


async def test_a_meeting_that_was_off_and_has_another_time_is_the_same_meeting(
    world: World, seller: Caller, buyer: Caller
) -> None:
    accepted = await meet(buyer, seller, 0, 1)
    (first,) = events(await read(buyer, path_of(accepted)))
    await respond(seller, accepted, "cancel")
    await execute(
        world,
        "UPDATE meetings SET cancelled_at = NULL, cancelled_by_id = NULL, place = 'Hall 2', "
        "sequence = sequence + 1, "
        "during = tstzrange(lower(during) + '2 h', upper(during) + '2 h')",
    )
    (event,) = events(await read(buyer, path_of(accepted)))
    assert event["UID"] == first["UID"]
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 2)
    assert event["DTSTART"].dt == first["DTSTART"].dt + timedelta(hours=2)
    assert event["LOCATION"] == "Hall 2"


@pytest.mark.parametrize(
    "changed",
    [
        "UPDATE meetings SET during = tstzrange(lower(during) + '1 h', upper(during) + '1 h')",
        "UPDATE meetings SET place = 'Hall 2'",
        "UPDATE meetings SET cancelled_at = now(), cancelled_by_id = (SELECT min(id) FROM people)",
    ],
    ids=["time", "place", "state"],
)
async def test_the_sequence_rises_whoever_changes_a_meeting(
    world: World, seller: Caller, buyer: Caller, changed: str
) -> None:
    await meet(buyer, seller, 0, 1)
    await execute(world, "UPDATE meetings SET updated_at = now() - interval '1 day'")
    (before,) = events(await read(buyer))
    await execute(world, changed)
    (after,) = events(await read(buyer))
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after["UID"] == before["UID"]
    assert after["DTSTAMP"].dt > before["DTSTAMP"].dt
    # What was counted is not counted again, nor what is no matter of time, place or state.
    await execute(world, "UPDATE meetings SET sequence = sequence + 1, place = 'Hall 3'")
    await execute(world, "UPDATE meetings SET locked = true")
    (counted,) = events(await read(buyer))
    assert counted["SEQUENCE"] == 2


async def test_who_only_may_see_a_meeting_is_not_invited_to_it(
    world: World, seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    accepted = await meet(buyer, seller, 0, 1)
    for onlooker in (await world.person(buyer.organisation_id, role=Role.ADMIN), organiser):
        for status in ("CONFIRMED", "CANCELLED"):
            content = await read(onlooker, path_of(accepted))
            assert parse(content)["METHOD"] == "PUBLISH"
            (event,) = events(content)
            assert event["STATUS"] == status
            assert "ATTENDEE" not in event
            assert str(event["SUMMARY"]).count("Company ") == 2
            assert b"@company.example" not in content
            if status == "CONFIRMED" and onlooker is organiser:
                await respond(seller, accepted, "cancel")
            elif status == "CONFIRMED":
                break
    for stranger in (await world.seller(), await world.buyer()):
        assert (await stranger.get(path_of(accepted))).status_code == 404


@pytest.mark.parametrize(
    ("id_", "status"), [("1", 404), ("0", 422), ("x", 422), ("9" * 40, 422), ("%2e", 422)]
)
async def test_there_is_no_invitation_to_what_is_no_meeting(
    seller: Caller, id_: str, status: int
) -> None:
    assert (await seller.get(f"/meetings/{id_}.ics")).status_code == status


async def test_one_s_own_blocks_are_in_one_s_own_calendar_alone(
    world: World, seller: Caller, buyer: Caller
) -> None:
    accepted = await meet(buyer, seller, 0, 1)
    lunch = (TOMORROW + timedelta(hours=2), TOMORROW + timedelta(hours=3))
    await block(buyer, lunch, "Forgotten")
    await execute(
        world,
        "UPDATE agenda_entries SET during = tstzrange(lower(during) - interval '400 days', "
        "upper(during) - interval '400 days') WHERE kind = 'block'",
    )
    id_ = await block(buyer, lunch, "Lunch; with\r\nAnn, \\o/")

    content = await read(buyer)
    require_well_formed(content)
    met, blocked = events(content)
    assert met["UID"].startswith("meeting-")
    assert blocked["UID"] == f"block-{id_}@127.0.0.1"
    assert blocked["SUMMARY"] == "Lunch; with Ann, \\o/"
    assert (blocked["TRANSP"], blocked["CLASS"]) == ("OPAQUE", "PRIVATE")
    assert (blocked["DTSTART"].dt, blocked["DTEND"].dt) == lunch
    assert await read(buyer) == content
    feed = (await buyer.post("/agenda/calendar-feeds")).json()["url"]
    assert (await world.anonymous.get(feed.partition("127.0.0.1:8000")[2])).content == content

    assert len(events(await read(buyer, path_of(accepted)))) == 1
    assert len(events(await read(seller))) == 1
    await buyer.delete(f"/blocks/{id_}")
    assert len(events(await read(buyer))) == 1
    assert b"Lunch" not in await read(await world.person(buyer.organisation_id))


async def test_a_meeting_at_a_market_is_where_its_table_is(world: World) -> None:
    at = await fair(world)
    accepted = await at.met((await at.slots())[2])
    for caller in (at.buyer, at.seller):
        (event,) = events(await read(caller, path_of(accepted)))
        assert event["LOCATION"] == accepted["meeting"]["place"]
        assert "Hall 1" in event["LOCATION"]
        assert events(await read(caller)) == [event]


async def test_a_whole_agenda_is_one_well_formed_file(world: World, seller: Caller) -> None:
    names = ["Сталкер", "潜行者" * 30, "استاکر", "उसने कहा था", "Жаужүрек мың бала"]
    titles = [await make_title(world, seller, name) for name in names]
    accepted = [
        await meet(await world.buyer("Компания «Мост»\u2028"), seller, hour, hour + 0.5,
                   title_ids=titles, message="line\nline\r\n" * 20)
        for hour in range(6)
    ]  # fmt: skip
    for one in accepted[::2]:
        await respond(seller, one, "cancel")
    for hour in range(7, 10):
        start = TOMORROW + timedelta(hours=hour)
        await block(seller, (start, start + timedelta(minutes=15)), names[hour - 7])
    content = await read(seller)
    require_well_formed(content)
    assert len(instants(content)) == 9
    assert [str(event["STATUS"]) for event in events(content)[:6]] == ["CONFIRMED", "CANCELLED"] * 3
