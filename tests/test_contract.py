"""The contract in docs/api/: it is what the code says, and it breaks nobody unless that is told."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.contract.breaking import breaking_changes
from app.contract.postman import collection_of
from app.main import create_app
from tests.servers import make_settings

Json = dict[str, Any]
API = Path(__file__).parents[1] / "docs" / "api"


@pytest.fixture(scope="module")
def document() -> Json:
    """Give the description as the code has it."""
    nowhere = {"s3_access_key_id": "nobody", "s3_secret_access_key": "nothing"}
    return create_app(make_settings("postgresql://nowhere/nothing", nowhere)).openapi()


def test_the_contract_in_the_repository_is_the_code_s(document: Json) -> None:
    kept = (API / "openapi.json").read_text(encoding="utf-8")
    made = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    assert kept == made, "run `make openapi`, and read what it changes"


def test_the_postman_collection_is_the_contract_s(document: Json) -> None:
    kept = json.loads((API / "postman.json").read_text(encoding="utf-8"))
    assert kept == collection_of(document), "run `make openapi`"


def test_the_postman_collection_has_every_operation_with_its_example(document: Json) -> None:
    collection = collection_of(document)
    assert collection["info"]["schema"].endswith("/v2.1.0/collection.json")
    requests = [item["request"] for folder in collection["item"] for item in folder["item"]]
    paths = {
        (method.upper(), re.sub(r"\{(\w+)\}", r":\1", path))
        for path, item in document["paths"].items()
        for method in item
    }
    assert {(each["method"], "/" + "/".join(each["url"]["path"])) for each in requests} == paths
    for each in requests:
        steps = [step[1:] for step in each["url"]["path"] if step.startswith(":")]
        variables = each["url"].get("variable", [])
        assert [variable["key"] for variable in variables] == steps
        assert all(variable["value"] for variable in variables), each["url"]["raw"]
        if each.get("body", {}).get("options"):
            assert json.loads(each["body"]["raw"]) is not None
    (token,) = [item for item in collection["item"][0]["item"] if "event" in item]
    assert token["request"]["auth"] == {"type": "noauth"}
    sent = {each["key"] for each in token["request"]["body"]["urlencoded"]}
    assert {"username", "password"} <= sent


def test_the_contract_has_short_lines_so_that_a_change_can_be_read() -> None:
    lines = (API / "openapi.json").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 10_000
    # Descriptions are lines of their own, and the longest of all.
    assert max(len(line) for line in lines if '"description"' not in line) < 400


def test_what_breaks_clients_of_the_last_release_is_told_with_its_reason(document: Json) -> None:
    released = json.loads((API / "released.json").read_text(encoding="utf-8"))
    page = (API / "breaks.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^- `([^`]+)`: (.+)$", page, flags=re.MULTILINE))
    assert sorted(told) == sorted(breaking_changes(released, document))
