"""`Idempotency-Key`: a request that is sent twice has one effect and one answer."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import Request
from sqlalchemy import text

from app import events
from app.deps import SessionDep
from app.main import create_app
from app.models import Role
from app.settings import Settings
from tests.manners import SIGN_UP, refused, with_route
from tests.servers import S3Settings, make_settings
from tests.storms import so_much
from tests.world import PASSWORD, Caller, World, world_of


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


def people(caller: Caller) -> str:
    return f"/organisations/{caller.organisation_id}/people"


async def count(world: World, table: str) -> int:
    async with world.app.state.database.session() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")))  # noqa: S608


async def test_a_repeated_request_gets_the_first_one_s_answer(world: World) -> None:
    first = await world.anonymous.post("/organisations", SIGN_UP, headers=key("sign-up"))
    again = await world.anonymous.post("/organisations", SIGN_UP, headers=key("sign-up"))
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    for name in ("Content-Type", "Location"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert await count(world, "organisations") == 1
    assert await count(world, "events") == 1


async def test_without_a_key_every_request_counts(world: World, seller: Caller) -> None:
    for _ in range(2):
        await seller.post(people(seller), {"email": "new@company.example"})
    assert await count(world, "invitations") == 2


async def test_a_key_is_for_one_request_alone(world: World, seller: Caller) -> None:
    path, body = people(seller), {"email": "new@company.example"}
    assert (await seller.post(path, body, headers=key("k"))).status_code == 201
    organiser = await world.organiser()
    for asked in (
        seller.post(path, {"email": "other@company.example"}, headers=key("k")),
        seller.post(f"{path}?x=1", body, headers=key("k")),
        seller.post(people(organiser), body, headers=key("k")),
    ):
        document = refused(await asked, 422, "idempotency_key_reused")
        assert document["errors"][0]["parameter"] == "Idempotency-Key"
    assert await count(world, "invitations") == 1


async def test_everybody_has_keys_of_their_own(world: World, seller: Caller) -> None:
    colleague = await world.person(seller.organisation_id, role=Role.ADMIN)
    for caller in (seller, colleague, await world.buyer()):
        body = {"email": f"invited-by-{caller.person_id}@company.example"}
        answer = await caller.post(people(caller), body, headers=key("1"))
        assert answer.json()["email"] == body["email"]
    signed_up = await world.anonymous.post("/organisations", SIGN_UP, headers=key("1"))
    assert signed_up.status_code == 201


async def test_a_refusal_is_not_kept(world: World) -> None:
    wrong = {**SIGN_UP, "country": "XX"}
    for body, status in ((wrong, 422), (wrong, 422), (SIGN_UP, 201), (SIGN_UP, 201)):
        answer = await world.anonymous.post("/organisations", body, headers=key("sign-up"))
        assert answer.status_code == status
    assert await count(world, "organisations") == 1


async def test_a_repetition_waits_for_the_first_to_end(settings: Settings) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def endpoint(request: Request, session: SessionDep) -> str:
        del request
        events.record(session, None, "experiment", 1)
        began.set()
        await may_end.wait()
        return "done"

    async with world_of(with_route(settings, endpoint)) as world:
        first = asyncio.create_task(world.http.post("/v1/experiment", headers=key("k")))
        await began.wait()
        answer = await world.http.post("/v1/experiment", headers=key("k"))
        refused(answer, 409, "idempotency_key_in_use")
        assert answer.headers["Retry-After"] == "1"
        may_end.set()
        assert (await first).json() == "done"
        assert (await world.http.post("/v1/experiment", headers=key("k"))).json() == "done"
        assert await count(world, "events") == 1


async def test_a_key_is_forgotten_after_its_time(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, idempotency_lifetime=timedelta(0))
    async with world_of(create_app(settings)) as world:
        seller = await world.seller()
        for number in range(3):
            body = {"email": f"new{number}@company.example"}
            answer = await seller.post(people(seller), body, headers=key("k"))
            assert answer.json()["email"] == body["email"]
        assert await count(world, "idempotency_keys") == 1


async def test_secrets_in_a_kept_answer_can_be_read_by_nobody_else(
    world: World, seller: Caller, s3_settings: S3Settings
) -> None:
    body = {"email": "new@company.example"}
    invited = await seller.post(people(seller), body, headers=key("k"))
    async with world.app.state.database.session() as session:
        row = (await session.execute(text("SELECT * FROM idempotency_keys"))).one()
    for secret in (invited.json()["token"], body["email"]):
        assert secret not in str(row)
        assert secret.encode() not in row.body
    assert world.app.state.signer.unseal(row.body) == invited.content

    database_url = world.app.state.settings.database_url
    renewed = make_settings(
        database_url, s3_settings, secret_key="another secret, as long as it must be"
    )
    async with world_of(create_app(renewed)) as later:
        token = later.app.state.signer.access_token(await session_of(later, seller))
        same = Caller(later.http, token)
        refused(await same.post(people(seller), body, headers=key("k")), 409, "answer_lost")


async def session_of(world: World, caller: Caller) -> int:
    async with world.app.state.database.session() as session:
        statement = text("SELECT id FROM sessions WHERE person_id = :id")
        return int(await session.scalar(statement, {"id": int(caller.person_id)}))


async def test_what_is_no_key_is_refused(seller: Caller) -> None:
    for name in ("", "a b", "a" * 256, "ключ", "\t"):
        headers = {b"Idempotency-Key": name.encode()}
        answer = await seller.post(people(seller), {"email": "a@b.example"}, headers=headers)
        assert refused(answer, 422, "invalid")["errors"][0]["parameter"] == "Idempotency-Key"


async def test_signing_in_has_no_keys(world: World, seller: Caller) -> None:
    form = {"username": seller.email, "password": PASSWORD}
    tokens = set()
    for _ in range(2):
        answer = await world.anonymous.post("/oauth/token", data=form, headers=key("k"))
        tokens.add(answer.json()["refresh_token"])
    assert len(tokens) == 2
    assert await count(world, "idempotency_keys") == 0


async def until_answered(caller: Caller, path: str, body: Any, name: str) -> httpx2.Response:
    """Repeat a request while its twin still runs."""
    while True:
        answer = await caller.post(path, body, headers=key(name))
        if answer.status_code != 409:
            return answer
        assert answer.json()["code"] == "idempotency_key_in_use"
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "keys", [20, pytest.param(so_much(1000, short=100), marks=pytest.mark.kill)]
)
async def test_of_eight_racing_duplicates_one_has_an_effect(
    keys: int, database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, rate_limit_per_minute=10**6)
    async with world_of(create_app(settings)) as world:
        seller = await world.seller()

        async def race(number: int) -> None:
            body = {"email": f"new{number}@company.example"}
            answers = await asyncio.gather(
                *(until_answered(seller, people(seller), body, f"k{number}") for _ in range(8))
            )
            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.content for answer in answers}) == 1
            replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
            assert sorted(map(str, replayed)) == ["None", *["true"] * 7]

        for start in range(0, keys, 10):
            await asyncio.gather(*(race(number) for number in range(start, start + 10)))
        assert await count(world, "invitations") == keys
        assert await count(world, "idempotency_keys") == keys
