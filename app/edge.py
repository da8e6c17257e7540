"""The edge of the API, one pure ASGI layer: request id, limits, headers, metrics, log line.

One layer, not five: each `BaseHTTPMiddleware` costs 110-230 µs a request, this one under 40.
"""

import itertools
import json
import re
import secrets
import time
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import deprecation
from app.authentication import CLIENTS, Actors
from app.errors import PROBLEM_JSON, Malformed, Problem, TooLarge, TooManyRequests, problem_document
from app.hot import Lane
from app.limits import Bearers, Costs, RateLimit
from app.metrics import observe
from app.settings import Settings

SLOW_SECONDS = 0.5
_IS_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}").fullmatch
# A request's id: the process that had it, and its number there.
_PROCESS = secrets.token_hex(5)
_NUMBERS = itertools.count(1)
# Their routes count the bytes as they read them: files, which are no bodies of a megabyte.
_IS_STREAMED = re.compile(
    "POST /v1/(?:avails/imports|import-files)|PUT /v1/screeners/[^/]+/subtitles/[^/]+"
).fullmatch
# Asked by machines that watch the API: never limited.
_UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})
# Asked by players, who have the token of a viewing and no other.
_OF_VIEWINGS = "/v1/viewings/"
logger = structlog.get_logger("app.requests")


class Edge:
    """Everything that is the same for every request."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Wrap the app."""
        self.app = app
        self.max_bytes = settings.request_max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _request_id(scope)
        scope["request_id"] = request_id
        headers: list[tuple[bytes, bytes]] = [
            (b"x-request-id", request_id.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        status = 500
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                started = True
                status = message["status"]
                own = message["headers"]
                if not any(name == b"cache-control" for name, _ in own):
                    headers.append((b"cache-control", b"private, no-cache"))
                headers.extend(deprecation.headers_of(scope.get("route")))
                # A new list: an answer that is kept for the next request must not grow.
                message = {**message, "headers": [*own, *headers]}
            await send(message)

        try:
            await _limit(scope, headers)
            receive = await self._bounded(scope, receive)
            if not await lane_of(scope).answer(scope, receive, send_with_headers):
                await self.app(scope, receive, send_with_headers)
        except Problem as problem:
            await send_problem(send_with_headers, problem, request_id)
        except Exception as error:
            logger.exception("request_failed", request_id=request_id, path=scope["path"])
            if started:
                raise
            await _send_internal_error(send_with_headers, request_id, error)
        finally:
            waited = scope.get("waited_seconds", 0.0)
            _account(scope, status, time.perf_counter() - began - waited)

    async def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """Refuse what PostgreSQL or memory can't hold before anything reads it."""
        if b"%00" in scope.get("raw_path", b"") or b"%00" in scope["query_string"]:
            raise Malformed("The address must not contain the character U+0000 (%00).")
        if _IS_STREAMED(f"{scope['method']} {scope['path']}"):
            return receive
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), None)
        if declared is not None and declared.isdigit() and int(declared) > self.max_bytes:
            raise self._too_large()
        if declared is None and any(k == b"transfer-encoding" for k, _ in scope["headers"]):
            return await self._read_ahead(receive)
        return receive

    async def _read_ahead(self, receive: Receive) -> Receive:
        """Count a body of undeclared length, then hand it on whole."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                break
            body += message.get("body", b"")
            if len(body) > self.max_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                break
        pending: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        return replay

    def _too_large(self) -> TooLarge:
        return TooLarge(f"A request body may have {self.max_bytes} bytes at most.")


def lane_of(scope: Scope) -> Lane:
    """Give the app's short way to its hot routes."""
    lane: Lane = scope["app"].state.lane
    return lane


async def _limit(scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
    """Count a request by what it costs; tell what is left, and refuse where that is not enough."""
    if scope["path"] in _UNLIMITED:
        return
    state = scope["app"].state
    costs: Costs = state.costs
    cost = costs.of(scope["method"], scope["path"])
    subject = await _subject(scope)
    limit: RateLimit = state.client_limit if subject.startswith(CLIENTS) else state.limit
    verdict = await limit.hit(subject, cost)
    headers.append((b"ratelimit-policy", limit.policy))
    headers.append((b"ratelimit", verdict.header))
    if not verdict.is_allowed:
        raise TooManyRequests(
            f"You may spend {limit.amount} units in a minute, and this request costs {cost} "
            f"(`x-cost` in /openapi.json). Wait {verdict.wait} s.",
            retry_after=verdict.wait,
        )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _IS_REQUEST_ID(value):
            return str(value, "ascii")
    return f"{_PROCESS}{next(_NUMBERS):08x}"


async def _subject(scope: Scope) -> str:
    """Name who is limited: a known caller, else the address: made-up tokens gain nothing.

    What a player fetches is counted for its viewing: not for the person, who does other things
    meanwhile, nor for the address, behind which a whole company may watch.
    """
    actors: Actors = scope["app"].state.actors
    for name, value in scope["headers"]:
        if name == b"authorization":
            subject = await actors.counted_as(value[7:].decode("latin-1").strip())
            if subject is not None:
                return subject
    if scope["path"].startswith(_OF_VIEWINGS):
        bearers: Bearers = scope["app"].state.bearers
        subject = bearers.subject_of(_token_of(scope["query_string"]))
        if subject is not None:
            return subject
    client = scope.get("client")
    return f"address:{client[0] if client else 'unknown'}"


def _token_of(query_string: bytes) -> str:
    for part in query_string.split(b"&"):
        if part.startswith(b"token="):
            return part[6:].decode("latin-1")
    return ""


async def send_problem(send: Send, problem: Problem, request_id: str) -> None:
    """Send a problem document as a plain ASGI answer."""
    document = problem.document() | {"request_id": request_id}
    await _send_document(send, document, problem.headers)


async def _send_internal_error(send: Send, request_id: str, error: Exception) -> None:
    del error  # logged above; what it says is not for the caller
    detail = (
        "Something broke on our side; nothing was changed. Quote the request id to the operator."
    )
    document = problem_document(500, "internal_error", detail) | {"request_id": request_id}
    await _send_document(send, document, {})


async def _send_document(send: Send, document: dict[str, Any], headers: dict[str, str]) -> None:
    body = json.dumps(document, ensure_ascii=False).encode()
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw += [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": document["status"], "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _account(scope: Scope, status: int, seconds: float) -> None:
    """Count every request; log those that changed something, failed or dragged."""
    route = scope.get("route")
    operation = getattr(route, "name", None) or "none"
    observe(scope["method"], operation, status, seconds)
    if scope["method"] in {"GET", "HEAD", "OPTIONS"} and status < 400 and seconds < SLOW_SECONDS:  # noqa: PLR2004
        return
    logger.info(
        "request",
        request_id=scope["request_id"],
        method=scope["method"],
        path=scope["path"],
        operation=operation,
        status=status,
        milliseconds=round(seconds * 1000, 1),
    )
