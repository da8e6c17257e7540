"""What it costs a request that somebody calls: a token checked from memory, and looked up.

`python -m benchmarks.clients` measures it alone, on a small market.
"""

import asyncio
import statistics
import sys
import time
from pathlib import Path

import psycopg
import uvloop
from fastapi import FastAPI, Request

from app.authentication import Actors, authenticate
from app.main import create_app
from app.settings import Settings
from benchmarks.market import CALLER_ORGANISATION, CALLER_PERSON, Market, market

SMALL = 1_000
ROUNDS = 200
CHECKS = 500
LOOK_UPS = 200
# A client as strict as they come: with scopes, and networks of which the last is the caller's
SCOPES = ["titles:read", "rights:read", "markets:read", "events:read"]
NETWORKS = ["203.0.113.0/24", "198.51.100.0/24", "2001:db8::/32", "127.0.0.0/8"]
_CLIENT = """
WITH account AS (
    INSERT INTO people (organisation_id, name, role) VALUES (%(organisation)s, 'Sync', 'member')
    RETURNING id
), client AS (
    INSERT INTO api_clients (organisation_id, person_id, created_by_id, name, scopes, networks)
    SELECT %(organisation)s, id, %(person)s, 'Sync', %(scopes)s, %(networks)s::cidr[] FROM account
    RETURNING id
)
INSERT INTO api_client_secrets (client_id, secret_hash, hint)
SELECT id, sha256(id::text::bytea), 'fm_live_' FROM client RETURNING client_id, id
"""


def measure(measured: Market) -> dict[str, float]:
    """Check tokens of a person and of a client, and give the microseconds of each."""
    return uvloop.run(_measure(measured))


async def _measure(measured: Market) -> dict[str, float]:
    names = ("database_url", "s3_access_key_id", "s3_secret_access_key", "secret_key")
    values = {name: measured.environment[f"FILMMART_{name.upper()}"] for name in names}
    app = create_app(Settings.model_validate(values | {"log_level": "WARNING"}))
    async with app.router.lifespan_context(app):
        token = _client_token(measured, app)
        return {
            "person_microseconds": await _checked(app, measured.token),
            "client_microseconds": await _checked(app, token),
            "client_looked_up_microseconds": await _looked_up(app, token),
        }


def _client_token(measured: Market, app: FastAPI) -> str:
    values = {
        "organisation": CALLER_ORGANISATION,
        "person": CALLER_PERSON,
        "scopes": SCOPES,
        "networks": NETWORKS,
    }
    with psycopg.connect(measured.url, autocommit=True) as connection:
        client_id, secret_id = connection.execute(_CLIENT, values).fetchone() or (0, 0)
    token: str = app.state.signer.client_token(client_id, secret_id)
    return token


async def _checked(app: FastAPI, token: str) -> float:
    """Count, find and hold the caller of a hot read, as each request does: the middle of many.

    By the process's CPU, for nothing is waited for: work beside it is not counted.
    """
    actors: Actors = app.state.actors
    await authenticate(_request(app, token))
    found = []
    for _ in range(ROUNDS):
        # Requests are told apart from checks: making one is the server's affair.
        requests = [_request(app, token) for _ in range(CHECKS)]
        began = time.process_time()
        for request in requests:
            if actors.subject_of(token) is None or await authenticate(request) is None:
                raise RuntimeError("a good token was refused")
        found.append((time.process_time() - began) / CHECKS * 1e6)
    return _told("checked from memory", found)


async def _looked_up(app: FastAPI, token: str) -> float:
    """Look the caller up in the database: once in ten seconds for each token and process."""
    found = []
    for _ in range(LOOK_UPS):
        began = time.perf_counter()
        await authenticate(_request(app, token), anew=True)
        found.append((time.perf_counter() - began) * 1e6)
        await asyncio.sleep(0)
    return _told("looked up", found)


def _request(app: FastAPI, token: str) -> Request:
    scope = {
        "type": "http",
        "app": app,
        "method": "GET",
        "path": "/v1/titles",
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"accept", b"application/json"),
            (b"authorization", f"Bearer {token}".encode()),
        ],
        "client": ("127.0.0.1", 50_000),
    }
    app.state.lane.find(scope)  # names the route, as it does for every request
    return Request(scope)


def _told(what: str, found: list[float]) -> float:
    middle = statistics.median(found)
    print(f"  {what}: {middle:,.1f} µs, at best {min(found):,.1f}", file=sys.stderr)
    return middle


if __name__ == "__main__":
    with market(Path(".filmmart/bench").absolute(), SMALL) as small:
        measure(small)
