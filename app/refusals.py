"""From whatever went wrong to a problem document."""

import json
import re
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from app.connecting import LOST
from app.db import may_retry, sqlstate
from app.errors import PROBLEM_JSON, Invalid, Malformed, Problem, Unavailable, problem_document

MAX_ERRORS = 50
# 08 connection, 53 resources, 57P the server shuts down or starts up; 25006 a replica, 55P03
# lock_timeout, 57014 statement_timeout
_UNAVAILABLE_CLASSES = ("08", "53", "57P")
_UNAVAILABLE_CODES = {"25006", "55P03", "57014"}
_DATABASE_ERRORS = (
    DBAPIError,
    PoolTimeoutError,
    asyncpg.PostgresError,
    *LOST,
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
logger = structlog.get_logger("app.refusals")


def install(app: FastAPI) -> None:
    """Teach the app to answer every failure in the API's own language."""
    app.exception_handler(Problem)(_on_problem)
    app.exception_handler(RequestValidationError)(_on_invalid)
    app.exception_handler(HTTPException)(_on_http)
    for error in _DATABASE_ERRORS:
        app.exception_handler(error)(_on_database)
    app.exception_handler(StaleDataError)(_on_contention)


def respond(request: Request, document: dict[str, Any], headers: dict[str, str]) -> JSONResponse:
    """Send a document with the request's id."""
    document["request_id"] = request.scope.get("request_id", "")
    return ProblemResponse(document, document["status"], headers=headers)


class ProblemResponse(JSONResponse):
    """A problem document; it may quote what the caller sent, lone surrogates and all."""

    media_type = PROBLEM_JSON

    def render(self, content: Any) -> bytes:  # noqa: ANN401  # JSON
        """Write JSON in UTF-8, whatever the text is."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(
            errors="replace"
        )


async def _on_problem(request: Request, problem: Problem) -> JSONResponse:
    return respond(request, problem.document(), problem.headers)


async def _on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return await _on_problem(request, Malformed("The body is no JSON.", code="malformed_json"))
    document = problem_document(
        422,
        "invalid",
        "The request can't be taken as it is: see errors.",
        [_told(item) for item in found[:MAX_ERRORS]],
    )
    return respond(request, document, {})


def _told(item: dict[str, Any]) -> dict[str, Any]:
    place, *rest = item["loc"]
    message = str(item["msg"]).removeprefix("Value error, ")
    if place == "body":
        return {"pointer": "".join(f"/{_escaped(part)}" for part in rest), "detail": message}
    return {"parameter": str(rest[0]) if rest else "", "in": place, "detail": message}


def _escaped(part: object) -> str:
    """Write one step of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


async def _on_http(request: Request, error: HTTPException) -> JSONResponse:
    headers = dict(error.headers or {})
    code, detail = "http_error", str(error.detail)
    if error.status_code == 404:  # noqa: PLR2004
        code, detail = "no_such_path", "There is nothing at this address; see /docs."
    elif error.status_code == 405:  # noqa: PLR2004
        allowed = ", ".join(_allowed_methods(request)) or headers.get("Allow", "")
        headers["Allow"] = allowed
        code, detail = "method_not_allowed", f"This address takes {allowed}."
    elif error.status_code == 400:  # noqa: PLR2004
        code, detail = "malformed", "The body can't be read; send well-formed JSON in UTF-8."
    return respond(request, problem_document(error.status_code, code, detail), headers)


def _allowed_methods(request: Request) -> list[str]:
    """Ask every route: the first that knows the path names only its own methods."""
    path = request.scope["path"]
    found = [
        route
        for route in iter_route_contexts(request.app.routes)
        if compile_path(str(route.path))[0].match(path)
    ]
    # What has more words of its own (`/titles/facets`, `/meetings/{id}.ics`) is no id of another's.
    most = max((_words_of(str(route.path)) for route in found), default=0)
    methods = {
        method
        for route in found
        if _words_of(str(route.path)) == most
        for method in getattr(route.original_route, "methods", None) or ()
    }
    return [method for method in _METHODS if method in methods]


def _words_of(path: str) -> int:
    """Count the letters of an address that stand for themselves."""
    return len(re.sub(r"\{[^}]*\}", "", path))


async def _on_database(request: Request, error: Exception) -> JSONResponse:
    """Answer 422 for a value PostgreSQL can't hold, 503 where it is away; the rest is a bug."""
    code = sqlstate(error) or ""
    if isinstance(_cause(error), asyncpg.exceptions.DataError) or code.startswith("22"):
        logger.warning("value_refused_by_database", error=str(error))
        return await _on_problem(request, Invalid("A value is beyond what can be kept."))
    if may_retry(error):
        return await _on_contention(request, error)
    away = code.startswith(_UNAVAILABLE_CLASSES) or code in _UNAVAILABLE_CODES
    if not away and not _lost(error):
        raise error
    logger.warning("database_unavailable", error=str(error), sqlstate=code)
    problem = Unavailable(
        "The database does not answer. Repeat the request, with the same Idempotency-Key if it has "
        "one.",
        code="database_unavailable",
    )
    return respond(request, problem.document(), problem.headers)


async def _on_contention(request: Request, error: Exception) -> JSONResponse:
    """Tell who lost to others again and again, each time the transaction was run, to come back."""
    logger.warning("transaction_lost_every_time", error=str(error))
    problem = Unavailable(
        "Others changed the same at the same time; nothing was changed. Repeat the request.",
        code="contention",
        retry_after=1,
    )
    return await _on_problem(request, problem)


def _cause(error: BaseException) -> BaseException:
    """Unwrap SQLAlchemy's error, then its asyncpg adapter's."""
    inner = getattr(error, "orig", None) or error
    return inner.__cause__ or inner


def _lost(error: Exception) -> bool:
    """Tell whether the connection went away, whichever layer noticed."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, PoolTimeoutError) or isinstance(_cause(error), LOST)
