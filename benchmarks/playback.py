"""What playback bears: keys a second, and how long opening and a film's lists take.

`python -m benchmarks.playback` measures it alone, on a small market.
"""

import itertools
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import psycopg

from benchmarks.client import ask
from benchmarks.ledger import FILM_MS, SMALL, Audience, audience_of
from benchmarks.market import Market, api, market

VIEWERS = 500
SECONDS = 5.0
TIMES = 50
SEGMENT_MS = 6_000
_RENDITION = """
INSERT INTO screener_renditions (
    screener_id, name, kind, width, height, bandwidth, codecs, segment_milliseconds
)
SELECT id, '720p', 'video', 1280, 720, 2800000, 'avc1.64001f', array_fill(%s, ARRAY[%s])
FROM screeners WHERE title_id = %s
"""
_END = "UPDATE viewings SET ended_at = now(), end_reason = 'expired' WHERE id = ANY(%s)"
_LINKS = """
SELECT 'link' || s.id || n FROM screeners AS s, generate_series(1, %s) AS n WHERE s.title_id = %s
"""


def measure(measured: Market) -> dict[str, float]:
    """Fetch keys, lists and a drawing for people who watch a film of two hours; open by links."""
    audience = audience_of(measured, VIEWERS)
    with psycopg.connect(measured.url, autocommit=True) as connection:
        count = FILM_MS // SEGMENT_MS
        connection.execute(_RENDITION, (SEGMENT_MS, count, audience.title_id))
        connection.execute("ANALYZE screeners, screener_renditions, screener_grants, viewings")
    with api(measured) as served:
        found = _keys(served.port, audience)
        found |= _fetched(served.port, audience)
        return found | _opened(served.port, measured, audience)


def _keys(port: int, audience: Audience) -> dict[str, float]:
    minutes = FILM_MS // 60_000
    ready = [
        f"GET /v1/viewings/{id_}/keys/{id_ % minutes}?token={token} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n\r\n".encode()
        for id_, token in audience.viewings
    ]
    turns = itertools.cycle(ready)

    def requests() -> Iterator[bytes]:
        return turns

    ask(port, requests, seconds=1)  # for the plans of asyncpg
    outcome = ask(port, requests, seconds=SECONDS)
    if outcome.failures:
        raise RuntimeError(f"{outcome.failures} keys were refused")
    return {
        "keys_per_second": outcome.per_second,
        "keys_p95_ms": outcome.percentile(0.95) * 1000,
    }


def _fetched(port: int, audience: Audience) -> dict[str, float]:
    fetches = {
        "list_of_two_hours_ms": "renditions/720p.m3u8?",
        "native_list_of_two_hours_ms": "renditions/720p.m3u8?native=true&",
        "choice_ms": "playlist.m3u8?",
        "watermark_ms": "watermark.svg?",
    }
    viewings = audience.viewings[:TIMES]
    return {
        name: _median(
            Request(f"http://127.0.0.1:{port}/v1/viewings/{id_}/{what}token={token}")
            for id_, token in viewings
        )
        for name, what in fetches.items()
    }


def _opened(port: int, measured: Market, audience: Audience) -> dict[str, float]:
    """Open viewings anew, then once more: these go on."""
    with psycopg.connect(measured.url, autocommit=True) as connection:
        connection.execute(_END, ([id_ for id_, _ in audience.viewings],))
        links = connection.execute(_LINKS, (TIMES, audience.title_id)).fetchall()
    requests = [
        Request(
            f"http://127.0.0.1:{port}/v1/screener-links/playback",
            data=json.dumps({"token": link}).encode(),
            headers={"Content-Type": "application/json"},
        )
        for (link,) in links
    ]
    return {"opening_ms": _median(iter(requests)), "going_on_ms": _median(iter(requests))}


def _median(requests: Iterator[Request]) -> float:
    """Ask one after the other; give the middle of the milliseconds."""
    found = []
    for request in requests:
        began = time.perf_counter()
        with urlopen(request) as answer:  # noqa: S310
            answer.read()
        found.append(time.perf_counter() - began)
    return statistics.median(found) * 1000


if __name__ == "__main__":
    with market(Path(".filmmart/bench").absolute(), SMALL) as small:
        for name, value in measure(small).items():
            print(f"{name}: {value:,.1f}")
