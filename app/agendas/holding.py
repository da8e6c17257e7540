"""Who holds what: entries are made, looked up and given back here, and the database decides."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import BigInteger, ColumnElement, delete, func, insert, literal, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.agendas.rules import Period
from app.db import constraint_of
from app.models.accounts import Person
from app.models.agendas import AgendaEntry, EntryKind
from app.models.meetings import Meeting

_HOLD_EACH = text(
    "INSERT INTO agenda_entries (kind, meeting_id, during, holder_id, person_id, place_id) "
    "SELECT 'meeting', m.id, m.during, h.holder_id, h.person_id, h.place_id FROM meetings m "
    "CROSS JOIN LATERAL (SELECT a.person_id AS holder_id, a.person_id, NULL::bigint AS place_id "
    "FROM meeting_attendees a WHERE a.meeting_id = m.id UNION ALL "
    "SELECT m.place_id, NULL, m.place_id WHERE m.place_id IS NOT NULL) h "
    "WHERE m.id = ANY (:ids) ORDER BY h.holder_id, m.during"
)
AT_ONCE = 2000
ONE_PLACE = "ex_agenda_entries_holder_is_in_one_place"


class Taken(Exception):  # noqa: N818  # said of a time, and no error of the program
    """Somebody holds something else at that time; nothing was written."""


async def take_turns(session: AsyncSession, people: Collection[int]) -> None:
    """Lock people, always in the same order, until the transaction ends.

    The constraint alone keeps them apart; but two inserts that wait for each other in its index
    deadlock, which PostgreSQL notices only after a second.
    """
    await session.execute(
        select(Person.id)
        .where(Person.id.in_(people))
        .order_by(Person.id)
        .with_for_update(key_share=True)
    )


async def share_market(session: AsyncSession, market_id: int) -> None:
    """Keep a market as it is until the transaction ends, beside all others who book there.

    Not by a lock of its row: those who share a row let no one through who wants it alone, as long
    as others come. Advisory locks have a queue, in which each waits for those before.
    """
    await session.execute(select(func.pg_advisory_xact_lock_shared(market_id)))


async def claim_market(session: AsyncSession, market_id: int) -> None:
    """Let nobody book at a market until the transaction ends: what meetings stand on may change."""
    await session.execute(select(func.pg_advisory_xact_lock(market_id)))


@asynccontextmanager
async def unless_taken(session: AsyncSession) -> AsyncIterator[None]:
    """Do what takes somebody's time, or nothing at all.

    Raises:
        Taken: one of the holders holds something else then.
    """
    try:
        async with session.begin_nested():
            yield
            await session.flush()
    except IntegrityError as error:
        if constraint_of(error) != ONE_PLACE:
            raise
        raise Taken from None


async def hold(session: AsyncSession, meeting: Meeting, people: Sequence[int]) -> None:
    """Let a meeting's people and its place hold its time."""
    entry = {"kind": EntryKind.MEETING, "meeting_id": meeting.id, "during": meeting.during}
    holders = [
        {"holder_id": person_id, "person_id": person_id, "place_id": None} for person_id in people
    ]
    if (place_id := meeting.place_id) is not None:
        holders.append({"holder_id": place_id, "person_id": None, "place_id": place_id})
    await session.execute(insert(AgendaEntry), [{**entry, **holder} for holder in holders])


async def change_place(session: AsyncSession, meeting: Meeting, place_id: int, where: str) -> None:
    """Let a meeting hold another place instead of the one it holds."""
    at_its_place = AgendaEntry.meeting_id == meeting.id, AgendaEntry.place_id.is_not(None)
    await session.execute(delete(AgendaEntry).where(*at_its_place))
    meeting.place_id, meeting.place = place_id, where
    await session.flush()
    await hold(session, meeting, people=())


async def hold_each(session: AsyncSession, meeting_ids: Collection[int]) -> None:
    """Let many meetings' people and places hold their times, in statements of a second or so."""
    ids = list(meeting_ids)
    for start in range(0, len(ids), AT_ONCE):
        await session.execute(_HOLD_EACH, {"ids": ids[start : start + AT_ONCE]})


async def release(session: AsyncSession, meeting_ids: Collection[int]) -> None:
    """Give back what meetings hold."""
    ids = literal(list(meeting_ids), ARRAY(BigInteger))
    await session.execute(delete(AgendaEntry).where(AgendaEntry.meeting_id == ids.any_()))


def held_within(holder_ids: Collection[int], within: Period) -> ColumnElement[bool]:
    """Tell entries of holders in a period, as the exclusion constraint does: its index answers."""
    held = func.int8range(AgendaEntry.holder_id, AgendaEntry.holder_id, text("'[]'"))
    wanted = [held.op("&&")(func.int8range(id_, id_, text("'[]'"))) for id_ in holder_ids]
    during = AgendaEntry.during.op("&&")(func.tstzrange(within.starts_at, within.ends_at))
    return or_(*wanted) & during
