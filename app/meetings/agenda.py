"""A person's agenda: the meetings that hold their time, and what a calendar file is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.holding import held_within
from app.agendas.rules import Period
from app.errors import NotFound
from app.meetings import reads
from app.models.accounts import Person
from app.models.agendas import AgendaEntry, EntryKind
from app.models.meetings import Meeting, MeetingAttendee
from app.pagination import PageRequest, bounded_int, instant_of

ORDER = "starts_at"
# A calendar program forgets what is no longer in the file; a year is enough to look back.
CALENDAR_REACHES_BACK = timedelta(days=366)
MOST_CALENDAR_EVENTS = 5000
_starts_at = func.lower(Meeting.during)
_ends_at = func.upper(Meeting.during)


async def get_meeting(session: AsyncSession, actor: Actor, id_: int) -> Meeting:
    """Give a meeting, cancelled or not.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    statement = reads.visible_meetings(actor).where(Meeting.id == id_)
    found = await session.scalar(statement.options(*reads.WHOLE_MEETING))
    if found is None:
        raise NotFound("meeting")
    return found


async def list_agenda(
    session: AsyncSession,
    actor: Actor,
    page: PageRequest,
    from_: datetime | None,
    until: datetime | None,
) -> tuple[list[Meeting], str | None]:
    """Give a page of the meetings a person has, in the order of time; from now on by default."""
    statement = (
        _attended_by(actor)
        .where(Meeting.cancelled_at.is_(None), _ends_at > (from_ or datetime.now(UTC)))
        .order_by(_starts_at, Meeting.id)
        .limit(page.fetch)
    )
    if until is not None:
        statement = statement.where(_starts_at < until)
    if (after := page.after(ORDER, instant_of, bounded_int)) is not None:
        statement = statement.where(tuple_(_starts_at, Meeting.id) > tuple_(*after))
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.during.lower, row.id))


def _attended_by(actor: Actor) -> Select[Meeting]:
    return (
        select(Meeting)
        .join(Meeting.attendees)
        .where(MeetingAttendee.person_id == actor.person_id)
        .options(*reads.WHOLE_MEETING)
    )


@dataclass(frozen=True, slots=True)
class CalendarOwner:
    """Whose calendar it is; read anew, as people change their zone."""

    person_id: int
    email: str
    time_zone: str


async def calendar_owner(session: AsyncSession, actor: Actor) -> CalendarOwner:
    """Give what a calendar needs to know of its owner."""
    statement = select(Person.id, func.coalesce(Person.email, ""), Person.time_zone)
    row = (await session.execute(statement.where(Person.id == actor.person_id))).one()
    return CalendarOwner(*row)


async def list_calendar(session: AsyncSession, actor: Actor) -> Sequence[Meeting]:
    """Give a person's meetings of the last year and all to come, the cancelled ones among them."""
    statement = (
        _attended_by(actor)
        .where(_ends_at > datetime.now(UTC) - CALENDAR_REACHES_BACK)
        .order_by(_starts_at.desc(), Meeting.id.desc())
        .limit(MOST_CALENDAR_EVENTS)
    )
    return (await session.scalars(statement)).all()


async def list_calendar_blocks(session: AsyncSession, actor: Actor) -> Sequence[AgendaEntry]:
    """Give what a person keeps their time for, of the last year and all to come."""
    within = Period(datetime.now(UTC) - CALENDAR_REACHES_BACK, datetime.max.replace(tzinfo=UTC))
    statement = (
        select(AgendaEntry)
        .where(held_within([actor.person_id], within), AgendaEntry.kind == EntryKind.BLOCK)
        .order_by(func.lower(AgendaEntry.during).desc())
        .limit(MOST_CALENDAR_EVENTS)
    )
    return (await session.scalars(statement)).all()
