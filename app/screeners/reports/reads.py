"""What reports are made of, read from the ledger: a row for each viewing, whatever its length."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, bindparam, cast, distinct, func, or_, select, true
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.db import Read, Reads
from app.models.accounts import Organisation, Person
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import Screener
from app.models.viewings import LedgerEntry, LedgerKind, Viewing
from app.screeners.reports.rules import Sitting, Viewer
from app.screeners.reports.schemas import ReportQuery


def _id(name: str) -> Any:  # noqa: ANN401  # a bind
    return bindparam(name, type_=BigInteger)


def _instant(name: str) -> Any:  # noqa: ANN401  # a bind
    return bindparam(name, type_=TIMESTAMP(timezone=True))


_FROM, _TO = LedgerEntry.from_milliseconds, LedgerEntry.to_milliseconds
_COUNTS = ~LedgerEntry.data.has_key("implausible")
_WATCHED = (LedgerEntry.kind == LedgerKind.WATCHED, _COUNTS, _TO > _FROM)
_SOUGHT = (LedgerEntry.kind == LedgerKind.SOUGHT, _COUNTS)
_CAME = or_(LedgerEntry.kind == LedgerKind.OPENED, LedgerEntry.kind == LedgerKind.CONTINUED)
_TOLD = (
    select(
        func.range_agg(func.int8range(_FROM, _TO)).filter(*_WATCHED).label("seen"),
        cast(func.coalesce(func.sum(_TO - _FROM).filter(*_WATCHED), 0), BigInteger).label(
            "watched"
        ),
        func.array_agg(_TO).filter(*_SOUGHT, _TO < _FROM).label("rewinds"),
        func.count().filter(*_SOUGHT, _TO > _FROM).label("skips"),
        func.count().filter(LedgerEntry.kind == LedgerKind.TAMPERED).label("tamperings"),
        func.array_agg(distinct(LedgerEntry.data["country"].astext))
        .filter(_CAME, LedgerEntry.data["country"].astext.is_not(None))
        .label("countries"),
    )
    .where(LedgerEntry.viewing_id == Viewing.id)
    .lateral("told")
)
_SITTINGS = Read(
    select(
        Viewing.person_id,
        Viewing.grant_id,
        func.coalesce(Person.name, ScreenerGrant.recipient_name, "").label("name"),
        Viewing.organisation_id,
        Organisation.name.label("organisation"),
        Organisation.country.label("organisation_country"),
        Viewing.opened_at,
        Viewing.last_seen_at,
        Screener.duration_milliseconds.label("duration"),
        *_TOLD.c,
    )
    .select_from(Viewing)
    .join(Screener, Screener.id == Viewing.screener_id)
    # Who watches without a grant is of the seller's or the administrator's own people.
    .join(ScreenerGrant, ScreenerGrant.id == Viewing.grant_id)
    .outerjoin(Person, Person.id == Viewing.person_id)
    .outerjoin(Organisation, Organisation.id == Viewing.organisation_id)
    .join(_TOLD, true())
    .where(
        Screener.title_id == _id("title_id"),
        or_(
            Screener.organisation_id == _id("keeper_id"),
            Screener.administrator_id == _id("keeper_id"),
        ),
        or_(_id("screener_id").is_(None), Screener.id == _id("screener_id")),
        or_(_id("organisation_id").is_(None), Viewing.organisation_id == _id("organisation_id")),
        or_(_id("grant_id").is_(None), Viewing.grant_id == _id("grant_id")),
        or_(_instant("since").is_(None), Viewing.opened_at >= _instant("since")),
        or_(_instant("until").is_(None), Viewing.opened_at < _instant("until")),
    )
    .order_by(Viewing.id)
)


async def sittings(
    reads: Reads, keeper_id: int, title_id: int, query: ReportQuery
) -> list[Sitting]:
    """Read the viewings of a title's screeners that an organisation keeps, oldest first."""
    rows = await reads.rows(
        _SITTINGS,
        keeper_id=keeper_id,
        title_id=title_id,
        screener_id=query.screener_id,
        organisation_id=query.organisation_id,
        grant_id=query.grant_id,
        since=query.since,
        until=query.until,
    )
    return [_sitting(row) for row in rows]


def _sitting(row: Any) -> Sitting:  # noqa: ANN401  # a row
    is_link = row["person_id"] is None
    viewer = Viewer(
        row["person_id"],
        row["grant_id"] if is_link else None,
        row["name"],
        row["organisation_id"],
        row["organisation"],
        row["organisation_country"],
    )
    return Sitting(
        viewer,
        row["opened_at"],
        row["last_seen_at"],
        row["duration"],
        tuple(_intervals(row["seen"])),
        row["watched"],
        tuple(row["rewinds"] or ()),
        row["skips"],
        row["tamperings"],
        tuple(row["countries"] or ()),
    )


def _intervals(ranges: Iterable[Any] | None) -> Iterable[tuple[int, int]]:
    return ((each.lower, each.upper) for each in ranges or ())
