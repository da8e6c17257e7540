"""Who came to a meeting: said by themselves, by the one who waits for them, or at the desk."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.actors import Actor
from app.agendas.facts import record_meeting, record_request, shown
from app.errors import Conflict, Forbidden, Invalid
from app.meetings.day.locking import Held, grace_of, held, lock_meeting
from app.meetings.day.marks import missing_after, no_show_from, opens_at, state_of
from app.models.meetings import Meeting, MeetingAttendee, MeetingRequest, MeetingRequestState

SETTLE_JOB = "settle_meeting"


async def check_in(session: AsyncSession, actor: Actor, id_: int, person_id: int | None) -> Meeting:
    """Say that somebody is there; twice is once.

    Raises:
        NotFound: there is no such meeting, or it isn't the actor's to see.
        Forbidden: the actor does not meet, and does not run the market.
        Invalid: the one named does not meet.
        Conflict: it is cancelled, over, or too early.
    """
    found = await lock_meeting(session, actor, id_)
    attendee = _who_comes(actor, found.meeting, person_id)
    if attendee.checked_in_at is None:
        _require_taking_place(found)
        attendee.checked_in_at, attendee.missed_at = found.now, None
        attendee.marked_by_id = actor.person_id
        _record(session, actor, "meeting.checked_in", found, person_id=str(attendee.person_id))
        _set_state(session, actor, found)
        # Whoever gives the meeting another time takes this back: its end is here to stay.
        await jobs.defer(session, SETTLE_JOB, at=found.during.ends_at, meeting_id=str(id_))
        await session.flush()
    return found.meeting


async def report_no_show(
    session: AsyncSession, actor: Actor, id_: int, person_id: int | None
) -> Meeting:
    """Say that somebody did not come; twice is once.

    Raises:
        NotFound: there is no such meeting, or it isn't the actor's to see.
        Forbidden: the actor does not meet, and does not run the market.
        Invalid: the one named does not meet.
        Conflict: it is cancelled, they came, the actor did not, or it is too early to say.
    """
    found = await lock_meeting(session, actor, id_)
    attendee = _who_missed(actor, found.meeting, person_id)
    if attendee.missed_at is None:
        _require_not_cancelled(found)
        await _require_missing(session, actor, found, attendee)
        attendee.missed_at, attendee.marked_by_id = found.now, actor.person_id
        _set_state(session, actor, found)
        await session.flush()
    return found.meeting


async def settle(session: AsyncSession, meeting_id: int) -> None:
    """Write down, once a meeting is over, who did not come; done twice, it is done once."""
    request = await session.scalar(
        select(MeetingRequest)
        .join(Meeting, Meeting.request_id == MeetingRequest.id)
        .where(Meeting.id == meeting_id, Meeting.cancelled_at.is_(None))
        .with_for_update(of=MeetingRequest)
    )
    if request is None:
        return
    found = await held(session, request, meeting_id)
    if found.now < found.during.ends_at:
        # It was moved by somebody who did not know of this job.
        await jobs.defer(session, SETTLE_JOB, at=found.during.ends_at, meeting_id=str(meeting_id))
        return
    for place in missing_after(found.marks):
        found.meeting.attendees[place].missed_at = found.now
    _set_state(session, None, found)
    await session.flush()


def _set_state(session: AsyncSession, actor: Actor | None, found: Held) -> None:
    request = found.request
    if (state := state_of(found.marks)) is request.state:
        return
    request.state = state
    if state is MeetingRequestState.SCHEDULED:
        return
    missing = [
        str(attendee.person_id)
        for attendee in found.meeting.attendees
        if attendee.missed_at is not None
    ]
    _record(session, actor, f"meeting.{state}", found, missing=missing)
    record_request(session, actor, f"meeting_request.{state}", request)


def _record(
    session: AsyncSession, actor: Actor | None, type_: str, found: Held, **data: object
) -> None:
    record_meeting(session, actor, type_, found.meeting, found.request, **data)


# Who says it of whom --------------------------------------------------------------------------


def _who_comes(actor: Actor, meeting: Meeting, person_id: int | None) -> MeetingAttendee:
    if actor.is_organiser:
        return _named(meeting, person_id)
    own = _own(actor, meeting)
    if person_id not in (None, own.person_id):
        raise Forbidden(
            "You say of yourself that you are there; others say it of themselves.",
            code="not_yours_to_say",
        )
    return own


def _who_missed(actor: Actor, meeting: Meeting, person_id: int | None) -> MeetingAttendee:
    if actor.is_organiser:
        return _named(meeting, person_id)
    own = _own(actor, meeting)
    other = next(attendee for attendee in meeting.attendees if attendee is not own)
    if person_id not in (None, other.person_id):
        raise Forbidden("You say it of the other one alone.", code="not_yours_to_say")
    return other


def _own(actor: Actor, meeting: Meeting) -> MeetingAttendee:
    for attendee in meeting.attendees:
        if attendee.person_id == actor.person_id:
            return attendee
    raise Forbidden(
        "Only those who meet, and the organisers at the desk, say who came.", code="not_attending"
    )


def _named(meeting: Meeting, person_id: int | None) -> MeetingAttendee:
    for attendee in meeting.attendees:
        if attendee.person_id == person_id:
            return attendee
    raise Invalid.field("/person_id", "must name one of those who meet", code="not_attending")


# What must hold -------------------------------------------------------------------------------


def _require_not_cancelled(found: Held) -> None:
    if found.meeting.cancelled_at is not None:
        raise Conflict("The meeting was cancelled.", code="meeting_cancelled")


def _require_taking_place(found: Held) -> None:
    _require_not_cancelled(found)
    if found.now < (since := opens_at(found.during)):
        raise _too_early("Check in when the meeting is about to begin.", since)
    if found.now >= found.during.ends_at:
        raise Conflict("The meeting is over.", code="meeting_over")


async def _require_missing(
    session: AsyncSession, actor: Actor, found: Held, attendee: MeetingAttendee
) -> None:
    if attendee.checked_in_at is not None:
        raise Conflict("They are there, and said so.", code="they_came")
    grace: timedelta = await grace_of(session, found.meeting)
    if found.now < (since := no_show_from(found.during, grace)):
        raise _too_early("They may still come.", since)
    if not actor.is_organiser and _own(actor, found.meeting).checked_in_at is None:
        raise Conflict(
            "Only who is there can say that the other did not come: check in first.",
            code="not_checked_in",
        )


def _too_early(detail: str, since: datetime) -> Conflict:
    return Conflict(f"{detail} From {shown(since)} on.", code="too_early", not_before=shown(since))
