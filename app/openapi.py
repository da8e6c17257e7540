"""The API as its own documentation: every status that an operation can answer."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.errors import PROBLEM_JSON

METHODS = ("get", "put", "post", "patch", "delete")

# What each refusal means wherever it appears; an operation's own words come before these.
REFUSALS = {
    "400": ("Malformed", "It can't be read: no JSON, or no UTF-8."),
    "401": ("Unauthenticated", "Nobody is signed in, or the token is no longer good."),
    "403": ("Forbidden", "Visible, but not yours to do."),
    "404": ("NotFound", "It isn't there, or isn't yours to see."),
    "409": ("Conflict", "Right in itself, but not as things stand; `code` says why."),
    "412": ("PreconditionFailed", "It changed since you read it (`If-Match`)."),
    "413": ("TooLarge", "The body has more bytes than are read."),
    "415": ("UnsupportedMediaType", "The body is of another kind."),
    "422": ("Invalid", "It can be read, but says something impossible; `errors` points at it."),
    "429": ("TooManyRequests", "Too many requests; `Retry-After` says when to come back."),
    "500": ("InternalError", "Something broke on our side; nothing was changed."),
    "503": ("Unavailable", "The database or the store does not answer; nothing was changed."),
}

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "A refusal (RFC 9457). `code` is stable: build on it, not on `detail`.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The status's own phrase."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "What was refused, for programs."},
        "detail": {"type": "string", "description": "What is wrong and what to do, for people."},
        "request_id": {"type": "string", "description": "Quote it to the operator."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string"},
                    "in": {"type": "string", "enum": ["path", "query", "header", "cookie"]},
                    "detail": {"type": "string"},
                },
            },
        },
    },
    "examples": [
        {
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "code": "invalid",
            "detail": "The request can't be taken as it is: see errors.",
            "errors": [{"pointer": "/year", "detail": "Input should be at least 1870"}],
            "request_id": "5f2b8c1d9e3a7746",
        }
    ],
}

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of your own: a request repeated with it within 24 hours has one "
    "effect and gets the first one's answer.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "example": "0b6f7c9e-1d3a-4a56-9a70-2f6f8f3e1c11",
}

# Every header an answer may have beyond what HTTP itself needs: what it says, and its form.
HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-ID": (
        "The request's id, your own if you sent one: quote it to the operator.",
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$", "examples": ["5f2b8c1d9e00000001"]},
    ),
    "RateLimit-Policy": (
        "How many requests you may make in how many seconds.",
        {"type": "string", "examples": ['"default";q=600;w=60']},
    ),
    "RateLimit": (
        "How many of them are left, and in how many seconds they are counted anew.",
        {"type": "string", "examples": ['"default";r=594;t=41']},
    ),
    "Retry-After": ("In how many seconds to come back.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("How to sign in.", {"type": "string"}),
    "Accept": ("The kinds of body that are read here.", {"type": "string"}),
    "Accept-Encoding": ("Bodies are read as they are: `identity`.", {"type": "string"}),
    "ETag": (
        "Names this version: send it as `If-Match` with an edit.",
        {"type": "string", "examples": ['"3"']},
    ),
    "Link": (
        "The next page (RFC 8288); absent on the last one.",
        {"type": "string", "examples": ['</v1/titles?limit=20&cursor=WyJ>; rel="next"']},
    ),
    "Location": ("The address of what was created.", {"type": "string"}),
    "Content-Language": (
        "The languages that `Accept-Language` chose, where texts are known in any.",
        {"type": "string", "examples": ["zh, en"]},
    ),
    "Idempotency-Replayed": (
        "`true` where this repeats the answer that a request with this key had before.",
        {"type": "string", "const": "true"},
    ),
}
ALWAYS = ("X-Request-ID", "RateLimit-Policy", "RateLimit")
HEADERS_OF_REFUSALS = {
    "401": ("WWW-Authenticate",),
    "409": ("Retry-After",),
    "415": ("Accept", "Accept-Encoding"),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}

DESCRIPTION = """\
The engine of a film and television content market.

Sign in with the **Authorize** button (`POST /v1/oauth/token`). Ids are strings. Lists answer
`{"items": […], "next_cursor": …}` with a `Link` to the next page. Refusals are problem documents
(RFC 9457): build on their `code`. Every POST takes an `Idempotency-Key`, every edit an `If-Match`.
"""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare refusals beyond those that follow from an operation's shape."""
    return {status: {"description": REFUSALS[str(status)][1]} for status in statuses}


def build(app: FastAPI) -> dict[str, Any]:
    """Build the OpenAPI 3.1 document."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary="Rights sellers and buyers meet over film and television titles.",
        description=DESCRIPTION,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["headers"] = {
        name: {"description": description, "schema": schema, "required": name in ALWAYS}
        for name, (description, schema) in HEADERS.items()
    }
    components["responses"] = {
        name: {
            "description": description,
            "headers": _headers(*ALWAYS, *HEADERS_OF_REFUSALS.get(status, ())),
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, (name, description) in REFUSALS.items()
    }
    described = [
        (method, operation)
        for operations in document["paths"].values()
        for method, operation in operations.items()
        if method in METHODS
    ]
    # What is edited under `If-Match` has its tag wherever it is given.
    tagged = {
        schema
        for _, operation in described
        if {"if-match", "if-none-match"} & _parameters(operation)
        for schema in _schemas(operation)
    }
    for method, operation in described:
        is_tagged = bool(tagged & _schemas(operation)) or "if-none-match" in _parameters(operation)
        _complete(method, operation, is_tagged=is_tagged)
    return document


def _headers(*names: str) -> dict[str, dict[str, str]]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _parameters(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"].lower() for parameter in operation.get("parameters", [])}


def _schemas(operation: dict[str, Any]) -> set[str]:
    """Name the schemas of an operation's successes."""
    return {
        media["schema"]["$ref"]
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for media in response.get("content", {}).values()
        if "$ref" in media.get("schema", {})
    }


def _complete(method: str, operation: dict[str, Any], *, is_tagged: bool) -> None:
    responses = operation["responses"]
    for status, response in responses.items():
        if status < "4":
            names = [*ALWAYS, *_told(method, status, operation, is_tagged=is_tagged)]
            response["headers"] = _headers(*names) | response.get("headers", {})
    for status in _implied(method, operation):
        responses.setdefault(status, {})
    for status in [status for status in responses if status in REFUSALS]:
        responses[status] = {"$ref": f"#/components/responses/{REFUSALS[status][0]}"}
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _without_null(parameter["schema"])
    if method == "post" and operation["operationId"] not in NOT_REPEATABLE:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave null out of a parameter's schema: it is left out itself, and `null` would be a text."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**kinds[0], **rest}


def _told(method: str, status: str, operation: dict[str, Any], *, is_tagged: bool) -> Iterable[str]:
    """Name the headers of a success that follow from an operation's shape."""
    parameters = _parameters(operation)
    if is_tagged:
        yield "ETag"
    if "cursor" in parameters:
        yield "Link"
    if "accept-language" in parameters:
        yield "Content-Language"
    if status == "201":
        yield "Location"
    if method == "post" and operation["operationId"] not in NOT_REPEATABLE:
        yield "Idempotency-Replayed"


# OAuth has rules of its own for repeated requests.
NOT_REPEATABLE = frozenset({"create_token", "revoke_token"})


def _implied(method: str, operation: dict[str, Any]) -> Iterable[str]:
    """Name the refusals that follow from an operation's shape."""
    yield from ("400", "429", "500", "503")
    if operation.get("security"):
        yield from ("401", "403")
    if "requestBody" in operation:
        yield from ("413", "415", "422")
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    if places or method == "post":
        yield "422"
    if "path" in places:
        yield "404"
    if method == "post":
        yield "409"
