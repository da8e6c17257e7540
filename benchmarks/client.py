"""A small HTTP client that does nothing but ask: many connections, one process, answers counted.

It keeps one request under way on each connection, as callers do, and reads only what it needs of an
answer: its status and length. A client with conveniences would be what is measured.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import uvloop


@dataclass
class Outcome:
    """What a run of requests came to."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def per_second(self) -> float:
        """Give the answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Give the latency, in seconds, that this share of the answers stayed below."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Connection(asyncio.Protocol):
    """One connection that asks again as soon as it was answered."""

    def __init__(self, requests: Iterator[bytes], outcome: Outcome, until: float) -> None:
        self.requests = requests
        self.outcome = outcome
        self.until = until
        self.done = asyncio.get_running_loop().create_future()
        self.buffer = bytearray()
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.sent_at = time.perf_counter()
        self.transport.write(next(self.requests))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[:end]).lower()
        start = head.find(b"content-length: ")
        length = int(head[start + 16 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        del self.buffer[: end + 4 + length]
        now = time.perf_counter()
        self.outcome.latencies.append(now - self.sent_at)
        self.outcome.failures += not head.startswith(b"http/1.1 2")
        if now < self.until:
            self.ask()
        else:
            self.transport.close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))


async def _run(
    port: int, requests: Callable[[], Iterator[bytes]], seconds: float, connections: int
) -> Outcome:
    loop = asyncio.get_running_loop()
    outcome = Outcome(seconds)
    until = time.perf_counter() + seconds
    made = [
        await loop.create_connection(
            lambda: Connection(requests(), outcome, until), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return outcome


def get_requests(
    paths: list[str], token: str, headers: dict[str, str] | None = None
) -> Callable[[], Iterator[bytes]]:
    """Make the requests of a run: these paths over and over, each connection from its own place."""
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    ready = [
        (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {token}\r\n{extra}\r\n"
        ).encode()
        for path in paths
    ]
    starts = itertools.count(0, max(1, len(ready) // 37))

    def begin() -> Iterator[bytes]:
        return itertools.islice(itertools.cycle(ready), next(starts) % len(ready), None)

    return begin


def ask(
    port: int,
    requests: Callable[[], Iterator[bytes]],
    *,
    seconds: float,
    connections: int = 32,
) -> Outcome:
    """Ask for so many seconds over so many connections, to 127.0.0.1."""
    return uvloop.run(_run(port, requests, seconds, connections))
