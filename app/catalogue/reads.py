"""A page of titles: which statement, with which values, and where the next page begins."""

from typing import Any

from app.catalogue.filters import Sort, TitleQuery
from app.catalogue.indexing import facet
from app.catalogue.listing import Shape, page_read
from app.catalogue.orders import Order, order_of
from app.catalogue.searching import Begun, binds
from app.catalogue.words import index_words, narrow_words
from app.db import Read, Reads
from app.pagination import bounded_int, decode_cursor, encode_cursor
from app.search import Tier, anywhere, tiers, with_facets

NO_SUCH_WORDS = b'{"items":[],"next_cursor":null}'
# An aggregate always has a row; the type checker doesn't know.
NO_ROW = (b"[]", False, None, None, None)
# Of a search that is not sorted by relevance; rank 1 is the whole title
ONLY_RANK = 2


async def list_titles(
    reads: Reads, organisation_id: int, query: TitleQuery, languages: tuple[str, ...]
) -> tuple[bytes, str | None]:
    """Give a page as JSON, and the cursor of the next one."""
    question = ask(organisation_id, query, languages)
    if question is None:
        return NO_SUCH_WORDS, None
    read, values = question
    found = await reads.row(read, **values)
    items, more, rank, key, id_ = found or NO_ROW
    cursor = encode_cursor(query.order, rank, key, str(id_)) if more else None
    quoted = f'"{cursor}"' if cursor else "null"
    return b'{"items":%b,"next_cursor":%b}' % (items, quoted.encode()), cursor


def ask(
    organisation_id: int, query: TitleQuery, languages: tuple[str, ...]
) -> tuple[Read, dict[str, Any]] | None:
    """Choose the statement of a page and fill its binds; None where `q` has no word."""
    shape = Shape(
        filters=query.present,
        sort=query.order,
        is_search=query.q is not None,
        among=query.among,
        is_translated=bool(languages),
    )
    order = order_of(shape.sort, own=query.mine)
    rank, key, id_ = _begin(query, order)
    own = [facet("seller", organisation_id)] if query.mine else []
    values = (
        query.given
        | query.asked
        | {
            "limit": query.page_size,
            "fetch": query.page_size + 1,
            "languages": list(languages),
            "organisation_id": organisation_id,
            "part_of_id": query.part_of_id,
            "words": "&".join(own + index_words(query)),
        }
    )
    if query.q is None:
        return page_read(shape), values | {"after_key": key, "after_id": id_}
    looked_for = _looked_for(query.q, query.order, own + narrow_words(query))
    if not looked_for:
        return None
    begun = [
        Begun(tier, place, key, id_)
        if place == rank
        else Begun(tier, place, order.start, order.start_id)
        for place, tier in looked_for
        if place >= rank
    ]
    return page_read(shape), values | binds(begun)


def _looked_for(q: str, sort: Sort, facets: list[str]) -> list[tuple[int, Tier]]:
    """Give the tiers of a search with their ranks, narrowed to what the filters find."""
    if sort is Sort.RELEVANCE:
        return [(rank, with_facets(tier, facets)) for rank, tier in enumerate(tiers(q), start=1)]
    found = anywhere(q)
    return [(ONLY_RANK, with_facets(found, facets))] if found else []


def _begin(query: TitleQuery, order: Order) -> tuple[int, Any, int]:
    """Give the rank, key and id after which the page begins."""
    if query.cursor is None:
        return 1, order.start, order.start_id
    rank, key, id_ = decode_cursor(query.cursor, query.order, bounded_int, order.read, bounded_int)
    return rank, key, id_
