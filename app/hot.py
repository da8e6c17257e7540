"""Hot reads: GETs whose answer is one statement's text, reached without the router.

FastAPI's way to an endpoint (five layers, two matches, the solving of dependencies) costs 0.2 ms,
more than the statement itself. A `HotRoute` is declared and documented like any other route, but
its endpoint takes the request alone, so the edge can go to it straight: `Lane` finds it by its
path. Whatever goes wrong there is left to the ordinary way, which comes to the same endpoint and
knows how to refuse. A hot POST is read and done once: what goes wrong there is told as there.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send

_PARAMETER = re.compile(r"\{(\w+)\}")
# Stands for a number in the shape of a path; no path that is asked for has it.
_NUMBER = "\0"
# A longer query string is read each time: somebody could fill the memory with them.
MAX_REMEMBERED = 500

_METHODS = ("GET", "POST")
Endpoint = Callable[[Request], Awaitable[Response]]
Teller = Callable[[Request, Exception], Awaitable[Response]]
Query = TypeVar("Query", bound=BaseModel)


class HotRoute(APIRoute):
    """A route whose endpoint takes the request alone; `dependencies` are there to document it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Call the endpoint, and nothing before it."""
        endpoint: Endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            return await endpoint(request)

        return handle


class Lane:
    """The hot routes of an app: by their path, or by the shape of one with numbers in it."""

    def __init__(self, app: FastAPI) -> None:
        """Collect them."""
        self._exact: dict[str, APIRoute] = {}
        self._shaped: dict[tuple[str, str], tuple[list[str], APIRoute]] = {}
        for context in iter_route_contexts(app.routes):
            route = context.original_route
            if not isinstance(route, HotRoute):
                continue
            path = str(context.path)
            names = _PARAMETER.findall(path)
            if names:
                shape = _PARAMETER.sub(_NUMBER, path)
                for method in route.methods or ():
                    self._shaped[method, shape] = (names, route)
            else:
                self._exact[path] = route

    def find(self, scope: Scope) -> Endpoint | None:
        """Give the endpoint of a request, and set `route` and `path_params` as the router would."""
        method: str = scope["method"]
        if method not in _METHODS:
            return None
        path: str = scope["path"]
        route = self._exact.get(path) if method == "GET" else None
        if route is None:
            steps = path.split("/")
            numbers = [step for step in steps if step.isdecimal()]
            shape = "/".join([_NUMBER if step.isdecimal() else step for step in steps])
            found = self._shaped.get((method, shape))
            if found is None or len(numbers) != len(found[0]):
                return None
            names, route = found
            scope["path_params"] = dict(zip(names, numbers, strict=True))
        scope["route"] = route
        endpoint: Endpoint = route.endpoint
        return endpoint

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a hot request; False leaves it, untouched, to the ordinary way."""
        endpoint = self.find(scope)
        if endpoint is None:
            return False
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except Exception as error:
            if scope["method"] == "GET":  # told by the ordinary way
                return False
            # Its body is read: nobody could read it again.
            if (tell := _teller_of(request, error)) is None:
                raise
            response = await tell(request, error)
        await response(scope, receive, send)
        return True


def _teller_of(request: Request, error: Exception) -> Teller | None:
    """Give what the app tells an error by."""
    handlers = request.app.exception_handlers
    return next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), None)


class QueryReader(Generic[Query]):
    """Reads query strings into a frozen model, as FastAPI would; the same string is read once."""

    def __init__(self, model: type[Query]) -> None:
        """Learn from the model which parameters may come more than once."""
        self._model = model
        self._lists = {
            name
            for name, field in model.model_fields.items()
            if "list" in str(field.annotation) or "tuple" in str(field.annotation)
        }
        self._read = lru_cache(maxsize=4096)(self._parse)

    def __call__(self, request: Request) -> Query:
        """Give the parameters.

        Raises:
            RequestValidationError: one of them is impossible.
        """
        query_string: bytes = request.scope["query_string"]
        if len(query_string) > MAX_REMEMBERED:
            return self._parse(query_string)
        return self._read(query_string)

    def _parse(self, query_string: bytes) -> Query:
        values: dict[str, Any] = {}
        for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
            if name in self._lists:
                values.setdefault(name, []).append(value)
            else:
                values[name] = value
        known = {name: value for name, value in values.items() if name in self._model.model_fields}
        try:
            return self._model.model_validate(known)
        except ValidationError as error:
            raise RequestValidationError(
                [{**item, "loc": ("query", *item["loc"])} for item in error.errors()]
            ) from None
