"""Lists of titles, as one statement for each shape of question.

The rows of a page come from one of two places: a *walk* along the index of the order, which tests
row by row and is quick where many titles fit, and the *search index*, which finds the few that fit
and sorts them. A walk has a budget of rows; where it is spent before the page is full, the search
index answers. See docs/decisions/0004-search.md.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Text,
    bindparam,
    cast,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from app.catalogue.available import WAYS
from app.catalogue.filters import TESTED, Sort, conditions
from app.catalogue.free_listing import free_keys
from app.catalogue.items import item_page
from app.catalogue.orders import Order, order_of
from app.catalogue.sampling import Scope, count_of, matches
from app.catalogue.searching import searched_keys
from app.catalogue.visibility import Among, Parts, constant, is_let_in, is_listed
from app.catalogue.walks import FETCH, following, sorted_then
from app.db import Read
from app.models.catalogue import Title

# Rows a walk may test by their columns.
WALK = constant(8000)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a list is asked for, without the values: each shape is a statement."""

    filters: frozenset[str]
    sort: Sort
    is_search: bool
    among: Among
    is_translated: bool


@lru_cache(maxsize=1024)
def page_read(shape: Shape) -> Read:
    """Give the statement of a page; `ask` knows its binds."""
    order = order_of(shape.sort, own=shape.among.is_own)
    return Read(item_page(_keys(shape, order), told=shape.is_translated))


def _keys(shape: Shape, order: Order) -> Subquery:
    """Find the rank, key and id of each title of the page, in order, and of one more."""
    if shape.is_search:
        return searched_keys(Scope(shape.filters, order, shape.among))
    if shape.among.is_market and (ways := WAYS & shape.filters):
        return ranked(free_keys(shape.filters, min(ways), order), order)
    if shape.among.is_market and shape.filters:
        return ranked(_walk_or_find(shape.filters, order), order)
    fits = [*shape.among.seller_is_let_in(), *conditions(shape.filters, Title)]
    if shape.among.parts is Parts.OF_ONE:
        return ranked(sorted_then(order, shape.among.holds(), *fits), order)
    return ranked(following(order, shape.among.holds(), *fits), order)


def ranked(keys: Select[Any], order: Order) -> Subquery:
    """Sort keys without a rank, which is then 1."""
    found = keys.subquery("found")
    rank = constant(1).label("rank")
    sorting = order.sorting(found.c.key, found.c.id)
    return select(rank, found.c.key, found.c.id).order_by(*sorting).subquery("keys")


def _walk_or_find(filters: frozenset[str], order: Order) -> Select[Any]:
    near = following(order, is_listed()).with_only_columns(*order.columns(), *TESTED)
    near_by = near.limit(WALK).subquery("near_by")
    walk = (
        select(near_by.c.key, near_by.c.id)
        .where(is_let_in(near_by.c), *conditions(filters, near_by.c))
        .limit(FETCH)
        .cte("walk")
    )
    walked = select(walk.c.key, walk.c.id).where(count_of(walk) >= FETCH)
    found = _found(filters, order, count_of(walk) < FETCH)
    return select(union_all(walked, found).subquery("either"))


def _found(filters: frozenset[str], order: Order, gate: ColumnElement[bool]) -> Select[Any]:
    """Select what the search index gives for the words of the filters."""
    words = cast(bindparam("words", type_=Text), TSQUERY)
    fits = [is_let_in(), matches(Title, words), *conditions(filters, Title)]
    return sorted_then(order, gate, is_listed(), *fits)
