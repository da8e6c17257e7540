"""What an upload costs the API: its bytes go straight to the store, so next to nothing."""

import hashlib
import json
import os
import statistics
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psycopg

from app.s3.client import bucket_url, client_of
from app.s3.signing import Signer
from app.s3.store import Store
from app.screeners.rules import MAX_PARTS_TO_SIGN, MIB
from app.stored import PartToSign
from benchmarks.market import CALLER_ORGANISATION, Api, Market, api

FILM_BYTES = 4 * 2**30
FILMS = 3
QUARTER = timedelta(minutes=15)
JSON_HEADERS = {"Content-Type": "application/json"}


def measure(market: Market) -> dict[str, float]:
    """Upload films of 4 GiB, and give the seconds of the API's CPU that one took, by the GiB.

    Counted while the API answers, and not while the store takes bytes: uvicorn looks round ten
    times a second, which during the seconds of an upload is more than the upload.
    """
    title_id = _own_title(market)
    with api(market) as served:
        _upload(served, market, title_id, FILM_BYTES // 16)  # what is made once is made here
        used = [_upload(served, market, title_id, FILM_BYTES) for _ in range(FILMS)]
    return {
        "api_cpu_seconds_per_gib": statistics.median(used) * 2**30 / FILM_BYTES,
        "milliseconds_for_200_part_urls": _signing_milliseconds(),
    }


def _signing_milliseconds() -> float:
    """Sign 200 part URLs 50 times, and give the median of what that took."""
    keys = ("us-east-1", "key", "secret")
    client = client_of("http://127.0.0.1:9000", *keys)
    store = Store(client, "filmmart", Signer(bucket_url(client, "filmmart"), *keys))
    md5 = hashlib.md5(b"", usedforsecurity=False).hexdigest()
    parts = [PartToSign(number, 64 * MIB, md5) for number in range(1, MAX_PARTS_TO_SIGN + 1)]
    found = []
    for _ in range(50):
        began = time.perf_counter()
        store.sign_parts("screeners/1/original", "upload", parts, QUARTER)
        found.append(time.perf_counter() - began)
    return statistics.median(found) * 1000


def _cpu(process: int) -> float:
    """Give the seconds of CPU of a process's threads, to the nanosecond."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def _own_title(market: Market) -> int:
    with psycopg.connect(market.url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO titles (seller_id, kind, stage, original_title) "
            "VALUES (%s, 'feature', 'completed', 'A film of four gibibytes') RETURNING id",
            (CALLER_ORGANISATION,),
        ).fetchone()
    if row is None:
        raise LookupError
    return int(row[0])


def _upload(served: Api, market: Market, title_id: int, size: int) -> float:
    """Upload a film, and give the seconds of CPU that its upload took the API."""
    used = 0.0

    def post(path: str, body: object) -> dict[str, Any]:
        nonlocal used
        before = _cpu(served.process.pid)
        answer = _post(served, market, path, body)
        used += _cpu(served.process.pid) - before
        return answer

    wanted = {"file_name": "film.mp4", "size_bytes": size, "content_type": "video/mp4"}
    screener = post(f"/v1/titles/{title_id}/screeners", wanted)
    block = os.urandom(screener["upload"]["part_bytes"])
    sent: list[dict[str, Any]] = []
    signed = {part["number"]: part for part in screener["part_urls"]["parts"]}
    numbers = range(1, -(-size // len(block)) + 1)
    for number in numbers:
        if number not in signed:
            wanted_parts = {
                "parts": [{"number": n} for n in numbers[number - 1 :][:MAX_PARTS_TO_SIGN]]
            }
            address = f"/v1/screeners/{screener['id']}/part-urls"
            more = post(address, wanted_parts)
            signed = {part["number"]: part for part in more["parts"]}
        content = block[: size - (number - 1) * len(block)]
        part = signed[number]
        request = Request(part["url"], content, part["headers"], method="PUT")  # noqa: S310
        with urlopen(request):  # noqa: S310  # the loopback address of our own store
            pass
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        sent.append({"number": number, "md5": digest})
    post(f"/v1/screeners/{screener['id']}/complete", {"parts": sent})
    return used


def _post(served: Api, market: Market, path: str, body: object) -> dict[str, Any]:
    headers = {**JSON_HEADERS, "Authorization": f"Bearer {market.token}"}
    address = f"http://127.0.0.1:{served.port}{path}"
    request = Request(address, json.dumps(body).encode(), headers)
    with urlopen(request) as answer:  # noqa: S310
        document: dict[str, Any] = json.load(answer)
    return document
