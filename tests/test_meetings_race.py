"""Many accept at once: nobody is in two places, and without the constraint somebody would be."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import httpx2
import pytest

from app.main import create_app
from tests.meetings import ask, execute, faults, period, respond
from tests.servers import S3Settings, make_settings
from tests.world import Caller, World, world_of

pytestmark = pytest.mark.slow

RIVALS = 64
ONE_PLACE = "ex_agenda_entries_holder_is_in_one_place"
Act = Callable[[], Awaitable[httpx2.Response]]


@pytest.fixture
async def crowd(database_url: str, s3_settings: S3Settings) -> AsyncIterator[World]:
    """Start the app with connections for many at once, and no limit on how much they ask."""
    settings = make_settings(
        database_url, s3_settings, database_pool_size=RIVALS, rate_limit_per_minute=1_000_000
    )
    async with world_of(create_app(settings)) as world:
        yield world


async def drop_the_constraint(world: World) -> None:
    await execute(world, f"ALTER TABLE agenda_entries DROP CONSTRAINT {ONE_PLACE}")


async def at_once(acts: list[Act]) -> list[httpx2.Response]:
    """Do everything at the same time."""
    answers: list[httpx2.Response] = []

    async def do(act: Act) -> None:
        answers.append(await act())

    async with anyio.create_task_group() as group:
        for act in acts:
            group.start_soon(do, act)
    return answers


def outcomes(answers: list[httpx2.Response]) -> Counter[str]:
    """Count what came of it: the code of each refusal, or that it was done."""
    return Counter(
        "done" if answer.status_code == 200 else f"{answer.status_code} {answer.json()['code']}"
        for answer in answers
    )


def accepting(caller: Caller, request: Any, starts: float, ends: float) -> Act:
    return lambda: respond(caller, request, "accept", period(starts, ends))


async def rivals_for_the_asked(world: World) -> list[Act]:
    """Sixty-four buyers want the same seller, in hours that overlap."""
    seller, buyer = await world.seller(), await world.buyer()
    askers = [await world.person(buyer.organisation_id) for _ in range(RIVALS)]
    requests = [await ask(asker, seller) for asker in askers]
    return [
        accepting(seller, request, place / RIVALS, 1 + place / RIVALS)
        for place, request in enumerate(requests)
    ]


async def rivals_for_the_asker(world: World) -> list[Act]:
    """Sixty-four sellers accept the same buyer, each without looking whom else they asked."""
    seller, buyer = await world.seller(), await world.buyer()
    asked = [await world.person(seller.organisation_id) for _ in range(RIVALS)]
    requests = [await ask(buyer, seller, to_person_id=one.person_id) for one in asked]
    return [
        accepting(caller, request, place / RIVALS, 1 + place / RIVALS)
        for place, (caller, request) in enumerate(zip(asked, requests, strict=True))
    ]


RACES = [rivals_for_the_asked, rivals_for_the_asker]


@pytest.mark.parametrize("rivals", RACES)
async def test_of_many_who_accept_the_same_time_of_a_person_one_wins(
    crowd: World, rivals: Callable[[World], Awaitable[list[Act]]]
) -> None:
    answers = await at_once(await rivals(crowd))
    assert outcomes(answers) == {"done": 1, "409 time_taken": RIVALS - 1}
    assert await faults(crowd) == []
    assert len(await execute(crowd, "SELECT 1 FROM meetings")) == 1
    assert len(await execute(crowd, "SELECT 1 FROM agenda_entries")) == 2


@pytest.mark.parametrize("rivals", RACES)
async def test_the_same_race_without_the_constraint_books_a_person_twice(
    crowd: World, rivals: Callable[[World], Awaitable[list[Act]]]
) -> None:
    """The control: it shows that the race above is one, and what it is that decides it."""
    acts = await rivals(crowd)
    await drop_the_constraint(crowd)
    assert outcomes(await at_once(acts))["done"] > 1
    assert await faults(crowd) != []


async def test_of_many_who_accept_the_same_request_one_wins(crowd: World) -> None:
    seller, buyer = await crowd.seller(), await crowd.buyer()
    request = await ask(buyer, seller)
    colleagues = [await crowd.person(seller.organisation_id) for _ in range(RIVALS)]
    answers = await at_once(
        [accepting(caller, request, place, place + 1) for place, caller in enumerate(colleagues)]
    )
    assert outcomes(answers) == {"done": 1, "409 not_pending": RIVALS - 1}
    assert await faults(crowd) == []


async def test_of_accepting_and_cancelling_at_once_either_comes_first(crowd: World) -> None:
    seller, buyer = await crowd.seller(), await crowd.buyer()
    for hour in range(16):
        request = await ask(buyer, seller)
        acts = [
            accepting(seller, request, hour, hour + 1),
            lambda request=request: respond(buyer, request, "cancel"),  # type: ignore[misc]
            lambda request=request: respond(seller, request, "decline"),  # type: ignore[misc]
        ]
        counted = outcomes(await at_once(acts))
        assert counted["done"] in {1, 2}
        assert counted["done"] + counted["409 not_pending"] == 3
        assert await faults(crowd) == []


async def storm(world: World, seed: int, acts: int) -> Counter[str]:
    """Let a few people accept and call off at random, many at once, in hours that often overlap."""
    chance = random.Random(seed)  # repeatable, not secret
    seller, buyer = await world.seller(), await world.buyer()
    sellers = [await world.person(seller.organisation_id) for _ in range(4)]
    buyers = [await world.person(buyer.organisation_id) for _ in range(4)]
    counted: Counter[str] = Counter()

    async def one(dice: random.Random) -> None:
        sides = [dice.choice(buyers), dice.choice(sellers)]
        asker, asked = dice.sample(sides, 2)
        wanted = {
            "to_organisation_id": asked.organisation_id,
            "to_person_id": asked.person_id,
        }
        answer = await asker.post("/meeting-requests", wanted)
        if answer.status_code == 409:
            counted.update([answer.json()["code"]])
            return
        request = answer.json()
        starts = dice.randrange(0, 32) / 4
        answers = [
            await respond(asked, request, "accept", period(starts, starts + dice.choice([0.5, 1])))
        ]
        if answers[0].status_code != 200 or dice.random() < 0.3:
            answers.append(await respond(asker, request, "cancel"))
        counted.update(outcomes(answers))

    lanes = [random.Random(chance.random()) for _ in range(16)]

    async def lane(dice: random.Random) -> None:
        for _ in range(acts // len(lanes)):
            await one(dice)

    async with anyio.create_task_group() as group:
        for dice in lanes:
            group.start_soon(lane, dice)
    return counted


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_a_storm_of_accepts_and_cancellations_nobody_is_in_two_places(
    crowd: World, seed: int
) -> None:
    counted = await storm(crowd, seed, acts=192)
    assert set(counted) <= {"done", "409 time_taken", "already_asked"}
    assert counted["409 time_taken"] > 0
    assert await faults(crowd) == []
    assert await execute(crowd, "SELECT 1 FROM agenda_entries") != []
    assert await execute(crowd, "SELECT 1 FROM meetings WHERE cancelled_at IS NOT NULL") != []


async def test_after_the_same_storm_without_the_constraint_somebody_is(crowd: World) -> None:
    await drop_the_constraint(crowd)
    await storm(crowd, 1, acts=192)
    assert await faults(crowd) != []
