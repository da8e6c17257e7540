"""Versions as `ETag`s: whether an edit is of what its author read, and a read of what one has."""

import re

from app.errors import Invalid, PreconditionFailed


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
