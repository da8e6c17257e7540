"""Searches: the tiers of a query, each read from the cheapest of four places.

Narrow filters leave *few* titles, found once for all tiers. Many that fit are met on a *walk* along
the order. Of the others the search index names the *hits*, by a query that costs it little, to be
sorted and then tested one by one; and where those are too many, *all of them*, by the whole query.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnClause,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    SQLColumnExpression,
    Subquery,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    not_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.orm import aliased

from app.catalogue.filters import tested
from app.catalogue.orders import Order
from app.catalogue.sampling import NEWEST, ONE_IN_A_HUNDRED, Few, Scope, count_of, matches
from app.catalogue.visibility import constant
from app.models.catalogue import Title
from app.search import Tier

# Rows a walk may read; what a title says is kept outside its row, and costs more than its columns.
WALK = constant(4000)
# Most of what filters let through needs no reading.
WALK_FILTERED = constant(24_000)
# More rows than these are not sorted before it is known that they are the right ones.
MAX_HITS = constant(10_000)

# OFFSET 0 lets no condition through: what is outside is tested after what is inside was sorted, and
# the planner asks no other index for it.
NO_FURTHER = constant(0)


class Begun(NamedTuple):
    """A tier, and after which row of it the page begins."""

    tier: Tier
    rank: int
    key: Any
    id: int


def binds(tiers: Sequence[Begun]) -> dict[str, list[Any]]:
    """Give the tiers as the parallel arrays that the statement takes."""
    return {
        "exact": [begun.tier.exact for begun in tiers],
        "broad": [begun.tier.broad for begun in tiers],
        "probe": [begun.tier.probe for begun in tiers],
        "ranks": [begun.rank for begun in tiers],
        "after_keys": [begun.key for begun in tiers],
        "after_ids": [begun.id for begun in tiers],
    }


def searched_keys(scope: Scope) -> Subquery:
    """Find the rank, key and id of each title of the page, in order, and of one more.

    The tiers are read one after the other, and none after the page is full: the nested loop over
    `tier` stops at the LIMIT.
    """
    tier = _tiers(scope.order)
    found = _OneTier(scope, tier, Few(scope)).found().lateral("found")
    first = (
        select(tier.c.rank, found.c.key, found.c.id)
        .select_from(tier.join(found, true()))
        .limit(bindparam("fetch", type_=BigInteger))
        .subquery("first")
    )
    sorting = scope.order.sorting(first.c.key, first.c.id)
    return select(first).order_by(first.c.rank, *sorting).subquery("keys")


def _tiers(order: Order) -> FromClause:
    """Read the parallel arrays of `binds` as rows."""
    queries = ("exact", "broad", "probe")
    arrays: list[ColumnElement[Any]] = [
        *(cast(bindparam(name, type_=ARRAY(Text)), ARRAY(TSQUERY)) for name in queries),
        bindparam("ranks", type_=ARRAY(BigInteger)),
        bindparam("after_keys", type_=ARRAY(order.type)),
        bindparam("after_ids", type_=ARRAY(BigInteger)),
    ]
    columns: list[ColumnClause[Any]] = [
        *(column(name, TSQUERY) for name in queries),
        column("rank", BigInteger),
        column("after_key", order.type),
        column("after_id", BigInteger),
    ]
    return func.unnest(*arrays).table_valued(*columns, name="tier").render_derived()


class _OneTier:
    """The rows of one tier."""

    def __init__(self, scope: Scope, tier: FromClause, few: Few) -> None:
        self.scope = scope
        self.order = scope.order
        self.tier = tier
        self.few = few
        self.fetch = bindparam("fetch", type_=BigInteger)
        density = self._density()
        self.is_dense = select(density.c.is_dense).scalar_subquery()
        self.walk = self._walk()
        self.hits = self._hits()
        self.parts = (density, self.walk, self.hits)

    def found(self) -> Select[Any]:
        """Select the tier's next rows, in order: one of the branches gives any."""
        walk_is_full = count_of(self.walk) >= self.fetch
        too_many = count_of(self.hits) > MAX_HITS
        walked = select(self.walk.c.key, self.walk.c.id).where(walk_is_full)
        hits = select(self.hits.c.key, self.hits.c.id).where(
            not_(too_many), *self.scope.tests(self.hits.c)
        )
        all_of_them = self._named(self.tier.c.broad).where(too_many, *self.scope.tests(Title))
        branches: CompoundSelect[Any] = union_all(
            *self._few(),
            walked,
            self._tested("sorted_hits", hits),
            self._tested("all_of_them", all_of_them),
        )
        return select(branches.subquery("branches")).add_cte(*self.parts, nest_here=True)

    def _few(self) -> list[Select[Any]]:
        rows = self.few.rows
        if rows is None:
            return []
        following = (
            select(rows.c.key, rows.c.id)
            .where(
                self.few.is_known,
                matches(rows.c, self.tier.c.exact),
                self._is_after((rows.c.key, rows.c.id)),
            )
            .order_by(*self.order.sorting(rows.c.key, rows.c.id))
            .limit(self.fetch)
            .correlate(self.tier)
            .subquery("following")
        )
        return [select(following)]

    def _density(self) -> CTE:
        """Tell whether so many of the newest titles fit that a walk is the cheaper.

        The whole title (rank 1) is a single word of the index: nothing is cheaper.
        """
        return (
            select((func.count() >= ONE_IN_A_HUNDRED).label("is_dense"))
            .select_from(NEWEST)
            .where(self.tier.c.rank > constant(1), matches(NEWEST.c, self.tier.c.exact))
            .where(not_(self.few.is_known))
            .correlate(self.tier)
            .cte("density", nesting=True)
        )

    def _walk(self) -> CTE:
        near_by = (
            select(*self.order.columns(), *tested(self.scope.filters), Title.search)
            .where(self.scope.holds(), self._is_after(), self.is_dense)
            .order_by(*self.order.sorting())
            .limit(WALK_FILTERED if self.scope.filters else WALK)
            .correlate(self.tier)
            .subquery("near_by")
        )
        return (
            select(near_by.c.key, near_by.c.id)
            .where(*self.scope.tests(near_by.c), matches(near_by.c, self.tier.c.exact))
            .limit(self.fetch)
            .correlate(self.tier)
            .cte("walk", nesting=True)
        )

    def _hits(self) -> CTE:
        is_needed = and_(not_(self.few.is_known), count_of(self.walk) < self.fetch)
        rows = self._named(self.tier.c.probe, *tested(self.scope.filters)).where(is_needed)
        return rows.limit(MAX_HITS + constant(1)).cte("hits", nesting=True)

    def _named(self, query: ColumnElement[Any], *columns: SQLColumnExpression[Any]) -> Select[Any]:
        """Select what the search index names for a query, from the beginning of the order."""
        return (
            select(*self.order.columns(), *columns)
            .where(self.scope.holds(), matches(Title, query))
            .correlate(self.tier)
        )

    def _tested(self, name: str, rows: Select[Any]) -> Select[Any]:
        """Sort rows first and test them then, one by one, until there are enough."""
        unsorted = rows.offset(NO_FURTHER).subquery(f"{name}_unsorted")
        ordered = (
            select(unsorted)
            .where(self._is_after((unsorted.c.key, unsorted.c.id)))
            .order_by(*self.order.sorting(unsorted.c.key, unsorted.c.id))
            .offset(NO_FURTHER)
            .correlate(self.tier)
            .subquery(name)
        )
        titles = aliased(Title)
        fits = select(matches(titles, self.tier.c.exact)).where(titles.id == ordered.c.id)
        return (
            select(ordered.c.key, ordered.c.id)
            .where(fits.correlate(self.tier, ordered).scalar_subquery())
            .limit(self.fetch)
        )

    def _is_after(
        self, row: tuple[ColumnElement[Any], ColumnElement[int]] | None = None
    ) -> ColumnElement[bool]:
        return self.order.after(self.tier.c.after_key, self.tier.c.after_id, row)
