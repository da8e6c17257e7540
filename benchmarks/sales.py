"""How many licences a second the API sells: one worker, 32 connections, no two of one box."""

import itertools
import json
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.request import Request, urlopen

import psycopg

from benchmarks.client import ask
from benchmarks.market import CALLER_ORGANISATION, Market, api

TITLES = 500
TERRITORIES = ("KZ", "UZ", "RU", "CN", "IN", "IR", "PK", "DE", "FR", "JP", "BR", "MN", "KE")
MEDIA = ("SVOD", "AVOD", "FREE_TV", "PAY_TV", "THEATRICAL", "EST")
SECONDS = 10.0
EVERYTHING = {"territories": ["WORLD"], "media": ["ALL"]}


def measure(market: Market) -> dict[str, float]:
    """Sell for ten seconds; every licence is acknowledged, and in the ledger."""
    titles = _own_titles(market)
    with api(market) as served:
        for title_id in titles:
            box = EVERYTHING | {"term": {"from": "2020-01-01", "until": None}}
            for ledger in ("holdings", "offerings"):
                _post(served.port, market.token, f"/v1/titles/{title_id}/{ledger}", box)
        requests = _sales(titles, market.token)
        outcome = ask(served.port, lambda: requests, seconds=SECONDS)
    if outcome.failures:
        raise RuntimeError(f"{outcome.failures} sales were refused")
    return {"licences_per_second": outcome.per_second, "p95_ms": outcome.percentile(0.95) * 1000}


def _own_titles(market: Market) -> list[int]:
    """Make titles of the caller's, on the market."""
    with psycopg.connect(market.url, autocommit=True) as connection:
        rows = connection.execute(
            "INSERT INTO titles (seller_id, kind, stage, original_title, state, published_at) "
            "SELECT %s, 'feature', 'completed', 'A film to sell', 'published', now() "
            "FROM generate_series(1, %s) RETURNING id",
            (CALLER_ORGANISATION, TITLES),
        ).fetchall()
    return [row[0] for row in rows]


def _sales(titles: list[int], token: str) -> Iterator[bytes]:
    """Sell every title month by month, here and there: no two of these boxes meet."""
    months = (date(2027, 1, 1) + timedelta(days=30 * month) for month in itertools.count())
    for first in months:
        for territory, medium in itertools.product(TERRITORIES, MEDIA):
            for title_id in titles:
                wanted = {
                    "territories": [territory],
                    "media": [medium],
                    "term": {
                        "from": first.isoformat(),
                        "until": (first + timedelta(days=29)).isoformat(),
                    },
                    "licensee_name": "Somebody",
                    "exclusive": True,
                }
                yield _request(f"/v1/titles/{title_id}/licences", token, wanted)


def _request(path: str, token: str, body: object) -> bytes:
    text = json.dumps(body)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return (head + text).encode()


def _post(port: int, token: str, path: str, body: object) -> None:
    request = Request(  # to this machine
        f"http://127.0.0.1:{port}{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urlopen(request) as answer:  # noqa: S310
        answer.read()
