"""A change that breaks a client's program is found, whatever it is; one that does not is let be."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from app.contract.breaking import breaking_changes

Json = dict[str, Any]
OLD: Json = {
    "paths": {
        "/titles": {
            "get": {
                "operationId": "list_titles",
                "security": [{"person": []}, {"client": ["titles:read"]}],
                "parameters": [
                    {
                        "name": "limit",
                        "in": "query",
                        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
                    },
                    {
                        "name": "kind",
                        "in": "query",
                        "schema": {"type": "string", "enum": ["feature", "series"]},
                    },
                ],
                "responses": {
                    "200": {
                        "headers": {"Link": {"schema": {"type": "string"}}},
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["items"],
                                    "properties": {
                                        "items": {
                                            "type": "array",
                                            "items": {"$ref": "#/components/schemas/Title"},
                                        }
                                    },
                                }
                            }
                        },
                    },
                    "404": {"description": "It isn't there."},
                },
            },
            "post": {
                "operationId": "create_title",
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/NewTitle"}},
                        "text/csv": {"schema": {"type": "string"}},
                    }
                },
                "responses": {
                    "201": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Title"}}
                        }
                    }
                },
            },
        }
    },
    "components": {
        "schemas": {
            "NewTitle": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 200},
                    "kind": {"type": "string", "enum": ["feature", "series"]},
                    "year": {"anyOf": [{"type": "integer", "minimum": 1870}, {"type": "null"}]},
                    "keywords": {
                        "type": "array",
                        "items": {"type": "string", "pattern": "^[a-z]+$"},
                        "maxItems": 20,
                    },
                    "texts": {
                        "type": "object",
                        "additionalProperties": {"type": "string", "maxLength": 500},
                    },
                    "part_of": {"$ref": "#/components/schemas/NewTitle"},
                },
            },
            "Title": {
                "type": "object",
                "required": ["id", "kind"],
                "properties": {
                    "id": {"type": "string"},
                    "kind": {"type": "string", "enum": ["feature", "series"]},
                    "year": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    "listed_at": {"type": "string", "format": "date-time"},
                    "part_of": {"$ref": "#/components/schemas/Title"},
                },
            },
        }
    },
}
Change = Callable[[Json], object]


def get(document: Json) -> Json:
    found: Json = document["paths"]["/titles"]["get"]
    return found


def post(document: Json) -> Json:
    found: Json = document["paths"]["/titles"]["post"]
    return found


def limit(document: Json) -> Json:
    found: Json = get(document)["parameters"][0]
    return found


def new_title(document: Json) -> Json:
    found: Json = document["components"]["schemas"]["NewTitle"]
    return found


def title(document: Json) -> Json:
    found: Json = document["components"]["schemas"]["Title"]
    return found


def sent(name: str, **words: Any) -> Change:
    """Say something else of a member that is sent."""
    return lambda document: new_title(document)["properties"][name].update(words)


def told(name: str, schema: Json) -> Change:
    """Give a member of the answers another schema."""
    return lambda document: title(document)["properties"].update({name: schema})


def changed(*changes: Change) -> Json:
    document = deepcopy(OLD)
    for change in changes:
        change(document)
    return document


TOKEN = {"name": "token", "in": "header", "schema": {"type": "string"}}
NEEDED = "may be left out by the one, is needed by the other"
BREAKS: list[tuple[str, Change]] = [
    ("GET /titles: removed", lambda d: d["paths"]["/titles"].pop("get")),
    ("GET /titles: removed", lambda d: d["paths"].update({"/films": d["paths"].pop("/titles")})),
    (
        "GET /titles: operationId is read_titles: generated clients name it so",
        lambda d: get(d).update(operationId="read_titles"),
    ),
    # Who may call
    (
        "GET /titles: security: client is not enough",
        lambda d: get(d)["security"][1].update(client=["titles:read", "rights:read"]),
    ),
    ("GET /titles: security: person is not enough", lambda d: get(d)["security"].pop(0)),
    (
        "POST /titles: security: nobody signed in is not enough",
        lambda d: post(d).update(security=[{"person": []}]),
    ),
    # What is asked with
    ("GET /titles: query limit: removed", lambda d: get(d)["parameters"].pop(0)),
    ("GET /titles: query limit: required", lambda d: limit(d).update(required=True)),
    (
        "GET /titles: query limit: default 50, not 20",
        lambda d: limit(d)["schema"].update(default=50),
    ),
    (
        "GET /titles: query limit: no longer takes /: maximum 50",
        lambda d: limit(d)["schema"].update(maximum=50),
    ),
    (
        "GET /titles: query limit: no longer takes /: minimum 5",
        lambda d: limit(d)["schema"].update(minimum=5),
    ),
    (
        "GET /titles: query limit: no longer takes /: multipleOf 10",
        lambda d: limit(d)["schema"].update(multipleOf=10),
    ),
    (
        "GET /titles: query kind: no longer takes /: value 'series'",
        lambda d: get(d)["parameters"][1]["schema"].update(enum=["feature"]),
    ),
    (
        "GET /titles: header token: new, and required",
        lambda d: get(d)["parameters"].append({**TOKEN, "required": True}),
    ),
    ("GET /titles: query limit: removed", lambda d: limit(d).update({"in": "header"})),
    # What is sent
    ("POST /titles: body: required", lambda d: post(d)["requestBody"].update(required=True)),
    (
        "POST /titles: body: no longer taken as text/csv",
        lambda d: post(d)["requestBody"]["content"].pop("text/csv"),
    ),
    (
        "POST /titles: body: no longer taken as application/json",
        lambda d: post(d).pop("requestBody"),
    ),
    (
        "POST /titles: body: no longer takes /year: unknown",
        lambda d: new_title(d)["properties"].pop("year"),
    ),
    (
        f"POST /titles: body: no longer takes /kind: {NEEDED}",
        lambda d: new_title(d)["required"].append("kind"),
    ),
    ("POST /titles: body: no longer takes /kind: value 'series'", sent("kind", enum=["feature"])),
    (
        "POST /titles: body: no longer takes /kind: value 'series'",
        sent("kind", enum=["feature", "a"]),
    ),
    (
        "POST /titles: body: no longer takes /name: any value, against 1 that are named",
        sent("name", enum=["a"]),
    ),
    ("POST /titles: body: no longer takes /name: minLength 2", sent("name", minLength=2)),
    ("POST /titles: body: no longer takes /name: maxLength 100", sent("name", maxLength=100)),
    ("POST /titles: body: no longer takes /name: pattern ^[A-Z]", sent("name", pattern="^[A-Z]")),
    (
        "POST /titles: body: no longer takes /name: format None against uuid",
        sent("name", format="uuid"),
    ),
    ("POST /titles: body: no longer takes /name: type string", sent("name", type="integer")),
    (
        "POST /titles: body: no longer takes /year: type null",
        sent("year", anyOf=[{"type": "integer"}]),
    ),
    ("POST /titles: body: no longer takes /keywords: maxItems 5", sent("keywords", maxItems=5)),
    (
        "POST /titles: body: no longer takes /keywords: uniqueItems True",
        sent("keywords", uniqueItems=True),
    ),
    (
        "POST /titles: body: no longer takes /keywords/*: type string",
        sent("keywords", items={"type": "integer"}),
    ),
    (
        "POST /titles: body: no longer takes /texts/*: maxLength 50",
        sent("texts", additionalProperties={"type": "string", "maxLength": 50}),
    ),
    (
        "POST /titles: body: no longer takes /texts/*: members of any name",
        sent("texts", additionalProperties=False),
    ),
    (
        "POST /titles: body: no longer takes /part_of: nothing is taken here",
        lambda d: new_title(d)["properties"].update(part_of=False),
    ),
    # What is answered
    (
        "POST /titles: answer 201: no longer given",
        lambda d: post(d)["responses"].update({"202": post(d)["responses"].pop("201")}),
    ),
    (
        "GET /titles: answer 200: header Link is gone",
        lambda d: get(d)["responses"]["200"]["headers"].pop("Link"),
    ),
    (
        "GET /titles: answer 200: no longer given as application/json",
        lambda d: get(d)["responses"]["200"].pop("content"),
    ),
    ("POST /titles: answer 201: /year: gone", lambda d: title(d)["properties"].pop("year")),
    (
        f"POST /titles: answer 201: /id: {NEEDED}",
        lambda d: title(d)["required"].remove("id"),
    ),
    ("POST /titles: answer 201: /id: type integer", told("id", {"type": "integer"})),
    ("POST /titles: answer 201: /id: type null", told("id", {"type": ["string", "null"]})),
    (
        "POST /titles: answer 201: /kind: any value, against 2 that are named",
        told("kind", {"type": "string"}),
    ),
    (
        "POST /titles: answer 201: /listed_at: format date against date-time",
        told("listed_at", {"type": "string", "format": "date"}),
    ),
    (
        "POST /titles: answer 201: /year: type string in none of the ways that are known",
        told("year", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    ),
    ("GET /titles: answer 200: /items/*/id: type integer", told("id", {"type": "integer"})),
]


@pytest.mark.parametrize(("line", "change"), BREAKS)
def test_what_breaks_a_client_is_found(line: str, change: Change) -> None:
    assert line in breaking_changes(OLD, changed(change))


LETS_BE: dict[str, Change] = {
    "nothing": lambda d: d,
    "an operation": lambda d: d["paths"].update({"/films": d["paths"]["/titles"]}),
    "an optional parameter": lambda d: get(d)["parameters"].append(TOKEN),
    "an optional parameter again": lambda d: limit(d)["schema"].update(maximum=200, minimum=0),
    "a value to be sent": sent("kind", enum=["feature", "series", "short"]),
    "more room": sent("name", maxLength=300, minLength=0),
    "another type to be sent": sent("name", type=["string", "integer"]),
    "a number where integers were sent": sent("year", anyOf=[{"type": "number"}, {"type": "null"}]),
    "any value": lambda d: new_title(d)["properties"].update(kind={"type": "string"}),
    "a member to be sent": lambda d: new_title(d)["properties"].update(note={"type": "string"}),
    "unknown members": lambda d: new_title(d).pop("additionalProperties"),
    "no need of a name": lambda d: new_title(d).pop("required"),
    "any pattern": lambda d: new_title(d)["properties"]["keywords"]["items"].pop("pattern"),
    "a member answered": told("note", {"type": "string"}),
    "a member always answered": lambda d: title(d)["required"].append("year"),
    "a value answered": told("kind", {"type": "string", "enum": ["feature", "series", "short"]}),
    "fewer types answered": told("year", {"type": "integer"}),
    "a refusal": lambda d: get(d)["responses"].update({"409": {"description": "No."}}),
    "one refusal fewer": lambda d: get(d)["responses"].pop("404"),
    "another success": lambda d: post(d)["responses"].update({"202": {"description": "Later."}}),
    "a third way to sign in": lambda d: get(d)["security"].append({"feed": []}),
    "fewer scopes": lambda d: get(d)["security"][1].update(client=[]),
    "no sign-in": lambda d: get(d).pop("security"),
    "a header": lambda d: get(d)["responses"]["200"]["headers"].update({"ETag": {}}),
    "another name of the same schema": lambda d: (
        d["components"]["schemas"].update(Film=title(d)),
        post(d)["responses"]["201"]["content"]["application/json"].update(
            schema={"$ref": "#/components/schemas/Film"}
        ),
    ),
}


@pytest.mark.parametrize("name", LETS_BE)
def test_what_breaks_nobody_is_let_be(name: str) -> None:
    assert breaking_changes(OLD, changed(LETS_BE[name])) == []
