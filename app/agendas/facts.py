"""The journal's facts about meetings and their requests: both sides may know of them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.agendas.periods import period_of
from app.models.meetings import Meeting, MeetingRequest


def record_request(
    session: AsyncSession, actor: Actor | None, type_: str, request: MeetingRequest, **data: object
) -> None:
    """Write a fact about a request."""
    sides = (request.from_organisation_id, request.to_organisation_id)
    told = {
        "from_organisation_id": str(sides[0]),
        "to_organisation_id": str(sides[1]),
        **_market_of(request),
        **data,
    }
    events.record(session, actor, type_, request.id, organisation_ids=sides, data=told)


def record_meeting(
    session: AsyncSession,
    actor: Actor | None,
    type_: str,
    meeting: Meeting,
    request: MeetingRequest,
    **data: object,
) -> None:
    """Write a fact about a meeting."""
    period = period_of(meeting.during)
    told = {
        "meeting_request_id": str(request.id),
        **_market_of(request),
        "starts_at": shown(period.starts_at),
        "ends_at": shown(period.ends_at),
        "place_id": str(meeting.place_id) if meeting.place_id else None,
        **data,
    }
    sides = (request.from_organisation_id, request.to_organisation_id)
    events.record(session, actor, type_, meeting.id, organisation_ids=sides, data=told)


def _market_of(request: MeetingRequest) -> dict[str, object]:
    return {"market_id": str(request.market_id) if request.market_id else None}


def shown(instant: datetime) -> str:
    """Write an instant as the API does."""
    return instant.isoformat().replace("+00:00", "Z")
