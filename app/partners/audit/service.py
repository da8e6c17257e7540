"""Reading the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.errors import Forbidden
from app.models.journal import Event
from app.pagination import PageRequest, bounded_int
from app.partners.audit.reads import visible_entries

ORDER = "id"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries are looked for; None means any."""

    person_id: int | None
    client_id: int | None
    subject_id: int | None
    type: str | None
    since: datetime | None
    until: datetime | None


async def list_entries(
    session: AsyncSession, actor: Actor, page: PageRequest, sought: Sought
) -> tuple[Sequence[Row[Any]], str | None]:
    """Give a page of what the actor's company did, or for organisers anybody; newest first.

    Raises:
        Forbidden: they are neither an admin nor an organiser.
    """
    if not (actor.is_admin or actor.is_organiser):
        raise Forbidden("Only your organisation's admins may read this.", code="not_an_admin")
    statement = visible_entries(actor).order_by(Event.id.desc()).limit(page.fetch)
    equal = (
        (Event.person_id, sought.person_id),
        (Event.client_id, sought.client_id),
        (Event.subject_id, sought.subject_id),
        (Event.type, sought.type),
    )
    statement = statement.where(*(column == value for column, value in equal if value is not None))
    if sought.since is not None:
        statement = statement.where(Event.occurred_at >= sought.since)
    if sought.until is not None:
        statement = statement.where(Event.occurred_at < sought.until)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(Event.id < after[0])
    rows = (await session.execute(statement)).all()
    return page.split(rows, ORDER, lambda row: (str(row.id),))
