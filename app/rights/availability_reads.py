"""The ledgers of one title, as far as a question touches them: one statement for all of them."""

from datetime import date
from typing import Any

import asyncpg
from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE, array

from app.catalogue.searching import NO_FURTHER
from app.catalogue.visibility import is_own, is_visible
from app.db import Read, Reads
from app.errors import NotFound
from app.models.catalogue import Title
from app.models.rights import Holdback, Holding, Licence, Offering
from app.models.vocabulary import Exclusivity
from app.rights.rows import literal_of
from app.rights.rules.boxes import Box, Term
from app.rights.rules.ledgers import Holdback as Held
from app.rights.rules.ledgers import Ledgers, Offer, Taken
from app.trees import Multirange

_TITLE_ID = bindparam("title_id", type_=BigInteger)
_VIEWER = bindparam("organisation_id", type_=BigInteger)
_SETS = ("territories", "media", "languages")


async def ledgers_of(reads: Reads, viewer_id: int, title_id: int, asked: Box) -> Ledgers:
    """Give what a title's ledgers say of the territories, media and languages of a box, ever.

    Offerings are those that the viewer may see: all of them, where the title is theirs.

    Raises:
        NotFound: there is no such title, or the viewer does not see it.
    """
    rows = await reads.rows(
        _READ,
        title_id=title_id,
        organisation_id=viewer_id,
        **{name: literal_of(getattr(asked, name)) for name in _SETS},
    )
    if not rows:
        raise NotFound("title")
    ledgers = Ledgers()
    for row in rows:
        _add(row, ledgers)
    return ledgers


def _add(row: asyncpg.Record, ledgers: Ledgers) -> None:
    """Put a row into its ledger; the title's own row is in none."""
    if row["ledger"] == "title":
        return
    territories, media, languages = (_intervals(row[name]) for name in _SETS)
    box = Box(territories, media, languages, _term(row["term"]))
    if row["ledger"] == "holding":
        ledgers.holdings.append(box)
    elif row["ledger"] == "offering":
        ledgers.offers.append(Offer(box, Exclusivity(row["exclusivity"]), row["min_days"]))
    elif row["ledger"] == "holdback":
        ledgers.holdbacks.append(Held(box, row["flag"]))
    else:
        ledgers.taken.append(Taken(box, row["flag"]))


def _intervals(found: list[Any]) -> Multirange:
    return tuple((interval.lower, interval.upper) for interval in found)


def _term(found: Any) -> Term:  # noqa: ANN401  # asyncpg's own kind of range
    start: date = found.lower
    return Term(start, found.upper)


def _statement() -> Select[Any]:
    title = select(Title.id, is_own().label("is_own")).where(Title.id == _TITLE_ID, is_visible())
    seen = title.cte("seen")
    no_set, no_term = cast(null(), INT4MULTIRANGE), cast(null(), Offering.term.type)
    ledgers = [
        select(
            literal_column("'title'").label("ledger"),
            *(no_set.label(name) for name in _SETS),
            no_term.label("term"),
            cast(null(), Text).label("exclusivity"),
            cast(null(), Integer).label("min_days"),
            cast(null(), Boolean).label("flag"),
        ).select_from(seen),
        _ledger("holding", Holding, Holding.term, seen),
        _ledger(
            "offering",
            Offering,
            Offering.term,
            seen,
            cast(Offering.exclusivity, Text),
            Offering.min_days,
        ).where(
            or_(
                seen.c.is_own,
                Offering.visible_to.is_(None),
                Offering.visible_to.op("@>")(array([_VIEWER])),
            )
        ),
        _ledger("holdback", Holdback, Holdback.term, seen, flag=Holdback.is_hard),
        _licences(seen),
    ]
    return select(union_all(*ledgers).subquery("ledgers"))


def _licences(seen: CTE) -> Select[Any]:
    """Find the few among a title's hundreds by the index that keeps licences apart.

    For each title seen, by OFFSET 0: a plan made for any parameters (PostgreSQL's sixth and later)
    may else read the licences of all titles that touch what is asked, and look for the title then.
    """
    found = (
        _columns("licence", Licence, Licence.taken, flag=Licence.exclusive)
        .where(
            _point(Licence.title_id).op("&&")(_point(seen.c.id)),
            *_touches(Licence),
            not_(func.isempty(Licence.taken)),
        )
        .correlate(seen)
        .offset(NO_FURTHER)
        .lateral("found")
    )
    return select(found).select_from(seen.join(found, true()))


def _ledger(
    name: str,
    table: Any,  # noqa: ANN401  # one of the tables of boxes
    term: SQLColumnExpression[Any],
    seen: CTE,
    exclusivity: SQLColumnExpression[Any] | None = None,
    min_days: SQLColumnExpression[Any] | None = None,
    flag: SQLColumnExpression[Any] | None = None,
) -> Select[Any]:
    """Select the rows of a ledger that touch what is asked."""
    columns = _columns(name, table, term, exclusivity, min_days, flag)
    return columns.join(seen, seen.c.id == table.title_id).where(*_touches(table))


def _columns(
    name: str,
    table: Any,  # noqa: ANN401
    term: SQLColumnExpression[Any],
    exclusivity: SQLColumnExpression[Any] | None = None,
    min_days: SQLColumnExpression[Any] | None = None,
    flag: SQLColumnExpression[Any] | None = None,
) -> Select[Any]:
    """Select the columns that all ledgers share."""
    return select(
        literal_column(f"'{name}'").label("ledger"),
        *(getattr(table, axis) for axis in _SETS),
        term.label("term"),
        (cast(null(), Text) if exclusivity is None else exclusivity).label("exclusivity"),
        (cast(null(), Integer) if min_days is None else min_days).label("min_days"),
        (cast(null(), Boolean) if flag is None else flag).label("flag"),
    )


def _touches(table: Any) -> list[ColumnElement[bool]]:  # noqa: ANN401
    return [
        getattr(table, axis).op("&&")(cast(bindparam(axis, type_=Text), INT4MULTIRANGE))
        for axis in _SETS
    ]


def _point(value: SQLColumnExpression[int]) -> SQLColumnExpression[Any]:
    return func.int8range(value, value, literal_column("'[]'"))


_READ = Read(_statement())
