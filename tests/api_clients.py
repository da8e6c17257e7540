"""Clients of the API for tests: made by an admin, signed in with their secret."""

from dataclasses import dataclass
from typing import Any

import httpx2

from tests.world import Caller

ELSEWHERE = ["198.51.100.0/24"]


@dataclass
class Client(Caller):
    """A client of the API, its id and its first secret."""

    id: str = ""
    secret: str = ""


async def made(owner: Caller, *scopes: str, **wanted: Any) -> dict[str, Any]:
    """Make a client, not signed in."""
    body = {"name": "Sync", "scopes": list(scopes or ["titles:read"]), **wanted}
    answer = await owner.post("/api-clients", body)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def signed_in(owner: Caller, *scopes: str, **wanted: Any) -> Client:
    """Make a client that has a token."""
    client = await made(owner, *scopes, **wanted)
    answer = await ask(owner.http, client["id"], client["secret"])
    assert answer.status_code == 200, answer.text
    return Client(
        owner.http,
        answer.json()["access_token"],
        client["person_id"],
        owner.organisation_id,
        id=client["id"],
        secret=client["secret"],
    )


async def ask(
    http: httpx2.AsyncClient, client_id: str, secret: str, **form: str
) -> httpx2.Response:
    """Ask for a token, with id and secret in the body."""
    data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return await http.post("/v1/oauth/token", data=data | form)
