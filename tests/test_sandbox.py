"""The sandbox: a market of its own that people of the live one enter by tickets."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import cycle
from typing import Any

import anyio
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import SecretStr
from sqlalchemy import func, select, text

from app.accounts.sandbox.schemas import TicketContent
from app.accounts.sandbox.tickets import sign_ticket
from app.main import create_app
from app.models import Event, Organisation, Person, Standing
from app.partners.webhooks.addresses import may_be_reached
from app.scopes import SCOPES
from app.screeners.ledger.keys import ledger_key
from app.sequencing.chain import journal_key
from tests import api_clients
from tests.sandboxes import KEY, OF_LIVE, URL, entered, sandbox_of, show, ticket_of
from tests.servers import Databases, S3Settings, make_settings
from tests.world import Caller, World, world_of

TITLE = {
    "kind": "feature",
    "original_title": "Kurosawa in a box",
    "year": 2026,
    "reference": "BOX-1",
    "texts": {"en": {"title": "Kurosawa in a box"}},
}
FACTS = "/events?after=0&types=title.*&limit=1000"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def live(databases: Databases, s3_settings: S3Settings) -> AsyncIterator[World]:
    """Start a market that has a sandbox, once: each test brings companies of its own."""
    with databases.fresh() as url:
        async with world_of(create_app(make_settings(url, s3_settings, **OF_LIVE))) as world:
            yield world


@pytest.fixture(scope="module")
async def sandbox(databases: Databases, s3_settings: S3Settings) -> AsyncIterator[World]:
    """Start its sandbox."""
    async with sandbox_of(databases, s3_settings, rate_limit_per_minute=100_000) as world:
        yield world


# The way in -----------------------------------------------------------------------------------


async def test_a_person_enters_as_who_they_are_with_neither_password_nor_address(
    live: World, sandbox: World
) -> None:
    seller = await live.seller("Kazakhfilm Sales")
    asked = (await seller.post("/sandbox-tickets")).json()
    assert asked["url"] == URL
    assert datetime.fromisoformat(asked["expires_at"]) < datetime.now(UTC) + timedelta(seconds=61)
    answer = await show(sandbox, asked["ticket"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    tokens = answer.json()
    there = Caller(sandbox.http, tokens["access_token"])
    own, found = (await seller.get("/me")).json(), (await there.get("/me")).json()
    assert found["email"] == f"{seller.person_id}@sandbox.invalid"
    for told in (own, found):
        for name in ("email", "created_at"):
            told.pop(name)
        told["organisation"].pop("created_at")
    assert found == own
    assert (found["sells"], found["buys"]) == (True, False)
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await sandbox.http.post("/v1/oauth/token", data=again)).status_code == 200
    wanted = {"username": found.get("email", f"{seller.person_id}@sandbox.invalid")}
    for password in ("correct-horse-battery", "None", " "):
        refused = await sandbox.http.post("/v1/oauth/token", data=wanted | {"password": password})
        assert refused.status_code == 400


async def test_who_came_in_is_told_in_both_journals(live: World, sandbox: World) -> None:
    seller = await live.seller()
    there = await entered(seller, sandbox)
    asked = (await seller.get("/audit?type=sandbox_ticket.created")).json()["items"]
    assert [fact["person_id"] for fact in asked] == [seller.person_id]
    types = {fact["type"] for fact in (await there.get("/audit")).json()["items"]}
    assert types == {
        *("organisation.entered", "seller_profile.updated"),
        *("person.entered", "session.created"),
    }
    [came] = (await there.get("/audit?type=person.entered")).json()["items"]
    assert (came["person_id"], came["subject_id"]) == (seller.person_id, seller.person_id)
    assert came["data"]["role"] == "admin"


async def test_who_enters_again_is_who_they_are_now(live: World, sandbox: World) -> None:
    company = await live.company("Before", standing=Standing.PENDING)
    colleague = await live.person(company.organisation_id)
    before = await entered(colleague, sandbox)
    assert (await before.get("/me")).json()["role"] == "member"
    assert (await before.get("/titles")).json()["code"] == "organisation_pending"
    assert (await before.get("/api-clients")).status_code == 403

    address = f"/organisations/{company.organisation_id}"
    organiser = await live.organiser()
    assert (await organiser.post(f"{address}/approve")).status_code == 200
    assert (await company.patch(address, {"name": "After"})).status_code == 200
    own = f"/organisations/{company.organisation_id}/people/{colleague.person_id}"
    assert (await company.patch(own, {"role": "admin"})).status_code == 200
    await company.put(f"/buyers/{company.organisation_id}", {"texts": {"en": {"name": "After"}}})

    after = await entered(colleague, sandbox)
    me = (await after.get("/me")).json()
    assert (me["role"], me["organisation"]["name"]) == ("admin", "After")
    assert (me["organisation"]["standing"], me["buys"]) == ("approved", True)
    assert (await after.get("/api-clients")).status_code == 200
    [changed] = (await after.get("/audit?type=organisation.updated")).json()["items"]
    assert changed["data"]["changed"] == ["name", "standing"]
    [renewed, _] = (await after.get("/audit?type=person.entered")).json()["items"]
    assert renewed["data"]["changed"] == ["role"]


async def test_organisers_come_in_as_organisers_and_their_word_there_stays(
    live: World, sandbox: World
) -> None:
    organiser, seller = await live.organiser(), await live.seller()
    waiting = await live.company(standing=Standing.PENDING)
    boss = await entered(organiser, sandbox)
    await entered(seller, sandbox)
    await entered(waiting, sandbox)
    for company, what in ((seller, "suspend"), (waiting, "approve")):
        path = f"/organisations/{company.organisation_id}/{what}"
        assert (await boss.post(path)).status_code == 200
    shut_out, let_in = await entered(seller, sandbox), await entered(waiting, sandbox)
    assert (await shut_out.get("/titles")).json()["code"] == "organisation_suspended"
    assert (await let_in.get("/titles")).status_code == 200


async def test_who_was_removed_there_and_still_is_at_the_live_market_comes_back(
    live: World, sandbox: World
) -> None:
    admin = await live.seller()
    colleague = await live.person(admin.organisation_id)
    boss, before = await entered(admin, sandbox), await entered(colleague, sandbox)
    path = f"/organisations/{admin.organisation_id}/people/{colleague.person_id}"
    assert (await boss.delete(path)).status_code == 204
    assert (await before.get("/me")).status_code == 401
    assert (await (await entered(colleague, sandbox)).get("/me")).status_code == 200


@pytest.mark.parametrize("others", [0, 7])
async def test_eight_tickets_at_once_make_one_company(
    live: World, sandbox: World, others: int
) -> None:
    seller = await live.seller()
    people = [seller, *[await live.person(seller.organisation_id) for _ in range(others)]]
    tickets = [await ticket_of(person) for person in (people * 8)[:8]]
    statuses: list[int] = []

    async def come(ticket: str) -> None:
        statuses.append((await show(sandbox, ticket)).status_code)

    async with anyio.create_task_group() as group:
        for ticket in tickets:
            group.start_soon(come, ticket)
    assert statuses == [200] * 8
    company = int(seller.organisation_id)
    async with sandbox.app.state.database.session() as session:
        there = select(func.count()).where(Person.organisation_id == company)
        assert await session.scalar(there) == len(people)
        told = select(func.count()).where(Event.subject_id == company)
        assert await session.scalar(told.where(Event.type == "organisation.entered")) == 1


async def test_the_sandbox_has_no_sandbox(live: World, sandbox: World) -> None:
    there = await entered(await live.seller(), sandbox)
    answer = await there.post("/sandbox-tickets")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_sandbox")


async def test_a_market_without_one_says_so(databases: Databases, s3_settings: S3Settings) -> None:
    with databases.fresh() as url:
        async with world_of(create_app(make_settings(url, s3_settings))) as world:
            answer = await (await world.seller()).post("/sandbox-tickets")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_sandbox")
    assert "FILMMART_SANDBOX_URL" in answer.json()["detail"]


async def test_a_suspended_company_is_given_no_ticket(live: World) -> None:
    company = await live.company(standing=Standing.SUSPENDED)
    answer = await company.post("/sandbox-tickets")
    assert (answer.status_code, answer.json()["code"]) == (403, "organisation_suspended")


async def test_a_live_market_takes_no_tickets(live: World) -> None:
    answer = await show(live, await ticket_of(await live.seller()))
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


# Tickets that are no good ---------------------------------------------------------------------


def content(**organisation: Any) -> TicketContent:
    told = {
        "id": "116823110451200001",
        "name": "A company",
        "country": "KZ",
        "standing": "approved",
        "is_organiser": True,
        "sells": False,
        "buys": False,
        **organisation,
    }
    person = {"id": "116823110451200002", "name": "A", "role": "admin", "time_zone": "UTC"}
    return TicketContent.model_validate(
        {"organisation": told, "person": person | {"language": None}}
    )


def signed(key: str = KEY, url: str = URL, **ago: float) -> str:
    now = datetime.now(UTC) - timedelta(**ago)
    secret = SecretStr(key)
    return sign_ticket(secret, content(), issuer="https://filmmart.test", url=url, now=now).ticket


def forged(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    return jwt.encode(header, claims, OctKey.import_key(key), algorithms=["HS256", "HS512"])


async def test_a_ticket_that_is_no_good_lets_nobody_in(live: World, sandbox: World) -> None:
    seller = await live.seller()
    before = await companies(sandbox)
    good = await ticket_of(seller)
    head, body, signature = good.split(".")
    claims = content().model_dump(mode="json") | {"aud": URL, "exp": 4_000_000_000}
    refused = {
        "no ticket": "x",
        "not ASCII": "é.\ud800.x".encode("utf-8", "replace").decode(),
        "empty parts": "..",
        "changed": f"{head}.{body[:-4]}AAAA.{signature}",
        "unsigned": f"{head}.{body}.",
        "none": f"eyJhbGciOiJub25lIn0.{body}.",
        "of another key": signed(key=KEY[::-1]),
        "of the key itself": forged({"alg": "HS256"}, claims, KEY.encode()),
        "an access token": str(seller.token),
        "deep": f"{'W1tb' * 2000}.{body}.{signature}",
    }
    for why, ticket in refused.items():
        answer = await show(sandbox, ticket)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), why
    assert await companies(sandbox) == before
    assert (await show(sandbox, good)).status_code == 200
    assert await companies(sandbox) == before + 1


async def companies(world: World) -> int:
    async with world.app.state.database.session() as session:
        return await session.scalar(select(func.count()).select_from(Organisation)) or 0


async def test_a_ticket_says_why_it_is_no_good(sandbox: World) -> None:
    late = await show(sandbox, signed(seconds=75))
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")
    assert "expired" in late.json()["detail"]
    assert (await show(sandbox, signed(seconds=50))).status_code == 200
    away = await show(sandbox, signed(url="https://sandbox.another.test"))
    assert (away.status_code, away.json()["error"]) == (400, "invalid_grant")
    assert "https://sandbox.another.test" in away.json()["detail"]
    none = await show(sandbox, None)
    assert (none.status_code, none.json()["error"]) == (400, "invalid_request")
    assert (await show(sandbox, "a" * 10_001)).status_code == 422


# What is there is there alone -----------------------------------------------------------------


async def test_clients_made_there_are_test_ones(live: World, sandbox: World) -> None:
    seller = await live.seller()
    there = await entered(seller, sandbox)
    for caller, is_test, prefix in ((seller, False, "fm_live_"), (there, True, "fm_test_")):
        made = await api_clients.made(caller)
        assert made["sandbox"] is is_test
        assert made["secret"].startswith(prefix)
        shown = (await caller.get(f"/api-clients/{made['id']}")).json()
        assert (shown["sandbox"], shown["secrets"][0]["hint"][:8]) == (is_test, prefix)
        assert (await caller.get("/api-clients")).json()["items"][0]["sandbox"] is is_test
        path = f"/api-clients/{made['id']}/secrets"
        assert (await caller.post(path)).json()["secret"].startswith(prefix)


@pytest.mark.parametrize("made_in", ["sandbox", "live"])
async def test_what_is_made_in_one_is_not_in_the_other(
    live: World, sandbox: World, made_in: str
) -> None:
    person = await live.seller()
    there = await entered(person, sandbox)
    here, away = (there, person) if made_in == "sandbox" else (person, there)
    client = await api_clients.signed_in(here, *SCOPES)
    absent = await api_clients.signed_in(away, *SCOPES)
    title = (await client.post("/titles", TITLE)).json()["id"]
    assert (await client.post(f"/titles/{title}/publish")).status_code == 200
    lists = ("/titles?limit=100", "/titles?mine=true", "/titles?q=Kurosawa")
    for caller in (here, client):
        for path in lists:
            assert title in await ids_of(caller, path)
    for caller in (away, absent):
        for path in lists:
            assert title not in await ids_of(caller, path)
        assert (await caller.get(f"/titles/{title}")).status_code == 404
        assert (await caller.get("/titles/by-reference/BOX-1")).status_code == 404
        assert title not in await ids_of(caller, FACTS, "subject_id")
    assert title in await ids_of(client, FACTS, "subject_id")
    export = await absent.post("/exports", {"of": "titles", "format": "csv"})
    assert export.status_code == 202
    operation = export.json()["id"]
    assert (await client.get(f"/operations/{operation}")).status_code == 404


async def ids_of(caller: Caller, path: str, name: str = "id") -> set[str]:
    return {item[name] for item in (await caller.get(path)).json()["items"]}


async def test_no_id_is_made_in_both(live: World, sandbox: World) -> None:
    ids = {}
    for name, world in (("live", live), ("sandbox", sandbox)):
        async with world.app.state.database.session() as session:
            made = await session.scalars(text("SELECT new_id() FROM generate_series(1, 1000)"))
            ids[name] = made.all()
    assert max(ids["live"]) < 2**42 << 16 < min(ids["sandbox"])
    assert max(ids["sandbox"]) < 10**18
    assert [len(set(found)) for found in ids.values()] == [1000, 1000]


async def test_nothing_that_one_signs_or_seals_is_good_in_the_other_by_the_same_secret(
    live: World, sandbox: World
) -> None:
    here, there = live.app.state.settings, sandbox.app.state.settings
    assert here.secret_key == there.secret_key
    ours, theirs = live.app.state.signer, sandbox.app.state.signer
    for one, other in ((ours, theirs), (theirs, ours)):
        assert one.read_access_token(one.access_token(7)).session_id == 7
        assert other.read_access_token(one.access_token(7)) is None
        assert one.unseal(one.seal(b"kept")) == b"kept"
        assert other.unseal(one.seal(b"kept")) is None
    assert ledger_key(here) != ledger_key(there)
    assert journal_key(here) != journal_key(there)


# Tokens and secrets of the wrong market -------------------------------------------------------


async def test_a_live_token_opens_nothing_in_the_sandbox(live: World, sandbox: World) -> None:
    seller = await live.seller()
    client = await api_clients.signed_in(seller, *SCOPES)
    tokens = cycle([seller.token, client.token])
    operations = guarded(sandbox)
    assert len(operations) > 125
    for method, path, name in operations:
        caller = Caller(sandbox.http, next(tokens))
        answer = await caller.request(method, re.sub(r"\{\w+\}", "1", path), json={})
        assert (answer.status_code, answer.json()["code"]) == (401, "live_token"), name
        assert "/v1/sandbox-tickets" in answer.json()["detail"]


def guarded(world: World) -> list[tuple[str, str, str]]:
    """Give the operations that ask who calls."""
    return [
        (method.upper(), path, operation["operationId"])
        for path, item in world.app.openapi()["paths"].items()
        for method, operation in item.items()
        if {"OAuth2PasswordBearer": []} in operation.get("security", [])
    ]


async def test_a_secret_of_the_wrong_market_is_told_where_to_go(
    live: World, sandbox: World
) -> None:
    seller = await live.seller()
    there = await entered(seller, sandbox)
    of_live, of_sandbox = await api_clients.made(seller), await api_clients.made(there)
    for world, client, told, code in (
        (live, of_sandbox, URL, "sandbox_token"),
        (sandbox, of_live, "/v1/sandbox-tickets", "live_token"),
    ):
        answer = await api_clients.ask(world.http, client["id"], client["secret"])
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert told in answer.json()["detail"]
        pasted = await Caller(world.http, client["secret"]).get("/titles")
        assert (pasted.status_code, pasted.json()["code"]) == (401, code)
        assert told in pasted.json()["detail"]


@pytest.mark.parametrize("token", ["x", "x.e30.x", "x.W10.x", "x.é.x", "x.eyJhdWQiOltdfQ.x", "a.b"])
async def test_a_token_of_neither_is_told_so(live: World, token: str) -> None:
    headers = {b"Authorization": f"Bearer {token}".encode()}
    answer = await live.http.get("/v1/titles", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_a_client_that_was_revoked_there_is_refused_there(
    live: World, sandbox: World
) -> None:
    there = await entered(await live.seller(), sandbox)
    client = await api_clients.signed_in(there, *SCOPES)
    assert (await client.get("/titles")).status_code == 200
    assert (await there.delete(f"/api-clients/{client.id}")).status_code == 204
    assert (await client.get("/me")).json()["code"] == "invalid_token"
    again = await api_clients.ask(sandbox.http, client.id, client.secret)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


async def test_webhooks_stay_on_the_machine_in_the_sandbox_alone(
    live: World, sandbox: World
) -> None:
    seller = await live.seller()
    there = await entered(seller, sandbox)
    wanted = {"url": "http://127.0.0.1:9/hooks"}
    assert (await seller.post("/webhook-endpoints", wanted)).status_code == 422
    assert (await there.post("/webhook-endpoints", wanted)).status_code == 201
    loopback = ip_address("127.0.0.1")
    assert may_be_reached(loopback, loopback=True)
    assert not may_be_reached(loopback, loopback=True, refused=[ip_network("127.0.0.0/8")])


async def test_the_sandbox_says_what_it_is(live: World, sandbox: World) -> None:
    titles = [
        (await world.http.get("/openapi.json")).json()["info"]["title"] for world in (live, sandbox)
    ]
    assert titles == ["FilmMart", "FilmMart sandbox"]
