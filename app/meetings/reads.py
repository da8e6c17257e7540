"""Who sees which request and meeting: every read starts from one of these."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Text, and_, func, or_, select, true
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from app.actors import Actor
from app.agendas.holding import held_within
from app.agendas.periods import period_of
from app.agendas.rules import Period
from app.meetings.schemas import TitleRef
from app.models.accounts import Person
from app.models.agendas import AgendaEntry
from app.models.catalogue import Title, TitleText
from app.models.meetings import (
    CounterProposal,
    Meeting,
    MeetingAttendee,
    MeetingRequest,
    MeetingRequestState,
)


def _concerns(actor: Actor) -> ColumnElement[bool]:
    """Both sides see a request, and the organisers, who run the market, see all of them."""
    if actor.is_organiser:
        return true()
    return or_(
        MeetingRequest.from_organisation_id == actor.organisation_id,
        MeetingRequest.to_organisation_id == actor.organisation_id,
    )


def visible_requests(actor: Actor) -> Select[MeetingRequest]:
    """Select the requests an actor may see."""
    return select(MeetingRequest).where(_concerns(actor))


def visible_meetings(actor: Actor) -> Select[Meeting]:
    """Select the meetings an actor may see: those of the requests they may see."""
    return select(Meeting).join(Meeting.request).where(_concerns(actor))


def in_state(state: MeetingRequestState, now: datetime) -> ColumnElement[bool]:
    """Tell of a request how it stands now: one whose time is over has expired, swept or not."""
    is_pending = MeetingRequest.state == MeetingRequestState.PENDING
    is_over = MeetingRequest.expires_at <= now
    if state is MeetingRequestState.PENDING:
        return and_(is_pending, ~is_over)
    if state is MeetingRequestState.EXPIRED:
        return or_(MeetingRequest.state == state, and_(is_pending, is_over))
    return MeetingRequest.state == state


_ATTENDEES = (
    selectinload(Meeting.attendees)
    .joinedload(MeetingAttendee.person, innerjoin=True)
    .joinedload(Person.organisation, innerjoin=True)
)
# All that an answer shows, in three statements whatever the number of rows.
WHOLE_REQUEST: tuple[ExecutableOption, ...] = (
    joinedload(MeetingRequest.from_organisation, innerjoin=True),
    joinedload(MeetingRequest.from_person, innerjoin=True),
    joinedload(MeetingRequest.to_organisation, innerjoin=True),
    joinedload(MeetingRequest.to_person),
    joinedload(MeetingRequest.answered_by),
    joinedload(MeetingRequest.taker),
    selectinload(MeetingRequest.counter_proposals).joinedload(CounterProposal.by, innerjoin=True),
    joinedload(MeetingRequest.meeting).options(_ATTENDEES),
)
WHOLE_MEETING: tuple[ExecutableOption, ...] = (
    joinedload(Meeting.request, innerjoin=True),
    _ATTENDEES,
)


async def title_refs(
    session: AsyncSession, ids: Collection[int], languages: Sequence[str]
) -> dict[int, TitleRef]:
    """Name titles, each in the best language it has."""
    if not ids:
        return {}
    language = func.lower(TitleText.language)
    preference = func.array_position(sql_cast(list(languages), ARRAY(Text)), language)
    best = (
        select(TitleText.title, TitleText.language)
        .where(TitleText.title_id == Title.id, preference.is_not(None))
        .order_by(preference)
        .limit(1)
        .lateral("best")
    )
    statement = (
        select(Title.id, Title.original_title, Title.original_language, best)
        .outerjoin(best, true())
        .where(Title.id.in_(ids))
    )
    return {
        id_: TitleRef(id=id_, title=own_title or title, language=own_language or language)
        for id_, title, language, own_title, own_language in await session.execute(statement)
    }


async def busy_periods(
    session: AsyncSession, holder_ids: Collection[int], within: Period
) -> list[Period]:
    """Give what holders are taken for, without a word of why."""
    statement = select(AgendaEntry.during).where(held_within(holder_ids, within))
    return [period_of(during) for during in await session.scalars(statement)]


def people_of(meeting: Meeting, request: MeetingRequest) -> list[Person]:
    """Give who meets: who asked first, then who was asked."""
    people = [attendee.person for attendee in meeting.attendees]
    return sorted(people, key=lambda person: person.id != request.from_person_id)


def proposed_periods(request: MeetingRequest) -> list[Period]:
    """Give the times a request proposes, the best first."""
    return [period_of(during) for during in request.proposed_times]
