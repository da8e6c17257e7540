"""How much is taken: requests a minute, bytes a request."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.main import create_app
from app.models import Standing
from tests.api_clients import signed_in
from tests.manners import SIGN_UP, refused
from tests.servers import S3Settings, make_settings
from tests.world import PASSWORD, Caller, World, world_of

LIMIT = 5
CLIENT_LIMIT = 8


@pytest.fixture
async def strict(database_url: str, s3_settings: S3Settings) -> AsyncIterator[World]:
    """Start an app that takes 5 requests a minute, 8 of a client, and remembers nobody."""
    settings = make_settings(
        database_url,
        s3_settings,
        rate_limit_per_minute=LIMIT,
        client_rate_limit_per_minute=CLIENT_LIMIT,
        actor_cache_lifetime=timedelta(0),
    )
    async with world_of(create_app(settings)) as world:
        yield world


async def spend(caller: Caller) -> None:
    for _ in range(LIMIT):
        assert (await caller.get("/me")).status_code != 429


async def test_every_answer_says_how_many_requests_are_left(strict: World) -> None:
    for left in (4, 3):
        answer = await strict.anonymous.get("/me")
        assert answer.headers["RateLimit-Policy"] == '"default";q=5;w=60'
        told = re.fullmatch(r'"default";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
        assert told
        assert int(told[1]) == left
        assert 1 <= int(told[2]) <= 60


async def test_who_asks_too_often_is_told_when_to_come_back(strict: World) -> None:
    await spend(strict.anonymous)
    answer = await strict.anonymous.get("/me")
    refused(answer, 429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit"].startswith('"default";r=0;')


async def test_made_up_tokens_gain_no_requests(strict: World) -> None:
    for number in range(LIMIT):
        stranger = Caller(strict.http, token=f"made-up-{number}")
        refused(await stranger.get("/me"), 401, "invalid_token")
    refused(await Caller(strict.http, token="another").get("/me"), 429, "too_many_requests")


async def test_nobody_is_kept_out_by_others_at_their_address(strict: World) -> None:
    seller, pending = await strict.seller(), await strict.company(standing=Standing.PENDING)
    await spend(strict.anonymous)
    for caller in (seller, pending):
        await spend(caller)
        refused(await caller.get("/me"), 429, "too_many_requests")


async def test_a_person_is_counted_once_whatever_their_sessions(strict: World) -> None:
    seller = await strict.seller()
    form = {"username": seller.email, "password": PASSWORD}
    signed_in = await strict.anonymous.post("/oauth/token", data=form)
    again = Caller(strict.http, signed_in.json()["access_token"])
    for caller in (seller, again, again, seller, again):
        assert (await caller.get("/me")).status_code == 200
    refused(await seller.get("/me"), 429, "too_many_requests")
    refused(await again.get("/me"), 429, "too_many_requests")


async def test_a_client_has_a_quota_of_its_own(strict: World) -> None:
    seller = await strict.seller()
    client = await signed_in(seller, "titles:read")
    for left in range(CLIENT_LIMIT - 1, -1, -1):
        answer = await client.get("/titles")
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == f'"default";q={CLIENT_LIMIT};w=60'
        assert answer.headers["RateLimit"].startswith(f'"default";r={left};')
    late = await client.get("/titles")
    refused(late, 429, "too_many_requests")
    assert f"{CLIENT_LIMIT} units" in late.json()["detail"]
    another = await signed_in(await strict.seller(), "titles:read")
    assert (await another.get("/titles")).status_code == 200
    left_of_person = (await seller.get("/me")).headers["RateLimit"]
    assert left_of_person.startswith(f'"default";r={LIMIT - 2};')


async def test_a_dear_request_takes_more_of_what_is_left(strict: World) -> None:
    seller = await strict.seller()
    assert (await seller.get("/titles/facets")).headers["RateLimit"].startswith('"default";r=3;')
    assert (await seller.get("/titles/1")).headers["RateLimit"].startswith('"default";r=2;')
    answer = await seller.get("/avails/exports")
    refused(answer, 429, "too_many_requests")
    assert answer.headers["RateLimit"].startswith('"default";r=2;')
    assert "costs 20" in answer.json()["detail"]


async def test_watchers_are_never_told_to_wait(strict: World) -> None:
    await spend(strict.anonymous)
    for path in ("/healthz", "/readyz", "/metrics"):
        answer = await strict.http.get(path)
        assert answer.status_code == 200
        assert "RateLimit" not in answer.headers


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 1000):
        yield content[at : at + 1000]


async def test_a_body_is_read_up_to_the_limit_and_no_further(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, request_max_bytes=10_000)
    headers = {"Content-Type": "application/json"}
    fits = json.dumps(SIGN_UP).encode().ljust(10_000)
    async with world_of(create_app(settings)) as world:
        for content in (fits + b" ", in_pieces(fits + b" "), b"x" * 10_000_000):
            answer = await world.anonymous.post("/organisations", content=content, headers=headers)
            refused(answer, 413, "too_large")
        taken = await world.anonymous.post(
            "/organisations", content=in_pieces(fits), headers=headers
        )
        assert taken.status_code == 201
        again = await world.anonymous.post("/organisations", content=fits, headers=headers)
        refused(again, 409, "email_taken")
