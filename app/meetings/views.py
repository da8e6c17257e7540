"""From rows to what is shown of them: requests and meetings with names, titles and local times."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.schemas import OrganisationRef, PersonRef
from app.actors import Actor
from app.agendas.periods import period_of
from app.agendas.rules import Period
from app.meetings import agenda, reads
from app.meetings.answering import state_at
from app.meetings.calendar_events import CalendarView
from app.meetings.schemas import (
    AttendeeOut,
    CounterProposalOut,
    LocalPeriod,
    MeetingOut,
    MeetingRequestOut,
    MeetingSummary,
    OpeningOut,
    PeriodOut,
    TitleRef,
)
from app.meetings.suggesting import Suggestion
from app.models.accounts import Person
from app.models.meetings import CounterProposal, Meeting, MeetingRequest, MeetingRequestState

Titles = dict[int, TitleRef]


async def show_requests(
    session: AsyncSession, requests: Sequence[MeetingRequest], languages: Sequence[str]
) -> list[MeetingRequestOut]:
    """Show requests, their titles named in the caller's languages."""
    titles = await _titles_of(session, requests, languages)
    now = datetime.now(UTC)
    return [_request(request, titles, now) for request in requests]


async def show_meetings(
    session: AsyncSession, meetings: Sequence[Meeting], languages: Sequence[str], time_zone: str
) -> list[MeetingOut]:
    """Show meetings on a caller's clock, their titles named in the caller's languages."""
    titles = await _titles_of(session, [meeting.request for meeting in meetings], languages)
    return [
        MeetingOut(
            **dict(_summary(meeting, meeting.request)),
            request_id=meeting.request_id,
            titles=_named(meeting.request, titles),
            local=local_period(period_of(meeting.during), time_zone),
        )
        for meeting in meetings
    ]


async def calendar_view(
    session: AsyncSession,
    actor: Actor,
    meetings: Sequence[Meeting],
    languages: Sequence[str],
    public_url: str,
) -> CalendarView:
    """Tell what a calendar file of meetings needs besides them."""
    titles = await _titles_of(session, [meeting.request for meeting in meetings], languages)
    named = {id_: ref.title for id_, ref in titles.items()}
    return CalendarView(await agenda.calendar_owner(session, actor), named, public_url)


async def _titles_of(
    session: AsyncSession, requests: Sequence[MeetingRequest], languages: Sequence[str]
) -> Titles:
    ids = {id_ for request in requests for id_ in request.title_ids}
    return await reads.title_refs(session, ids, languages)


def _named(request: MeetingRequest, titles: Titles) -> list[TitleRef]:
    return [titles[id_] for id_ in request.title_ids if id_ in titles]


def _request(request: MeetingRequest, titles: Titles, now: datetime) -> MeetingRequestOut:
    state = state_at(request, now)
    expired_at = request.expires_at if state is MeetingRequestState.EXPIRED else None
    return MeetingRequestOut(
        id=request.id,
        market_id=request.market_id,
        state=state,
        awaits=request.awaits if state is MeetingRequestState.PENDING else None,
        from_organisation=OrganisationRef.model_validate(request.from_organisation),
        from_person=PersonRef.model_validate(request.from_person),
        to_organisation=OrganisationRef.model_validate(request.to_organisation),
        to_person=_person(request.to_person),
        taker=_person(request.taker),
        titles=_named(request, titles),
        topics=request.topics,
        priority=request.priority,
        message=request.message,
        proposed_times=_periods(request.proposed_times),
        counter_proposals=[_counter(one) for one in request.counter_proposals],
        expires_at=request.expires_at,
        answer=request.answer,
        answered_at=request.answered_at or expired_at,
        answered_by=_person(request.answered_by),
        meeting=_summary(request.meeting, request) if request.meeting else None,
        created_at=request.created_at,
    )


def _counter(one: CounterProposal) -> CounterProposalOut:
    return CounterProposalOut(
        by=PersonRef.model_validate(one.by),
        proposed_times=_periods(one.proposed_times),
        message=one.message,
        created_at=one.created_at,
    )


def _periods(times: Sequence[Range[datetime]]) -> list[PeriodOut]:
    return [PeriodOut.model_validate(period_of(during)) for during in times]


def _person(person: Person | None) -> PersonRef | None:
    return PersonRef.model_validate(person) if person else None


def _summary(meeting: Meeting, request: MeetingRequest) -> MeetingSummary:
    period = period_of(meeting.during)
    return MeetingSummary(
        id=meeting.id,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        market_id=meeting.market_id,
        place_id=meeting.place_id,
        place=meeting.place,
        locked=meeting.locked,
        sequence=meeting.sequence,
        cancelled_at=meeting.cancelled_at,
        attendees=[attendee(person, period) for person in reads.people_of(meeting, request)],
    )


def attendee(person: Person, period: Period) -> AttendeeOut:
    """Show somebody who meets, on their own clock."""
    return AttendeeOut(
        person=PersonRef.model_validate(person),
        organisation=OrganisationRef.model_validate(person.organisation),
        local=local_period(period, person.time_zone),
    )


def show_opening(found: Suggestion) -> OpeningOut:
    """Show a time that would suit both."""
    return OpeningOut(
        starts_at=found.period.starts_at,
        ends_at=found.period.ends_at,
        people=[attendee(person, found.period) for person in found.people],
    )


def local_period(period: Period, time_zone: str) -> LocalPeriod:
    """Tell a period on the clocks of a time zone, each end with the offset that holds then."""
    zone = ZoneInfo(time_zone)
    return LocalPeriod(
        time_zone=time_zone,
        starts_at=period.starts_at.astimezone(zone),
        ends_at=period.ends_at.astimezone(zone),
    )
