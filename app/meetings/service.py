"""Requests for meetings: asked, listed, expired. Only a scheduled one holds anybody's time."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.actors import Actor
from app.agendas.facts import record_request
from app.agendas.periods import range_of
from app.errors import NotFound
from app.meetings import reads
from app.meetings.admission import admit
from app.meetings.asking import (
    require_ahead,
    require_counterpart,
    require_person_of,
    require_published,
    require_room_for_one_more,
)
from app.meetings.rules import expiry_of
from app.meetings.schemas import (
    MeetingRequestDirection,
    MeetingRequestIn,
)
from app.models.meetings import MeetingRequest, MeetingRequestState
from app.pagination import PageRequest, bounded_int
from app.settings import Settings

ORDER = "id"
EXPIRE_JOB = "expire_meeting_request"


async def get_request(session: AsyncSession, actor: Actor, id_: int) -> MeetingRequest:
    """Give a request with all that is shown of it, read anew.

    What the session held is let go first: `populate_existing` would have one of the statements take
    away again what another one had loaded of the same person.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    await session.flush()
    session.expunge_all()
    statement = reads.visible_requests(actor).where(MeetingRequest.id == id_)
    found = await session.scalar(statement.options(*reads.WHOLE_REQUEST))
    if found is None:
        raise NotFound("meeting request")
    return found


async def list_requests(
    session: AsyncSession,
    actor: Actor,
    page: PageRequest,
    direction: MeetingRequestDirection | None,
    state: MeetingRequestState | None,
    market_id: int | None,
) -> tuple[list[MeetingRequest], str | None]:
    """Give a page of requests, newest first."""
    statement = (
        reads.visible_requests(actor)
        .options(*reads.WHOLE_REQUEST)
        .order_by(MeetingRequest.id.desc())
        .limit(page.fetch)
    )
    if direction is MeetingRequestDirection.IN:
        statement = statement.where(MeetingRequest.to_organisation_id == actor.organisation_id)
    if direction is MeetingRequestDirection.OUT:
        statement = statement.where(MeetingRequest.from_organisation_id == actor.organisation_id)
    if state is not None:
        statement = statement.where(reads.in_state(state, datetime.now(UTC)))
    if market_id is not None:
        statement = statement.where(MeetingRequest.market_id == market_id)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(MeetingRequest.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def create_request(
    session: AsyncSession, actor: Actor, wanted: MeetingRequestIn, settings: Settings
) -> MeetingRequest:
    """Ask another organisation to meet; nobody's time is held for it.

    Raises:
        Invalid: it asks whom, about what or for when it can't.
        Forbidden: the actor may not ask, here or at all.
        Conflict: the same was asked already, too much is unanswered, or the market is not open.
    """
    now = await clock_of(session)
    proposed = [time.period for time in wanted.proposed_times]
    for place, period in enumerate(proposed):
        require_ahead(period.starts_at, now, f"/proposed_times/{place}/starts_at")
    quota, lifetime = None, settings.meeting_request_lifetime
    if wanted.market_id is None:
        seller_ids = await require_counterpart(session, actor, wanted.to_organisation_id)
    else:
        admission = await admit(session, actor, wanted.market_id, wanted, now)
        seller_ids, quota, lifetime = {admission.seller_id}, admission.quota, admission.lifetime
    if wanted.to_person_id is not None:
        await require_person_of(
            session, wanted.to_organisation_id, wanted.to_person_id, "/to_person_id"
        )
    await require_published(session, wanted.title_ids, seller_ids)
    for overdue in await require_room_for_one_more(session, actor, wanted, quota):
        _expire(session, overdue)
    await session.flush()
    request = MeetingRequest(
        market_id=wanted.market_id,
        from_organisation_id=actor.organisation_id,
        from_person_id=actor.person_id,
        to_organisation_id=wanted.to_organisation_id,
        to_person_id=wanted.to_person_id,
        title_ids=wanted.title_ids,
        topics=wanted.topics,
        priority=wanted.priority,
        message=wanted.message,
        proposed_times=[range_of(period) for period in proposed],
        expires_at=expiry_of(now, lifetime, proposed),
    )
    session.add(request)
    await session.flush()
    await jobs.defer(session, EXPIRE_JOB, at=request.expires_at, request_id=str(request.id))
    record_request(session, actor, "meeting_request.created", request)
    return await get_request(session, actor, request.id)


async def expire_request(session: AsyncSession, request_id: int) -> None:
    """Let a request expire that nobody answered in time; done twice, it is done once."""
    overdue = await session.scalar(
        select(MeetingRequest)
        .where(MeetingRequest.id == request_id)
        .where(MeetingRequest.state == MeetingRequestState.PENDING)
        .where(MeetingRequest.expires_at <= func.now())
        .with_for_update()
    )
    if overdue is not None:
        _expire(session, overdue)
        await session.flush()


def _expire(session: AsyncSession, request: MeetingRequest) -> None:
    request.state = MeetingRequestState.EXPIRED
    request.answered_at = request.expires_at
    record_request(session, None, "meeting_request.expired", request)


async def lock_request(
    session: AsyncSession, actor: Actor, id_: int
) -> tuple[MeetingRequest, datetime]:
    """Give a request to answer, held so that of two answers one comes first; and the time it is."""
    statement = reads.visible_requests(actor).where(MeetingRequest.id == id_).with_for_update()
    request = await session.scalar(statement)
    if request is None:
        raise NotFound("meeting request")
    return request, await clock_of(session)


async def clock_of(session: AsyncSession) -> datetime:
    """Ask the database, whose clock the worker goes by, too."""
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return now
