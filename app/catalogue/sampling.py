"""What a search finds out before it looks: do many titles fit, and do the filters leave few?"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased

from app.catalogue.available import WAYS
from app.catalogue.filters import TESTED, Sort, conditions, tested
from app.catalogue.orders import ORDERS, Order
from app.catalogue.visibility import Among, Parts, constant, is_listed
from app.models.catalogue import Title

# Of so many of the newest titles, so many stand for one in a hundred of all.
SAMPLE, ONE_IN_A_HUNDRED = constant(256), constant(3)
# So many rows the filters may name, and so many of them leave, to be kept for all tiers.
MAX_NAMED, MAX_FEW = constant(20_000), constant(1000)


@dataclass(frozen=True)
class Scope:
    """Whose titles are searched, and what columns say of them; not yet what is said in words."""

    filters: frozenset[str]
    order: Order
    among: Among

    def holds(self) -> ColumnElement[bool]:
        """Tell of a title whether it is one of those that are searched."""
        return self.among.holds()

    def tests(self, t: Any) -> list[ColumnElement[bool]]:  # noqa: ANN401  # titles, or their columns
        """Tell of a title, or of columns of one, what else there is to hold."""
        return [*self.among.seller_is_let_in(t), *conditions(self.filters, t)]


def _sample() -> CTE:
    newest = ORDERS[Sort.NEWEST]
    return (
        select(Title.id, *TESTED, func.strip(Title.search).label("search"))
        .where(is_listed())
        .order_by(*newest.sorting())
        .limit(SAMPLE)
        .cte("sample")
        .prefix_with("MATERIALIZED")
    )


# The newest titles, with what they say read once for all tiers: `strip` does nothing else here, and
# a sample that is not said to be kept is read for each tier again.
NEWEST = _sample()


class Few:
    """The titles that narrow filters leave, found once and kept for all tiers."""

    def __init__(self, scope: Scope) -> None:
        """Write the parts of the statement; without filters, nothing is ever few."""
        self.is_known: ColumnElement[bool] = false()
        self.rows: CTE | None = None
        # What is free is no word of the index.
        if scope.filters - WAYS or not scope.among.is_market:
            self._find(scope)

    def _find(self, scope: Scope) -> None:
        is_narrow = _is_narrow(scope)
        words = [] if scope.among.parts is Parts.OF_ONE else [matches(Title, _WORDS)]
        named = (
            select(*scope.order.columns(), *tested(scope.filters))
            .where(is_narrow, scope.holds(), *words)
            .limit(MAX_NAMED + constant(1))
            .cte("named")
        )
        titles = aliased(Title)
        search = select(func.strip(titles.search)).where(titles.id == named.c.id)
        self.rows = (
            select(named.c.key, named.c.id, search.scalar_subquery().label("search"))
            .where(count_of(named) <= MAX_NAMED, *scope.tests(named.c))
            .limit(MAX_FEW + constant(1))
            .cte("few")
        )
        self.is_known = and_(
            is_narrow, count_of(named) <= MAX_NAMED, count_of(self.rows) <= MAX_FEW
        )


def _is_narrow(scope: Scope) -> ColumnElement[bool]:
    """Tell whether few of the newest titles fit; the parts of one title are few as they are."""
    if scope.among.parts is Parts.OF_ONE:
        return true()
    fits = select(func.count()).select_from(NEWEST).where(*scope.tests(NEWEST.c))
    if scope.among.is_own:
        fits = fits.where(NEWEST.c.seller_id == bindparam("organisation_id", type_=BigInteger))
    return fits.scalar_subquery() < ONE_IN_A_HUNDRED


_WORDS = cast(bindparam("words", type_=Text), TSQUERY)


def matches(t: Any, query: ColumnElement[Any]) -> ColumnElement[bool]:  # noqa: ANN401
    """Tell whether what a title says fits a query."""
    fits: ColumnElement[bool] = t.search.op("@@", is_comparison=True)(query)
    return fits


def count_of(rows: CTE) -> ColumnElement[int]:
    """Count the rows of a CTE, which is then kept rather than run twice."""
    return select(func.count()).select_from(rows).scalar_subquery()
