"""The address of an endpoint, taken apart once: what is checked is what is connected to."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.partners.webhooks.addresses import literal_address, may_be_reached

MAX_LENGTH = 2000
_IS_TEXT = re.compile(r"[!-\[\]-~]+", re.ASCII).fullmatch
_IS_NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*", re.ASCII
).fullmatch
# Resolvers read such a name as an address: 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1.
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)", re.ASCII).fullmatch
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    scheme: str
    # In lower case; an IPv6 address without its brackets
    host: str
    port: int
    # Path and query
    path: str

    @property
    def is_plain(self) -> bool:
        """Go without TLS: to this machine itself alone."""
        return self.scheme == "http"

    @property
    def host_header(self) -> str:
        """Write the host as HTTP does."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str, *, loopback: bool = False) -> Target:
    """Take a URL apart.

    Raises:
        ValueError: no webhook is sent there; the words say why.
    """
    if len(url) > MAX_LENGTH or not _IS_TEXT(url):
        raise ValueError(
            f"must be a URL of at most {MAX_LENGTH} characters of ASCII: write a name in another "
            "script as xn--…"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is no URL") from None
    if parts.scheme not in (("http", "https") if loopback else ("https",)):
        raise ValueError("must begin with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no name or password: the signature tells that it is us")
    if "#" in url:
        raise ValueError("must have no fragment")
    if port == 0:
        raise ValueError("has no port that can be connected to")
    host = _host_of(parts.hostname or "", loopback=loopback)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def _host_of(host: str, *, loopback: bool) -> str:
    address = literal_address(host)
    if address is not None:
        if not may_be_reached(address, loopback=loopback) or "%" in host:
            raise ValueError("must be a public address")
        return str(address)
    if not _IS_NAME(host) or _ENDS_IN_NUMBER(host):
        raise ValueError("names no host")
    if host.rpartition(".")[2] == "localhost" and not loopback:
        raise ValueError("must be a public address")
    return host
