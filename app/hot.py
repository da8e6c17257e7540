"""Hot reads: GETs whose answer is one statement's text, reached without the router.

FastAPI's way to an endpoint (five layers, two matches, the solving of dependencies) costs 0.2 ms,
more than the statement itself. A `HotRoute` is declared and documented like any other route, but
its endpoint takes the request alone, so the edge can go to it straight: `Lane` finds it by its
path. Whatever goes wrong there is left to the ordinary way, which comes to the same endpoint and
knows how to refuse.
"""

from collections.abc import Awaitable, Callable, Coroutine
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send

# A longer query string is read each time: somebody could fill the memory with them.
MAX_REMEMBERED = 500

Endpoint = Callable[[Request], Awaitable[Response]]
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
    """The hot routes of an app: by their path, or by all of it but an id at the end."""

    def __init__(self, app: FastAPI) -> None:
        """Collect them."""
        self._exact: dict[str, APIRoute] = {}
        self._by_id: dict[str, tuple[str, APIRoute]] = {}
        for context in iter_route_contexts(app.routes):
            route = context.original_route
            if not isinstance(route, HotRoute):
                continue
            path = str(context.path)
            start, brace, name = path.partition("{")
            if brace:
                self._by_id[start] = (name.removesuffix("}"), route)
            else:
                self._exact[path] = route

    def find(self, scope: Scope) -> Endpoint | None:
        """Give the endpoint of a GET, and set `route` and `path_params` as the router would."""
        if scope["method"] != "GET":
            return None
        path: str = scope["path"]
        route = self._exact.get(path)
        if route is None:
            start = path.rfind("/") + 1
            found = self._by_id.get(path[:start])
            if found is None or not path[start:].isdecimal():
                return None
            name, route = found
            scope["path_params"] = {name: path[start:]}
        scope["route"] = route
        endpoint: Endpoint = route.endpoint
        return endpoint

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a hot read; False leaves the request, untouched, to the ordinary way."""
        endpoint = self.find(scope)
        if endpoint is None:
            return False
        try:
            response = await endpoint(Request(scope, receive))
        except Exception:  # noqa: BLE001  # told by the ordinary way
            return False
        await response(scope, receive, send)
        return True


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
