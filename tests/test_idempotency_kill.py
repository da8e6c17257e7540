"""`Idempotency-Key` while the API is killed: duplicates race at two processes that come and go."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import anyio
import httpx2
import psycopg
import pytest

from app.main import create_app
from app.settings import Settings
from tests.servers import S3Settings, make_settings
from tests.serving import Api, served
from tests.storms import so_much
from tests.world import Caller, world_of
from tests.writers import PAUSE

pytestmark = pytest.mark.kill

# At least: a busy machine takes its time to start what was killed, and more keys are fought for.
KEYS, DUPLICATES = so_much(1000, short=200), 8
# Keys that are fought for at the same moment
AT_ONCE = 8
LONGEST_CALM = 1.5
FEWEST_KILLS = so_much(6, short=2)
EFFECTS = """
SELECT (SELECT count(*) FROM invitations), (SELECT count(DISTINCT email) FROM invitations),
    (SELECT count(*) FROM events WHERE type = 'invitation.created'),
    (SELECT count(*) FROM idempotency_keys)
"""


class Racers:
    """Clients who send the same again until they are answered, each to whoever lives."""

    def __init__(self, urls: list[str], caller: Caller) -> None:
        self._urls = urls
        self._path = f"/v1/organisations/{caller.organisation_id}/people"
        self._token = caller.token
        # What was answered to whom, and what was not
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.keys = 0
        self.may_end = False
        self._numbers = count()

    async def race(self) -> None:
        """Have every key fought for."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with httpx2.AsyncClient(timeout=30, headers=headers) as http:
            await asyncio.gather(*(self._race_on(http) for _ in range(AT_ONCE)))

    async def _race_on(self, http: httpx2.AsyncClient) -> None:
        for number in self._numbers:
            if number >= KEYS and self.may_end:
                return
            self.keys += 1
            answers = await asyncio.gather(
                *(self._until_answered(http, number, racer) for racer in range(DUPLICATES))
            )
            if {answer.status_code for answer in answers} != {201}:
                self.faults.append(f"{number}: {[answer.text for answer in answers]}")
            if len({answer.content for answer in answers}) != 1:
                self.faults.append(f"{number}: several answers")
            first = [answer for answer in answers if "Idempotency-Replayed" not in answer.headers]
            if len(first) > 1:
                self.faults.append(f"{number}: done {len(first)} times")
            self.counts["first answer lost"] += not first

    async def _until_answered(
        self, http: httpx2.AsyncClient, number: int, racer: int
    ) -> httpx2.Response:
        body = {"email": f"new{number}@company.example"}
        headers = {"Idempotency-Key": f"key-{number}"}
        while True:
            url = self._urls[racer % len(self._urls)]
            racer += 1
            try:
                answer = await http.post(url + self._path, json=body, headers=headers)
            except httpx2.ConnectError:
                self.counts["nobody there"] += 1
            except httpx2.TransportError:
                self.counts["cut off"] += 1
            else:
                self.counts[str(answer.status_code)] += 1
                if answer.status_code != 503 and not is_in_use(answer):
                    return answer
            await asyncio.sleep(PAUSE * random.random())


def is_in_use(answer: httpx2.Response) -> bool:
    return answer.status_code == 409 and answer.json()["code"] == "idempotency_key_in_use"


@contextmanager
def two_apis(settings: Settings, folder: Path) -> Iterator[list[Api]]:
    folders = [folder / name for name in ("one", "two")]
    for each in folders:
        each.mkdir()
    with served(settings, folders[0]) as one, served(settings, folders[1]) as two:
        yield [one, two]


async def race_while_killing(apis: list[Api], racers: Racers) -> int:
    """Pull the plug of one, start it again, until the race is over; tell how often."""
    racing = asyncio.create_task(racers.race())
    kills = 0
    while True:
        await asyncio.wait([racing], timeout=random.uniform(0.3, LONGEST_CALM))
        if racing.done():
            await racing
            return kills
        victim = random.choice(apis)
        await asyncio.to_thread(victim.kill)
        kills += 1
        racers.may_end = kills >= FEWEST_KILLS
        await asyncio.to_thread(victim.start)


async def seller_of(settings: Settings) -> Caller:
    async with world_of(create_app(settings)) as world:
        return await world.seller()


def test_of_racing_duplicates_one_has_an_effect_whoever_is_killed(
    database_url: str,
    s3_settings: S3Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = make_settings(database_url, s3_settings, access_token_lifetime=timedelta(hours=2))
    seller = anyio.run(seller_of, settings)
    with two_apis(settings, tmp_path) as apis:
        racers = Racers([api.url for api in apis], seller)
        kills = anyio.run(race_while_killing, apis, racers)
        for api in apis:
            assert "request_failed" not in api.log.read_text()
    with capsys.disabled():
        sys.stdout.write(f"\n{kills} kills, {racers.keys} keys: {dict(racers.counts)}\n")
    assert racers.faults == []
    with psycopg.connect(database_url) as connection:
        assert connection.execute(EFFECTS).fetchone() == (racers.keys,) * 4
    # The plug was pulled in the middle of it.
    assert racers.counts["cut off"] > 0
