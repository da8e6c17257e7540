"""The API as its own documentation: every status that an operation can answer."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from app.contract.naming import name_plainly
from app.contract.vocabulary import (
    ALWAYS,
    HEADERS,
    HEADERS_OF_REFUSALS,
    OF_DEPRECATED,
    PROBLEM_SCHEMA,
    REFUSALS,
)
from app.errors import PROBLEM_JSON
from app.limits import cost_of
from app.scopes import SCOPES, scope_of

METHODS = ("get", "put", "post", "patch", "delete")

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of your own: a request repeated with it within 24 hours has one "
    "effect and gets the first one's answer.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "example": "0b6f7c9e-1d3a-4a56-9a70-2f6f8f3e1c11",
}

# The ways to sign in: people with a password, clients with a secret and the scopes they were given
PEOPLE = "OAuth2PasswordBearer"
CLIENTS = "OAuth2ClientCredentials"
CLIENT_CREDENTIALS = {
    "type": "oauth2",
    "description": "`POST /v1/oauth/token` with a client's id and secret (`POST /v1/api-clients`).",
    "flows": {"clientCredentials": {"tokenUrl": "/v1/oauth/token", "scopes": SCOPES}},
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
    described = list(_operations(document))
    is_any_deprecated = any(operation.get("deprecated") for _, operation in described)
    headers = HEADERS | (OF_DEPRECATED if is_any_deprecated else {})
    components["headers"] = {
        name: {"description": description, "schema": schema, "required": name in ALWAYS}
        for name, (description, schema) in headers.items()
    }
    components["responses"] = {
        name: {
            "description": description,
            "headers": _headers(*ALWAYS, *HEADERS_OF_REFUSALS.get(status, ())),
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, (name, description) in REFUSALS.items()
    }
    # What is edited under `If-Match` has its tag wherever it is given.
    tagged = {
        schema
        for _, operation in described
        if {"if-match", "if-none-match"} & _parameters(operation)
        for schema in _schemas(operation)
    }
    scopes = _scopes_of(app)
    components.setdefault("securitySchemes", {})[CLIENTS] = CLIENT_CREDENTIALS
    for method, operation in described:
        _name_scope(operation, scopes)
        is_tagged = bool(tagged & _schemas(operation)) or "if-none-match" in _parameters(operation)
        operation["x-cost"] = cost_of(operation["operationId"])
        _complete(method, operation, is_tagged=is_tagged)
    name_plainly(document)
    return document


def operations_of(app: FastAPI) -> Iterable[tuple[str, str, str]]:
    """Give the method, path and operation id of every operation of an app."""
    for context in iter_route_contexts(app.routes):
        if isinstance(route := context.original_route, APIRoute):
            for method in route.methods or ():
                yield method, str(context.path), route.name


def _operations(document: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for operations in document["paths"].values():
        for method, operation in operations.items():
            if method in METHODS:
                yield method, operation


def _scopes_of(app: FastAPI) -> dict[str, str | None]:
    """Name the scope of every operation."""
    return {
        route.name: scope_of(route)
        for context in iter_route_contexts(app.routes)
        if isinstance(route := context.original_route, APIRoute)
    }


def _name_scope(operation: dict[str, Any], scopes: dict[str, str | None]) -> None:
    """Say that a client may call, too, and what it must have been let do."""
    if {PEOPLE: []} not in operation.get("security", []):
        return
    if (scope := scopes[operation["operationId"]]) is not None:
        operation["security"] = [{CLIENTS: [scope]}, *operation["security"]]
    else:
        operation["description"] += "\n\nFor people alone: clients are refused with `people_only`."


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
    if operation.get("deprecated"):
        yield from OF_DEPRECATED
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


# OAuth has rules of its own for repeated requests, and heartbeats are numbered.
NOT_REPEATABLE = frozenset({"create_token", "revoke_token", "send_heartbeats"})


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
