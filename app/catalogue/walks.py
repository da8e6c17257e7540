"""Two ways to the next rows of a list: along the index of its order, or found and then sorted."""

from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Select, bindparam, select

from app.catalogue.orders import Order
from app.catalogue.searching import NO_FURTHER

FETCH = bindparam("fetch", type_=BigInteger)
AFTER_ID = bindparam("after_id", type_=BigInteger)


def after_key(order: Order) -> BindParameter[Any]:
    """Give the key after which the page begins."""
    return bindparam("after_key", type_=order.type)


def following(order: Order, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Select the next titles of the order that meet the conditions."""
    return (
        select(*order.columns())
        .where(order.after(after_key(order), AFTER_ID), *conditions)
        .order_by(*order.sorting())
        .limit(FETCH)
    )


def sorted_then(order: Order, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Select the few that meet the conditions, and sort them then: no index of an order helps."""
    return in_order(order, select(*order.columns()).where(*conditions))


def in_order(order: Order, rows: Select[Any]) -> Select[Any]:
    """Sort rows of key and id that were found in no order, and take the next of them."""
    found = rows.offset(NO_FURTHER).subquery("found")
    page = (
        select(found)
        .where(order.after(after_key(order), AFTER_ID, (found.c.key, found.c.id)))
        .order_by(*order.sorting(found.c.key, found.c.id))
        .limit(FETCH)
        .subquery("following")
    )
    return select(page)
