"""A wire to the object store that a test can cut, stop up, or have lie."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from urllib.parse import urlsplit

from app.settings import Settings
from tests.servers import make_settings

# Of an answer that is cut short: its head, and some of its body
CUT_BYTES = 20_000
_UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: 49\r\n\r\n<Error><Code>ServiceUnavailable</Code></Error>   "
)


class Fault(Enum):
    """What is wrong with the store."""

    NONE = auto()
    REFUSED = auto()
    UNAVAILABLE = auto()
    NO_PUTS = auto()
    CUT_SHORT = auto()
    SLOW = auto()
    SILENT = auto()


class StoreWire:
    """Passes bytes on to the store, as far as its fault lets it."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._fault = Fault.NONE
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        # How many connections were tried
        self.calls = 0

    def have(self, fault: Fault) -> None:
        """Have this fault from now on, on new connections alone: the others break."""
        self._fault = fault
        for end in list(self._ends):
            end.transport.abort()

    async def close(self) -> None:
        """Break every connection."""
        self.have(Fault.REFUSED)
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        self.calls += 1
        if self._fault is Fault.REFUSED:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._start(self._forth(reader, far_writer, writer), far_writer)
        self._start(self._back(far_reader, writer), writer)

    def _start(self, passing: "asyncio._CoroutineLike[None]", end: asyncio.StreamWriter) -> None:
        self._ends.add(end)
        task = asyncio.create_task(passing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forth(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
    ) -> None:
        with suppress(OSError):
            while piece := await source.read(65536):
                is_put = piece.startswith(b"PUT ")
                if self._fault is Fault.UNAVAILABLE or (self._fault is Fault.NO_PUTS and is_put):
                    back.write(_UNAVAILABLE)
                    await back.drain()
                    back.close()
                    break
                sink.write(piece)
                await sink.drain()
        self._end(sink)

    async def _back(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        passed = 0
        with suppress(OSError):
            while piece := await source.read(65536 if self._fault is not Fault.SLOW else 4096):
                if self._fault is Fault.SLOW:
                    await asyncio.sleep(0.02)
                if self._fault is Fault.SILENT:
                    continue
                if self._fault is Fault.CUT_SHORT:
                    piece = piece[: CUT_BYTES - passed]  # the rest is lost
                passed += len(piece)
                sink.write(piece)
                await sink.drain()
                if self._fault is Fault.CUT_SHORT and passed >= CUT_BYTES:
                    sink.transport.abort()
                    break
        self._end(sink)

    def _end(self, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            sink.close()
        self._ends.discard(sink)


@asynccontextmanager
async def wire_to_store(settings: Settings) -> AsyncIterator[tuple[StoreWire, Settings]]:
    """Give a wire to the store of these settings, and settings that go through it."""
    parts = urlsplit(settings.s3_endpoint_url or "")
    wire = StoreWire(parts.hostname or "127.0.0.1", parts.port or 80)
    server = await asyncio.start_server(wire.join, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    through = {
        "s3_endpoint_url": f"http://127.0.0.1:{port}",
        "s3_access_key_id": settings.s3_access_key_id,
        "s3_secret_access_key": settings.s3_secret_access_key.get_secret_value(),
        "s3_bucket": settings.s3_bucket,
    }
    try:
        yield wire, make_settings(settings.database_url, through)
    finally:
        server.close()
        await wire.close()
