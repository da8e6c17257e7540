"""Many titles as a whole: a range of ids, a line of JSON for each.

Ranges, and not pages of what fits: each is short however few of its titles fit, several may be read
at once, and where one begins does not depend on what another found.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

from app.catalogue.details import whole_titles
from app.catalogue.filters import conditions
from app.catalogue.items import as_sent
from app.catalogue.visibility import in_market, is_own
from app.db import Read
from app.models.catalogue import Title

_AFTER, _LAST = bindparam("after", type_=BigInteger), bindparam("last", type_=BigInteger)


@lru_cache(maxsize=256)
def lines_between(filters: frozenset[str], *, mine: bool) -> Read:
    """Select the titles after one id, up to another: a line of each, in the order of the ids.

    Each is a row: PostgreSQL would join megabytes in memory that it asks the kernel for every time.
    A line is what `GET /v1/titles/{id}` answers. Binds: after, last, organisation_id, languages,
    and the values of the filters.
    """
    line = cast(func.row_to_json(literal_column("item")), Text)
    return Read(
        select(as_sent(line))
        .select_from(whole_titles())
        .where(Title.id > _AFTER, Title.id <= _LAST)
        .where(is_own() if mine else in_market(), *conditions(filters, Title))
        .order_by(Title.id)
    )


def _ids(*, mine: bool) -> Select[Any]:
    ids: Select[Any] = select(Title.id).where(Title.id > _AFTER, Title.id <= _LAST)
    return ids.where(is_own()) if mine else ids


@lru_cache
def end_of_range(*, mine: bool, size: int) -> Read:
    """Select the last of the next so many ids, and how many there are: fewer at the end."""
    near = _ids(mine=mine).order_by(Title.id).limit(size).subquery("near")
    columns: list[ColumnElement[Any]] = [func.max(near.c.id), func.count()]
    return Read(select(*columns))


@lru_cache
def count_ids(*, mine: bool) -> Read:
    """Select how many ids lie in a range."""
    return Read(select(func.count()).select_from(_ids(mine=mine).subquery("ids")))
