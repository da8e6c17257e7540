"""What schemathesis is taught of FilmMart: a check of ours, and what it must know to get far.

Loaded by `schemathesis run` itself, in a process of its own (see test_schemathesis.py).
"""

import os
from itertools import count
from typing import Any

import schemathesis

# Of HTTP itself, not of the API's contract
ORDINARY_HEADERS = frozenset(
    {"date", "content-type", "content-length", "cache-control", "vary", "x-content-type-options"}
)
# Who runs the tests must stay who they are.
CALLER_ID = os.environ.get("FILMMART_TEST_PERSON_ID", "")
_NUMBERS = count(1)
Case = schemathesis.Case[Any]
# Subtitles are text whatever they are called.
schemathesis.serializer.alias("application/x-subrip", "text/plain")


@schemathesis.check
def every_header_is_documented(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: Case
) -> None:
    """Hold every header of an answer to the OpenAPI."""
    del ctx
    definition = case.operation.responses.find_by_status_code(response.status_code)
    if definition is None:  # told by status_code_conformance
        return
    documented = {name.lower() for name, _ in definition.headers.items()} | ORDINARY_HEADERS
    surplus = set(response.headers) - documented
    assert not surplus, f"headers that are not documented: {sorted(surplus)}"


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: Case) -> bool:
    """Keep the caller from removing themselves: everything after it would be a 401."""
    del context
    return not CALLER_ID or case.path_parameters.get("person_id") != CALLER_ID


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Give each request a key of its own, edit whatever version there is, begin at the first page.

    The document has one example of each header: a repeated key would end in
    `idempotency_key_reused`, an old ETag in 412, before anything else is looked at. A cursor is not
    to be made up; test_manners_hostile.py forges them. Nobody waits for facts.
    """
    del context, kwargs
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    case.query.pop("cursor", None)
    case.query.pop("wait", None)  # nothing happens meanwhile
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"schemathesis-{next(_NUMBERS)}"
    if case.headers.get("if-match") == '"3"':
        case.headers["if-match"] = "*"
