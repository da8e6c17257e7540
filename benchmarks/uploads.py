"""What an upload costs the API: its bytes go straight to the store, so next to nothing."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import psutil
import psycopg

from benchmarks.market import CALLER_ORGANISATION, Api, Market, api

FILM_BYTES = 4 * 2**30
IDLE_SECONDS = 15
JSON_HEADERS = {"Content-Type": "application/json"}


def measure(market: Market) -> dict[str, float]:
    """Upload one film of 4 GiB, and give the seconds of the API's CPU that it took.

    Without what the process takes when nobody asks for anything: uvicorn looks round ten times a
    second, which during the seconds of an upload is more than the upload.
    """
    title_id = _own_title(market)
    with api(market) as served:
        process = psutil.Process(served.process.pid)
        _upload(served, market, title_id, FILM_BYTES // 16)  # what is made once is made here
        idle = _cpu_of(process, lambda: time.sleep(IDLE_SECONDS)) / IDLE_SECONDS
        began = time.monotonic()
        used = _cpu_of(process, lambda: _upload(served, market, title_id, FILM_BYTES))
        used -= idle * (time.monotonic() - began)
    return {"api_cpu_seconds_per_gib": used * 2**30 / FILM_BYTES}


def _cpu_of(process: psutil.Process, act: Callable[[], object]) -> float:
    """Give the CPU that a process and its children take while something is done."""
    before = _cpu(process)
    act()
    return _cpu(process) - before


def _cpu(process: psutil.Process) -> float:
    """Give the CPU of a process and its children."""
    every = [process, *process.children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in every)


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


def _upload(served: Api, market: Market, title_id: int, size: int) -> None:
    wanted = {"file_name": "film.mp4", "size_bytes": size, "content_type": "video/mp4"}
    screener = _post(served, market, f"/v1/titles/{title_id}/screeners", wanted)
    block = os.urandom(screener["upload"]["part_bytes"])
    sent: list[dict[str, Any]] = []
    signed = {part["number"]: part for part in screener["part_urls"]["parts"]}
    numbers = range(1, -(-size // len(block)) + 1)
    for number in numbers:
        if number not in signed:
            wanted_parts = {"parts": [{"number": n} for n in numbers[number - 1 :][:100]]}
            address = f"/v1/screeners/{screener['id']}/part-urls"
            more = _post(served, market, address, wanted_parts)
            signed = {part["number"]: part for part in more["parts"]}
        content = block[: size - (number - 1) * len(block)]
        part = signed[number]
        request = Request(part["url"], content, part["headers"], method="PUT")  # noqa: S310
        with urlopen(request):  # noqa: S310  # the loopback address of our own store
            pass
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        sent.append({"number": number, "md5": digest})
    _post(served, market, f"/v1/screeners/{screener['id']}/complete", {"parts": sent})


def _post(served: Api, market: Market, path: str, body: object) -> dict[str, Any]:
    headers = {**JSON_HEADERS, "Authorization": f"Bearer {market.token}"}
    address = f"http://127.0.0.1:{served.port}{path}"
    request = Request(address, json.dumps(body).encode(), headers)
    with urlopen(request) as answer:  # noqa: S310
        document: dict[str, Any] = json.load(answer)
    return document
