"""Who came to a meeting, over HTTP."""

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.schemas import OrganisationRef, PersonRef
from app.agendas.periods import period_of
from app.deps import IfNoneMatchDep, MarketActor, SessionDep
from app.etags import NOT_MODIFIED, tagged, unless_known
from app.ids import Id
from app.meetings import agenda
from app.meetings.day import attendance
from app.meetings.day.locking import grace_of
from app.meetings.day.marks import no_show_from, opens_at
from app.meetings.day.schemas import AttendanceOut, PresenceIn, PresenceOut
from app.models.meetings import Meeting, MeetingAttendee
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/meetings/{meeting_id}",
    tags=["meetings"],
    route_class=TransactionRoute,
    dependencies=[scoped("meetings")],
)


@router.get(
    "/attendance",
    summary="Who came to a meeting",
    response_model=AttendanceOut,
    responses=NOT_MODIFIED,
)
async def get_attendance(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    meeting_id: Id,
    if_none_match: IfNoneMatchDep,
) -> AttendanceOut | Response:
    """Tell of each who meets whether they came, and from when on it can be said."""
    meeting = await agenda.get_meeting(session, actor, meeting_id)
    shown = await _attendance(session, meeting)
    return unless_known(response, shown, meeting.version, if_none_match)


@router.post("/check-in", summary="Check in to a meeting")
async def check_in(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    meeting_id: Id,
    wanted: PresenceIn | None = None,
) -> AttendanceOut:
    """Say that you are there: from 15 minutes before the meeting until its end; twice is once.

    Once both are there the meeting is `held`. Who comes after it was said that they did not checks
    in all the same. Organisers at the desk do it for those they name. 409 `too_early` (`not_before`
    says when), `meeting_over`, `meeting_cancelled`; 403 `not_attending` for those who do not meet.
    """
    person_id = wanted.person_id if wanted else None
    meeting = await attendance.check_in(session, actor, meeting_id, person_id)
    return tagged(response, await _attendance(session, meeting), meeting.version)


@router.post("/no-show", summary="Say that the other did not come")
async def report_no_show(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    meeting_id: Id,
    wanted: PresenceIn | None = None,
) -> AttendanceOut:
    """Say that the other did not come, once the market's grace is over; twice is once.

    You have checked in yourself (409 `not_checked_in`); organisers say it of those they name. 409
    `too_early` (`not_before` says when), `they_came`, `meeting_cancelled`. Where nobody says
    anything, the market does after the end: who is missing while the other was there did not come.
    Where nobody checked in, nothing is known, and the meeting stays `scheduled`.
    """
    person_id = wanted.person_id if wanted else None
    meeting = await attendance.report_no_show(session, actor, meeting_id, person_id)
    return tagged(response, await _attendance(session, meeting), meeting.version)


async def _attendance(session: AsyncSession, meeting: Meeting) -> AttendanceOut:
    during, request = period_of(meeting.during), meeting.request
    in_order = sorted(
        meeting.attendees, key=lambda attendee: attendee.person_id != request.from_person_id
    )
    return AttendanceOut(
        meeting_id=meeting.id,
        state=request.state,
        starts_at=during.starts_at,
        ends_at=during.ends_at,
        check_in_from=opens_at(during),
        no_show_from=no_show_from(during, await grace_of(session, meeting)),
        people=[_presence(attendee) for attendee in in_order],
    )


def _presence(attendee: MeetingAttendee) -> PresenceOut:
    return PresenceOut(
        person=PersonRef.model_validate(attendee.person),
        organisation=OrganisationRef.model_validate(attendee.person.organisation),
        checked_in_at=attendee.checked_in_at,
        missed_at=attendee.missed_at,
        marked_by_id=attendee.marked_by_id,
    )
