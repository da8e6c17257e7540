"""Identifiers that FilmMart gives what it exports, so that it is known when it comes back."""

from collections.abc import Iterable

_ALID = "md:alid:org:filmmart:"
_CONTENT = "md:cid:org:filmmart:"
_OFFERING = "filmmart:offering:"
# As many digits as every number of PostgreSQL's bigint may have
_DIGITS = 18


def alid(title_id: int) -> str:
    """Give the ALID of what a person offers of a title."""
    return f"{_ALID}{title_id}"


def content_id(title_id: int) -> str:
    """Give the ContentID of a title for which the seller has no reference."""
    return f"{_CONTENT}{title_id}"


def avail_id(offering_id: int) -> str:
    """Give the AvailID of an offering that a person wrote."""
    return f"{_OFFERING}{offering_id}"


def title_ids(references: Iterable[str]) -> dict[int, str]:
    """Find which references are a title's ContentID."""
    return _numbers(_CONTENT, references)


def offering_ids(avail_ids: Iterable[str]) -> dict[int, str]:
    """Find which AvailIDs are those of offerings that a person wrote."""
    return _numbers(_OFFERING, avail_ids)


def _numbers(prefix: str, texts: Iterable[str]) -> dict[int, str]:
    said = [(text.removeprefix(prefix), text) for text in texts if text.startswith(prefix)]
    return {int(number): text for number, text in said if _is_id(number)}


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS and text[0] != "0"
