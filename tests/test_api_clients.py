"""Clients of the API: made by admins, signed in with secrets, held to their scopes."""

import base64
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.main import create_app
from app.models import ApiClientSecret, ApiClientUse, Event, Person
from app.networks import is_within, normal_network
from app.scopes import SCOPES, scoped
from app.security import token_hash
from tests import api_clients as clients
from tests.api_clients import ELSEWHERE, Client, ask
from tests.servers import S3Settings, make_settings
from tests.world import Caller, World, world_of

TITLE = {"kind": "feature", "original_title": "A title"}


def within(**delta: float) -> str:
    return f"{datetime.now(UTC) + timedelta(**delta):%Y-%m-%dT%H:%M:%SZ}"


async def test_a_client_does_what_its_scopes_say_as_its_own_service_account(
    world: World, seller: Caller
) -> None:
    client = await clients.signed_in(seller, "titles:read", "titles:write")
    made = await client.post("/titles", TITLE)
    assert made.status_code == 201, made.text
    title = made.json()["id"]
    assert (await client.get(f"/titles/{title}")).status_code == 200
    assert (await client.get("/titles?mine=true")).json()["items"][0]["id"] == title
    async with world.app.state.database.session() as session:
        author = await session.scalar(
            select(Event.person_id).where(
                Event.type == "title.created", Event.subject_id == int(title)
            )
        )
    assert str(author) == client.person_id


async def test_a_wrong_scope_is_refused_by_its_name(seller: Caller) -> None:
    client = await clients.signed_in(seller, "titles:read")
    for method, path, needed in (
        ("POST", "/titles", "titles:write"),
        ("GET", "/markets", "markets:read"),
        ("GET", f"/sellers/{seller.organisation_id}", "organisations:read"),
    ):
        answer = await client.request(method, path, json=TITLE if method == "POST" else None)
        assert answer.status_code == 403
        assert answer.json()["code"] == "insufficient_scope"
        assert needed in answer.json()["detail"]
        assert answer.headers["WWW-Authenticate"] == (
            f'Bearer error="insufficient_scope", scope="{needed}"'
        )


async def test_the_hot_reads_ask_for_their_scope_too(seller: Caller) -> None:
    client = await clients.signed_in(seller, "markets:read")
    title = (await seller.post("/titles", TITLE)).json()["id"]
    for path in ("/titles", "/titles/facets", f"/titles/{title}"):
        for _ in range(2):
            answer = await client.get(path)
            assert answer.status_code == 403
            assert answer.json()["code"] == "insufficient_scope"


async def test_what_is_people_s_own_is_closed_to_a_client_with_every_scope(seller: Caller) -> None:
    client = await clients.signed_in(seller, *SCOPES)
    for method, path in (
        ("GET", "/me"),
        ("GET", "/api-clients"),
        ("GET", f"/api-clients/{client.id}"),
        ("GET", "/agenda"),
        ("GET", "/agenda.ics"),
        ("POST", f"/organisations/{seller.organisation_id}/people"),
    ):
        answer = await client.request(method, path, json={"email": "a@b.example"})
        assert answer.status_code == 403, path
        assert answer.json()["code"] == "people_only"


async def test_a_scope_that_was_just_given_is_not_denied(seller: Caller) -> None:
    client = await clients.signed_in(seller, "titles:read")
    assert (await client.post("/titles", TITLE)).status_code == 403
    both = {"scopes": ["titles:read", "titles:write"]}
    assert (await seller.patch(f"/api-clients/{client.id}", both)).status_code == 200
    assert (await client.post("/titles", TITLE)).status_code == 201


async def test_a_client_is_shown_with_all_but_its_secret(seller: Caller) -> None:
    made = await clients.made(
        seller, "titles:write", "titles:read", "titles:read", allowed_networks=["2001:db8::/32"]
    )
    secret = made.pop("secret")
    assert secret.startswith("fm_live_")
    assert len(secret) > 50
    shown = await seller.get(f"/api-clients/{made['id']}")
    assert shown.json() == made
    assert secret not in shown.text
    assert made == {
        "id": made["id"],
        "organisation_id": seller.organisation_id,
        "person_id": made["person_id"],
        "name": "Sync",
        "sandbox": False,
        "scopes": ["titles:read", "titles:write"],
        "allowed_networks": ["2001:db8::/32"],
        "created_by": {"id": seller.person_id, "name": made["created_by"]["name"]},
        "created_at": made["created_at"],
        "revoked_at": None,
        "last_used_at": None,
        "last_used_from": None,
        "secrets": [
            {
                "id": made["secrets"][0]["id"],
                "hint": secret[:12],
                "created_at": made["secrets"][0]["created_at"],
                "expires_at": None,
                "revoked_at": None,
                "last_used_at": None,
            }
        ],
    }


async def test_a_secret_is_kept_as_a_digest_alone(world: World, seller: Caller) -> None:
    secret = (await clients.made(seller))["secret"]
    async with world.app.state.database.session() as session:
        kept = await session.scalar(select(ApiClientSecret.secret_hash))
        everything = await session.scalar(
            text("SELECT string_agg(t::text, '') FROM api_client_secrets t")
        )
        facts = await session.scalar(text("SELECT string_agg(t::text, '') FROM events t"))
    assert kept == token_hash(secret)
    assert secret not in everything + facts
    assert secret.removeprefix("fm_live_") not in everything + facts


async def test_clients_are_an_organisation_s_own_and_its_admins_alone(
    world: World, seller: Caller, buyer: Caller
) -> None:
    client = await clients.made(seller)
    member = await world.person(seller.organisation_id)
    address = f"/api-clients/{client['id']}"
    rotated = f"{address}/secrets/{client['secrets'][0]['id']}"
    asks: list[tuple[str, str, Any]] = [
        ("GET", address, None),
        ("PATCH", address, {"name": "Mine"}),
        ("POST", f"{address}/secrets", {}),
        ("DELETE", rotated, None),
        ("DELETE", address, None),
    ]
    for method, path, body in asks:
        assert (await buyer.request(method, path, json=body)).status_code == 404
        refused = await member.request(method, path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_an_admin")
    assert (await buyer.get("/api-clients")).json()["items"] == []
    assert (await member.get("/api-clients")).status_code == 403
    wanted = {"name": "Mine", "scopes": ["titles:read"]}
    assert (await member.post("/api-clients", wanted)).status_code == 403
    assert [item["id"] for item in (await seller.get("/api-clients")).json()["items"]] == [
        client["id"]
    ]


async def test_clients_are_listed_in_pages_newest_first(seller: Caller) -> None:
    ids = [(await clients.made(seller))["id"] for _ in range(3)]
    first = (await seller.get("/api-clients?limit=2")).json()
    rest = (await seller.get(f"/api-clients?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["titles:burn"]}, "/scopes/0"),
        ({"scopes": ["titles:read"] * 1000}, "/scopes"),
        ({"name": ""}, "/name"),
        ({"name": "\x00"}, ""),
        ({"allowed_networks": ["10.0.0.1/8"]}, "/allowed_networks/0"),
        ({"allowed_networks": ["999.0.0.0/8"]}, "/allowed_networks/0"),
        ({"allowed_networks": ["fe80::1%eth0"]}, "/allowed_networks/0"),
        ({"allowed_networks": ["10.0.0.0/8"] * 51}, "/allowed_networks"),
        ({"secret": "fm_live_mine"}, "/secret"),
    ],
)
async def test_a_client_that_can_t_be_is_refused(
    seller: Caller, changed: dict[str, Any], pointer: str
) -> None:
    wanted = {"name": "Sync", "scopes": ["titles:read"], **changed}
    answer = await seller.post("/api-clients", wanted)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_client_is_changed_under_its_version(seller: Caller) -> None:
    client = await clients.made(seller)
    address = f"/api-clients/{client['id']}"
    etag = (await seller.get(address)).headers["ETag"]
    changed = await seller.patch(address, {"name": "Another"}, headers={"If-Match": etag})
    assert changed.json()["name"] == "Another"
    assert changed.headers["ETag"] != etag
    late = await seller.patch(address, {"name": "Third"}, headers={"If-Match": etag})
    assert late.status_code == 412
    assert (await seller.patch(address, {"scopes": None})).status_code == 422


# Tokens ---------------------------------------------------------------------------------------


async def test_a_token_is_given_for_the_header_as_for_the_body(
    world: World, seller: Caller
) -> None:
    client = await clients.made(seller, "titles:read", "markets:read")
    pair = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()
    answer = await world.http.post(
        "/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {pair}"},
    )
    given_token = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert given_token == {
        "access_token": given_token["access_token"],
        "token_type": "bearer",
        "expires_in": 600,
        "scope": "markets:read titles:read",
    }
    in_body = (await ask(world.http, client["id"], client["secret"])).json()
    for token in (given_token, in_body):
        assert (await Caller(world.http, token["access_token"]).get("/titles")).status_code == 200


async def test_a_token_for_less_is_good_for_less(world: World, seller: Caller) -> None:
    client = await clients.made(seller, "titles:read", "titles:write")
    answer = await ask(world.http, client["id"], client["secret"], scope="titles:read")
    assert answer.json()["scope"] == "titles:read"
    caller = Caller(world.http, answer.json()["access_token"])
    assert (await caller.get("/titles")).status_code == 200
    assert (await caller.post("/titles", TITLE)).status_code == 403


async def test_no_token_is_given_otherwise_and_the_refusals_are_oauth_s(
    world: World, seller: Caller, buyer: Caller
) -> None:
    client, other = await clients.made(seller), await clients.made(buyer)
    id_, secret = client["id"], client["secret"]
    both = {"Authorization": "Basic eDp5"}
    for form, headers, status, error in (
        ({"client_id": id_, "client_secret": "fm_live_wrong"}, {}, 401, "invalid_client"),
        ({"client_id": id_, "client_secret": other["secret"]}, {}, 401, "invalid_client"),
        ({"client_id": "nobody", "client_secret": secret}, {}, 401, "invalid_client"),
        ({"client_id": "9" * 50, "client_secret": secret}, {}, 401, "invalid_client"),
        ({"client_id": id_}, {}, 401, "invalid_client"),
        ({}, {}, 401, "invalid_client"),
        ({}, {"Authorization": "Basic ~"}, 401, "invalid_client"),
        ({}, {"Authorization": "Basic /w=="}, 401, "invalid_client"),
        ({}, {"Authorization": "Basic eA=="}, 401, "invalid_client"),
        ({"client_id": id_, "client_secret": secret}, both, 400, "invalid_request"),
        (
            {"client_id": id_, "client_secret": secret, "scope": "titles:write"},
            {},
            400,
            "invalid_scope",
        ),
        ({"grant_type": "magic"}, {}, 400, "unsupported_grant_type"),
        ({"grant_type": "password"}, {}, 400, "invalid_request"),
        ({"grant_type": "refresh_token"}, {}, 400, "invalid_request"),
    ):
        asked = {"grant_type": "client_credentials", **form}
        answer = await world.http.post("/v1/oauth/token", data=asked, headers=headers)
        told = answer.json()
        assert (answer.status_code, told["error"], told["code"]) == (status, error, error), form
        assert told["error_description"] == told["detail"]
        if status == 401:
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="filmmart"'


async def test_nobody_signs_in_as_a_service_account(world: World, seller: Caller) -> None:
    await clients.made(seller)
    for username in ("", "None", "null"):
        answer = await world.http.post(
            "/v1/oauth/token", data={"username": username, "password": "None"}
        )
        assert answer.status_code in {400, 422}


# Secrets --------------------------------------------------------------------------------------


async def test_two_secrets_are_good_while_they_are_rotated(world: World, seller: Caller) -> None:
    client = await clients.made(seller)
    id_, first = client["id"], client["secret"]
    until = within(hours=1)
    answer = await seller.post(f"/api-clients/{id_}/secrets", {"old_good_until": until})
    assert answer.status_code == 201
    second = answer.json()
    assert second["secret"].startswith("fm_live_")
    for secret in (first, second["secret"]):
        assert (await ask(world.http, id_, secret)).status_code == 200
    shown = (await seller.get(f"/api-clients/{id_}")).json()["secrets"]
    assert [secret["expires_at"] for secret in shown] == [None, until]
    assert all(secret["last_used_at"] for secret in shown)

    third = await seller.post(f"/api-clients/{id_}/secrets")
    assert (third.status_code, third.json()["code"]) == (409, "two_secrets")
    late = {"old_good_until": within(days=91)}
    await seller.delete(f"/api-clients/{id_}/secrets/{shown[1]['id']}")
    assert (await ask(world.http, id_, first)).status_code == 401
    assert (await seller.post(f"/api-clients/{id_}/secrets", late)).status_code == 422
    assert (await seller.post(f"/api-clients/{id_}/secrets")).status_code == 201


async def test_a_secret_that_shall_not_overlap_gives_no_more_tokens_at_once(
    world: World, seller: Caller
) -> None:
    client = await clients.made(seller)
    past = {"old_good_until": "2001-01-01T00:00:00Z"}
    answer = await seller.post(f"/api-clients/{client['id']}/secrets", past)
    assert answer.status_code == 201
    assert (await ask(world.http, client["id"], client["secret"])).status_code == 401
    assert (await ask(world.http, client["id"], answer.json()["secret"])).status_code == 200


async def test_a_revoked_secret_ends_the_tokens_it_gave_and_no_others(
    world: World, seller: Caller
) -> None:
    client = await clients.signed_in(seller, "titles:read")
    rotated = (await seller.post(f"/api-clients/{client.id}/secrets")).json()
    newer = (await ask(world.http, client.id, rotated["secret"])).json()["access_token"]
    [_, old] = (await seller.get(f"/api-clients/{client.id}")).json()["secrets"]
    address = f"/api-clients/{client.id}/secrets/{old['id']}"
    for _ in range(2):
        assert (await seller.delete(address)).status_code == 204
    forget(world)
    assert (await client.get("/titles")).status_code == 401
    assert (await Caller(world.http, newer).get("/titles")).status_code == 200
    assert (await seller.delete(f"/api-clients/{client.id}/secrets/1")).status_code == 404


async def test_a_revoked_client_is_nobody_and_can_t_come_back(world: World, seller: Caller) -> None:
    client = await clients.signed_in(seller, "titles:read")
    for _ in range(2):
        assert (await seller.delete(f"/api-clients/{client.id}")).status_code == 204
    forget(world)
    gone = await client.get("/titles")
    assert (gone.status_code, gone.json()["code"]) == (401, "invalid_token")
    assert (await ask(world.http, client.id, client.secret)).status_code == 401
    for answer in (
        await seller.patch(f"/api-clients/{client.id}", {"name": "Back"}),
        await seller.post(f"/api-clients/{client.id}/secrets"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "client_revoked")
    shown = (await seller.get(f"/api-clients/{client.id}")).json()
    assert shown["revoked_at"] is not None


async def test_revoking_takes_effect_within_the_cache_s_lifetime(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, actor_cache_lifetime=timedelta(0))
    async with world_of(create_app(settings)) as world:
        seller = await world.seller()
        client = await clients.signed_in(seller, "titles:read")
        assert (await client.get("/titles")).status_code == 200
        await seller.delete(f"/api-clients/{client.id}")
        assert (await client.get("/titles")).status_code == 401


async def test_a_suspended_company_s_client_is_shut_out(
    world: World, seller: Caller, organiser: Caller
) -> None:
    client = await clients.signed_in(seller, "titles:read", "organisations:read")
    await organiser.post(f"/organisations/{seller.organisation_id}/suspend")
    forget(world)
    answer = await client.get("/titles")
    assert (answer.status_code, answer.json()["code"]) == (403, "organisation_suspended")


def forget(world: World) -> None:
    """Let the seconds go by in which callers are remembered."""
    world.app.state.actors._remembered.clear()  # noqa: SLF001


async def test_each_change_of_a_client_is_a_fact_of_its_company(
    world: World, seller: Caller
) -> None:
    client = await clients.made(seller)
    address = f"/api-clients/{client['id']}"
    await seller.patch(address, {"name": "Another"})
    await seller.post(f"{address}/secrets")
    await seller.delete(f"{address}/secrets/{client['secrets'][0]['id']}")
    await seller.delete(address)
    async with world.app.state.database.session() as session:
        rows = await session.execute(
            select(Event.type, Event.organisation_ids)
            .where(Event.subject_id == int(client["id"]))
            .order_by(Event.id)
        )
    assert [tuple(row) for row in rows] == [
        (f"api_client.{what}", [int(seller.organisation_id)])
        for what in ("created", "updated", "secret_rotated", "secret_revoked", "revoked")
    ]


# Networks, last use ---------------------------------------------------------------------------


async def test_a_client_calls_from_its_networks_alone(world: World, seller: Caller) -> None:
    elsewhere = await clients.made(seller, allowed_networks=ELSEWHERE)
    refused = await ask(world.http, elsewhere["id"], elsewhere["secret"])
    assert refused.status_code == 400
    assert refused.json()["error"] == "unauthorized_client"
    assert refused.json()["code"] == "network_not_allowed"

    client = await clients.signed_in(seller, "titles:read", allowed_networks=["127.0.0.0/8"])
    assert (await client.get("/titles")).status_code == 200
    await seller.patch(f"/api-clients/{client.id}", {"allowed_networks": ELSEWHERE})
    forget(world)
    answer = await client.get("/titles")
    assert (answer.status_code, answer.json()["code"]) == (403, "network_not_allowed")
    await seller.patch(f"/api-clients/{client.id}", {"allowed_networks": []})
    assert (await client.get("/titles")).status_code == 200


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("203.0.113.7", True),
        ("203.0.114.7", False),
        ("::ffff:203.0.113.7", True),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("192.0.2.1", True),
        ("192.0.2.2", False),
        ("testclient", False),
        ("", False),
        (None, False),
    ],
)
def test_an_address_is_in_a_network_or_not(address: str | None, *, is_in: bool) -> None:
    networks = ("203.0.113.0/24", "2001:db8::/32", normal_network("192.0.2.1"))
    assert is_within(address, networks) is is_in


@given(st.ip_addresses(), st.integers(0, 128))
def test_an_address_is_in_every_network_around_it(address: Any, length: int) -> None:
    network = ip_network((address, min(length, address.max_prefixlen)), strict=False)
    if getattr(address, "ipv4_mapped", None) is None:
        assert is_within(str(address), (normal_network(str(network)),))
    assert ip_address(str(address)) in network


async def test_the_last_use_is_seen_and_costs_no_write_a_request(
    world: World, seller: Caller
) -> None:
    client = await clients.signed_in(seller, "titles:read")
    for _ in range(5):
        await client.get("/titles")
    address = f"/api-clients/{client.id}"
    for _ in range(2):
        await world.app.state.actors.uses.write()
    shown = (await seller.get(address)).json()
    assert shown["last_used_at"] is not None
    assert shown["last_used_from"] == "127.0.0.1"
    async with world.app.state.database.session() as session:
        before = await session.scalar(select(ApiClientUse.used_at))
        await client.get("/titles")
        await world.app.state.actors.uses.write()
        assert await session.scalar(select(ApiClientUse.used_at)) > before


async def test_uses_that_can_t_be_written_are_written_later(world: World, seller: Caller) -> None:
    client = await clients.signed_in(seller, "titles:read")
    uses = world.app.state.actors.uses
    uses.note(1, None)  # is no client: the statement is refused as a whole
    await client.get("/titles")
    await uses.write()
    uses._noted.pop(1)  # noqa: SLF001
    await uses.write()
    assert (await seller.get(f"/api-clients/{client.id}")).json()["last_used_at"] is not None


# Service accounts -----------------------------------------------------------------------------


async def test_a_service_account_is_no_colleague(seller: Caller, organiser: Caller) -> None:
    client = await clients.signed_in(seller, *SCOPES)
    people = f"/organisations/{seller.organisation_id}/people"
    for caller in (seller, organiser, client):
        listed = (await caller.get(people)).json()["items"]
        assert [person["id"] for person in listed] == [seller.person_id]
    address = f"{people}/{client.person_id}"
    assert (await seller.patch(address, {"role": "admin"})).status_code == 404
    assert (await seller.delete(address)).status_code == 404
    # The last admin is a person.
    leaving = await seller.delete(f"{people}/{seller.person_id}")
    assert (leaving.status_code, leaving.json()["code"]) == (409, "last_admin")


async def test_a_service_account_is_met_by_nobody(seller: Caller, buyer: Caller) -> None:
    client = await clients.signed_in(seller, *SCOPES)
    asked = {
        "to_organisation_id": seller.organisation_id,
        "to_person_id": client.person_id,
    }
    answer = await buyer.post("/meeting-requests", asked)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/to_person_id"


@pytest.mark.parametrize(
    "change",
    [
        {"email": "somebody@company.example"},
        {"password_hash": "a hash"},
        {"role": "admin"},
    ],
)
async def test_the_database_keeps_service_accounts_from_signing_in(
    world: World, seller: Caller, change: dict[str, str]
) -> None:
    client = await clients.made(seller)
    async with world.app.state.database.session() as session:
        person = await session.get_one(Person, int(client["person_id"]))
        for name, value in change.items():
            setattr(person, name, value)
        with pytest.raises(IntegrityError, match="a_service_account_signs_in_nowhere"):
            await session.flush()


async def test_the_database_lets_one_secret_be_the_latest(world: World, seller: Caller) -> None:
    client = await clients.made(seller)
    async with world.app.state.database.session() as session:
        session.add(
            ApiClientSecret(client_id=int(client["id"]), secret_hash=b"another", hint="another")
        )
        with pytest.raises(IntegrityError, match="uq_api_client_secrets_client_id"):
            await session.flush()
        await session.rollback()
        assert await session.scalar(select(func.count()).select_from(ApiClientSecret)) == 1


async def test_a_client_s_repeated_post_has_one_effect(seller: Caller) -> None:
    client: Client = await clients.signed_in(seller, "titles:read", "titles:write")
    key = {"Idempotency-Key": "k"}
    first, again = [await client.post("/titles", TITLE, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_router_can_t_declare_a_scope_that_is_none() -> None:
    with pytest.raises(ValueError, match="no noun"):
        scoped("everything")
