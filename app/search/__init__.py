"""Search in every script: what a text is indexed by, and what a query looks for.

Pure: no session, no table. `document` makes a `tsvector`, `tiers` and `anywhere` make `tsquery`s,
all as text. See docs/decisions/0004-search.md.
"""

from app.search.documents import document
from app.search.folding import fold
from app.search.queries import MAX_QUERY, Tier, anywhere, tiers, with_facets
from app.search.romanisation import latin_order

__all__ = [
    "MAX_QUERY",
    "Tier",
    "anywhere",
    "document",
    "fold",
    "latin_order",
    "tiers",
    "with_facets",
]
