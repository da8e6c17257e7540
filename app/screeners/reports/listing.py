"""Lists: a screener's viewings, a viewing's entries, one's own viewings."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.errors import Forbidden, NotFound
from app.models.accounts import Organisation, Person
from app.models.catalogue import Title
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import Screener
from app.models.viewings import LedgerEntry, Viewing
from app.pagination import PageRequest, bounded_int
from app.screeners.reads import is_kept_by
from app.screeners.reports.rules import coarse_address, shown
from app.screeners.reports.schemas import LedgerEntryOut, ScreenerViewing
from app.screeners.service import kept_screener
from app.screeners.viewings.access import EXPIRES_AT, OVER, STANDS_ON
from app.screeners.viewings.schemas import ViewingOut

NEWEST, NUMBERED = "id", "number"


async def list_viewings(
    session: AsyncSession, actor: Actor, screener_id: int, page: PageRequest
) -> tuple[list[ScreenerViewing], str | None]:
    """Give a page of a screener's viewings, newest first.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
        Forbidden: they may watch it, no more.
    """
    screener = await kept_screener(session, actor, screener_id)
    statement = (
        select(Viewing, ScreenerGrant.recipient_name, Person, Organisation)
        .outerjoin(ScreenerGrant, ScreenerGrant.id == Viewing.grant_id)
        .outerjoin(Person, Person.id == Viewing.person_id)
        .outerjoin(Organisation, Organisation.id == Viewing.organisation_id)
        .where(Viewing.screener_id == screener.id)
    )
    rows, cursor = await _newest(session, statement, page)
    return [_viewing(*row) for row in rows], cursor


async def list_own_viewings(
    session: AsyncSession, actor: Actor, page: PageRequest
) -> tuple[list[ViewingOut], str | None]:
    """Give a page of the actor's own viewings, newest first."""
    statement = (
        select(
            Viewing,
            Screener.title_id,
            Title.original_title.label("title"),
            Screener.duration_milliseconds,
            EXPIRES_AT.label("expires_at"),
            OVER,
        )
        .select_from(STANDS_ON)
        .where(Viewing.person_id == actor.person_id)
    )
    rows, cursor = await _newest(session, statement, page)
    return [_own(row._mapping) for row in rows], cursor  # noqa: SLF001  # SQLAlchemy's way


async def list_entries(
    session: AsyncSession, actor: Actor, viewing_id: int, page: PageRequest
) -> tuple[list[LedgerEntryOut], str | None]:
    """Give a page of a viewing's entries, in their order.

    Raises:
        NotFound: there is no such viewing, or it is not the actor's to see.
        Forbidden: it is their own; its record is the seller's.
    """
    await _require_kept(session, actor, viewing_id)
    statement = (
        select(LedgerEntry)
        .where(LedgerEntry.viewing_id == viewing_id)
        .order_by(LedgerEntry.number)
        .limit(page.fetch)
    )
    if (after := page.after(NUMBERED, bounded_int)) is not None:
        statement = statement.where(LedgerEntry.number > after[0])
    rows = (await session.scalars(statement)).all()
    entries, cursor = page.split(rows, NUMBERED, lambda row: (row.number,))
    return [_entry(row) for row in entries], cursor


async def _newest(
    session: AsyncSession,
    statement: Any,  # noqa: ANN401  # a select of viewings, and what else
    page: PageRequest,
) -> tuple[Sequence[Any], str | None]:
    statement = statement.order_by(Viewing.id.desc()).limit(page.fetch)
    if (after := page.after(NEWEST, bounded_int)) is not None:
        statement = statement.where(Viewing.id < after[0])
    rows = (await session.execute(statement)).all()
    return page.split(rows, NEWEST, lambda row: (row.Viewing.id,))


async def _require_kept(session: AsyncSession, actor: Actor, viewing_id: int) -> None:
    statement = (
        select(is_kept_by(actor).label("is_kept"), Viewing.id)
        .select_from(Viewing)
        .join(Screener, Screener.id == Viewing.screener_id)
        .where(Viewing.id == viewing_id)
        .where(or_(is_kept_by(actor), Viewing.person_id == actor.person_id))
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        raise NotFound("viewing")
    if not found.is_kept:
        raise Forbidden(
            "Only the title's seller may read this, or who administers the screener for them.",
            code="not_the_seller",
        )


def _viewing(
    viewing: Viewing,
    recipient_name: str | None,
    person: Person | None,
    organisation: Organisation | None,
) -> ScreenerViewing:
    return ScreenerViewing.model_validate(
        {
            "id": viewing.id,
            "screener_id": viewing.screener_id,
            "grant_id": viewing.grant_id,
            "person": person,
            "recipient_name": None if person else recipient_name,
            "organisation": organisation,
            "address": coarse_address(viewing.address),
            "country": viewing.country,
            "position_seconds": viewing.position_milliseconds / 1000,
            "watched_seconds": viewing.watched_milliseconds / 1000,
            "opened_at": viewing.opened_at,
            "last_seen_at": viewing.last_seen_at,
            "expires_at": viewing.expires_at,
            "ended_at": viewing.ended_at,
            "end_reason": viewing.end_reason,
            "entry_count": viewing.entry_count,
        }
    )


def _own(row: Mapping[str, Any]) -> ViewingOut:
    viewing: Viewing = row["Viewing"]
    return ViewingOut.model_validate(
        {
            "id": viewing.id,
            "screener_id": viewing.screener_id,
            "title_id": row["title_id"],
            "title": row["title"],
            "duration_seconds": row["duration_milliseconds"] / 1000,
            "position_seconds": viewing.position_milliseconds / 1000,
            "opened_at": viewing.opened_at,
            "last_seen_at": viewing.last_seen_at,
            "expires_at": row["expires_at"],
            "end_reason": row["over"],
        }
    )


def _entry(row: LedgerEntry) -> LedgerEntryOut:
    return LedgerEntryOut(
        number=row.number,
        kind=row.kind,
        recorded_at=row.recorded_at,
        from_ms=row.from_milliseconds,
        to_ms=row.to_milliseconds,
        data=shown(row.data),
        hash=row.hash.hex(),
    )
