"""Between rows of the ledgers and the boxes that sums are done with."""

from typing import Any, Protocol

from sqlalchemy.dialects.postgresql import Range

from app.rights.rules.boxes import Box, Term
from app.trees.multiranges import Multirange


class BoxRow(Protocol):
    """A row that has a box, of the ORM's or of a read."""

    territories: Any
    media: Any
    languages: Any


def box_of(row: BoxRow, term: Range[Any]) -> Box:
    """Give the box of a row of the ORM: its sets, and its term or what is left of it."""
    return Box(row.territories, row.media, row.languages, term_of(term))


def term_of(found: Range[Any]) -> Term:
    """Read a `daterange`, which PostgreSQL gives as half open."""
    if found.lower is None:
        raise ValueError("a term has a first day")  # a CHECK of every ledger says so
    return Term(found.lower, found.upper)


def range_of(term: Term) -> "Range[Any]":
    """Write a term as a `daterange`."""
    return Range(term.start, term.end, bounds="[)")


def columns_of(box: Box) -> dict[str, Any]:
    """Give the columns that a box fills."""
    return {
        "territories": box.territories,
        "media": box.media,
        "languages": box.languages,
        "term": range_of(box.term),
    }


def literal_of(found: Multirange) -> str:
    """Write a set as PostgreSQL's `int4multirange` reads it."""
    return "{" + ",".join(f"[{low},{high})" for low, high in found) + "}"
