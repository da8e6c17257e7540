"""The journal's facts about meetings and their requests: both sides may know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.agendas.periods import period_of
from app.agendas.rules import Period
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
    sides = (request.from_organisation_id, request.to_organisation_id)
    period = period_of(meeting.during)
    of = Placed(meeting.id, request.id, request.market_id, sides, period, meeting.place_id)
    told = of.told() | data
    events.record(session, actor, type_, meeting.id, organisation_ids=sides, data=told)


@dataclass(frozen=True, slots=True)
class Placed:
    """A meeting as the journal tells of it."""

    meeting_id: int
    request_id: int
    market_id: int | None
    sides: tuple[int, int]
    period: Period
    place_id: int | None

    def told(self) -> dict[str, object]:
        """Give what a fact about the meeting says."""
        return {
            "meeting_request_id": str(self.request_id),
            "market_id": str(self.market_id) if self.market_id else None,
            "starts_at": shown(self.period.starts_at),
            "ends_at": shown(self.period.ends_at),
            "place_id": str(self.place_id) if self.place_id else None,
        }

    def told_of_request(self) -> dict[str, object]:
        """Give what a fact about its request says."""
        return {
            "from_organisation_id": str(self.sides[0]),
            "to_organisation_id": str(self.sides[1]),
            "market_id": str(self.market_id) if self.market_id else None,
        }


async def record_placed(
    session: AsyncSession,
    actor: Actor,
    type_: str,
    of_request: str | None,
    placed: Sequence[Placed],
) -> None:
    """Write the same fact of many meetings, and one of the request of each, if any."""
    meetings = [(one.meeting_id, one.sides, one.told()) for one in placed]
    await events.record_all(session, actor, type_, meetings)
    if of_request is not None:
        requests = [
            (one.request_id, one.sides, one.told_of_request() | {"meeting_id": str(one.meeting_id)})
            for one in placed
        ]
        await events.record_all(session, actor, of_request, requests)


def _market_of(request: MeetingRequest) -> dict[str, object]:
    return {"market_id": str(request.market_id) if request.market_id else None}


def shown(instant: datetime) -> str:
    """Write an instant as the API does."""
    return instant.isoformat().replace("+00:00", "Z")
