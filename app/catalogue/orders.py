"""The orders of a list: what rows are sorted by, and where the first page begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SmallInteger,
    SQLColumnExpression,
    Text,
    case,
    func,
    literal_column,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

from app.catalogue.filters import Sort
from app.models.catalogue import MAX_NUMBER, Title
from app.models.vocabulary import Kind
from app.pagination import bounded_int, instant_of

LAST_ID = 2**63 - 1

# Of a part: after all that are known
_UNKNOWN: ColumnElement[int] = literal_column(str(MAX_NUMBER + 1), type_=BigInteger)


def _text(value: Any) -> str:  # noqa: ANN401  # whatever a forged cursor holds
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError(value)
    value.encode()  # refuses a lone surrogate
    return value


def _small(value: Any) -> int:  # noqa: ANN401
    number = bounded_int(value)
    if abs(number) >= 2**15:
        raise ValueError(value)
    return number


@dataclass(frozen=True, slots=True)
class Order:
    """A key and then the id, both up or both down, as the index has them."""

    key: SQLColumnExpression[Any]
    type: TypeEngine[Any]
    is_descending: bool
    # What stands before every key
    start: Any
    # Reads a key out of a cursor
    read: Callable[[Any], Any]

    @property
    def start_id(self) -> int:
        """Give what stands before every id."""
        return LAST_ID if self.is_descending else 0

    def columns(self) -> list[ColumnElement[Any]]:
        """Give the key and the id, by the names a page knows them."""
        return [self.key.label("key"), Title.id.label("id")]

    def sorting(self, *columns: SQLColumnExpression[Any]) -> list[ColumnElement[Any]]:
        """Sort by the title's own columns, or by those of a subquery that has them."""
        chosen: Sequence[SQLColumnExpression[Any]] = columns or (self.key, Title.id)
        return [c.desc() if self.is_descending else c.asc() for c in chosen]

    def after(
        self,
        key: ColumnElement[Any],
        id_: ColumnElement[int],
        row: tuple[ColumnElement[Any], ColumnElement[int]] | None = None,
    ) -> ColumnElement[bool]:
        """Tell whether a title, or a subquery's row of key and id, comes after a key and an id.

        Compared as one row: said with OR, no index helps.
        """
        here, there = tuple_(*(row or (self.key, Title.id))), tuple_(key, id_)
        return here < there if self.is_descending else here > there


ORDERS = {
    Sort.NEWEST: Order(
        Title.published_at,
        TIMESTAMP(timezone=True),
        is_descending=True,
        start=datetime(9999, 1, 1, tzinfo=UTC),
        read=instant_of,
    ),
    Sort.YEAR: Order(
        func.coalesce(Title.year, literal_column("9999::smallint")),
        SmallInteger(),
        is_descending=False,
        start=0,
        read=_small,
    ),
    Sort.YEAR_DESCENDING: Order(
        func.coalesce(Title.year, literal_column("0::smallint")),
        SmallInteger(),
        is_descending=True,
        start=10_000,
        read=_small,
    ),
    Sort.TITLE: Order(Title.sort_title, Text(), is_descending=False, start="", read=_text),
}
ORDERS[Sort.NUMBER] = Order(
    # A season comes before those of its episodes that are parts of the series themselves.
    func.coalesce(Title.season_number, _UNKNOWN) * (_UNKNOWN + literal_column("1"))
    + func.coalesce(
        Title.volume_number,
        Title.episode_number,
        case(
            (Title.kind == literal_column(f"'{Kind.SEASON}'"), literal_column("-1")), else_=_UNKNOWN
        ),
    ),
    BigInteger(),
    is_descending=False,
    start=-2,
    read=bounded_int,
)
ORDERS[Sort.RELEVANCE] = ORDERS[Sort.NEWEST]
# One's own titles, drafts among them, by when they were made.
OWN_NEWEST = Order(Title.id, BigInteger(), is_descending=True, start=LAST_ID, read=bounded_int)


def order_of(sort: Sort, *, own: bool) -> Order:
    """Give the order that a list is in; within a rank of relevance, the newest come first."""
    if own and sort in {Sort.NEWEST, Sort.RELEVANCE}:
        return OWN_NEWEST
    return ORDERS[sort]
