"""A schedule that something happened to: as much of it as can be stays, and what moves is told."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.meetings.scheduling.jobs import plan_schedule
from app.operations.handling import Means, Progress, Run
from tests.manners import refused
from tests.meetings import events_of, execute, faults, respond
from tests.operations import begun, until, work
from tests.schedules import Floor, floor
from tests.world import Caller, World

Json = dict[str, Any]


async def slots_of(some: Floor) -> list[Json]:
    path = f"/markets/{some.market['id']}/slots"
    items: list[Json] = (await some.organiser.get(path)).json()["items"]
    return items


async def meeting_of(some: Floor, request: str) -> Json:
    answer = await some.organiser.get(f"/meeting-requests/{request}")
    found: Json = answer.json()
    return found


async def test_a_late_wish_moves_the_one_meeting_that_has_to(
    world: World, organiser: Caller
) -> None:
    """Two slots; in the second one the late seller keeps some time for themselves."""
    some = await floor(world, organiser, sellers=2, buyers=1, tables=2, closes="10:00")
    (buyer,), (known, late) = some.buyers, some.sellers
    first, second = await slots_of(some)
    was = await some.accept(buyer, known, starts_at=first["starts_at"])
    meeting = (await meeting_of(some, was))["meeting"]
    block = {"starts_at": second["starts_at"], "ends_at": second["ends_at"]}
    assert (await late.post("/agenda/blocks", block)).status_code == 201
    wish = await some.accept(buyer, late)
    # A plan leaves the known one where it is, and has no time for the late one
    plan = await some.planned()
    assert [one["request_id"] for one in await some.left_out(plan)] == [wish]

    run = await some.planned(mode="repair")
    counts = run["plan"]["counts"]
    assert (counts["moved"], counts["new"], counts["kept"], counts["left_out"]) == (1, 1, 0, 0)
    (moved,) = await some.meetings(run, change="moved")
    assert moved["request_id"] == was
    assert (moved["before"]["starts_at"], moved["starts_at"]) == (
        first["starts_at"],
        second["starts_at"],
    )
    answer = await some.apply(run)
    assert answer.status_code == 200, answer.text
    after = (await meeting_of(some, was))["meeting"]
    assert (after["id"], after["starts_at"]) == (meeting["id"], second["starts_at"])
    assert after["sequence"] == meeting["sequence"] + 1
    assert (await meeting_of(some, wish))["meeting"]["starts_at"] == first["starts_at"]
    assert [event.type for event in await events_of(world, meeting["id"])] == [
        "meeting.created",
        "meeting.moved",
    ]
    assert await faults(world) == []


async def test_the_meetings_of_a_closed_table_find_another_one(
    world: World, organiser: Caller
) -> None:
    some = await floor(world, organiser, sellers=3, buyers=3, tables=4, closes="11:00")
    wishes = await some.everybody_meets()
    applied = await some.applied()
    assert applied["plan"]["counts"]["new"] == len(wishes)
    table = (await some.meetings(applied))[0]["place"]
    there = {one["request_id"] for one in await some.meetings(applied) if one["place"] == table}
    answer = await organiser.patch(
        f"/places/{table['id']}?stranded=replan", {"closed": True}, headers={"If-Match": "*"}
    )
    assert answer.status_code == 200, answer.text
    assert {(await meeting_of(some, id_))["state"] for id_ in there} == {"accepted"}

    run = await some.planned(mode="repair", repair_of=applied["id"])
    assert run["repair_of"] == applied["id"]
    counts = run["plan"]["counts"]
    assert (counts["new"], counts["left_out"], counts["lost"]) == (len(there), 0, 0)
    assert counts["kept"] + counts["moved"] == len(wishes) - len(there)
    assert counts["moved"] == 0
    for one in await some.meetings(run, change="new"):
        assert one["request_id"] in there
        assert one["place"] != table
        assert one["starts_at"] == one["before"]["starts_at"]
    assert (await some.apply(run)).status_code == 200
    for id_ in there:
        found = await meeting_of(some, id_)
        assert found["state"] == "scheduled"
        # Made, taken off, and made again: the same one
        assert (found["meeting"]["sequence"], found["meeting"]["cancelled_at"]) == (2, None)
    assert await faults(world) == []


async def test_a_meeting_that_nobody_can_hold_is_taken_off_and_told(
    world: World, organiser: Caller
) -> None:
    some = await floor(world, organiser, sellers=1, buyers=2, tables=1, closes="10:00")
    wishes = await some.everybody_meets()
    await some.applied()
    suspended, other = some.buyers
    await organiser.post(f"/organisations/{suspended.organisation_id}/suspend")
    run = await some.planned(mode="repair")
    (lost,) = await some.left_out(run)
    assert (lost["request_id"], lost["change"], lost["reason"]) == (wishes[0], "lost", "asker_gone")
    assert suspended.person_id in lost["before"]["person_ids"]
    (kept,) = await some.meetings(run)
    assert (kept["request_id"], kept["change"]) == (wishes[1], "kept")
    assert (await some.apply(run)).status_code == 200
    found = await meeting_of(some, wishes[0])
    assert found["state"] == "accepted"
    assert found["meeting"]["cancelled_at"] is not None
    assert (await meeting_of(some, wishes[1]))["meeting"]["sequence"] == 0
    told = [event.type for event in await events_of(world, wishes[0])]
    assert told[-1] == "meeting_request.unscheduled"
    assert await faults(world) == []
    agenda = (await other.get("/agenda")).json()["items"]
    assert [one["request_id"] for one in agenda] == [wishes[1]]


async def test_what_was_left_out_before_moves_nobody(world: World, organiser: Caller) -> None:
    """One slot, two who wish for it; the one who waited gets it when the other one gives it up."""
    some = await floor(world, organiser, sellers=1, buyers=2, tables=1, closes="09:30")
    wishes = await some.everybody_meets()
    applied = await some.applied()
    (met,) = await some.meetings(applied)
    (waiting,) = await some.left_out(applied)
    assert {met["request_id"], waiting["request_id"]} == set(wishes)
    unchanged = await some.planned(mode="repair")
    assert unchanged["plan"]["counts"]["kept"] == 1
    assert [one["reason"] for one in await some.left_out(unchanged)] == ["busy"]
    seller = some.sellers[0]
    await respond(seller, {"id": met["request_id"]}, "cancel", {})
    run = await some.planned(mode="repair")
    (now,) = await some.meetings(run)
    assert (now["request_id"], now["change"]) == (waiting["request_id"], "new")
    assert (await some.apply(run)).status_code == 200
    assert await faults(world) == []


async def test_while_a_plan_is_applied_others_go_on_and_nothing_is_half_done(
    world: World, organiser: Caller
) -> None:
    some = await floor(world, organiser, sellers=3, buyers=3, tables=3, closes="11:00")
    wishes = await some.everybody_meets()
    run = await some.planned()
    slots = await slots_of(some)
    by_hand = [
        organiser.post(f"/meeting-requests/{id_}/schedule", {"starts_at": slots[2]["starts_at"]})
        for id_ in wishes[:2]
    ]
    own = {"starts_at": slots[1]["starts_at"], "ends_at": slots[1]["ends_at"]}
    blocks = [one.post("/agenda/blocks", own) for one in (*some.sellers[:2], some.buyers[2])]
    applying = [some.apply(run) for _ in range(3)]
    answers = await asyncio.gather(*applying, *by_hand, *blocks)
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    codes = {answer.json().get("code") for answer in answers[:3]}
    assert codes <= {None, "plan_outdated"}
    assert await faults(world) == []
    scheduled = [id_ for id_ in wishes if (await meeting_of(some, id_))["state"] == "scheduled"]
    assert len(scheduled) in {*range(3), len(wishes)}


async def test_the_database_has_the_last_word(world: World, organiser: Caller) -> None:
    """Somebody at a psql prompt, who knows of no lock, takes the seller's time meanwhile."""
    some = await floor(world, organiser, sellers=1, buyers=1, tables=1, closes="09:30")
    (wish,) = await some.everybody_meets()
    run = await some.planned()
    (planned,) = await some.meetings(run)
    pool = world.app.state.database.reads.pool
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO agenda_entries (kind, holder_id, person_id, during) "
            "VALUES ('block', $1, $1, tstzrange($2, $3))",
            int(some.sellers[0].person_id),
            datetime.fromisoformat(planned["starts_at"]),
            datetime.fromisoformat(planned["ends_at"]),
        )
        applying = asyncio.create_task(some.apply(run))

        async def is_waiting() -> bool:
            return bool(
                await connection.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND wait_event_type = 'Lock'"
                )
            )

        await until(is_waiting)
        await transaction.commit()
    refusal = refused(await applying, 409, "plan_outdated")
    assert [(one["request_id"], one["code"]) for one in refusal["outdated"]] == [
        (wish, "person_busy")
    ]
    assert (await meeting_of(some, wish))["state"] == "accepted"
    assert await execute(world, "SELECT count(*) FROM meetings") == [(0,)]


async def test_a_run_that_is_done_again_keeps_one_plan_and_none_after_it_was_applied(
    world: World, organiser: Caller
) -> None:
    """A worker that was given up for dead may come to an end all the same."""
    some = await floor(world, organiser, sellers=1, buyers=1, tables=1, closes="09:30")
    await some.everybody_meets()
    run = await some.planned()
    await do_again(world, organiser, run)
    again = await some.run(run["id"])
    assert again["planned_at"] > run["planned_at"]
    assert again["fingerprint"] == run["fingerprint"]
    assert len(await some.meetings(run)) == 1
    applied = (await some.apply(run)).json()
    meetings = await some.meetings(run)
    await do_again(world, organiser, run)
    assert await some.run(run["id"]) == applied
    assert await some.meetings(run) == meetings


async def do_again(world: World, organiser: Caller, run: Json) -> None:
    """Plan a run once more, as another worker would."""

    async def plan(means: Means, again: Run, progress: Progress) -> Json | None:
        wanted = replace(again, input={"schedule_run_id": run["id"]})
        return await plan_schedule(means, wanted, progress)

    await begun(world, organiser)
    await work(world, plan)
