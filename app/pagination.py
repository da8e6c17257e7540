"""Pages by keyset: a cursor names the last row seen, so that no page costs more than the first."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel
from starlette.datastructures import URL

from app.errors import Invalid

_JSON = json.JSONEncoder(default=str, separators=(",", ":"))
DEFAULT_LIMIT = 20
MAX_LIMIT = 100

Item = TypeVar("Item", bound=BaseModel)
Row = TypeVar("Row")


class ItemPage(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None


def encode_cursor(order: str, *values: object) -> str:
    """Name the last row of a page by the values it is ordered by."""
    text = _JSON.encode([order, *values])
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, order: str, *readers: Callable[[Any], Any]) -> list[Any]:
    """Read the values back, each through its reader.

    Raises:
        Invalid: it is no cursor of this API, or one of a list in another order.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found_order, *values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if found_order == order:
            return [reader(value) for reader, value in zip(readers, values, strict=True)]
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error):
        pass
    raise Invalid.parameter(
        "cursor",
        "This is no cursor of this list in this order. Take next_cursor as it came, or leave it "
        "out to begin at the first page.",
        code="invalid_cursor",
    )


def instant_of(value: Any) -> datetime:  # noqa: ANN401  # whatever a forged cursor holds
    """Read an instant out of a cursor."""
    instant = datetime.fromisoformat(value)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)


def bounded_int(value: Any) -> int:  # noqa: ANN401
    """Read a 64-bit integer out of a cursor."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(value)
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return number


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page a caller asks for."""

    limit: int
    cursor: str | None
    url: URL

    @property
    def fetch(self) -> int:
        """One row more than shown tells whether there is a next page."""
        return self.limit + 1

    def after(self, order: str, *readers: Callable[[Any], Any]) -> list[Any] | None:
        """Give the values of the last row seen; None on the first page."""
        return None if self.cursor is None else decode_cursor(self.cursor, order, *readers)

    def split(
        self, rows: Sequence[Row], order: str, values: Callable[[Row], tuple[object, ...]]
    ) -> tuple[list[Row], str | None]:
        """Cut the surplus row off and name the last one shown."""
        if len(rows) <= self.limit:
            return list(rows), None
        shown = list(rows[: self.limit])
        return shown, encode_cursor(order, *values(shown[-1]))

    def link(self, next_cursor: str | None) -> dict[str, str]:
        """Give the `Link` header to the next page, where there is one (RFC 8288)."""
        if next_cursor is None:
            return {}
        following = self.url.include_query_params(cursor=next_cursor)
        return {"Link": f'<{following.path}?{following.query}>; rel="next"'}


def link_next(path: str, query_string: bytes, next_cursor: str) -> str:
    """Give the `Link` header's value for a request as it came in."""
    query = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    pairs = [(name, value) for name, value in query if name != "cursor"]
    return f'<{path}?{urlencode([*pairs, ("cursor", next_cursor)])}>; rel="next"'
