"""Lists of titles that are free for what a buyer wants, as one statement.

A common wish is met on a *walk* along the free boxes, the newest titles' first; of a rare one the
boxes' own index names the titles. The walk has a budget, and comes first: rows are cheap to read in
order, and an index that names many titles is not. Where it met some, if not enough, the index would
name thousands, and a walk *further* is cheaper. See docs/decisions/0011-free-boxes.md.
"""

from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, select, true, union_all

from app.catalogue.available import (
    begins_after,
    boxes_in_order,
    fits,
    is_untaken,
    titles_by_box,
)
from app.catalogue.filters import Sort, conditions
from app.catalogue.orders import Order, order_of
from app.catalogue.sampling import count_of
from app.catalogue.searching import NO_FURTHER
from app.catalogue.visibility import constant, is_let_in, is_listed
from app.catalogue.walks import AFTER_ID, FETCH, after_key, following, in_order
from app.models.catalogue import Title


class Budget(NamedTuple):
    """How far a walk goes; and how far a second one, where the first met some."""

    rows: ColumnElement[int]
    rows_further: ColumnElement[int]
    some: ColumnElement[int]


# Along the free boxes; and in an order that they do not have, along titles that are asked each.
BOXES = Budget(constant(20_000), constant(120_000), constant(4))
TITLES = Budget(constant(600), constant(12_000), constant(1))


def free_keys(filters: frozenset[str], way: str, order: Order) -> Select[Any]:
    """Select key and id of the next titles that are free, and meet the other filters."""
    others = [is_let_in(), *conditions(filters - {way}, Title)]
    if order is order_of(Sort.NEWEST, own=False):
        walked, budget = partial(_walked_boxes, way, order, others), BOXES
    else:
        walked, budget = partial(_walked_titles, filters, order), TITLES
    walk = walked(budget.rows).cte("walk")
    goes_on = count_of(walk).between(budget.some, FETCH - constant(1))
    further = walked(budget.rows_further, goes_on).cte("further")
    walks = (walk, further)
    filled = [select(each.c.key, each.c.id).where(count_of(each) >= FETCH) for each in walks]
    gate = and_(count_of(walk) < FETCH, count_of(further) < FETCH)
    found = in_order(order, free_by_index(way, order, gate, others))
    return select(union_all(*filled, found).subquery("either"))


def _walked_boxes(
    way: str,
    order: Order,
    others: list[ColumnElement[bool]],
    boxes: ColumnElement[int],
    *gates: ColumnElement[bool],
) -> Select[Any]:
    begin = begins_after(after_key(order), AFTER_ID)
    near = boxes_in_order(way).where(begin, *gates).limit(boxes)
    return free_of_boxes(way, near, others).limit(FETCH)


def free_of_boxes(way: str, near: Select[Any], others: list[ColumnElement[bool]]) -> Select[Any]:
    """Select key and id of titles that are free, of boxes that come in the order of the list."""
    near_by = near.subquery("near_by")
    # In the order it comes in: not said, the planner would sort all of it before the first row.
    sorting = (near_by.c.key.desc(), near_by.c.title_id.desc())
    fitting = (
        select(near_by)
        .where(fits(way, near_by.c))
        .order_by(*sorting)
        .offset(NO_FURTHER)
        .subquery("fitting")
    )
    return (
        select(fitting.c.key, fitting.c.title_id.label("id"))
        .where(_one_by_one(fitting.c.title_id, others), is_untaken(way, fitting.c.title_id))
        .group_by(fitting.c.key, fitting.c.title_id)
        .order_by(fitting.c.key.desc(), fitting.c.title_id.desc())
    )


def _one_by_one(
    title_id: ColumnElement[int], others: list[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Look a title up, and tell whether the market's list has it and it meets the conditions.

    As a value, not as EXISTS: the planner would join all titles to a handful of boxes.
    """
    return select(true()).where(Title.id == title_id, is_listed(), *others).scalar_subquery()


def _walked_titles(
    filters: frozenset[str], order: Order, titles: ColumnElement[int], *gates: ColumnElement[bool]
) -> Select[Any]:
    near = following(order, is_listed(), *gates).limit(titles).subquery("near_by")
    return (
        select(near.c.key, near.c.id)
        .join(Title, Title.id == near.c.id)
        .where(is_let_in(), *conditions(filters, Title))
        .order_by(*order.sorting(near.c.key, near.c.id))
        .limit(FETCH)
    )


def free_by_index(
    way: str, order: Order, gate: ColumnElement[bool], others: list[ColumnElement[bool]]
) -> Select[Any]:
    """Select key and id of all titles that are free, in no order, where the gate lets one in."""
    named = titles_by_box(way).where(gate).offset(NO_FURTHER).subquery("named")
    title = (
        select(*order.columns())
        .where(Title.id == named.c.title_id, is_listed(), *others)
        .limit(constant(1))
        .lateral("title")
    )
    return (
        select(title.c.key, title.c.id)
        .select_from(named.join(title, true()))
        .where(is_untaken(way, named.c.title_id))
    )
