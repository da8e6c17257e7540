"""Who came: to a meeting, by one tap of each; and to the market, at its door."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from app.meetings.day.attendance import SETTLE_JOB
from app.meetings.day.marks import Mark, missing_after, state_of
from app.models import MeetingRequestState
from tests.day import market_now, meeting_in, starts_in, today
from tests.manners import refused
from tests.markets import DAYS, Json, accredited, opened
from tests.meetings import events_of, execute, meet, respond
from tests.test_worker import work
from tests.world import Caller, World


async def tap(
    caller: Caller, meeting_id: str, verb: str = "check-in", person: Caller | None = None
) -> Any:
    body = {"person_id": person.person_id} if person else None
    return await caller.post(f"/meetings/{meeting_id}/{verb}", body)


async def attendance(caller: Caller, meeting_id: str) -> Json:
    found: Json = (await caller.get(f"/meetings/{meeting_id}/attendance")).json()
    return found


def came(found: Json) -> list[bool | None]:
    """Tell of each, who asked first, whether they came; None where it is not known."""
    return [
        True if one["checked_in_at"] else False if one["missed_at"] else None
        for one in found["people"]
    ]


async def settled(world: World) -> None:
    """Let the worker do what it does after the end of meetings."""
    await execute(
        world,
        "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = :task",
        task=SETTLE_JOB,
    )
    await work(world)


async def types_of(world: World, *subjects: str) -> list[str]:
    return [fact.type for fact in await events_of(world, *subjects)]


# Checking in ----------------------------------------------------------------------------------


async def test_a_meeting_is_held_once_both_are_there(
    world: World, buyer: Caller, seller: Caller, organiser: Caller
) -> None:
    meeting = await meeting_in(world, buyer, seller, 10)
    assert came(await attendance(seller, meeting)) == [None, None]
    first = await tap(buyer, meeting)
    assert first.status_code == 200, first.text
    assert (first.json()["state"], came(first.json())) == ("scheduled", [True, None])
    again = await tap(buyer, meeting)
    assert again.json() == first.json()
    both = await tap(seller, meeting)
    assert (both.json()["state"], came(both.json())) == ("held", [True, True])
    assert both.json()["people"][1]["marked_by_id"] == seller.person_id
    seen = await organiser.get(f"/meetings/{meeting}/attendance")
    assert seen.json() == both.json()
    known = await organiser.get(
        f"/meetings/{meeting}/attendance", headers={"If-None-Match": seen.headers["ETag"]}
    )
    assert known.status_code == 304
    assert (await types_of(world, meeting))[1:] == [
        "meeting.checked_in",
        "meeting.checked_in",
        "meeting.held",
    ]


async def test_one_checks_in_from_shortly_before_until_the_end(
    world: World, buyer: Caller, seller: Caller
) -> None:
    meeting = await meeting_in(world, buyer, seller, 16)
    early = await tap(buyer, meeting)
    refused(early, 409, "too_early")
    assert early.json()["not_before"] == (await attendance(buyer, meeting))["check_in_from"]
    await starts_in(world, meeting, 14)
    assert (await tap(buyer, meeting)).status_code == 200
    await starts_in(world, meeting, -31)
    refused(await tap(seller, meeting), 409, "meeting_over")
    assert (await tap(buyer, meeting)).status_code == 200  # as before: it was said


async def test_a_cancelled_meeting_is_attended_by_nobody(
    world: World, buyer: Caller, seller: Caller
) -> None:
    request = await meet(buyer, seller, 0, 0.5)
    meeting = request["meeting"]["id"]
    await respond(buyer, request, "cancel")
    await starts_in(world, meeting, -20)
    refused(await tap(buyer, meeting), 409, "meeting_cancelled")
    refused(await tap(buyer, meeting, "no-show"), 409, "meeting_cancelled")


async def test_each_says_it_of_themselves_and_the_desk_of_anybody(
    world: World, buyer: Caller, seller: Caller, organiser: Caller
) -> None:
    meeting = await meeting_in(world, buyer, seller, 0)
    colleague = await world.person(seller.organisation_id)
    for verb in ("check-in", "no-show"):
        refused(await tap(colleague, meeting, verb), 403, "not_attending")
        refused(await tap(organiser, meeting, verb), 422, "not_attending")
        refused(await tap(organiser, meeting, verb, colleague), 422, "not_attending")
        refused(await tap(await world.seller(), meeting, verb), 404, "not_found")
    refused(await tap(buyer, meeting, person=seller), 403, "not_yours_to_say")
    refused(await tap(buyer, meeting, "no-show", person=buyer), 403, "not_yours_to_say")
    assert (await tap(buyer, meeting, person=buyer)).status_code == 200
    at_the_desk = await tap(organiser, meeting, person=seller)
    assert at_the_desk.json()["state"] == "held"
    assert at_the_desk.json()["people"][1]["marked_by_id"] == organiser.person_id


# No-shows -------------------------------------------------------------------------------------


async def test_who_waits_in_vain_says_so_after_the_grace(
    world: World, buyer: Caller, seller: Caller
) -> None:
    meeting = await meeting_in(world, buyer, seller, -9)
    refused(await tap(seller, meeting, "no-show"), 409, "too_early")
    await starts_in(world, meeting, -11)
    refused(await tap(seller, meeting, "no-show"), 409, "not_checked_in")
    await tap(seller, meeting)
    refused(await tap(buyer, meeting, "no-show"), 409, "they_came")
    missed = await tap(seller, meeting, "no-show")
    assert (missed.json()["state"], came(missed.json())) == ("no_show", [False, True])
    assert (await tap(seller, meeting, "no-show")).json() == missed.json()
    request = (await buyer.get(f"/meetings/{meeting}")).json()["request_id"]
    assert (await buyer.get(f"/meeting-requests/{request}")).json()["state"] == "no_show"
    assert (await types_of(world, meeting))[-1] == "meeting.no_show"

    late = await tap(buyer, meeting)  # who comes all the same, has come
    assert (late.json()["state"], came(late.json())) == ("held", [True, True])
    refused(await tap(seller, meeting, "no-show"), 409, "they_came")


async def test_the_grace_is_the_markets(
    world: World, buyer: Caller, seller: Caller, organiser: Caller
) -> None:
    market = await market_now(organiser, grace_minutes=3)
    meeting = await meeting_in(world, buyer, seller, -4)
    await execute(world, "UPDATE meetings SET market_id = :id", id=int(market["id"]))
    await tap(seller, meeting)
    assert (await tap(seller, meeting, "no-show")).json()["state"] == "no_show"


async def test_the_desk_says_that_neither_came(
    world: World, buyer: Caller, seller: Caller, organiser: Caller
) -> None:
    meeting = await meeting_in(world, buyer, seller, -15)
    for missing in (buyer, seller):
        answer = await tap(organiser, meeting, "no-show", missing)
        assert answer.json()["state"] == "no_show"
    assert came(answer.json()) == [False, False]
    back = await tap(seller, meeting)
    assert (back.json()["state"], came(back.json())) == ("no_show", [False, True])


# After the end --------------------------------------------------------------------------------


async def test_after_the_end_who_is_missing_did_not_come(
    world: World, buyer: Caller, seller: Caller
) -> None:
    meeting = await meeting_in(world, buyer, seller, 5)
    await tap(seller, meeting)
    await settled(world)  # too early: nothing is settled, and the job waits for the end
    assert (await attendance(buyer, meeting))["state"] == "scheduled"
    await starts_in(world, meeting, -31)
    await settled(world)
    found = await attendance(buyer, meeting)
    assert (found["state"], came(found)) == ("no_show", [False, True])
    assert found["people"][0]["marked_by_id"] is None
    await settled(world)
    assert (await types_of(world, meeting)).count("meeting.no_show") == 1


async def test_of_whom_nobody_said_anything_nothing_is_known(
    world: World, buyer: Caller, seller: Caller
) -> None:
    meeting = await meeting_in(world, buyer, seller, -31)
    await settled(world)
    found = await attendance(buyer, meeting)
    assert (found["state"], came(found)) == ("scheduled", [None, None])


async def test_what_was_held_or_called_off_stays_so_after_the_end(
    world: World, buyer: Caller, seller: Caller
) -> None:
    held = await meeting_in(world, buyer, seller, 5)
    for caller in (buyer, seller):
        await tap(caller, held)
    await starts_in(world, held, -31)
    request = await meet(buyer, seller, 3, 4)
    off = request["meeting"]["id"]
    await starts_in(world, off, 5)
    await tap(buyer, off)
    await respond(seller, request, "cancel")
    await starts_in(world, off, -31)
    await settled(world)
    assert (await attendance(buyer, held))["state"] == "held"
    assert (await attendance(buyer, off))["state"] == "cancelled"


MARKS = st.lists(st.sampled_from(list(Mark)), min_size=2, max_size=2)


@given(MARKS)
def test_people_met_only_where_all_are_known_to_have_come(marks: list[Mark]) -> None:
    assert (state_of(marks) is MeetingRequestState.HELD) == (set(marks) == {Mark.CAME})
    assert (state_of(marks) is MeetingRequestState.NO_SHOW) == (Mark.MISSED in marks)


@given(MARKS)
def test_after_the_end_a_meeting_somebody_came_to_is_settled(marks: list[Mark]) -> None:
    missing = missing_after(marks)
    after = [Mark.MISSED if place in missing else mark for place, mark in enumerate(marks)]
    if Mark.CAME in marks:
        assert Mark.UNKNOWN not in after
    else:
        assert after == marks
    assert missing_after(after) == []


@pytest.mark.parametrize(
    "marked",
    [
        "checked_in_at = now(), missed_at = now()",
        "checked_in_at = now()",
        "marked_by_id = person_id",
    ],
)
async def test_the_database_knows_what_can_be_said_of_somebody(
    world: World, buyer: Caller, seller: Caller, marked: str
) -> None:
    await meet(buyer, seller, 0, 1)
    with pytest.raises(IntegrityError):
        await execute(world, f"UPDATE meeting_attendees SET {marked}")  # noqa: S608


# At the door ----------------------------------------------------------------------------------


async def test_people_come_in_once_a_day(world: World, seller: Caller, organiser: Caller) -> None:
    market = (await market_now(organiser))["id"]
    badge = (await accredited(organiser, market, seller))["id"]
    address = f"/accreditations/{badge}/check-in"
    answer = await organiser.post(address)
    assert answer.status_code == 200, answer.text
    arrival = answer.json()
    assert arrival["day"] == str(today())
    assert arrival["person"]["id"] == seller.person_id
    assert (await organiser.post(address)).json() == arrival
    assert (await types_of(world, badge))[1:] == ["accreditation.checked_in"]


async def test_staff_let_people_in_and_nobody_else(
    world: World, seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    market = (await market_now(organiser))["id"]
    agency = await world.company()
    await accredited(organiser, market, agency, "staff")
    badge = (await accredited(organiser, market, seller))["id"]
    address = f"/accreditations/{badge}/check-in"
    refused(await seller.post(address), 403, "forbidden")
    refused(await buyer.post(address), 404, "not_found")
    assert (await agency.post(address)).status_code == 200
    elsewhere = (await market_now(organiser))["id"]
    other = (await accredited(organiser, elsewhere, seller))["id"]
    refused(await agency.post(f"/accreditations/{other}/check-in"), 404, "not_found")


async def test_an_accreditation_is_good_on_its_days_while_the_market_is_open(
    seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    market = (await market_now(organiser))["id"]
    tomorrow = str(today() + timedelta(days=1))
    badge = (await accredited(organiser, market, seller, days=[tomorrow]))["id"]
    address = f"/accreditations/{badge}/check-in"
    refused(await organiser.post(address), 409, "not_today")
    await organiser.patch(f"/accreditations/{badge}", {"days": []})
    await organiser.post(f"/accreditations/{badge}/revoke")
    refused(await organiser.post(address), 409, "accreditation_revoked")
    await organiser.post(f"/accreditations/{badge}/restore")
    assert (await organiser.post(address)).status_code == 200
    await organiser.post(f"/markets/{market}/close")
    refused(await organiser.post(address), 409, "market_not_open")
    later = (await opened(organiser))["id"]
    far = (await accredited(organiser, later, buyer, "buyer", days=[DAYS[0]]))["id"]
    refused(await organiser.post(f"/accreditations/{far}/check-in"), 409, "not_today")
