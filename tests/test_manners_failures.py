"""What breaks on our side: told without its inside, repeated where that helps, never half done."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import httpx2
import pytest
from sqlalchemy import text

from app import events
from app.deps import SessionDep
from app.main import create_app
from app.models import Standing
from app.settings import Settings
from tests.manners import SIGN_UP, refused, with_route
from tests.servers import S3Settings, make_settings
from tests.wire import Wire, wire_to
from tests.world import PASSWORD, Caller, World, world_of

EXPERIMENT = "/v1/experiment"


async def experiments(world: World) -> int:
    """Count what came of the experiments."""
    async with world.app.state.database.session() as session:
        found = await session.scalar(text("SELECT count(*) FROM events WHERE type = 'experiment'"))
        return int(found)


# A bug ----------------------------------------------------------------------------------------


async def test_a_bug_tells_the_log_everything_and_the_caller_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def endpoint(session: SessionDep) -> None:
        events.record(session, None, "experiment", 1)
        await session.flush()
        raise RuntimeError("the inside of the matter")

    async with world_of(with_route(settings, endpoint)) as world:
        answer = await world.http.post(EXPERIMENT, headers={"X-Request-ID": "the-one-in-question"})
        refused(answer, 500, "internal_error")
        assert "inside" not in answer.text
        assert "Traceback" not in answer.text
        assert await experiments(world) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logged = [line for line in lines if line.get("request_id") == "the-one-in-question"]
    assert [line["event"] for line in logged] == ["request_failed", "request"]
    assert "RuntimeError: the inside of the matter" in logged[0]["exception"]
    assert logged[1]["status"] == 500


async def test_a_value_that_postgresql_cannot_hold_is_the_caller_s_to_change(
    settings: Settings,
) -> None:
    async def endpoint(session: SessionDep, year: int) -> None:
        await session.execute(text("SELECT CAST(:year AS smallint)"), {"year": year})

    async with world_of(with_route(settings, endpoint)) as world:
        for year in (10**5, 10**30):
            answer = await world.http.post(EXPERIMENT, params={"year": year})
            refused(answer, 422, "invalid")


# Losing to others -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_a_transaction_that_lost_to_another_is_run_again_unseen(
    settings: Settings, code: str
) -> None:
    attempts = count(1)

    async def endpoint(session: SessionDep) -> int:
        events.record(session, None, "experiment", 1)
        await session.flush()
        if (attempt := next(attempts)) < 3:
            await session.execute(text(f"DO $$BEGIN RAISE SQLSTATE '{code}'; END$$"))
        return attempt

    async with world_of(with_route(settings, endpoint)) as world:
        answer = await world.http.post(EXPERIMENT, headers={"Idempotency-Key": "once"})
        assert answer.json() == 3
        assert await experiments(world) == 1
        replayed = await world.http.post(EXPERIMENT, headers={"Idempotency-Key": "once"})
        assert replayed.json() == 3


async def test_two_who_wait_for_each_other_both_get_through(settings: Settings) -> None:
    both_hold_one = asyncio.Barrier(2)
    met = False
    statement = text("UPDATE organisations SET website = website || :mark WHERE id = :id")

    async def endpoint(session: SessionDep, first: int, second: int) -> None:
        nonlocal met
        await session.execute(statement, {"id": first, "mark": "+"})
        if not met:
            await both_hold_one.wait()
            met = True
        await session.execute(statement, {"id": second, "mark": "+"})

    async with world_of(with_route(settings, endpoint)) as world:
        one, other = [(await world.company()).organisation_id for _ in range(2)]
        async with world.app.state.database.session() as session, session.begin():
            await session.execute(text("UPDATE organisations SET website = ''"))
        answers = await asyncio.gather(
            world.http.post(EXPERIMENT, params={"first": one, "second": other}),
            world.http.post(EXPERIMENT, params={"first": other, "second": one}),
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        async with world.app.state.database.session() as session:
            marks = await session.scalars(text("SELECT website FROM organisations"))
            assert list(marks) == ["++", "++"]


async def test_edits_of_the_same_thing_at_once_all_count(organiser: Caller) -> None:
    path = f"/organisations/{organiser.organisation_id}"
    names = [f"Name {number}" for number in range(4)]
    answers = await asyncio.gather(*(organiser.patch(path, {"name": name}) for name in names))
    assert [answer.status_code for answer in answers] == [200] * 4
    tags = {answer.headers["ETag"] for answer in answers}
    assert tags == {f'"{version}"' for version in (2, 3, 4, 5)}


async def test_who_loses_every_time_is_told_to_come_back(settings: Settings) -> None:
    async def endpoint(session: SessionDep) -> None:
        await session.execute(text("DO $$BEGIN RAISE SQLSTATE '40001'; END$$"))

    async with world_of(with_route(settings, endpoint)) as world:
        answer = await world.http.post(EXPERIMENT)
        refused(answer, 503, "contention")
        assert answer.headers["Retry-After"] == "1"


# PostgreSQL is away ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        # A farewell that came between two statements: asyncpg says it of the second one.
        asyncpg.InternalClientError("cannot switch to state 12; another operation is in progress"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionResetError(),
    ],
)
async def test_a_connection_that_is_lost_is_no_fault_of_the_request(
    settings: Settings, error: Exception
) -> None:
    async def endpoint() -> None:
        raise error

    async with world_of(with_route(settings, endpoint)) as world:
        refused(await world.http.post(EXPERIMENT), 503, "database_unavailable")


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[tuple[Wire, str]]:
    """Give a wire to the database that can be cut."""
    async with wire_to(database_url) as made:
        yield made


async def test_without_postgresql_callers_are_told_to_come_back(
    wire: tuple[Wire, str], s3_settings: S3Settings
) -> None:
    line, url = wire
    async with world_of(create_app(make_settings(url, s3_settings))) as world:
        seller = await world.seller()
        assert (await seller.get("/sellers")).status_code == 200
        await line.cut()
        form = {"username": seller.email, "password": PASSWORD}
        for asked in (
            seller.get("/me"),
            seller.get("/sellers"),
            seller.get("/titles"),
            seller.get("/titles/1"),
            seller.patch("/me", {"name": "Changed"}),
            world.anonymous.post("/oauth/token", data=form, headers={"Idempotency-Key": "x"}),
        ):
            answer = await asked
            refused(answer, 503, "database_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        assert (await world.http.get("/healthz")).status_code == 200
        assert (await world.http.get("/readyz")).status_code == 503
        await line.mend()
        assert (await seller.get("/me")).json()["name"] != "Changed"
        assert (await world.http.get("/readyz")).status_code == 200


async def test_a_connection_lost_in_mid_transaction_leaves_nothing_behind(
    wire: tuple[Wire, str], s3_settings: S3Settings
) -> None:
    line, url = wire

    async def endpoint(session: SessionDep) -> None:
        events.record(session, None, "experiment", 1)
        await session.flush()
        await line.cut()

    async with world_of(with_route(make_settings(url, s3_settings), endpoint)) as world:
        refused(await world.http.post(EXPERIMENT), 503, "database_unavailable")
        await line.mend()
        assert await experiments(world) == 0


async def test_a_flood_of_sign_ins_and_sign_ups_keeps_nobody_else_waiting(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, database_pool_size=2)
    async with world_of(create_app(settings)) as world:
        seller = await world.seller()
        form = {"username": seller.email, "password": "wrong"}
        person = SIGN_UP["person"]
        flood = [
            asyncio.create_task(asked)
            for number in range(6)
            for asked in (
                world.anonymous.post("/oauth/token", data=form),
                world.anonymous.post(
                    "/organisations",
                    {**SIGN_UP, "person": {**person, "email": f"a{number}@company.example"}},
                ),
            )
        ]
        await asyncio.sleep(0.1)
        assert (await seller.get("/me")).status_code == 200
        assert len([answer for answer in flood if not answer.done()]) > 8
        codes = {answer.status_code for answer in await asyncio.gather(*flood)}
        assert codes == {201, 400}


async def all_answered(*asked: object) -> list[httpx2.Response]:
    async with asyncio.timeout(8):  # less than the pool waits before it gives up
        return list(await asyncio.gather(*asked))  # type: ignore[call-overload]


async def test_requests_never_wait_for_each_other_s_connections(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, database_pool_size=2)
    async with world_of(create_app(settings)) as world:
        # Who waits for approval is looked up anew at each request.
        pending = await world.company(standing=Standing.PENDING)
        people = f"/organisations/{pending.organisation_id}/people"
        invited = await all_answered(
            *(
                pending.post(
                    people,
                    {"email": f"colleague{number}@company.example"},
                    headers={"Idempotency-Key": f"key-{number}"},
                )
                for number in range(8)
            )
        )
        assert [answer.status_code for answer in invited] == [201] * 8
        form = {"username": pending.email, "password": PASSWORD}
        signed_in = await all_answered(
            *(
                world.anonymous.post(
                    "/oauth/token", data=form, headers={"Idempotency-Key": f"key-{number}"}
                )
                for number in range(4)
            )
        )
        assert [answer.status_code for answer in signed_in] == [200] * 4
