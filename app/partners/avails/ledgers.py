"""What avails write into the ledgers: holdings and offerings, a statement for each of a batch."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, bindparam, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.base import Base
from app.models.catalogue import Title
from app.models.rights import Holding, Offering, Source
from app.rights.rows import literal_of
from app.trees import Multirange

TABLES = Base.metadata.tables
Row = dict[str, Any]
# The first day, and the day after the last if there is one
Days = tuple[date, date | None]

BOX = ("territories", "media", "languages", "term")
_OFFERING = (
    "title_id",
    *BOX,
    "exclusivity",
    "price",
    "visible_to",
    "note",
    "source",
    "avails",
    "avails_key",
)
_HOLDING = ("title_id", *BOX, "source")


def _given(table: str, names: Iterable[str]) -> Any:  # noqa: ANN401  # a FROM clause
    """Read rows out of one JSON parameter, each column in its table's own type."""
    return (
        func.json_populate_recordset(text(f"NULL::{table}"), bindparam("rows", type_=JSON))
        .table_valued(*(TABLES[table].c[name] for name in names))
        .alias("given")
    )


def _insert(table: str, names: Sequence[str]) -> Any:  # noqa: ANN401
    given = _given(table, names)
    return insert(TABLES[table]).from_select(names, select(*(given.c[name] for name in names)))


def _update(table: str, names: Sequence[str]) -> Any:  # noqa: ANN401
    target, given = TABLES[table], _given(table, ("id", *names))
    changed = {name: given.c[name] for name in names}
    return (
        update(target)
        .where(target.c.id == given.c.id)
        .values(changed | {"version": target.c.version + 1, "updated_at": func.now()})
    )


_INSERT_OFFERINGS = _insert("offerings", _OFFERING)
_UPDATE_OFFERINGS = _update("offerings", _OFFERING)
_INSERT_HOLDINGS = _insert("holdings", _HOLDING)
_UPDATE_HOLDINGS = _update("holdings", _HOLDING)
_NOT_HELD = text(
    "SELECT n FROM json_to_recordset(:rows) AS wanted(n integer, title_id bigint, "
    "territories int4multirange, media int4multirange, languages int4multirange, term daterange) "
    "WHERE NOT is_held(title_id, "
    "ROW(territories, media, languages, datemultirange(term))::rights_box)"
).bindparams(bindparam("rows", type_=JSON))
_OF_SCOPES = text(
    "SELECT o.id, o.title_id, o.avails_key FROM unnest(CAST(:scopes AS text[])) AS s(scope) "
    "JOIN offerings o ON o.avails_key ~>=~ (s.scope || '.') AND o.avails_key ~<~ (s.scope || '/')"
)
_OF_AVAIL_ID = text(
    "SELECT id, title_id, avails_key FROM offerings "
    "WHERE avails_key ~>=~ (CAST(:scope AS text) || '.') "
    "AND avails_key ~<~ (CAST(:scope AS text) || '/') "
    "AND avails -> 'fields' ->> 'AvailID' = :avail_id "
    "AND coalesce(avails -> 'fields' ->> 'Territory', '') = :territory"
)


async def lock_titles(session: AsyncSession, title_ids: Iterable[int]) -> None:
    """Take turns with all who change these titles' ledgers."""
    await session.execute(
        select(Title.id)
        .where(Title.id.in_(sorted(set(title_ids))))
        .order_by(Title.id)
        .with_for_update(key_share=True)
    )


async def offerings_by_key(session: AsyncSession, keys: Sequence[str]) -> dict[str, Any]:
    """Read what was made of these keys before."""
    found = await session.execute(
        select(*(getattr(Offering, name) for name in ("id", *_OFFERING))).where(
            Offering.avails_key.in_(keys)
        )
    )
    return {row.avails_key: row for row in found}


async def offerings_of_scopes(session: AsyncSession, scopes: list[str]) -> Sequence[Any]:
    """Read id, title and key of everything that came from these scopes."""
    return (await session.execute(_OF_SCOPES, {"scopes": scopes})).all()


async def offerings_of_avail(
    session: AsyncSession, scope: str, avail_id: str, territory: str
) -> Sequence[Any]:
    """Read id, title and key of what an avail made before, whatever else it said then."""
    wanted = {"scope": scope, "avail_id": avail_id, "territory": territory}
    return (await session.execute(_OF_AVAIL_ID, wanted)).all()


async def written_here(session: AsyncSession, seller_id: int, ids: Iterable[int]) -> set[int]:
    """Tell which of these offerings are the seller's, and of a person's own hand."""
    statement = (
        select(Offering.id)
        .join(Title, Title.id == Offering.title_id)
        .where(Offering.id.in_(sorted(ids)))
        .where(Title.seller_id == seller_id, Offering.source == Source.MANUAL)
    )
    return set(await session.scalars(statement))


async def holdings_of(session: AsyncSession, title_ids: Iterable[int]) -> Sequence[Any]:
    """Read what is held of these titles."""
    columns = [getattr(Holding, name) for name in ("id", *_HOLDING)]
    statement = select(*columns).where(Holding.title_id.in_(sorted(set(title_ids))))
    return (await session.execute(statement)).all()


async def not_held(session: AsyncSession, rows: Mapping[int, Row]) -> set[int]:
    """Tell which of these rows, by their numbers, lie outside of what is held of their title."""
    if not rows:
        return set()
    boxes = [{"n": n} | {name: row[name] for name in ("title_id", *BOX)} for n, row in rows.items()]
    return set(await session.scalars(_NOT_HELD, {"rows": boxes}))


async def write_holdings(session: AsyncSession, rows: Sequence[Row]) -> None:
    """Write holdings of source avails: those with an id are changed, the others are new."""
    await _write(session, rows, _INSERT_HOLDINGS, _UPDATE_HOLDINGS)


async def write_offerings(session: AsyncSession, rows: Sequence[Row]) -> None:
    """Write offerings: those with an id are changed, the others are new."""
    await _write(session, rows, _INSERT_OFFERINGS, _UPDATE_OFFERINGS)


async def delete_offerings(session: AsyncSession, ids: Iterable[int]) -> None:
    """Offer these no longer."""
    await session.execute(delete(Offering).where(Offering.id.in_(list(ids))))


async def _write(session: AsyncSession, rows: Sequence[Row], new: Any, changed: Any) -> None:  # noqa: ANN401
    for statement, part in (
        (new, [row for row in rows if row.get("id") is None]),
        (changed, [row for row in rows if row.get("id") is not None]),
    ):
        if part:
            await session.execute(statement, {"rows": part})


def box_as_json(
    territories: Multirange, media: Multirange, languages: Multirange, term: Days
) -> Row:
    """Write a box as the columns' types read it."""
    return {
        "territories": literal(territories),
        "media": literal(media),
        "languages": literal(languages),
        "term": f"[{term[0]},{term[1] or ''})",
        "source": Source.AVAILS,
    }


# Rows repeat a few sets without end.
literal = lru_cache(4096)(literal_of)
