"""One request, one transaction: committed before the answer leaves, run again when PostgreSQL asks.

A FastAPI dependency with `yield` commits after the response is on its way; a route class wraps the
whole endpoint instead, so that it can also repeat it, and keep its answer for an
`Idempotency-Key`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from typing import Any

from fastapi import Request, Response
from fastapi.params import Body, Form
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from app import idempotency
from app.authentication import authenticate
from app.db import MAX_ATTEMPTS, backoff, may_retry
from app.errors import Problem, UnsupportedMediaType
from app.events import Origin
from app.models.accounts import Standing
from app.openapi import NOT_REPEATABLE

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class TransactionRoute(APIRoute):
    """A route whose endpoint runs in one transaction, `request.state.session`."""

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()
        if "POST" in (self.methods or ()) and self.name not in NOT_REPEATABLE:
            handle = once(handle)
        taken = media_types_of(self)

        async def in_transaction(request: Request) -> Response:
            if taken:
                require_media_type(request, taken)
            for attempt in range(MAX_ATTEMPTS):
                try:
                    return await _attempt(request, handle)
                except (DBAPIError, StaleDataError) as error:
                    if attempt == MAX_ATTEMPTS - 1 or not may_retry(error):
                        raise
                await asyncio.sleep(backoff(attempt))
            raise AssertionError  # the last attempt answered or raised

        return in_transaction


async def _attempt(request: Request, handle: Handler) -> Response:
    async with request.app.state.database.session() as session:
        request.state.session = session
        session.info["origin"] = origin_of(request)
        try:
            response = await handle(request)
        except Problem as problem:
            if problem.keeps_changes:
                await session.commit()
                _tell(request, session)
            raise
        await session.commit()
        _tell(request, session)
    return response


def _tell(request: Request, session: AsyncSession) -> None:
    """Tell those of this process who wait for facts."""
    if session.info.get("is_heard"):
        request.app.state.answers.drop()
    if session.info.get("has_facts"):
        request.app.state.sequencer.wake()


def origin_of(request: Request) -> Origin:
    """Tell from where a request came: a socket of this machine has no address."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return Origin(None, request.scope.get("request_id"))
    return Origin(str(address), request.scope.get("request_id"))


def once(handle: Handler) -> Handler:
    """Have a POST honour `Idempotency-Key`."""

    async def answer(request: Request) -> Response:
        key = request.headers.get("idempotency-key")
        if key is None:
            return await handle(request)
        actor = await authenticate(request)
        if actor is not None and actor.standing is Standing.SUSPENDED:
            return await handle(request)  # which refuses; a kept answer would not
        owner_id = actor.person_id if actor else 0
        return await idempotency.answer_once(request, owner_id, key, handle)

    return answer


def media_types_of(route: APIRoute) -> tuple[str, ...]:
    """Name the kinds of body that a route reads; none where it takes no body."""
    if route.body_field is None:
        return ()
    declared = route.body_field.field_info
    if isinstance(declared, Form):
        return (FORM, MULTIPART)
    return (JSON,) if type(declared) is Body else ()


def require_media_type(request: Request, taken: tuple[str, ...]) -> None:
    """Refuse a body of another kind, and a compressed one: nothing here unpacks it.

    Raises:
        UnsupportedMediaType: `Content-Type` or `Content-Encoding` names something else.
    """
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType(
            "Send the body as it is, without Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in taken or (JSON in taken and media_type.endswith("+json")):
        return
    raise UnsupportedMediaType(
        f"Send the body with Content-Type: {taken[0]}.", headers={"Accept": ", ".join(taken)}
    )
