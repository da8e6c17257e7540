"""Lists of titles that are free for what a buyer wants, as one statement.

A common wish is met on a *walk* along the free boxes, the newest titles' first; of a rare one the
boxes' own index names the titles. The walk has a budget, and comes first: rows are cheap to read in
order, and an index that names many titles is not. Where it met some, if not enough, the index would
name thousands, and a walk *further* is cheaper. See docs/decisions/0011-free-boxes.md.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, true, union_all

from app.catalogue.available import boxes_in_order, fits, is_untaken, titles_by_box
from app.catalogue.filters import Sort, conditions
from app.catalogue.orders import Order, order_of
from app.catalogue.sampling import count_of
from app.catalogue.searching import NO_FURTHER
from app.catalogue.visibility import constant, is_let_in, is_listed
from app.catalogue.walks import AFTER_ID, FETCH, after_key, following, in_order
from app.models.catalogue import Title

# Free boxes a walk reads, and one that goes further, which it does where the first met so many.
BOXES, BOXES_FURTHER, SOME = constant(20_000), constant(120_000), constant(4)
# Titles a walk asks one by one, in an order that the boxes do not have.
TITLES = constant(600)


def free_keys(filters: frozenset[str], way: str, order: Order) -> Select[Any]:
    """Select key and id of the next titles that are free, and meet the other filters."""
    others = [is_let_in(), *conditions(filters - {way}, Title)]
    if order is order_of(Sort.NEWEST, own=False):
        walk = _walked_boxes(way, order, others, BOXES).cte("walk")
        goes_on = count_of(walk).between(SOME, FETCH - constant(1))
        further = _walked_boxes(way, order, others, BOXES_FURTHER, goes_on).cte("further")
        walks = [walk, further]
    else:
        walks = [_walked_titles(filters, order).cte("walk")]
    walked = [select(each.c.key, each.c.id).where(count_of(each) >= FETCH) for each in walks]
    gate = and_(*(count_of(each) < FETCH for each in walks))
    found = _found(way, order, gate, others)
    return select(union_all(*walked, found).subquery("either"))


def _walked_boxes(
    way: str,
    order: Order,
    others: list[ColumnElement[bool]],
    boxes: ColumnElement[int],
    *gates: ColumnElement[bool],
) -> Select[Any]:
    inside = boxes_in_order(way, after_key(order), AFTER_ID).where(*gates)
    near = inside.limit(boxes).subquery("near_by")
    # In the order it comes in: not said, the planner would sort all of it before the first row.
    sorting = (near.c.key.desc(), near.c.title_id.desc())
    fitting = (
        select(near)
        .where(fits(way, near.c))
        .order_by(*sorting)
        .offset(NO_FURTHER)
        .subquery("fitting")
    )
    return (
        select(fitting.c.key, fitting.c.title_id.label("id"))
        .where(_one_by_one(fitting.c.title_id, others), is_untaken(way, fitting.c.title_id))
        .group_by(fitting.c.key, fitting.c.title_id)
        .order_by(fitting.c.key.desc(), fitting.c.title_id.desc())
        .limit(FETCH)
    )


def _one_by_one(
    title_id: ColumnElement[int], others: list[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Look a title up, and tell whether the market's list has it and it meets the conditions.

    As a value, not as EXISTS: the planner would join all titles to a handful of boxes.
    """
    return select(true()).where(Title.id == title_id, is_listed(), *others).scalar_subquery()


def _walked_titles(filters: frozenset[str], order: Order) -> Select[Any]:
    near = following(order, is_listed()).limit(TITLES).subquery("near_by")
    return (
        select(near.c.key, near.c.id)
        .join(Title, Title.id == near.c.id)
        .where(is_let_in(), *conditions(filters, Title))
        .order_by(*order.sorting(near.c.key, near.c.id))
        .limit(FETCH)
    )


def _found(
    way: str, order: Order, gate: ColumnElement[bool], others: list[ColumnElement[bool]]
) -> Select[Any]:
    named = titles_by_box(way).where(gate).offset(NO_FURTHER).subquery("named")
    title = (
        select(*order.columns())
        .where(Title.id == named.c.title_id, is_listed(), *others)
        .limit(constant(1))
        .lateral("title")
    )
    rows = (
        select(title.c.key, title.c.id)
        .select_from(named.join(title, true()))
        .where(is_untaken(way, named.c.title_id))
    )
    return in_order(order, rows)
