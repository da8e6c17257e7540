"""Long work: begun with a request, watched, cancelled, brought to an end whoever dies meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from fastapi import Response

from app.authentication import find_person
from app.errors import Conflict
from app.models.operations import Operation, OperationState, Severity
from app.operations.answers import accepted
from app.operations.handling import (
    MAX_FINDINGS,
    Finding,
    Means,
    Progress,
    Run,
)
from app.operations.rules import seconds_to_wait
from app.operations.service import MAX_UNENDED, begin
from tests.meetings import execute
from tests.operations import KIND, begun, count_rows, facts, findings, jobs, shown, until, work
from tests.world import Caller, World

Json = dict[str, Any]


# From the beginning to the end ----------------------------------------------------------------


async def test_an_operation_is_queued_until_the_worker_does_it(
    world: World, seller: Caller
) -> None:
    id_ = await begun(world, seller, rows=3)
    waiting = await shown(seller, id_)
    assert waiting == {
        "id": id_,
        "kind": KIND,
        "state": "queued",
        "progress": 0,
        "counts": {},
        "findings": 0,
        "result": None,
        "problem": None,
        "person_id": seller.person_id,
        "created_at": waiting["created_at"],
        "started_at": None,
        "ended_at": None,
        "cancel_requested_at": None,
    }
    await work(world, count_rows)
    done = await shown(seller, id_)
    assert (done["state"], done["progress"]) == ("succeeded", 1)
    assert (done["counts"], done["findings"]) == ({"rows": 3}, 3)
    assert done["result"] == {"rows": 3, "attempt": 1}
    assert done["created_at"] <= done["started_at"] <= done["ended_at"]
    assert await facts(world, id_) == ["created", "started", "succeeded"]
    assert await jobs(world) == []


async def test_everybody_sees_how_far_it_is_while_it_goes_on(world: World, seller: Caller) -> None:
    go_on = asyncio.Event()

    async def half(means: Means, run: Run, progress: Progress) -> None:
        del means, run
        await progress.find([Finding(Severity.INFO, "so far so good")])
        await progress.tell(0.5, {"rows": 10})
        await go_on.wait()

    id_ = await begun(world, seller)
    working = asyncio.create_task(work(world, half))

    async def is_half_done() -> bool:
        return bool((await shown(seller, id_))["progress"] == 0.5)

    await until(is_half_done)
    answer = await seller.get(f"/operations/{id_}")
    assert answer.headers["Retry-After"] == "1"
    assert (answer.json()["state"], answer.json()["counts"]) == ("running", {"rows": 10})
    assert [each["severity"] for each in await findings(seller, id_)] == ["info"]
    go_on.set()
    await working
    answer = await seller.get(f"/operations/{id_}")
    assert "Retry-After" not in answer.headers
    assert answer.json()["state"] == "succeeded"
    assert answer.json()["result"] is None


async def test_findings_are_read_in_their_order_page_by_page(world: World, seller: Caller) -> None:
    id_ = await begun(world, seller, rows=7)
    await work(world, count_rows)
    found = await findings(seller, id_, limit=3)
    assert found == await findings(seller, id_)
    assert [each["number"] for each in found] == [1, 2, 3, 4, 5, 6, 7]
    assert found[1] == {
        "number": 2,
        "severity": "warning",
        "sheet": "Sheet",
        "row": 2,
        "column": "A",
        "value": "x",
        "problem": "looks odd",
        "done": None,
    }


async def test_any_text_of_a_file_can_be_a_finding_and_too_many_are_counted_only(
    world: World, seller: Caller
) -> None:
    async def find_much(means: Means, run: Run, progress: Progress) -> None:
        del means, run
        await progress.find([])
        await progress.find([Finding(Severity.ERROR, "a\x00b", value="\ud800", done="x" * 9999)])
        await progress.find([Finding(Severity.INFO, "is one of many")] * (MAX_FINDINGS + 5))
        await progress.tell(7.5)

    id_ = await begun(world, seller)
    await work(world, find_much)
    assert (await shown(seller, id_))["findings"] == MAX_FINDINGS + 6
    (first,) = (await seller.get(f"/operations/{id_}/findings?limit=1")).json()["items"]
    assert (first["problem"], first["value"], len(first["done"])) == ("a�b", "?", 500)
    kept = await execute(world, "SELECT count(*), max(number) FROM operation_findings")
    assert kept == [(MAX_FINDINGS, MAX_FINDINGS)]


async def test_what_is_begun_in_a_transaction_that_fails_never_was(
    world: World, seller: Caller
) -> None:
    with pytest.raises(RuntimeError):
        await begin_and_fail(world, seller)
    assert (await seller.get("/operations")).json()["items"] == []
    assert await jobs(world) == []


async def begin_and_fail(world: World, seller: Caller) -> None:
    async with world.app.state.database.session() as session, session.begin():
        actor = await find_person(session, int(seller.person_id))
        assert actor is not None
        await begin(session, actor, KIND, {})
        raise RuntimeError


async def test_an_organisation_has_only_so_many_at_once(world: World, seller: Caller) -> None:
    ids = [await begun(world, seller) for _ in range(MAX_UNENDED)]
    with pytest.raises(Conflict, match="have not ended"):
        await begun(world, seller)
    await begun(world, await world.seller())
    await seller.post(f"/operations/{ids[0]}/cancel")
    await begun(world, seller)


def test_who_begins_one_is_told_where_to_look_and_when() -> None:
    now = datetime.now(UTC)
    operation = Operation(
        id=17, kind=KIND, state=OperationState.QUEUED, progress=0.0, counts={}, findings=0,
        person_id=3, created_at=now,
    )  # fmt: skip
    response = Response()
    assert accepted(operation, response).id == 17
    assert response.headers["Location"] == "/v1/operations/17"
    assert response.headers["Retry-After"] == "1"


@pytest.mark.parametrize(("waited", "seconds"), [(0, 1), (19, 1), (20, 2), (95, 9), (9999, 30)])
def test_who_has_waited_long_asks_seldom(waited: int, seconds: int) -> None:
    now = datetime.now(UTC)
    assert seconds_to_wait(now - timedelta(seconds=waited), now) == seconds


# Who sees it ----------------------------------------------------------------------------------


async def test_an_organisation_sees_its_own_newest_first(world: World, seller: Caller) -> None:
    colleague = await world.person(seller.organisation_id)
    mine = [await begun(world, seller, f"test.{n % 2}") for n in range(5)]
    theirs = await begun(world, colleague)
    await begun(world, await world.seller())
    await seller.post(f"/operations/{theirs}/cancel")

    async def ids(**params: Any) -> list[str]:
        page = (await colleague.get("/operations", params=params)).json()
        return [each["id"] for each in page["items"]]

    assert await ids() == [theirs, *reversed(mine)]
    assert await ids(kind="test.1") == [mine[3], mine[1]]
    assert await ids(state="cancelled") == [theirs]
    assert await ids(kind="test.1", state="running") == []
    first = await colleague.get("/operations?limit=4")
    assert 'rel="next"' in first.headers["Link"]
    cursor = first.json()["next_cursor"]
    assert await ids(limit=4, cursor=cursor) == [mine[1], mine[0]]
    for senseless in ({"state": "lost"}, {"kind": "x" * 501}, {"cursor": "x"}, {"limit": "0"}):
        assert (await colleague.get("/operations", params=senseless)).status_code == 422


async def test_nobody_else_sees_it(world: World, seller: Caller) -> None:
    id_ = await begun(world, seller)
    for stranger in (await world.seller(), await world.buyer(), await world.organiser()):
        assert (await stranger.get("/operations")).json()["items"] == []
        for path in (f"/operations/{id_}", f"/operations/{id_}/findings", "/operations/x"):
            assert (await stranger.get(path)).status_code in {404, 422}
        assert (await stranger.post(f"/operations/{id_}/cancel")).status_code == 404


# Cancelled ------------------------------------------------------------------------------------


async def test_what_waits_is_cancelled_at_once(world: World, seller: Caller) -> None:
    id_ = await begun(world, seller)
    for _ in range(2):
        answer = await seller.post(f"/operations/{id_}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    await work(world, count_rows)
    assert (await shown(seller, id_))["state"] == "cancelled"
    assert await facts(world, id_) == ["created", "cancelled"]


async def test_what_runs_is_cancelled_when_its_handler_looks(world: World, seller: Caller) -> None:
    async def until_cancelled(means: Means, run: Run, progress: Progress) -> Json:
        del means, run
        rows = 0
        while not await progress.is_cancelled():
            rows += 1
            await progress.tell(0.1, {"rows": rows})
            await asyncio.sleep(0.01)
        return {"done": rows}

    id_ = await begun(world, seller)
    working = asyncio.create_task(work(world, until_cancelled))

    async def is_running() -> bool:
        return bool((await shown(seller, id_))["state"] == "running")

    await until(is_running)
    answer = await seller.post(f"/operations/{id_}/cancel")
    assert answer.status_code == 200
    assert answer.json()["cancel_requested_at"] is not None
    await working
    ended = await shown(seller, id_)
    assert (ended["state"], ended["progress"]) == ("cancelled", 0.1)
    assert ended["result"]["done"] >= 0
    assert await facts(world, id_) == ["created", "started", "cancel_requested", "cancelled"]


async def test_what_has_ended_is_not_cancelled(world: World, seller: Caller) -> None:
    id_ = await begun(world, seller)
    await work(world, count_rows)
    answer = await seller.post(f"/operations/{id_}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "operation_ended")
    assert answer.json()["state"] == "succeeded"


# The database's laws --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "state = 'running'",
        "state = 'succeeded', ended_at = now()",
        "state = 'failed', started_at = now(), ended_at = now()",
        "state = 'cancelled', ended_at = now()",
        "state = 'cancelled', cancel_requested_at = now()",
        "state = 'lost'",
        "started_at = now()",
        "ended_at = now()",
        "progress = 1.1",
        "problem = '{}'",
        "result = '{}'",
        "kind = ''",
    ],
)
async def test_times_and_states_belong_together(world: World, seller: Caller, change: str) -> None:
    await begun(world, seller)
    pool = world.app.state.database.reads.pool
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.fetch(f"UPDATE operations SET {change}")  # noqa: S608
