"""Answers that a process keeps: given while nothing changed, never stale by more than a second."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy import BigInteger, bindparam, select

from app import events
from app.answers import Answers
from app.db import Read
from app.events import HEARD_NOUNS
from app.hot import HotRoute
from app.main import create_app
from app.models import Organisation
from app.settings import Settings
from tests.meetings import execute
from tests.servers import S3Settings, make_settings
from tests.wire import wire_to
from tests.world import Caller, World, world_of

NAME = Read(select(Organisation.name).where(Organisation.id == bindparam("id", type_=BigInteger)))
STALE_SECONDS = 1.0


def with_hot_route(settings: Settings) -> FastAPI:
    """Make the app with a hot read more, which counts how often it asked the database."""
    app = create_app(settings)
    app.state.asked = count()
    app.state.may_go_on = asyncio.Event()
    app.state.may_go_on.set()
    router = APIRouter(route_class=HotRoute)

    @router.get("/v1/names/{organisation_id}")  # noqa: FAST003  # a hot endpoint takes the request alone
    async def get_name(request: Request) -> Response:
        state, path = request.app.state, request.scope["path"]
        kept: Response | None = state.answers.find(path)
        if kept is not None:
            return kept
        generation = state.answers.generation
        next(state.asked)
        name = await state.database.reads.text(NAME, id=int(request.path_params["organisation_id"]))
        await state.may_go_on.wait()
        answer = Response(name)
        state.answers.keep(path, generation, answer)
        return answer

    app.include_router(router)
    return app


def times_asked(world: World) -> int:
    return int(repr(world.app.state.asked)[6:-1])


@pytest.fixture
async def processes(settings: Settings) -> AsyncIterator[tuple[World, World]]:
    """Start two processes of the API, as it were, on one database."""
    async with AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(world_of(with_hot_route(settings))) for _ in "12"]
        for world in worlds:
            await until_kept(world, await world.company())
            world.app.state.asked = count()
        yield worlds[0], worlds[1]


async def name_of(world: World, company: Caller) -> str:
    answer = await world.http.get(f"/v1/names/{company.organisation_id}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def until_kept(world: World, company: Caller) -> None:
    """Ask until the answer is not asked of the database: the process listens."""
    async with asyncio.timeout(5):
        asked = -1
        while asked != (asked := times_asked(world)):
            await asyncio.sleep(0.01)
            await name_of(world, company)


async def rename(world: World, company: Caller, name: str) -> None:
    here = Caller(world.http, company.token)
    path = f"/organisations/{company.organisation_id}"
    assert (await here.patch(path, {"name": name})).status_code == 200


async def seconds_until(world: World, company: Caller, name: str) -> float:
    """Ask again and again, and tell when the new name came."""
    began = time.monotonic()
    async with asyncio.timeout(5):
        while await name_of(world, company) != name:  # noqa: ASYNC110  # others make it so
            await asyncio.sleep(0.005)
    return time.monotonic() - began


async def test_what_did_not_change_is_not_asked_again(processes: tuple[World, World]) -> None:
    here, _ = processes
    company = await here.company("First")
    assert [await name_of(here, company) for _ in range(5)] == ["First"] * 5
    assert times_asked(here) == 1


async def test_a_process_gives_its_own_changes_at_once(processes: tuple[World, World]) -> None:
    here, _ = processes
    company = await here.company("First")
    for name in ("Second", "Third", "Fourth"):
        await name_of(here, company)
        await rename(here, company, name)
        assert await name_of(here, company) == name


async def test_a_process_hears_of_the_changes_of_others(processes: tuple[World, World]) -> None:
    here, there = processes
    company = await here.company("First")
    for name in ("Second", "Third", "Fourth"):
        await name_of(here, company)
        await rename(there, company, name)
        assert await seconds_until(here, company, name) < STALE_SECONDS


async def test_an_answer_that_was_begun_before_a_change_is_not_kept_after_it(
    processes: tuple[World, World],
) -> None:
    here, _ = processes
    company = await here.company("First")
    here.app.state.may_go_on.clear()
    begun = asyncio.create_task(name_of(here, company))
    while times_asked(here) == 0:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    await rename(here, company, "Second")
    here.app.state.may_go_on.set()
    assert await begun == "First"
    assert await name_of(here, company) == "Second"


async def test_each_noun_that_is_shown_is_heard_and_no_other(
    processes: tuple[World, World],
) -> None:
    here, there = processes
    answers = here.app.state.answers
    for noun, is_heard in [*((noun, True) for noun in sorted(HEARD_NOUNS)), ("meeting", False)]:
        generation = answers.generation
        async with there.app.state.database.session() as session, session.begin():
            events.record(session, None, f"{noun}.tested", 1)
        await asyncio.sleep(0.1)
        assert (answers.generation > generation) == is_heard, noun


# Whoever listens gives no name of its own; nor does the autovacuum, which is none of ours to end.
CLOSE_EARS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
    AND application_name <> 'filmmart' AND query <> ''
"""


async def test_a_process_whose_ear_was_closed_gives_nothing_stale(
    processes: tuple[World, World],
) -> None:
    here, there = processes
    company = await here.company("0")
    for number in range(1, 4):
        async with asyncio.timeout(5):
            while not await execute(there, CLOSE_EARS):  # until they are open
                await until_kept(here, company)
        await rename(there, company, str(number))
        assert await seconds_until(here, company, str(number)) < STALE_SECONDS


async def test_a_process_cut_off_gives_nothing_stale(
    database_url: str, s3_settings: S3Settings
) -> None:
    async with wire_to(database_url) as (line, url), AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(
                world_of(with_hot_route(make_settings(each, s3_settings)))
            )
            for each in (url, database_url)
        ]
        company = await there.company("First")
        await until_kept(here, company)
        await line.cut()
        await rename(there, company, "Second")
        await asyncio.sleep(STALE_SECONDS)
        answer = await here.http.get(f"/v1/names/{company.organisation_id}")
        assert answer.status_code == 503
        await line.mend()
        assert await name_of(here, company) == "Second"


# The shelf itself -----------------------------------------------------------------------------


def shelf(entries: int, *, longest_seconds: float = 60.0) -> Answers:
    return Answers(entries, longest_seconds=longest_seconds, most_bytes=100)


def found(answers: Answers, keys: Any) -> list[Any]:
    answers.heard()
    return [key for key in keys if answers.find(key) is not None]


def test_nothing_is_given_before_anybody_listens() -> None:
    answers = shelf(10)
    answers.keep("a", answers.generation, Response("x"))
    assert answers.find("a") is None
    assert found(answers, "a") == ["a"]


def test_the_oldest_answers_make_room() -> None:
    answers = shelf(3)
    for key in "abcad":
        answers.keep(key, answers.generation, Response("x"))
    assert found(answers, "abcd") == ["a", "c", "d"]


def test_large_answers_make_room_sooner() -> None:
    answers = shelf(10)
    half = Response(b"x" * 50)
    for key in "abca":
        answers.keep(key, answers.generation, half)
    assert found(answers, "abc") == ["a", "c"]
    answers.keep("d", answers.generation, Response(b"x" * 101))
    assert found(answers, "abcd") == []
    answers.keep("e", answers.generation, half)
    answers.drop()
    for key in "ab":
        answers.keep(key, answers.generation, half)
    assert found(answers, "abe") == ["a", "b"]


def test_an_answer_is_kept_for_its_time_and_not_at_all_where_that_is_said() -> None:
    for answers in (shelf(10, longest_seconds=-1.0), shelf(0)):
        answers.keep("a", answers.generation, Response("x"))
        assert found(answers, "a") == []
