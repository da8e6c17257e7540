"""The OpenAPI document: valid, complete, and good to read."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from app.contract.vocabulary import ALWAYS, REFUSALS
from app.main import create_app
from app.openapi import METHODS, NOT_REPEATABLE
from tests.servers import make_settings
from tests.world import World

Json = dict[str, Any]
# Who calls these has no token yet, or needs none.
OPEN_TO_ALL = {
    *("create_token", "revoke_token", "create_organisation", "accept_invitation"),
    *("get_territories", "get_media", "download_by_link", "open_link_playback"),
}

# What a person does for themselves; a client of the API is nobody's eyes, hands or diary.
FOR_PEOPLE = {
    *("get_me", "update_me", "invite_person", "update_person", "remove_person"),
    "put_person_by_reference",
    *("create_api_client", "list_api_clients", "get_api_client", "update_api_client"),
    *("revoke_api_client", "rotate_secret", "revoke_secret", "create_sandbox_ticket"),
    *("open_playback", "get_viewing", "create_meeting_request"),
    *("list_agenda", "print_agenda", "list_blocks", "create_block", "get_calendar"),
    *("export_me", "delete_me", "list_audit_entries"),
    *("get_invitation", "create_calendar_feed", "list_calendar_feeds", "revoke_calendar_feed"),
}
# Their operations are still to come.
NOT_YET: set[str] = set()
CLIENTS = "OAuth2ClientCredentials"


@pytest.fixture(scope="module")
def document() -> Json:
    """Give the document; making it takes neither database nor store."""
    nowhere = {"s3_access_key_id": "nobody", "s3_secret_access_key": "nothing"}
    return create_app(make_settings("postgresql://nowhere/nothing", nowhere)).openapi()


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method, path, operation


def resolved(document: Json, part: Any) -> Any:
    """Follow a reference, if it is one."""
    while isinstance(part, dict) and "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def parts(document: Json, key: str) -> Iterator[Any]:
    """Give every value under a key, however deep."""
    waiting: list[Any] = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if key in part:
                yield part[key]
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


async def test_the_document_is_served_as_it_is(world: World) -> None:
    answer = await world.http.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == world.app.openapi()


def test_the_document_is_valid(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    # 3.1 lets every URL be relative; the schema that was published with it asks for whole ones.
    flow = document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]
    whole = flow | {
        "tokenUrl": "https://filmmart.example",
        "refreshUrl": "https://filmmart.example",
    }
    schemes = {"OAuth2PasswordBearer": {"type": "oauth2", "flows": {"password": whole}}}
    clients = document["components"]["securitySchemes"]["OAuth2ClientCredentials"]
    there = {"tokenUrl": "https://filmmart.example"}
    flow = clients["flows"]["clientCredentials"] | there
    schemes["OAuth2ClientCredentials"] = clients | {"flows": {"clientCredentials": flow}}
    absolute = document | {"components": document["components"] | {"securitySchemes": schemes}}
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(absolute)] == []
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: Json) -> None:
    references = set(parts(document, "$ref"))
    for reference in references:
        assert resolved(document, {"$ref": reference})
    for kind in ("schemas", "responses", "headers"):
        made = {f"#/components/{kind}/{name}" for name in document["components"][kind]}
        assert made - references == set()


def test_every_schema_has_a_plain_name_and_no_other_has_its_title(document: Json) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert name.isidentifier(), name
        assert "__" not in name, f"{name}: two classes have this name"
        assert schema.get("title", name) == name


def test_every_operation_is_told_in_words(document: Json) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for _, _, operation in operations(document):
        name = operation["operationId"]
        assert name.islower(), name
        assert name.isidentifier(), name
        assert operation["summary"], name
        assert not operation["summary"].endswith("."), name
        assert operation["description"].endswith("."), name
        assert len(operation["tags"]) == 1, name
        for parameter in operation.get("parameters", []):
            assert parameter["in"] in {"path", "query", "header"}, name


def test_every_operation_names_every_answer_it_can_give(document: Json) -> None:
    for method, path, operation in operations(document):
        name, found = operation["operationId"], set(operation["responses"])
        expected = {"400", "429", "500", "503"}
        if name not in OPEN_TO_ALL:
            expected |= {"401", "403"}
        if "requestBody" in operation:
            expected |= {"413", "415", "422"}
        if "{" in path:
            expected |= {"404", "422"}
        if method == "post":
            expected |= {"409"}
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        expected |= {"412"} if "if-match" in names else set()
        expected |= {"304"} if "if-none-match" in names else set()
        assert expected - found == set(), name
        assert len([status for status in found if status < "400"]) >= 1, name
        assert ("Idempotency-Key" in names) == (method == "post" and name not in NOT_REPEATABLE)


def test_every_refusal_is_a_problem_document(document: Json) -> None:
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert status in REFUSALS, (operation["operationId"], status)
                assert response == {"$ref": f"#/components/responses/{REFUSALS[status][0]}"}
    for response in document["components"]["responses"].values():
        assert list(response["content"]) == ["application/problem+json"]


def test_every_answer_names_its_headers(document: Json) -> None:
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            headers = resolved(document, response)["headers"]
            assert set(ALWAYS) <= set(headers), operation["operationId"]
        if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", [])):
            assert "Link" in operation["responses"]["200"]["headers"]


def test_who_must_sign_in_is_told_so(document: Json) -> None:
    for _, _, operation in operations(document):
        is_open = not operation.get("security")
        assert is_open == (operation["operationId"] in OPEN_TO_ALL), operation["operationId"]
    flows = document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]
    assert flows["password"]["tokenUrl"] == "/v1/oauth/token"


def test_every_operation_names_one_scope_or_is_for_people_alone(document: Json) -> None:
    flows = document["components"]["securitySchemes"]["OAuth2ClientCredentials"]["flows"]
    scopes = flows["clientCredentials"]["scopes"]
    needed = set()
    for method, _, operation in operations(document):
        security, name = operation.get("security", []), operation["operationId"]
        clients = [
            way["OAuth2ClientCredentials"] for way in security if len(way) == 1 and CLIENTS in way
        ]
        if {"OAuth2PasswordBearer": []} not in security:
            assert not clients, name  # nobody signs in, or by another token
        elif name in FOR_PEOPLE:
            assert not clients, name
            assert "people_only" in operation["description"], name
        else:
            [[scope]] = clients
            assert scope in scopes, name
            assert scope.endswith(":read") == (method == "get"), name
            needed.add(scope)
    assert set(scopes) - needed == NOT_YET, "scopes that let a client do nothing"


def example_of(document: Json, schema: Json) -> Any:
    """Make the example that the docs page shows: what a reader would send first."""
    schema = resolved(document, schema)
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in ("example", "default", "const"):
        if name in schema:
            return schema[name]
    for name in ("allOf", "anyOf", "oneOf"):
        if name in schema:
            return example_of(document, schema[name][0])
    if schema.get("type") == "object":
        required = set(schema.get("required", []))
        return {
            name: example_of(document, member)
            for name, member in schema.get("properties", {}).items()
            if name in required or has_example(document, member)
        }
    if schema.get("type") == "array":
        return [example_of(document, schema["items"])]
    raise AssertionError(f"has no example: {schema}")


def has_example(document: Json, schema: Json) -> bool:
    schema = resolved(document, schema)
    return "examples" in schema or "example" in schema


def test_every_body_has_an_example_that_is_right(document: Json) -> None:
    for _, _, operation in operations(document):
        if "requestBody" not in operation:
            continue
        for media in operation["requestBody"]["content"].values():
            shown = media.get("example") or next(
                (example["value"] for example in media.get("examples", {}).values()),
                None,
            )
            example = shown or example_of(document, media["schema"])
            schema = {**media["schema"], "components": document["components"]}
            errors = jsonschema_rs.validator_for(schema).iter_errors(example)
            assert [str(error) for error in errors] == [], operation["operationId"]


def test_every_list_has_pages_and_a_limit(document: Json) -> None:
    for _, _, operation in operations(document):
        schema = operation["responses"].get("200", {}).get("content", {}).get("application/json")
        if schema is None:
            continue
        members = resolved(document, schema["schema"]).get("properties", {})
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert ("next_cursor" in members) == ({"limit", "cursor"} <= names), operation
        assert "offset" not in names


def test_every_incoming_body_refuses_what_it_does_not_know(document: Json) -> None:
    for _, _, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        for media in (content.get("application/json", {}),):
            schema = resolved(document, media.get("schema", {}))
            if schema.get("type") == "object":
                assert schema.get("additionalProperties") is False, operation["operationId"]
