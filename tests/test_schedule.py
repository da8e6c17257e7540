"""The schedule of a market, from the first wish to the last agenda."""

import asyncio
from typing import Any

from app.meetings.scheduling.jobs import forget_runs
from tests.manners import pointers, refused
from tests.markets import made, place
from tests.meetings import events_of, execute, faults
from tests.operations import until
from tests.plan_checker import Checker
from tests.schedules import as_planned, floor, work
from tests.world import Caller, World

Json = dict[str, Any]


async def test_what_both_want_is_planned_looked_at_and_becomes_real_when_it_is_applied(
    world: World, organiser: Caller
) -> None:
    small = await floor(world, organiser)
    wishes = await small.everybody_meets()
    answer = await organiser.post(small.path, {"seed": 7, "effort": 0.1})
    begun = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/operations/{begun['operation']['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert (begun["state"], begun["plan"]) == ("queued", None)
    refused(await small.apply(begun), 409, "not_planned")
    assert await small.meetings(begun) == []

    await work(world)
    run = await small.run(begun["id"])
    assert run["state"] == "planned", run
    plan = run["plan"]
    assert (plan["status"], plan["ended"]) == ("optimal", "proof")
    assert (plan["priority"], plan["bound"], plan["gap"]) == (48, 48, 0)
    assert plan["greedy"]["priority"] <= 48
    assert plan["counts"] == {
        "requests": 24,
        "meetings": 24,
        "new": 24,
        "moved": 0,
        "kept": 0,
        "left_out": 0,
        "lost": 0,
    }
    operation = run["operation"]
    assert (operation["kind"], operation["state"]) == ("schedule.plan", "succeeded")
    assert operation["result"] == {"schedule_run_id": run["id"], **plan}
    meetings = await small.meetings(run, limit=7)
    assert [one["request_id"] for one in meetings] != wishes
    assert sorted(one["request_id"] for one in meetings) == sorted(wishes)
    assert [one["starts_at"] for one in meetings] == sorted(one["starts_at"] for one in meetings)
    # Nothing is real yet
    assert (await small.buyers[0].get("/agenda")).json()["items"] == []

    for _ in range(2):
        answer = await small.apply(run)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "applied"
    agenda = (await small.buyers[0].get("/agenda")).json()["items"]
    planned = {
        one["request_id"]: one
        for one in meetings
        if one["people"][0]["person"]["id"] == small.buyers[0].person_id
    }
    assert {one["request_id"] for one in agenda} == set(planned)
    for one in agenda:
        assert one["starts_at"] == planned[one["request_id"]]["starts_at"]
        assert one["place"] == f"Hall 0, {planned[one['request_id']]['place']['name']}"
        assert one["sequence"] == 0
    assert await faults(world) == []
    told = [event.type for event in await events_of(world, run["id"])]
    assert told == ["schedule_run.created", "schedule_run.planned", "schedule_run.applied"]
    (_, _, last) = await events_of(world, wishes[0])
    assert last.type == "meeting_request.scheduled"
    companies = {int(small.buyers[0].organisation_id), int(small.sellers[0].organisation_id)}
    assert set(last.organisation_ids) == companies
    (made,) = await events_of(world, agenda[0]["id"])
    assert (made.type, made.person_id) == ("meeting.created", int(organiser.person_id))


async def test_what_finds_no_room_is_left_out_for_a_reason_and_the_plan_keeps_every_rule(
    world: World, organiser: Caller
) -> None:
    """Twelve wishes, and room for eight: two tables, and four slots."""
    full = await floor(world, organiser, sellers=3, buyers=4, tables=2, closes="11:00")
    wanted = [await full.accept(full.buyers[0], one, priority=3) for one in full.sellers]
    others = [await full.accept(b, s, priority=1) for b in full.buyers[1:] for s in full.sellers]
    run = await full.planned(seed=3)
    plan = run["plan"]
    assert (plan["status"], plan["priority"], plan["bound"]) == ("optimal", 14, 14)
    assert (plan["counts"]["meetings"], plan["counts"]["left_out"]) == (8, 4)
    left_out = await full.left_out(run, limit=3)
    assert {one["request_id"] for one in left_out} < set(others)
    for one in left_out:
        assert one["change"] == "left_out"
        assert one["detail"].endswith(".")
        assert sum(one["obstacles"].values()) == 4
        assert one["before"] is None
    meetings = await full.meetings(run)
    assert {one["request_id"] for one in meetings} >= set(wanted)
    assert [one["change"] for one in meetings] == ["new"] * 8
    assert meetings[0]["local"] == {
        "time_zone": "Asia/Tehran",
        "starts_at": "2027-06-14T09:00:00+03:30",
        "ends_at": "2027-06-14T09:30:00+03:30",
    }
    assert list(Checker(await full.instance()).broken(await as_planned(full, meetings))) == []
    # Another run of the same seed is the same plan, and of another one is planned otherwise
    again = await full.planned(seed=3)
    assert again["fingerprint"] == run["fingerprint"]
    assert await full.meetings(again) == meetings
    assert again["plan"] == plan
    listed = (await organiser.get(full.path, params={"limit": 1})).json()
    assert [one["id"] for one in listed["items"]] == [again["id"]]
    cursor = {"cursor": listed["next_cursor"]}
    (last,) = (await organiser.get(full.path, params=cursor)).json()["items"]
    assert last == run


async def test_what_people_said_is_kept_to(world: World, organiser: Caller) -> None:
    """Days, times, online rooms, own stands, a colleague who may come, and who left."""
    some = await floor(world, organiser, sellers=3, buyers=3, tables=1, closes="11:00")
    seller, other, third = some.sellers
    buyer, online, leaver = some.buyers
    stand = await place(
        organiser, some.halls[0], "Stand", kind="stand", seller_id=other.organisation_id
    )
    room = await made(
        organiser, f"/markets/{some.market['id']}/places", {"name": "Room", "kind": "online"}
    )
    accreditation = some.accreditations[online.person_id]
    answer = await organiser.patch(
        f"/accreditations/{accreditation['id']}",
        {"attendance": "online"},
        headers={"If-Match": "*"},
    )
    assert answer.status_code == 200, answer.text
    colleague = await world.person(seller.organisation_id)
    await some.attend(colleague, "seller")
    late = {"starts_at": "2027-06-14T10:30:00+03:30", "ends_at": "2027-06-14T11:00:00+03:30"}
    at_the_end = await some.accept(buyer, seller, anyone=True, proposed_times=[late])
    by_video = await some.accept(online, seller, anyone=True)
    at_the_stand = await some.accept(buyer, other)
    nobody = await some.accept(leaver, third)
    alone = await some.accept(buyer, third)
    for gone in (leaver, third):
        accreditation = some.accreditations[gone.person_id]
        answer = await organiser.post(f"/accreditations/{accreditation['id']}/revoke")
        assert answer.status_code == 200, answer.text
    run = await some.planned()
    meetings = {one["request_id"]: one for one in await some.meetings(run)}
    assert set(meetings) == {at_the_end, by_video, at_the_stand}
    assert meetings[at_the_end]["local"]["starts_at"] == late["starts_at"]
    assert meetings[by_video]["place"] == {"id": room["id"], "name": "Room"}
    assert meetings[at_the_stand]["place"] == {"id": stand["id"], "name": "Stand"}
    assert run["plan"]["score"]["choice"] == 0
    reasons = {one["request_id"]: one["reason"] for one in await some.left_out(run)}
    assert reasons == {nobody: "asker_gone", alone: "asked_gone"}
    assert (await some.apply(run)).status_code == 200
    assert await faults(world) == []


async def test_a_plan_leaves_meetings_where_they_are_also_those_made_while_it_was_made(
    world: World, organiser: Caller
) -> None:
    some = await floor(world, organiser, sellers=2, buyers=2, tables=2, closes="10:00")
    seller, other = some.sellers
    buyer, another = some.buyers
    slots = (await organiser.get(f"/markets/{some.market['id']}/slots")).json()["items"]
    known = await some.accept(buyer, seller, starts_at=slots[1]["starts_at"])
    waiting = await some.accept(buyer, other)
    run = await some.planned()
    meetings = {one["request_id"]: one for one in await some.meetings(run)}
    assert (meetings[known]["change"], meetings[waiting]["change"]) == ("kept", "new")
    assert meetings[known]["starts_at"] == slots[1]["starts_at"]
    assert meetings[waiting]["starts_at"] == slots[0]["starts_at"]
    assert meetings[known]["before"]["person_ids"] == sorted([buyer.person_id, seller.person_id])

    # The buyer takes something else upon them then, and the plan is good for nothing
    await some.accept(buyer, seller, starts_at=slots[0]["starts_at"])
    refusal = refused(await some.apply(run), 409, "plan_outdated")
    detail = "One of the two is not free at that time any more."
    told = [{"request_id": waiting, "code": "person_busy", "detail": detail}]
    assert (refusal["outdated"], refusal["outdated_count"]) == (told, 1)
    assert (await some.run(run["id"]))["state"] == "planned"
    # A wish that is given up, too
    elsewhere = await some.accept(another, other)
    second = await some.planned()
    await another.post(f"/meeting-requests/{elsewhere}/cancel", {})
    refusal = refused(await some.apply(second), 409, "plan_outdated")
    assert {one["code"] for one in refusal["outdated"]} == {"request_changed"}
    assert await faults(world) == []


async def test_runs_are_asked_for_in_ways_that_mean_something(
    world: World, organiser: Caller
) -> None:
    closed = await floor(world, organiser, sellers=1, buyers=1, tables=1)
    for wanted, pointer, code in (
        ({"mode": "repair", "repair_of": "404"}, "/repair_of", "not_applied"),
        ({"mode": "plan", "repair_of": "404"}, "", "invalid"),
        ({"seed": -1}, "/seed", "invalid"),
        ({"seed": 2**31}, "/seed", "invalid"),
        ({"effort": 0}, "/effort", "invalid"),
        ({"effort": "NaN"}, "/effort", "invalid"),
        ({"seconds": 3601}, "/seconds", "invalid"),
        ({"weights": {"idle": 10**30}}, "/weights/idle", "invalid"),
        ({"weights": {"beauty": 1}}, "/weights/beauty", "invalid"),
    ):
        refusal = refused(await organiser.post(closed.path, wanted), 422, code)
        assert pointers(refusal) == [pointer], wanted
    unplanned = await closed.begin(mode="repair")
    assert (unplanned["mode"], unplanned["repair_of"]) == ("repair", None)
    named = await organiser.post(closed.path, {"mode": "repair", "repair_of": unplanned["id"]})
    refused(named, 422, "not_applied")
    await organiser.post(f"/markets/{closed.market['id']}/close")
    refused(await organiser.post(closed.path, {}), 409, "market_not_open")
    await work(world)
    refused(await closed.apply(unplanned), 409, "market_not_open")
    for path in ("", "/meetings", "/left-out"):
        refused(await organiser.get(f"/schedule-runs/404{path}"), 404, "not_found")
    refused(await organiser.post("/schedule-runs/404/apply"), 404, "not_found")


async def test_a_run_that_is_cancelled_before_it_began_has_no_plan(
    world: World, organiser: Caller
) -> None:
    some = await floor(world, organiser, sellers=1, buyers=1, tables=1)
    run = await some.begin()
    await organiser.post(f"/operations/{run['operation']['id']}/cancel")
    await work(world)
    cancelled = await some.run(run["id"])
    assert (cancelled["state"], cancelled["plan"]) == ("cancelled", None)
    refused(await some.apply(run), 409, "not_planned")
    # Nobody remembers the work after 90 days, and nobody wants what it was for
    await execute(world, "UPDATE schedule_runs SET created_at = now() - interval '91 days'")
    await execute(world, "DELETE FROM operations")
    assert (await some.run(run["id"]))["state"] == "failed"
    async with world.app.state.database.session() as session, session.begin():
        await forget_runs(session)
    refused(await organiser.get(f"/schedule-runs/{run['id']}"), 404, "not_found")


async def test_planning_is_cancelled_while_it_goes_on(world: World, organiser: Caller) -> None:
    some = await floor(world, organiser)
    await some.everybody_meets()
    run = await some.begin(effort=20, seconds=3600)
    working = asyncio.create_task(work(world))

    async def is_running() -> bool:
        return bool((await some.run(run["id"]))["state"] == "running")

    await until(is_running)
    answer = await organiser.post(f"/operations/{run['operation']['id']}/cancel")
    assert answer.status_code == 200
    await working
    ended = await some.run(run["id"])
    if ended["plan"] is None:
        assert ended["state"] == "cancelled"
    else:
        assert ended["state"] == "planned"
        assert (await some.apply(run)).status_code == 200
        assert await faults(world) == []


async def test_who_no_longer_runs_the_market_has_nothing_planned(
    world: World, organiser: Caller
) -> None:
    some = await floor(world, organiser, sellers=1, buyers=1, tables=1)
    run = await some.begin()
    await execute(world, "UPDATE organisations SET is_organiser = false")
    await work(world)
    await execute(
        world,
        "UPDATE organisations SET is_organiser = true WHERE id = :id",
        id=int(organiser.organisation_id),
    )
    failed = await some.run(run["id"])
    assert (failed["state"], failed["operation"]["problem"]["code"]) == ("failed", "forbidden")
