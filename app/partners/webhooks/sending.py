"""One request to one receiver, whatever it does: checked address, no redirects, 15 s, 64 kB.

httpcore2 speaks HTTP and TLS; the one thing of our own is how it connects: the name is resolved
once, every address it has is looked at, and one of those looked at is connected to. The name stays
what TLS verifies and what `Host` says. Nothing is read from the environment (proxies, .netrc), and
each request has a connection of its own, so that nothing of one answer can reach another.
"""

import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import anyio
import anyio.to_thread
import httpcore2

from app import __version__
from app.partners.webhooks.addresses import Address, is_loopback, may_be_reached
from app.partners.webhooks.rules import rest_of
from app.partners.webhooks.targets import Target, parse_target
from app.settings import Settings

MAX_ANSWER_BYTES = 65_536
SHOWN_BYTES = 1024
# A name may have many addresses, of which the first may be silent.
MOST_ADDRESSES = 4
CONNECT_SECONDS = 5.0
# A resolver that hangs holds up none but webhooks.
_RESOLVING = anyio.CapacityLimiter(64)
USER_AGENT = f"FilmMart-Webhooks/{__version__}"

Resolve = Callable[[str, int], Awaitable[list[Address]]]


class AddressRefusedError(Exception):
    """A name that leads where no webhook goes."""


class NameNotFoundError(Exception):
    """A name that leads nowhere."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: the status of an answer, or what kept it from being given."""

    status: int | None = None
    error: str | None = None
    answer: str = ""
    rest: timedelta | None = None

    @property
    def succeeded(self) -> bool:
        """Was taken: any 2xx says so."""
        return self.status is not None and self.status // 100 == 2  # noqa: PLR2004


async def resolve(host: str, port: int) -> list[Address]:
    """Give the addresses of a name, in the order to try them.

    Raises:
        NameNotFoundError: it has none.
    """
    try:
        found = await anyio.to_thread.run_sync(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM),
            abandon_on_cancel=True,
            limiter=_RESOLVING,
        )
    except (OSError, UnicodeError) as error:
        raise NameNotFoundError(host) from error
    return list(dict.fromkeys(ip_address(str(one[4][0]).partition("%")[0]) for one in found))


class Sender:
    """Sends webhooks."""

    def __init__(
        self,
        settings: Settings,
        *,
        resolve: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Take on the rules of this installation; `trust` are other authorities than usual."""
        self._loopback = settings.webhooks_may_stay_here
        self._refused = settings.webhook_refused_networks
        self._seconds = settings.webhook_timeout.total_seconds()
        self._resolve = resolve
        # To read the authorities takes milliseconds: once.
        self._trust = trust or httpcore2.default_ssl_context()

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Post to a receiver: never raises for what it does, and is done in time."""
        try:
            target = parse_target(url, loopback=self._loopback)
        except ValueError:
            return Outcome(error="url_refused")
        connection = httpcore2.AsyncHTTPConnection(
            origin=httpcore2.Origin(target.scheme.encode(), target.host.encode(), target.port),
            ssl_context=self._trust,
            network_backend=_Checked(self._resolve, lambda one: self._may_reach(target, one)),
        )
        exchange = _Exchange(connection, target, headers, body)
        try:
            with anyio.fail_after(self._seconds):
                await exchange.run()
        except Exception as error:  # noqa: BLE001  # whatever a stranger's server can bring about
            if exchange.outcome is None:
                return Outcome(error=_name_of(error))
        finally:
            with anyio.CancelScope(shield=True):
                await connection.aclose()
        return exchange.told()

    def _may_reach(self, target: Target, address: Address) -> bool:
        if target.is_plain and not is_loopback(address):
            return False
        return may_be_reached(address, loopback=self._loopback, refused=self._refused)


class _Exchange:
    """A request and its answer, as far as it came: a status that was read stands."""

    def __init__(
        self,
        connection: httpcore2.AsyncHTTPConnection,
        target: Target,
        headers: dict[str, str],
        body: bytes,
    ) -> None:
        self._connection = connection
        self._url = httpcore2.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=target.path
        )
        self._headers = {
            "Host": target.host_header,
            "User-Agent": USER_AGENT,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **headers,
        }
        self._body = body
        self._read = bytearray()
        self.outcome: tuple[int, timedelta | None] | None = None

    async def run(self) -> None:
        """Send, read the status, then of the rest as much as is of use."""
        async with self._connection.stream(
            "POST", self._url, headers=list(self._headers.items()), content=self._body
        ) as response:
            said = {name.lower(): value for name, value in response.headers}
            retry_after = said.get(b"retry-after", b"").decode("latin-1") or None
            self.outcome = (response.status, rest_of(retry_after, datetime.now(UTC)))
            async for chunk in response.aiter_stream():
                self._read += chunk
                if len(self._read) >= MAX_ANSWER_BYTES:
                    break

    def told(self) -> Outcome:
        """Tell what was answered."""
        status, rest = self.outcome or (None, None)
        # PostgreSQL's text holds no U+0000.
        shown = self._read[:SHOWN_BYTES].decode(errors="replace").replace("\x00", "\ufffd")
        return Outcome(status=status, answer=shown, rest=rest)


class _Checked(httpcore2.AsyncNetworkBackend):
    """Connects to none but addresses that were looked at."""

    def __init__(self, resolve: Resolve, may_reach: Callable[[Address], bool]) -> None:
        self._resolve = resolve
        self._may_reach = may_reach
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        del timeout, local_address, socket_options
        addresses = await self._resolve(host, port)
        # One bad address is enough: who mixes them does it to get past somebody.
        if not addresses or not all(self._may_reach(one) for one in addresses):
            raise AddressRefusedError(host)
        failure: Exception | None = None
        for address in addresses[:MOST_ADDRESSES]:
            try:
                return await self._plain.connect_tcp(str(address), port, timeout=CONNECT_SECONDS)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or AddressRefusedError(host)


def _name_of(error: Exception) -> str:
    """Name what went wrong; of a refused address not which one it was."""
    if isinstance(error, TimeoutError | httpcore2.TimeoutException):
        return "timeout"
    if isinstance(error, AddressRefusedError):
        return "address_refused"
    if isinstance(error, NameNotFoundError):
        return "name_not_found"
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "tls_failed"
    if isinstance(error, httpcore2.ConnectError):
        return "not_connected"
    return "no_answer"
