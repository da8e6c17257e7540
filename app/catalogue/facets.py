"""What the titles of a list are like: counts by kind, genre, country and so on, as one statement.

Counted over the newest 2,000 that fit: over all of a million it would take most of a second. Where
many fit they are walked to, as for a page; where few do, the search index names them.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY, aggregate_order_by
from sqlalchemy.orm import aliased

from app.catalogue.available import WAYS, boxes_in_order
from app.catalogue.filters import TESTED, Sort, TitleFilters, conditions
from app.catalogue.free_listing import free_by_index, free_of_boxes
from app.catalogue.orders import order_of
from app.catalogue.sampling import count_of, matches
from app.catalogue.visibility import Among, constant, is_let_in, is_listed
from app.catalogue.words import index_words, narrow_words
from app.db import Read, Reads
from app.models.catalogue import Title
from app.search import Tier, anywhere, with_facets

SAMPLED = constant(2000)
COUNTED = constant(1000)
# Rows a walk may test, by their columns or by what they say, and how many must fit for it to stand
WALK_BY_COLUMNS, WALK_BY_WORDS = constant(10_000), constant(4000)
WORTH_IT = constant(200)
# Free boxes a walk reads; where it meets so few, their index names all of them as soon.
WALK_BY_BOXES, FREE_WORTH_IT = constant(120_000), constant(50)
WALK_TO_COUNT = constant(60_000)
TEN = constant(10)
# Rows the search index may name before some stand for all.
MAX_HITS = constant(10_000)

NOTHING = (
    '{"total":{"count":0,"capped":false},"sampled":0,"kind":[],"stage":[],"genre":[],"country":[],'
    '"language":[],"decade":[]}'
)


async def count_titles(reads: Reads, organisation_id: int, filters: TitleFilters) -> str:
    """Give the facets as JSON."""
    tier = _looked_for(filters)
    if tier is None:
        return NOTHING
    values = filters.given | filters.asked
    values |= {"organisation_id": organisation_id, "part_of_id": filters.part_of_id}
    values |= {"exact": tier.exact, "broad": tier.broad, "probe": tier.probe}
    read = facets_read(filters.present, filters.among, is_search=filters.q is not None)
    return await reads.text(read, **values) or NOTHING


def _looked_for(filters: TitleFilters) -> Tier | None:
    """Give what the search index is asked; None where `q` has no word."""
    if filters.q is None:
        words = "&".join(index_words(filters))
        return Tier(words, words, words)
    found = anywhere(filters.q)
    return with_facets(found, narrow_words(filters)) if found else None


@lru_cache(maxsize=1024)
def facets_read(filters: frozenset[str], among: Among, *, is_search: bool) -> Read:
    if not among.is_market or not (filters or is_search):
        sample = _all_sampled(filters, among, is_search=is_search)
        return Read(_answer(sample, count_of(sample), literal_column("false")))
    if (ways := WAYS & filters) and not is_search:
        return Read(_free(filters, min(ways)))
    return Read(_sampled(filters, is_search=is_search))


def _query(name: str) -> ColumnElement[Any]:
    return cast(bindparam(name, type_=Text), TSQUERY)


def _all_sampled(filters: frozenset[str], among: Among, *, is_search: bool) -> CTE:
    """Take the newest of all: of one's own, of one title's parts, of a market nothing narrows."""
    words = [matches(Title, _query("exact"))] if is_search else []
    scope = [among.holds(), *among.seller_is_let_in()]
    return (
        select(*TESTED)
        .where(*scope, *conditions(filters, Title), *words)
        .order_by(*order_of(Sort.NEWEST, own=among.is_own).sorting())
        .limit(SAMPLED)
        .cte("sample")
    )


def _sampled(filters: frozenset[str], *, is_search: bool) -> Select[Any]:
    said = (Title.search,) if is_search else ()
    newest = _newest(Title.id, *TESTED, *said)
    near_by = newest.limit(WALK_BY_WORDS if is_search else WALK_BY_COLUMNS).subquery("near_by")
    fits = [is_let_in(near_by.c), *conditions(filters, near_by.c)]
    if is_search:
        fits.append(matches(near_by.c, _query("exact")))
    walk = (
        select(*(near_by.c[tested.key] for tested in TESTED))
        .where(*fits)
        .limit(SAMPLED)
        .cte("walk")
    )
    walked = count_of(walk) >= WORTH_IT
    hits = _hits(filters, not_(walked))
    named = (
        select(*(hits.c[tested.key] for tested in TESTED))
        .where(*([_fits(hits)] if is_search else []))
        .order_by(*order_of(Sort.NEWEST, own=False).sorting(hits.c.key, hits.c.id))
        .limit(SAMPLED)
        .subquery("named")
    )
    sample = union_all(select(walk).where(walked), select(named)).cte("sample")
    some_stand_for_all = count_of(hits) > MAX_HITS
    if is_search:
        # Words cost more than columns: beyond the walk nothing is counted, if there is a beyond.
        beyond = _is_more(WALK_BY_WORDS)
        return _answer(sample, count_of(sample), case((walked, beyond), else_=some_stand_for_all))
    total = case(
        (walked & (count_of(sample) <= COUNTED), _counted(filters)), else_=count_of(sample)
    )
    beyond = _is_more(WALK_TO_COUNT)
    return _answer(sample, total, case((walked, beyond), else_=some_stand_for_all))


def _free(filters: frozenset[str], way: str) -> Select[Any]:
    """Count what is free: along the free boxes, or where too few are met, by their own index.

    The index has the total in any case, unless more than are counted were met on the way.
    """
    order = order_of(Sort.NEWEST, own=False)
    others = [is_let_in(), *conditions(filters - {way}, Title)]
    near = boxes_in_order(way).limit(WALK_BY_BOXES)
    walk = free_of_boxes(way, near, others).limit(SAMPLED).cte("walk")
    walked = count_of(walk) >= FREE_WORTH_IT
    hits = free_by_index(way, order, not_(walked), others).limit(MAX_HITS).subquery("hits")
    newest = (
        select(hits)
        .order_by(*order.sorting(hits.c.key, hits.c.id))
        .limit(SAMPLED)
        .subquery("newest")
    )
    ids = union_all(select(walk.c.id).where(walked), select(newest.c.id)).cte("ids")
    sample = select(*TESTED).join(ids, Title.id == ids.c.id).cte("sample")
    all_of_them = free_by_index(way, order, walked, others).limit(COUNTED + constant(1))
    counted = select(func.count()).select_from(all_of_them.subquery("all")).scalar_subquery()
    is_counted_on = walked & (count_of(sample) <= COUNTED)
    total = case((is_counted_on, counted), else_=count_of(sample))
    return _answer(sample, total, literal_column("false"))


def _hits(filters: frozenset[str], gate: ColumnElement[bool]) -> CTE:
    """Take what the search index names; it may be more than is meant."""
    order = order_of(Sort.NEWEST, own=False)
    return (
        select(*order.columns(), *TESTED)
        .where(gate, is_listed(), is_let_in(), matches(Title, _query("probe")))
        .where(*conditions(filters, Title))
        .limit(MAX_HITS + constant(1))
        .cte("hits")
    )


def _fits(hits: CTE) -> ColumnElement[bool]:
    """Tell whether a title that the index named has every word of the query."""
    named = aliased(Title)
    fits = select(matches(named, _query("exact"))).where(named.id == hits.c.id)
    return fits.correlate(hits).scalar_subquery()


def _is_more(walk: ColumnElement[int]) -> ColumnElement[bool]:
    """Tell whether there are more titles than a walk tests."""
    beyond = _newest(Title.id).offset(walk).limit(constant(1)).subquery()
    return exists(beyond.select())


def _counted(filters: frozenset[str]) -> ColumnElement[int]:
    """Count by walking on: where many fit, an index takes longer to name them all."""
    near_by = _newest(Title.id, *TESTED).limit(WALK_TO_COUNT).subquery("far_and_near")
    found = (
        select(near_by.c.seller_id)
        .where(is_let_in(near_by.c), *conditions(filters, near_by.c))
        .limit(COUNTED + constant(1))
        .subquery("counted")
    )
    return select(func.count()).select_from(found).scalar_subquery()


def _newest(*columns: SQLColumnExpression[Any]) -> Select[Any]:
    order = order_of(Sort.NEWEST, own=False)
    return select(*columns).where(is_listed()).order_by(*order.sorting())


# The answer ----------------------------------------------------------------------------------


def _answer(sample: CTE, total: ColumnElement[int], incomplete: ColumnElement[bool]) -> Select[Any]:
    decade = cast(sample.c.year // TEN * TEN, Text)
    counts = {
        "kind": _counts(sample, cast(sample.c.kind, Text)),
        "stage": _counts(sample, cast(sample.c.stage, Text)),
        "genre": _counts(sample, func.unnest(sample.c.genres)),
        "country": _counts(sample, func.unnest(sample.c.countries)),
        "language": _counts(sample, func.unnest(sample.c.languages)),
        "decade": _counts(sample, decade),
    }
    counted = select(total.label("total")).subquery("counted_all")
    is_capped = or_(counted.c.total > COUNTED, incomplete)
    total_count = _object(count=func.least(counted.c.total, COUNTED), capped=is_capped)
    answer = _object(total=total_count, sampled=count_of(sample), **counts)
    return select(cast(answer, Text)).select_from(counted)


def _counts(sample: CTE, value: ColumnElement[Any]) -> ColumnElement[Any]:
    values = select(value.label("value")).select_from(sample).subquery("values_of")
    groups = (
        select(values.c.value, func.count().label("count"))
        .where(values.c.value.is_not(None))
        .group_by(values.c.value)
        .subquery("groups")
    )
    row = _object(value=groups.c.value, count=groups.c.count)
    ordered = aggregate_order_by(row, groups.c.count.desc(), groups.c.value)
    return select(
        func.coalesce(func.json_agg(ordered), literal_column("'[]'::json"))
    ).scalar_subquery()


def _object(**members: ColumnElement[Any]) -> ColumnElement[Any]:
    parts: list[ColumnElement[Any]] = []
    for name, value in members.items():
        parts += [literal_column(f"'{name}'"), value]
    return func.json_build_object(*parts)
