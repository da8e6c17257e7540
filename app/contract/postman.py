"""The description as a Postman collection (v2.1): each operation a request that can be sent.

Postman reads OpenAPI 3.1 itself, but makes bodies of types; here they are the description's own
examples, and a token that was fetched is used by every request after it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from app.contract.shapes import Side

Json = dict[str, Any]
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_VARIABLE = re.compile(r"\{(\w+)\}")
METHODS = ("get", "put", "post", "patch", "delete")
# What POST /v1/oauth/token answered is kept for the others.
_KEEP_TOKEN = [
    "const told = pm.response.json();",
    "if (told.access_token) { pm.collectionVariables.set('token', told.access_token); }",
]


def collection_of(document: Json) -> Json:
    """Make the collection: a folder for each tag, in the order of the description."""
    folders: dict[str, list[Json]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                tag = item[method].get("tags", ["other"])[0]
                folders.setdefault(tag, []).append(_item(document, path, method, item[method]))
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"].get("description", ""),
            "version": document["info"]["version"],
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
        "variable": [
            {"key": "base_url", "value": "http://127.0.0.1:8000"},
            {"key": "token", "value": ""},
        ],
        "item": [{"name": tag, "item": items} for tag, items in folders.items()],
    }


def _item(document: Json, path: str, method: str, operation: Json) -> Json:
    parameters = [
        Side(document, each).resolved().schema for each in operation.get("parameters", [])
    ]
    request = {
        "method": method.upper(),
        "description": operation.get("description", ""),
        "header": [_entry(document, each) for each in parameters if each["in"] == "header"],
        "url": _url(document, path, parameters),
    }
    if not operation.get("security"):
        request["auth"] = {"type": "noauth"}
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        request["header"].append({"key": "Content-Type", "value": kind})
        request["body"] = _body(document, kind, media)
        break
    item: Json = {"name": operation["summary"], "request": request, "response": []}
    if operation["operationId"] == "create_token":
        script = {"type": "text/javascript", "exec": _KEEP_TOKEN}
        item["event"] = [{"listen": "test", "script": script}]
    return item


def _url(document: Json, path: str, parameters: list[Json]) -> Json:
    steps = path.split("/")[1:]
    named = [_VARIABLE.sub(r":\1", step) for step in steps]
    url: Json = {
        "raw": "{{base_url}}/" + "/".join(named),
        "host": ["{{base_url}}"],
        "path": named,
    }
    if query := [_entry(document, each) for each in parameters if each["in"] == "query"]:
        url["query"] = query
    values = {
        each["name"]: _text(_of_parameter(document, each))
        for each in parameters
        if each["in"] == "path"
    }
    # A variable is a whole step: what comes after the braces is part of its name and its value.
    if variables := [
        {"key": _VARIABLE.sub(r"\1", step), "value": step.format_map(values)}
        for step in steps
        if "{" in step
    ]:
        url["variable"] = variables
    return url


def _entry(document: Json, parameter: Json) -> Json:
    """Write a parameter; one that may be left out is there to be switched on."""
    return {
        "key": parameter["name"],
        "value": _text(_of_parameter(document, parameter)),
        "description": parameter.get("description", ""),
        "disabled": not parameter.get("required", False),
    }


def _of_parameter(document: Json, parameter: Json) -> Any:  # noqa: ANN401  # JSON
    return parameter.get("example", example_of(Side(document, parameter["schema"])))


def _body(document: Json, kind: str, media: Json) -> Json:
    shown = media.get("example") or next(
        (each["value"] for each in media.get("examples", {}).values()), None
    )
    example = shown or example_of(Side(document, media.get("schema", {})))
    if kind == "application/x-www-form-urlencoded":
        pairs = [{"key": name, "value": _text(value)} for name, value in example.items()]
        return {"mode": "urlencoded", "urlencoded": pairs}
    if kind.endswith("json"):
        raw = json.dumps(example, indent=2, ensure_ascii=False)
        return {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return {"mode": "raw", "raw": _text(example)}


def _text(value: Any) -> str:  # noqa: ANN401  # JSON
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def example_of(side: Side) -> Any:  # noqa: ANN401  # JSON
    """Make the example that the docs page shows: what a reader would send first."""
    schema = side.resolved().schema
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in ("example", "default", "const"):
        if name in schema:
            return schema[name]
    for name in ("allOf", "anyOf", "oneOf"):
        if name in schema:
            return example_of(side.of(schema[name][0]))
    if "properties" in schema:
        return dict(_members(side.of(schema)))
    return [] if schema.get("type") == "array" else ""


def _members(side: Side) -> Iterator[tuple[str, Any]]:
    """Show what is needed, and what has an example of its own."""
    required = set(side.schema.get("required", []))
    for name, member in side.schema["properties"].items():
        told = side.of(member).resolved().schema
        if name in required or "examples" in told or "example" in told:
            yield name, example_of(side.of(member))
