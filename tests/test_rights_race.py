"""Many sell at once: nothing is sold twice, nothing is refused in vain, and it is a race."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import anyio
import asyncpg
import httpx2
import pytest

from app.main import create_app
from tests.meetings import execute
from tests.rights import ALWAYS, Json, box, days, done, offered, refused, sell, title_of
from tests.servers import S3Settings, make_settings
from tests.world import Caller, World, world_of

RIVALS = 64
TITLES = 8
FIRST = date(2027, 1, 1)
TERRITORIES = ["KZ", "RU", "CN", "UZ", "KG", "TJ", "IN", "PK", "IR", "BY", "TR", "AE"]
MEDIA = ["THEATRICAL", "SVOD", "AVOD_ON_DEMAND", "FAST", "PAY_TV", "FREE_TV"]
LANGUAGES = ["ru", "kk", "zh"]


@pytest.fixture
async def crowd(database_url: str, s3_settings: S3Settings) -> AsyncIterator[World]:
    """Start the app with connections for many at once, and no limit on how much they ask."""
    settings = make_settings(
        database_url, s3_settings, database_pool_size=RIVALS, rate_limit_per_minute=1_000_000
    )
    async with world_of(create_app(settings)) as world:
        yield world


@dataclass(frozen=True)
class Wish:
    """A box that somebody wants to sell, in words that are easily compared."""

    title: str
    territories: frozenset[str]
    media: frozenset[str]
    # Nothing means all of them
    languages: frozenset[str]
    first: date
    last: date
    exclusive: bool

    def clashes(self, other: "Wish") -> bool:
        """Compare without any arithmetic of the app's."""
        return (
            self.title == other.title
            and (self.exclusive or other.exclusive)
            and bool(self.territories & other.territories)
            and bool(self.media & other.media)
            and not (
                self.languages and other.languages and self.languages.isdisjoint(other.languages)
            )
            and self.first <= other.last
            and other.first <= self.last
        )

    @property
    def body(self) -> Json:
        """Write it for the API."""
        return box(
            " ".join(self.territories),
            " ".join(self.media),
            " ".join(self.languages) or "ALL",
            term=days(self.first.isoformat(), self.last.isoformat()),
            exclusive=self.exclusive,
            licensee_name="Qazaq Stream",
        )


def wishes(seed: int, titles: list[str], count: int) -> list[Wish]:
    """Draw boxes that overlap now and then."""
    random = Random(seed)

    def some(codes: list[str], most: int) -> frozenset[str]:
        return frozenset(random.sample(codes, random.randint(1, most)))

    found = []
    for _ in range(count):
        first = FIRST + timedelta(days=random.randrange(1500))
        found.append(
            Wish(
                random.choice(titles),
                some(TERRITORIES, 3),
                some(MEDIA, 2),
                some(LANGUAGES, 2) if random.random() < 0.4 else frozenset(),
                first,
                first + timedelta(days=random.randrange(400)),
                random.random() < 0.5,
            )
        )
    return found


@dataclass
class Outcome:
    """What came of a race: each licence's wish, and each refused wish with what it clashed with."""

    sold: dict[str, Wish]
    refused: list[tuple[Wish, list[str]]]
    others: Counter[str]


async def race(seller: Caller, wanted: list[Wish]) -> Outcome:
    """Sell everything at once, on as many connections as there are rivals, some for each title."""
    outcome = Outcome({}, [], Counter())

    async def rival(waiting: Iterator[Wish]) -> None:
        for wish in waiting:
            answer = await seller.post(f"/titles/{wish.title}/licences", wish.body)
            document = answer.json()
            if answer.status_code == 201:
                outcome.sold[document["id"]] = wish
            elif document["code"] == "already_licensed":
                clashes = [clash["licence_id"] for clash in document["clashes"]]
                outcome.refused.append((wish, clashes))
            else:
                outcome.others[f"{answer.status_code} {document['code']}"] += 1

    async with anyio.create_task_group() as group:
        for title in {wish.title for wish in wanted}:
            waiting = iter([wish for wish in wanted if wish.title == title])
            for _ in range(RIVALS // TITLES):
                group.start_soon(rival, waiting)
    return outcome


async def stored_clashes(world: World) -> list[Any]:
    """Compare all that is stored with all that is stored."""
    return await execute(
        world,
        "SELECT a.id, b.id FROM licences a JOIN licences b ON a.id < b.id "
        "AND a.title_id = b.title_id AND (a.exclusive OR b.exclusive) "
        "AND a.territories && b.territories AND a.media && b.media "
        "AND a.languages && b.languages AND a.taken && b.taken",
    )


async def ledgers_of(world: World) -> tuple[Caller, list[str]]:
    """Make a seller of a few titles, who offers one of them."""
    seller = await world.seller()
    titles = [await title_of(world, seller) for _ in range(TITLES)]
    await offered(seller, titles[0], "KZ RU", "SVOD", term=ALWAYS)
    return seller, titles


async def check(world: World, outcome: Outcome, attempts: int) -> None:
    """Hold a race to it that nothing was sold twice, and nothing refused that was free."""
    assert outcome.others == {}, "neither deadlocks nor anything else reach a caller"
    assert len(outcome.sold) + len(outcome.refused) == attempts
    assert len(outcome.sold) > attempts / 20
    assert len(outcome.refused) > attempts / 20
    stored = {str(row[0]) for row in await execute(world, "SELECT id FROM licences")}
    assert stored == set(outcome.sold)
    assert await stored_clashes(world) == []
    kept = list(outcome.sold.values())
    assert not any(
        one.clashes(other) for place, one in enumerate(kept) for other in kept[:place]
    ), "sold twice"
    for wish, told in outcome.refused:
        clashing = {id_ for id_, other in outcome.sold.items() if wish.clashes(other)}
        assert clashing, f"refused, and free: {wish}"
        assert told, f"not told what it clashes with: {wish}"
        assert set(told) <= clashing, f"told of what it does not clash with: {wish}"


async def test_of_hundreds_of_sales_at_once_no_two_clash(crowd: World) -> None:
    seller, titles = await ledgers_of(crowd)
    await check(crowd, await race(seller, wishes(1, titles, 500)), 500)


@pytest.mark.race
async def test_of_ten_thousand_sales_at_once_no_two_clash(crowd: World) -> None:
    seller, titles = await ledgers_of(crowd)
    await check(crowd, await race(seller, wishes(2, titles, 10_000)), 10_000)


async def test_the_same_race_without_the_constraint_sells_twice(crowd: World) -> None:
    """The control: it shows that the race above is one, and what it is that decides it."""
    seller, titles = await ledgers_of(crowd)
    await execute(crowd, "ALTER TABLE licences DROP CONSTRAINT ex_licences_nothing_is_sold_twice")
    outcome = await race(seller, wishes(1, titles, 300))
    assert outcome.refused == []
    assert await stored_clashes(crowd) != []


async def test_of_many_who_sell_the_same_one_does(crowd: World) -> None:
    seller, (title, *_) = await ledgers_of(crowd)
    codes: Counter[str] = Counter()

    async def rival() -> None:
        answer = await sell(seller, title, "KZ", "SVOD")
        codes[answer.json().get("code", "sold")] += 1

    async with anyio.create_task_group() as group:
        for _ in range(RIVALS):
            group.start_soon(rival)
    assert codes == {"sold": 1, "already_licensed": RIVALS - 1}


async def test_of_selling_and_cutting_at_once_either_comes_first(crowd: World) -> None:
    seller = await crowd.seller()
    outcomes: Counter[str] = Counter()
    for _ in range(16):
        title = await title_of(crowd, seller)
        (holding,) = done(await seller.get(f"/titles/{title}/holdings"))["items"]
        codes: list[str] = []

        async def act(method: str, path: str, body: Any = None, said: list[str] = codes) -> None:
            answer = await seller.request(method, path, json=body)
            said.append(answer.json()["code"] if answer.status_code >= 400 else "done")

        sale = box(licensee_name="Qazaq Stream", exclusive=True)
        async with anyio.create_task_group() as group:
            group.start_soon(act, "POST", f"/titles/{title}/licences", sale)
            group.start_soon(act, "DELETE", f"/titles/{title}/holdings/{holding['id']}")
        outcomes[" ".join(sorted(codes))] += 1
    assert set(outcomes) <= {"done licensed", "done outside_holdings"}, outcomes


async def test_a_deadlock_is_not_the_callers_business(crowd: World) -> None:
    """Whichever of two PostgreSQL undoes, the sale is made; here it is at last the sale."""
    seller, titles = await ledgers_of(crowd)
    for title in titles:
        if await is_undone_and_sold(crowd, seller, title):
            return
    pytest.fail(f"in {len(titles)} deadlocks PostgreSQL never undid the sale")


async def is_undone_and_sold(world: World, seller: Caller, title: str) -> bool:
    """A rival holds the licensee and wants the title; the sale holds the title and wants both.

    The one who has waited for `deadlock_timeout` looks for a circle and is undone: the sale, who
    has waited longer, unless the machine was so slow that it looked before the circle was closed.
    """
    buyer = await world.buyer()
    pool = world.app.state.database.reads.pool
    answers: list[httpx2.Response] = []

    async def act() -> None:
        answers.append(await sell(seller, title, "KZ", "SVOD", licensee_id=buyer.organisation_id))

    async with pool.acquire() as rival, pool.acquire() as watcher:
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"
        async with anyio.create_task_group() as group:
            try:
                async with rival.transaction():
                    await rival.execute(LOCK.format("organisations"), int(buyer.organisation_id))
                    group.start_soon(act)
                    await until(watcher, blocked, rival.get_server_pid())
                    await rival.execute(LOCK.format("titles"), int(title))
                sale_was_undone = True
            except asyncpg.DeadlockDetectedError:
                sale_was_undone = False
        await until(
            watcher, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
    done(answers[0], 201)
    refused(await sell(seller, title, "KZ", "SVOD"), "already_licensed")
    return sale_was_undone


LOCK = "SELECT FROM {} WHERE id = $1 FOR UPDATE"


async def until(watcher: Any, question: str, *values: object) -> None:
    """Ask again and again until the answer is yes: PostgreSQL tells nobody by itself."""
    with anyio.fail_after(10):
        while not await watcher.fetchval(question, *values):  # noqa: ASYNC110
            await anyio.sleep(0.01)
