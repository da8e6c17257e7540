"""A line to a store that can be disturbed: it refuses, delays, answers 503, lies, is cut.

It passes HTTP on, one request a connection, from a thread of its own, so that it serves tests of
either kind and processes that a test starts. Nothing is changed but what a `Fault` says.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

END = b"\r\n\r\n"
PIECE = 65536


@dataclass(frozen=True)
class Request:
    """What somebody asked of the store."""

    method: str
    target: str

    @property
    def is_part(self) -> bool:
        return self.method == "PUT" and "partNumber=" in self.target

    @property
    def is_list_of_parts(self) -> bool:
        return self.method == "GET" and "uploadId=" in self.target

    @property
    def is_completion(self) -> bool:
        return self.method == "POST" and "uploadId=" in self.target


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of its passing through."""

    hangs_up: bool = False
    status: int = 0
    delay_seconds: float = 0.0
    # So many bytes of the body come through, then the line is cut
    request_bytes: int | None = None
    answer_bytes: int | None = None
    # Of the whole answer, head and body
    changed: Callable[[bytes], bytes] | None = None


@dataclass
class Rule:
    """Which requests meet a fault, and how many of them still."""

    fault: Fault
    matches: Callable[[Request], bool]
    left: int


@dataclass
class Line:
    """The line to one store."""

    target: tuple[str, int]
    seen: list[Request] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    port: int = 0
    callers: list[asyncio.StreamWriter] = field(default_factory=list)
    calls: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def disturb(
        self,
        fault: Fault,
        matches: Callable[[Request], bool] = lambda _: True,
        times: int = 1_000_000,
    ) -> None:
        """Have requests meet a fault from now on, so many times."""
        self.rules.append(Rule(fault, matches, times))

    def mend(self) -> None:
        """Let everything through again."""
        self.rules.clear()

    def parts_sent(self) -> list[int]:
        """Give the numbers of the parts that somebody began to send, in that order."""
        found = [re.search(r"partNumber=(\d+)", each.target) for each in self.seen if each.is_part]
        return [int(number[1]) for number in found if number]

    def fault_of(self, request: Request) -> Fault:
        for rule in self.rules:
            if rule.left > 0 and rule.matches(request):
                rule.left -= 1
                return rule.fault
        return Fault()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Note who comes in before anything else can happen, so that none is left open."""
        self.callers.append(writer)
        call = asyncio.get_running_loop().create_task(self._join(reader, writer))
        self.calls.add(call)
        call.add_done_callback(self.calls.discard)

    async def end(self) -> None:
        """Cut off whoever is still there."""
        for call in self.calls:
            call.cancel()
        await asyncio.gather(*self.calls, return_exceptions=True)
        for caller in self.callers:
            caller.transport.abort()
        await _turns()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._pass_on(reader, writer)
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()
            self.callers.remove(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(END)
        method, target, _ = head.decode("latin-1").split(" ", 2)
        request = Request(method, target)
        self.seen.append(request)
        fault = self.fault_of(request)
        if fault.hangs_up:
            writer.transport.abort()
            return
        await asyncio.sleep(fault.delay_seconds)
        if re.search(rb"(?i)\r\nexpect: 100-continue", head):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if fault.status:
            await _discard(reader, _length(head))
            writer.write(_answer(fault.status))
            await writer.drain()
            return
        store_reader, store_writer = await asyncio.open_connection(*self.target)
        try:
            store_writer.write(_plain(head))
            allowed = _length(head) if fault.request_bytes is None else fault.request_bytes
            await _copy(reader, store_writer, min(allowed, _length(head)))
            if allowed < _length(head):
                writer.transport.abort()
                return
            await self._answer(store_reader, writer, fault)
        finally:
            store_writer.transport.abort()

    async def _answer(
        self, store: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault
    ) -> None:
        if fault.changed is not None:
            writer.write(fault.changed(await store.read()))
            await writer.drain()
            return
        head = await store.readuntil(END)
        writer.write(head)
        left = fault.answer_bytes
        while piece := await store.read(PIECE if left is None else min(PIECE, left)):
            writer.write(piece)
            await writer.drain()
            left = None if left is None else left - len(piece)
        if left is not None:
            await writer.drain()
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int) -> None:
    while length > 0:
        piece = await reader.read(min(PIECE, length))
        if not piece:
            raise ConnectionResetError
        writer.write(piece)
        await writer.drain()
        length -= len(piece)


async def _discard(reader: asyncio.StreamReader, length: int) -> None:
    while length > 0 and (piece := await reader.read(min(PIECE, length))):
        length -= len(piece)


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return int(found[1]) if found else 0


def _plain(head: bytes) -> bytes:
    """Ask for one answer and the end: neither header is ever signed."""
    head = re.sub(rb"(?i)\r\n(connection|expect):[^\r]*", b"", head)
    return head.removesuffix(END) + b"\r\nConnection: close" + END


def _answer(status: int) -> bytes:
    body = b"<Error><Code>ServiceUnavailable</Code></Error>"
    head = f"HTTP/1.1 {status} Disturbed\r\nContent-Length: {len(body)}\r\nConnection: close"
    return head.encode() + END + body


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """Give a line to a store; its `url` stands for the store's."""
    address = urlsplit(url)
    line = Line((address.hostname or "127.0.0.1", address.port or 80))
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(line.take, "127.0.0.1", 0))
    line.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield line
    finally:
        asyncio.run_coroutine_threadsafe(_end(server, line), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server, line: Line) -> None:
    server.close()
    await _turns()  # who was let in just now is taken
    await line.end()


async def _turns() -> None:
    """Let the loop do what is due: what comes in is taken, what was aborted is closed."""
    for _ in range(3):
        await asyncio.sleep(0)
