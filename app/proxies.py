"""Who calls through a proxy, and from which country: believed of the proxies we know alone."""

from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.settings import Settings


class Proxies:
    """uvicorn's reading of `X-Forwarded-For` and `-Proto`; and the caller's country beside them.

    It stands in the app, and not before it where uvicorn puts it: there nobody could tell any more
    whose connection it was, and anybody may send a header.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Wrap the app."""
        # uvicorn and Starlette have types of their own for the same thing.
        forwarding: Any = ProxyHeadersMiddleware(
            cast("Any", app), trusted_hosts=settings.forwarded_allow_ips
        )
        self._app: ASGIApp = forwarding
        self._trusted = forwarding.trusted_hosts
        self._header = (settings.country_header or "").lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the country before the peer's address gives way to the caller's."""
        if self._header and scope["type"] == "http":
            scope["country"] = self._country(scope)
        await self._app(scope, receive, send)

    def _country(self, scope: Scope) -> str | None:
        peer = scope.get("client")
        if (peer[0] if peer else None) not in self._trusted:
            return None
        found = [value for name, value in scope["headers"] if name == self._header]
        # A proxy replaces what the caller sent. One that added to it would let them choose.
        return str(found[0], "latin-1").strip().upper() if len(found) == 1 else None
