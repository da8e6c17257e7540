"""Two descriptions compared: what a client of the old one would meet that it can't know.

What is told is what docs/api/versioning.md promises not to do within `/v1`. What it allows is not
told: new operations, optional inputs, members and values in answers, refusals.
"""

from collections.abc import Iterator
from typing import Any

from app.contract.shapes import Comparison, Side

Json = dict[str, Any]
METHODS = ("get", "put", "post", "patch", "delete")


def breaking_changes(old: Json, new: Json) -> list[str]:
    """Tell, a line each, what of the old description no longer holds in the new one."""
    told: list[str] = []
    for path, method, before in _operations(old):
        name = f"{method.upper()} {path}"
        after = new["paths"].get(path, {}).get(method)
        if after is None:
            told.append(f"{name}: removed")
        else:
            told += [f"{name}: {change}" for change in _changes(old, before, new, after)]
    return told


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _changes(old: Json, before: Json, new: Json, after: Json) -> Iterator[str]:
    if before["operationId"] != after["operationId"]:
        yield f"operationId is {after['operationId']}: generated clients name it so"
    yield from _security(before, after)
    yield from _parameters(old, before, new, after)
    yield from _bodies(old, before, new, after)
    yield from _answers(old, before, new, after)


def _security(before: Json, after: Json) -> Iterator[str]:
    """Hold each way of signing in to what it opened before: it opens it still."""
    known = before.get("security") or [{}]
    now = after.get("security") or [{}]
    for way in known:
        if not any(_asks_no_more(asked, way) for asked in now):
            yield f"security: {' and '.join(way) or 'nobody signed in'} is not enough"


def _asks_no_more(asked: Json, given: Json) -> bool:
    return all(name in given and set(asked[name]) <= set(given[name]) for name in asked)


def _resolved(document: Json, part: Json) -> Json:
    found: Json = Side(document, part).resolved().schema
    return found


def _inputs(document: Json, operation: Json) -> dict[str, Json]:
    parts = (_resolved(document, part) for part in operation.get("parameters", []))
    return {f"{part['in']} {part['name'].lower()}": part for part in parts}


def _parameters(old: Json, before: Json, new: Json, after: Json) -> Iterator[str]:
    known, now = _inputs(old, before), _inputs(new, after)
    for name, part in known.items():
        if name not in now:
            yield f"{name}: removed"
            continue
        changed = now[name]
        if changed.get("required") and not part.get("required"):
            yield f"{name}: required"
        was, becomes = (each["schema"].get("default") for each in (part, changed))
        if was != becomes:
            yield f"{name}: default {becomes!r}, not {was!r}"
        written, read = Side(old, part["schema"]), Side(new, changed["schema"])
        for misfit in Comparison(lenient=False).misfits(written, read):
            yield f"{name}: no longer takes {misfit}"
    for name, part in now.items():
        if name not in known and part.get("required"):
            yield f"{name}: new, and required"


def _bodies(old: Json, before: Json, new: Json, after: Json) -> Iterator[str]:
    known = _resolved(old, before.get("requestBody", {}))
    now = _resolved(new, after.get("requestBody", {}))
    if now.get("required") and not known.get("required"):
        yield "body: required"
    for kind, media in known.get("content", {}).items():
        if kind not in now.get("content", {}):
            yield f"body: no longer taken as {kind}"
            continue
        written = Side(old, media.get("schema", {}))
        read = Side(new, now["content"][kind].get("schema", {}))
        for misfit in Comparison(lenient=False).misfits(written, read):
            yield f"body: no longer takes {misfit}"


def _answers(old: Json, before: Json, new: Json, after: Json) -> Iterator[str]:
    """Hold successes alone to their shape: refusals are all problem documents."""
    for status, answer in before["responses"].items():
        if status >= "4":
            continue
        if status not in after["responses"]:
            yield f"answer {status}: no longer given"
            continue
        known, now = _resolved(old, answer), _resolved(new, after["responses"][status])
        for header in known.get("headers", {}).keys() - now.get("headers", {}).keys():
            yield f"answer {status}: header {header} is gone"
        for kind, media in known.get("content", {}).items():
            if kind not in now.get("content", {}):
                yield f"answer {status}: no longer given as {kind}"
                continue
            written = Side(new, now["content"][kind].get("schema", {}))
            read = Side(old, media.get("schema", {}))
            for misfit in Comparison(lenient=True).misfits(written, read):
                yield f"answer {status}: {misfit}"
