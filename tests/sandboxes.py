"""A live market and its sandbox, for tests: two apps on two databases, and people between them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx2

from app import schema
from app.main import create_app
from app.settings import Settings
from tests.servers import Databases, S3Settings, make_settings
from tests.world import Caller, World, world_of

URL = "https://sandbox.filmmart.test"
KEY = "a key that the live market and its sandbox share"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Of settings: both have the same `secret_key`, as an operator might give them.
OF_LIVE = {"sandbox_url": URL, "sandbox_key": KEY}
OF_SANDBOX = {"sandbox": True, "sandbox_key": KEY, "public_url": URL}


@contextmanager
def sandbox_settings(
    databases: Databases, s3_settings: S3Settings, **others: Any
) -> Iterator[Settings]:
    """Give settings of a sandbox with a database of its own."""
    with databases.fresh() as url:
        schema.make_sandbox(url)
        yield make_settings(url, s3_settings, **OF_SANDBOX, **others)


@asynccontextmanager
async def sandbox_of(
    databases: Databases, s3_settings: S3Settings, **others: Any
) -> AsyncIterator[World]:
    """Start a sandbox."""
    with sandbox_settings(databases, s3_settings, **others) as settings:
        async with world_of(create_app(settings)) as world:
            yield world


async def ticket_of(person: Caller) -> str:
    """Have the live market give somebody a ticket."""
    answer = await person.post("/sandbox-tickets")
    assert answer.status_code == 201, answer.text
    ticket: str = answer.json()["ticket"]
    return ticket


async def show(world: World, ticket: str | None, **form: str) -> httpx2.Response:
    """Show a ticket at a market."""
    given = {} if ticket is None else {"assertion": ticket}
    data = {"grant_type": GRANT_TYPE, **given, **form}
    return await world.http.post("/v1/oauth/token", data=data)


async def entered(person: Caller, sandbox: World) -> Caller:
    """Have somebody of the live market enter its sandbox."""
    answer = await show(sandbox, await ticket_of(person))
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    return Caller(sandbox.http, token, person.person_id, person.organisation_id)
