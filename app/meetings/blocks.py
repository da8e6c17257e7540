"""Time that people keep for themselves, and that a market keeps of its places."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.agendas.facts import shown
from app.agendas.holding import Taken, held_within, take_turns, unless_taken
from app.agendas.periods import period_of, range_of
from app.agendas.rules import Period
from app.errors import Conflict, NotFound
from app.meetings.asking import require_ahead
from app.meetings.block_schemas import BlockIn, HeldOut
from app.models.agendas import AgendaEntry, EntryKind
from app.models.markets import Place
from app.pagination import PageRequest, bounded_int, instant_of

ORDER = "starts_at"
# Of one holder, to come: a person who needs more has another calendar.
MOST = 500
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_starts_at = func.lower(AgendaEntry.during)


async def list_blocks(
    session: AsyncSession, holder_id: int, page: PageRequest, from_: datetime | None
) -> tuple[list[AgendaEntry], str | None]:
    """Give a page of what a holder keeps free, in the order of time; from now on by default."""
    statement = (
        select(AgendaEntry)
        .where(_blocks_of(holder_id, from_ or datetime.now(UTC)))
        .order_by(_starts_at, AgendaEntry.id)
        .limit(page.fetch)
    )
    if (after := page.after(ORDER, instant_of, bounded_int)) is not None:
        statement = statement.where(tuple_(_starts_at, AgendaEntry.id) > tuple_(*after))
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.during.lower, row.id))


async def block_person(session: AsyncSession, actor: Actor, wanted: BlockIn) -> AgendaEntry:
    """Keep some of one's own time.

    Raises:
        Invalid: it is over.
        Conflict: one holds something else then, or too many blocks.
    """
    await take_turns(session, [actor.person_id])
    entry = AgendaEntry(holder_id=actor.person_id, person_id=actor.person_id)
    return await _block(session, actor, entry, wanted)


async def block_place(
    session: AsyncSession, actor: Actor, place: Place, wanted: BlockIn
) -> AgendaEntry:
    """Keep a place, which the caller has locked, free of meetings for some time.

    Raises:
        Conflict: something is held there then, or it has too many blocks.
    """
    return await _block(session, actor, AgendaEntry(holder_id=place.id, place_id=place.id), wanted)


async def _block(
    session: AsyncSession, actor: Actor, entry: AgendaEntry, wanted: BlockIn
) -> AgendaEntry:
    period = Period(wanted.starts_at, wanted.ends_at)
    require_ahead(period.ends_at, datetime.now(UTC), "/ends_at")
    await _require_room(session, entry.holder_id)
    entry.kind, entry.label, entry.during = EntryKind.BLOCK, wanted.label, range_of(period)
    try:
        async with unless_taken(session):
            session.add(entry)
    except Taken:
        raise await _in_the_way(session, entry.holder_id, period) from None
    _record(session, actor, "agenda_block.created", entry)
    return entry


async def _require_room(session: AsyncSession, holder_id: int) -> None:
    kept = select(func.count()).select_from(AgendaEntry)
    if (await session.scalar(kept.where(_blocks_of(holder_id, datetime.now(UTC)))) or 0) >= MOST:
        raise Conflict(
            f"There are {MOST} blocks to come already. Delete some, or make longer ones.",
            code="too_many_blocks",
        )


async def _in_the_way(session: AsyncSession, holder_id: int, period: Period) -> Conflict:
    held = await session.scalars(
        select(AgendaEntry).where(held_within([holder_id], period)).order_by(_starts_at)
    )
    return Conflict(
        "Something else is held then: in_the_way has it. Take another time, or cancel that first.",
        code="time_taken",
        in_the_way=[show_held(entry).model_dump(mode="json") for entry in held],
    )


def show_held(entry: AgendaEntry) -> HeldOut:
    """Show what a holder holds, to those who may know."""
    period = period_of(entry.during)
    return HeldOut(
        id=entry.id,
        kind=entry.kind,
        meeting_id=entry.meeting_id,
        label=entry.label,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
    )


async def lock_block(session: AsyncSession, actor: Actor, id_: int) -> AgendaEntry:
    """Give a block to delete: one's own, or, for organisers, a place's.

    Raises:
        NotFound: it isn't there, or isn't the actor's.
    """
    mine: ColumnElement[bool] = AgendaEntry.person_id == actor.person_id
    if actor.is_organiser:
        mine |= AgendaEntry.place_id.is_not(None)
    statement = select(AgendaEntry).where(
        AgendaEntry.id == id_, AgendaEntry.kind == EntryKind.BLOCK, mine
    )
    found = await session.scalar(statement.with_for_update())
    if found is None:
        raise NotFound("block")
    return found


async def delete_block(session: AsyncSession, actor: Actor, entry: AgendaEntry) -> None:
    """Give the time back."""
    _record(session, actor, "agenda_block.deleted", entry)
    await session.delete(entry)
    await session.flush()


def _blocks_of(holder_id: int, after: datetime) -> ColumnElement[bool]:
    held = held_within([holder_id], Period(after, FOREVER))
    return held & (AgendaEntry.kind == EntryKind.BLOCK)


def _record(session: AsyncSession, actor: Actor, type_: str, entry: AgendaEntry) -> None:
    period = period_of(entry.during)
    events.record(
        session,
        actor,
        type_,
        entry.id,
        organisation_ids=[actor.organisation_id],
        data={
            "place_id": str(entry.place_id) if entry.place_id else None,
            "starts_at": shown(period.starts_at),
            "ends_at": shown(period.ends_at),
        },
    )
