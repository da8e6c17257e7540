"""Titles that are free for what a buyer wants: the whole market's availability, as conditions.

A title is free where one of its free boxes holds the whole of what is asked, and no licence meets
it: the box finds the title, the ledger has the last word (docs/decisions/0011-free-boxes.md).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import DATERANGE, INT4MULTIRANGE, array

from app.catalogue.visibility import constant
from app.models.rights import FreeBox, Licence

# Filters by these names are conditions like any other: free for one buyer alone, or beside others.
EXCLUSIVELY, SHARED = "available_exclusively", "available_shared"
WAYS = frozenset({EXCLUSIVELY, SHARED})

TERRITORIES = cast(bindparam("free_territories", type_=Text), INT4MULTIRANGE)
MEDIA = cast(bindparam("free_media", type_=Text), INT4MULTIRANGE)
LANGUAGES = cast(bindparam("free_languages", type_=Text), INT4MULTIRANGE)
TERM = cast(bindparam("free_term", type_=Text), DATERANGE)
DAYS = bindparam("free_days", type_=Integer)
VIEWER = bindparam("organisation_id", type_=BigInteger)

# Columns of free boxes that `fits` reads
BOX = (
    *(FreeBox.territories, FreeBox.media, FreeBox.languages, FreeBox.term),
    *(FreeBox.min_days, FreeBox.visible_to, FreeBox.is_rough),
)


def is_free(way: str, t: Any) -> ColumnElement[bool]:  # noqa: ANN401  # titles, or columns of theirs
    """Tell of one title whether it is free for what is asked."""
    box = select(constant(1)).where(FreeBox.title_id == t.id, _for(way), fits(way, FreeBox))
    return and_(exists(box), is_untaken(way, t.id))


def fits(way: str, b: Any) -> ColumnElement[bool]:  # noqa: ANN401  # free boxes, or columns of theirs
    """Tell of a free box whether it holds what is asked, and may be seen by who asks."""
    title_id = b.title_id
    offered = func.is_offered(title_id, _asked(), literal_column(str(_is_alone(way))), DAYS, VIEWER)
    return and_(
        _holds(b.territories, TERRITORIES),
        _holds(b.media, MEDIA),
        _holds(b.languages, LANGUAGES),
        _holds(b.term, TERM),
        b.min_days <= DAYS,
        or_(
            b.visible_to.is_(None),
            _holds(b.visible_to, array([VIEWER])),
        ),
        or_(not_(b.is_rough), offered),
    )


def is_untaken(way: str, title_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Tell that no licence of a title meets what is asked: by the index that keeps them apart.

    As a value, not as EXISTS: the planner would join all the licences there are.
    """
    meets: list[SQLColumnExpression[bool]] = [
        _meets(_point(Licence.title_id), _point(title_id)),
        _meets(Licence.territories, TERRITORIES),
        _meets(Licence.media, MEDIA),
        _meets(Licence.languages, LANGUAGES),
        _meets(Licence.taken, TERM),
    ]
    if not _is_alone(way):
        meets.append(Licence.exclusive)
    first = select(Licence.id).where(*meets).limit(constant(1))
    return first.correlate_except(Licence).scalar_subquery().is_(None)


def boxes_in_order(way: str) -> Select[Any]:
    """Select the free boxes of listed titles, the newest first."""
    columns: list[SQLColumnExpression[Any]] = [
        FreeBox.published_at.label("key"),
        FreeBox.title_id.label("title_id"),
        *BOX,
    ]
    return (
        select(*columns)
        .where(_listed(way))
        .order_by(FreeBox.published_at.desc(), FreeBox.title_id.desc())
    )


def begins_after(key: Any, title_id: Any) -> ColumnElement[bool]:  # noqa: ANN401  # binds
    """Say where on the way along the free boxes a page begins."""
    return tuple_(FreeBox.published_at, FreeBox.title_id) < tuple_(key, title_id)


def titles_by_box(way: str) -> Select[Any]:
    """Select the titles of the boxes that hold what is asked, each once."""
    return select(FreeBox.title_id).where(_listed(way), fits(way, FreeBox)).distinct()


def _is_alone(way: str) -> bool:
    return way == EXCLUSIVELY


def _for(way: str) -> ColumnElement[bool]:
    return literal_column("free_boxes.for_exclusive" if _is_alone(way) else "free_boxes.for_shared")


def _listed(way: str) -> ColumnElement[bool]:
    """Say what the partial indexes of free boxes are for, in their own words."""
    return and_(_for(way), FreeBox.published_at.is_not(None))


def _asked() -> ColumnElement[Any]:
    box = func.row(TERRITORIES, MEDIA, LANGUAGES, func.datemultirange(TERM))
    return box.op("::")(literal_column("rights_box"))


def _holds(outer: SQLColumnExpression[Any], inner: ColumnElement[Any]) -> ColumnElement[bool]:
    return outer.op("@>", is_comparison=True)(inner)


def _meets(one: SQLColumnExpression[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
    return one.op("&&", is_comparison=True)(other)


def _point(value: SQLColumnExpression[int]) -> ColumnElement[Any]:
    return func.int8range(value, value, literal_column("'[]'"))
