"""Receivers of webhooks: real servers on this machine, honest ones and others."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic_core import from_json


@dataclass(frozen=True)
class Heard:
    """A request that came whole."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return from_json(self.body)


Behaviour = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]


def answering(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Answer, and close."""

    async def behave(_: Heard, writer: asyncio.StreamWriter) -> None:
        named = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        head = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}", *named, "", ""]
        writer.write("\r\n".join(head).encode() + body)

    return behave


async def hang(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Take the request, and say nothing for as long as the line stands."""
    await writer.drain()
    await asyncio.Event().wait()


async def vanish(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Close the line without a word."""
    writer.transport.abort()


async def drip(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Send headers for ever, a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.01)


async def pour(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Take it, with a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        await writer.drain()


async def promise(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Say for ever that an answer is on its way."""
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def babble(_: Heard, writer: asyncio.StreamWriter) -> None:
    """Speak no HTTP."""
    writer.write(b"220 mail.example ESMTP\r\n")


@dataclass
class Receiver:
    """A server that remembers what it heard; `behave` may be changed while it runs."""

    behave: Behaviour = field(default_factory=lambda: answering(204))
    heard: list[Heard] = field(default_factory=list)
    # Every line that was opened, whether anything came over it or not
    lines: int = 0
    port: int = 0
    scheme: str = "http"
    sni: list[str] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def note_name(self, _: ssl.SSLObject, name: str, __: ssl.SSLContext) -> None:
        """Note whom TLS was asked for."""
        self.sni.append(name)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        self.writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            request = await _read(reader)
            self.heard.append(request)
            await self.behave(request, writer)
            if not writer.is_closing():
                await writer.drain()
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
    pairs = (line.partition(":") for line in head[1:])
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(head[0], headers, body)


@asynccontextmanager
async def receiving(
    behave: Behaviour | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """Run a receiver on a port of 127.0.0.1."""
    receiver = Receiver(scheme="https" if tls else "http")
    if behave is not None:
        receiver.behave = behave
    if tls is not None:
        tls.sni_callback = receiver.note_name
    serving: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(receiver.serve(reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in list(serving):
            task.cancel()
        if serving:
            await asyncio.wait(list(serving))
        for writer in receiver.writers:
            writer.transport.abort()
        # Lines are closed in the loop's next rounds.
        for _ in range(3):
            await asyncio.sleep(0)


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for a name, and give what serves by it and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    kept = folder / "receiver.pem"
    plain = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    kept.write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(kept)
    trusts = ssl.create_default_context(cadata=pem.decode())
    return serves, trusts
