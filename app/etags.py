"""Versions as `ETag`s: whether an edit is of what its author read, and a read of what one has."""

import hashlib
import re
from typing import Any, TypeVar

from fastapi import Response
from pydantic import BaseModel

from app.errors import Invalid, PreconditionFailed

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "It is still what you have (`If-None-Match`)."}
}
Shown = TypeVar("Shown", bound=BaseModel)


def etag_of(version: int, language: str | None = None) -> str:
    """Name a version of a resource, and the language it was given in."""
    return f'"{version}-{language}"' if language else f'"{version}"'


def require_match(if_match: str | None, version: int) -> None:
    """Hold an edit to the version its author read; every language of a version is that version.

    Raises:
        PreconditionFailed: it changed since.
        Invalid: the header is no list of entity tags.
    """
    if if_match is None or if_match.strip() == "*":
        return
    tags = re.findall(r'(W/)?"([^"]*)"', if_match)
    if not tags:
        raise Invalid.parameter("If-Match", 'must be an ETag in quotes, as "3", or *')
    if not any(not weak and tag.partition("-")[0] == str(version) for weak, tag in tags):
        raise PreconditionFailed(
            "It was changed since you read it. Read it again, look at what changed, and repeat "
            "your edit with the new ETag."
        )


def not_modified(if_none_match: str | None, etag: str) -> bool:
    """Tell whether the caller has this version already (weak comparison, RFC 9110)."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in (
        tag.strip().removeprefix("W/") for tag in if_none_match.split(",")
    )


def tagged(response: Response, shown: Shown, version: int) -> Shown:
    """Name what is shown: names and languages in it change without its version."""
    digest = hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:16]
    response.headers["ETag"] = etag_of(version, digest)
    return shown


def unless_known(
    response: Response, shown: Shown, version: int, if_none_match: str | None
) -> Shown | Response:
    """Answer 304 to those who have it already."""
    tagged(response, shown, version)
    etag = response.headers["ETag"]
    if not_modified(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return shown
