"""A request is accepted, declined or cancelled, each by the side whose turn it is."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from tests.meetings import (
    ask,
    at,
    events_of,
    execute,
    faults,
    make_title,
    meet,
    period,
    respond,
)
from tests.world import Caller, World


async def free_times(world: World, *callers: Caller) -> list[list[tuple[datetime, datetime]]]:
    """Give what each holds on their agenda."""
    rows = await execute(
        world, "SELECT person_id, lower(during), upper(during) FROM agenda_entries ORDER BY during"
    )
    return [[row[1:] for row in rows if row[0] == int(caller.person_id)] for caller in callers]


async def test_accepting_makes_a_meeting_that_holds_both_agendas(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await make_title(world, seller)
    request = await ask(
        buyer, seller, title_ids=[title], proposed_times=[period(0, 2), period(24, 26)]
    )
    wanted = {**period(24.5, 25), "place": " Hall 1, stand B12 "}
    answer = await respond(seller, request, "accept", wanted)

    assert answer.status_code == 200
    accepted = answer.json()
    meeting = accepted["meeting"]
    assert accepted == request | {
        "state": "scheduled",
        "awaits": None,
        "taker": {"id": seller.person_id, "name": accepted["answered_by"]["name"]},
        "answered_at": accepted["answered_at"],
        "answered_by": {"id": seller.person_id, "name": accepted["answered_by"]["name"]},
        "meeting": {
            "id": meeting["id"],
            **period(24.5, 25),
            "market_id": None,
            "place_id": None,
            "place": "Hall 1, stand B12",
            "locked": False,
            "sequence": 0,
            "cancelled_at": None,
            "attendees": meeting["attendees"],
        },
    }
    assert [one["person"]["id"] for one in meeting["attendees"]] == [
        buyer.person_id,
        seller.person_id,
    ]
    held = (datetime.fromisoformat(at(24.5)), datetime.fromisoformat(at(25)))
    assert await free_times(world, buyer, seller) == [[held], [held]]
    assert (await buyer.get(f"/meeting-requests/{request['id']}")).json() == accepted
    sides = sorted([int(buyer.organisation_id), int(seller.organisation_id)])
    assert await events_of(world, request["id"], meeting["id"]) == [
        ("meeting_request.created", int(buyer.person_id), sides),
        ("meeting_request.accepted", int(seller.person_id), sides),
        ("meeting.created", int(seller.person_id), sides),
    ]


async def test_who_was_asked_for_takes_the_meeting_unless_another_is_named(
    world: World, seller: Caller, buyer: Caller
) -> None:
    assistant = await world.person(seller.organisation_id)
    colleague = await world.person(seller.organisation_id)

    async def taker(accepter: Caller, body: dict[str, Any], **wanted: Any) -> str:
        request = await ask(buyer, seller, **wanted)
        answer = await respond(accepter, request, "accept", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["meeting"]["attendees"][1]["person"]["id"])

    assert await taker(assistant, period(0, 1)) == assistant.person_id
    for_seller = {"to_person_id": seller.person_id}
    assert await taker(assistant, period(1, 2), **for_seller) == seller.person_id
    named = {**period(2, 3), "person_id": colleague.person_id}
    assert await taker(assistant, named, **for_seller) == colleague.person_id
    assert await faults(world) == []


async def test_nobody_of_another_company_takes_a_meeting(seller: Caller, buyer: Caller) -> None:
    request = await ask(buyer, seller)
    for person_id in (buyer.person_id, "116823110451200001"):
        wanted = {**period(0, 1), "person_id": person_id}
        answer = await respond(seller, request, "accept", wanted)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/person_id"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/starts_at"),
        ({"starts_at": at(0)}, "/starts_at"),
        ({"ends_at": at(0)}, ""),
        (period(1, 1), "/ends_at"),
        (period(0, 9), "/ends_at"),
        (period(-48, -47), "/starts_at"),
        (period(24 * 800, 24 * 800 + 1), "/starts_at"),
        ({**period(0, 1), "place": ""}, "/place"),
        ({**period(0, 1), "place": "x" * 501}, "/place"),
        ({**period(0, 1), "person_id": "me"}, "/person_id"),
        ({**period(0, 1), "starts_at": "2026-13-01T00:00:00Z"}, "/starts_at"),
    ],
)
async def test_an_acceptance_that_says_something_impossible_is_told_where(
    seller: Caller, buyer: Caller, body: dict[str, Any], pointer: str
) -> None:
    answer = await respond(seller, await ask(buyer, seller), "accept", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_time_is_accepted_inside_a_proposed_one_only(seller: Caller, buyer: Caller) -> None:
    request = await ask(buyer, seller, proposed_times=[period(0, 1), period(1, 2)])
    for outside in (period(-0.5, 0.5), period(0.5, 1.5), period(2, 3)):
        answer = await respond(seller, request, "accept", outside)
        assert (answer.status_code, answer.json()["code"]) == (422, "not_proposed")
    assert (await respond(seller, request, "accept", period(1, 2))).status_code == 200


async def test_two_meetings_may_follow_each_other_without_a_gap(
    world: World, seller: Caller, buyer: Caller
) -> None:
    await meet(buyer, seller, 1, 2)
    await meet(buyer, seller, 2, 3)
    await meet(buyer, seller, 0, 1)
    assert await faults(world) == []


async def test_a_time_that_is_taken_is_refused_with_times_that_suit_both(
    world: World, seller: Caller, buyer: Caller
) -> None:
    await meet(await world.buyer(), seller, 0.5, 1)
    await meet(buyer, await world.seller(), 1, 1.5)
    request = await ask(buyer, seller, proposed_times=[period(24, 25), period(0, 2.5)])

    answer = await respond(seller, request, "accept", period(0.75, 1.25))

    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "time_taken"
    assert problem["free_times"] == [
        period(0, 0.5),
        period(1.5, 2),
        period(2, 2.5),
        period(24, 24.5),
        period(24.5, 25),
    ]
    assert (await buyer.get(f"/meeting-requests/{request['id']}")).json() == request
    answer = await respond(seller, request, "accept", problem["free_times"][1])
    assert answer.status_code == 200
    assert await faults(world) == []


async def test_where_nothing_was_proposed_the_next_free_times_are_given(
    world: World, seller: Caller, buyer: Caller
) -> None:
    await meet(await world.buyer(), seller, 0, 3)
    request = await ask(buyer, seller)
    answer = await respond(seller, request, "accept", period(1, 2))
    assert answer.json()["free_times"] == [period(n, n + 1) for n in range(3, 8)]


async def test_where_no_time_is_left_none_is_given(
    world: World, seller: Caller, buyer: Caller
) -> None:
    await meet(await world.buyer(), seller, 0, 3)
    request = await ask(buyer, seller, proposed_times=[period(1, 2)])
    answer = await respond(seller, request, "accept", period(1, 2))
    assert (answer.json()["code"], answer.json()["free_times"]) == ("time_taken", [])


async def test_each_side_does_what_is_its_own(seller: Caller, buyer: Caller) -> None:
    request = await ask(buyer, seller)
    for verb, body in (("accept", period(0, 1)), ("decline", {})):
        answer = await respond(buyer, request, verb, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_the_asked")
    answer = await respond(seller, request, "cancel")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_the_asker")


async def test_a_declined_request_says_why_and_is_done(
    world: World, seller: Caller, buyer: Caller
) -> None:
    request = await ask(buyer, seller)
    answer = await respond(seller, request, "decline", {"answer": "After the 2nd, please."})
    declined = answer.json()
    assert (declined["state"], declined["answer"]) == ("declined", "After the 2nd, please.")
    assert declined["answered_by"]["id"] == seller.person_id
    for caller, verb in ((seller, "accept"), (seller, "decline"), (buyer, "cancel")):
        answer = await respond(caller, request, verb, period(0, 1) if verb == "accept" else None)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_pending")
        assert answer.json()["state"] == "declined"
    told = [row.type for row in await events_of(world, request["id"])]
    assert told == ["meeting_request.created", "meeting_request.declined"]


async def test_the_asker_takes_a_pending_request_back(
    world: World, seller: Caller, buyer: Caller
) -> None:
    request = await ask(buyer, seller)
    answer = await respond(buyer, request, "cancel", {"answer": "We found it elsewhere."})
    cancelled = answer.json()
    assert (cancelled["state"], cancelled["answer"]) == ("cancelled", "We found it elsewhere.")
    assert cancelled["answered_by"]["id"] == buyer.person_id
    assert cancelled["meeting"] is None
    told = [row.type for row in await events_of(world, request["id"])]
    assert told == ["meeting_request.created", "meeting_request.cancelled"]


@pytest.mark.parametrize("side", ["asker", "asked"])
async def test_either_side_calls_a_meeting_off_and_both_are_free_again(
    world: World, seller: Caller, buyer: Caller, side: str
) -> None:
    canceller = buyer if side == "asker" else seller
    accepted = await meet(buyer, seller, 0, 1)
    answer = await respond(canceller, accepted, "cancel", {"answer": "Our flight was cancelled."})

    assert answer.status_code == 200
    cancelled = answer.json()
    assert cancelled["state"] == "cancelled"
    assert cancelled["answer"] == "Our flight was cancelled."
    assert cancelled["answered_by"]["id"] == seller.person_id
    meeting = cancelled["meeting"]
    assert meeting["cancelled_at"] is not None
    assert meeting["sequence"] == 1
    assert meeting["attendees"] == accepted["meeting"]["attendees"]
    assert await free_times(world, buyer, seller) == [[], []]
    assert [row.type for row in await events_of(world, accepted["id"], meeting["id"])][-2:] == [
        "meeting.cancelled",
        "meeting_request.cancelled",
    ]
    again = await respond(buyer, accepted, "cancel")
    assert (again.status_code, again.json()["code"]) == (409, "not_pending")
    await meet(buyer, seller, 0.5, 1.5)
    assert await faults(world) == []


async def test_a_meeting_that_is_over_is_not_called_off(
    world: World, seller: Caller, buyer: Caller
) -> None:
    accepted = await meet(buyer, seller, 0, 1)
    await execute(world, "UPDATE meetings SET during = '[2026-01-01 10:00Z, 2026-01-01 11:00Z)'")
    answer = await respond(buyer, accepted, "cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "meeting_over")


async def test_a_request_of_somebody_who_left_is_not_accepted(
    world: World, seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    leaver = await world.person(buyer.organisation_id)
    request = await ask(leaver, seller)
    await buyer.delete(f"/organisations/{buyer.organisation_id}/people/{leaver.person_id}")
    answer = await respond(seller, request, "accept", period(0, 1))
    assert (answer.status_code, answer.json()["code"]) == (409, "asker_gone")

    request = await ask(buyer, seller)
    await organiser.post(f"/organisations/{buyer.organisation_id}/suspend")
    answer = await respond(seller, request, "accept", period(0, 1))
    assert (answer.status_code, answer.json()["code"]) == (409, "asker_gone")
    assert (await respond(seller, request, "decline")).status_code == 200


async def test_whoever_was_asked_for_and_left_is_replaced_by_name(
    world: World, seller: Caller, buyer: Caller
) -> None:
    leaver = await world.person(seller.organisation_id)
    request = await ask(buyer, seller, to_person_id=leaver.person_id)
    await seller.delete(f"/organisations/{seller.organisation_id}/people/{leaver.person_id}")
    answer = await respond(seller, request, "accept", period(0, 1))
    assert answer.json()["errors"][0]["pointer"] == "/person_id"
    wanted = {**period(0, 1), "person_id": seller.person_id}
    assert (await respond(seller, request, "accept", wanted)).status_code == 200


async def test_an_acceptance_sent_twice_makes_one_meeting(
    world: World, seller: Caller, buyer: Caller
) -> None:
    address = f"/meeting-requests/{(await ask(buyer, seller))['id']}/accept"
    key = {"Idempotency-Key": "one-meeting"}
    first, second = [await seller.post(address, period(0, 1), headers=key) for _ in range(2)]
    assert first.json() == second.json()
    assert len(await execute(world, "SELECT 1 FROM meetings")) == 1


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            "UPDATE agenda_entries SET during = '[2027-01-01 10:00Z, 2027-01-01 11:00Z)'",
            "ex_agenda_entries_holder_is_in_one_place",
        ),
        ("UPDATE agenda_entries SET during = '[2027-01-01,)'", "during_is_half_open"),
        ("UPDATE meetings SET during = '[2027-01-01, 2027-01-02]'", "during_is_half_open"),
        ("UPDATE meetings SET during = 'empty'", "during_is_half_open"),
        ("UPDATE meetings SET cancelled_at = now()", "cancelled_by_somebody"),
        ("UPDATE meeting_requests SET state = 'pending'", "answered_at_tells_when"),
    ],
)
async def test_the_database_keeps_its_law_against_anybody(
    world: World, seller: Caller, buyer: Caller, statement: str, constraint: str
) -> None:
    await meet(buyer, seller, 0, 1)
    await meet(buyer, seller, 1, 2)
    with pytest.raises(IntegrityError, match=constraint):
        await execute(world, statement)
