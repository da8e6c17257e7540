"""How a request becomes a meeting: anywhere at a time they name, at a market in a slot of its."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.rules import Period
from app.errors import Conflict, Invalid
from app.meetings import booking
from app.meetings.answering import require_proposed
from app.meetings.asking import require_ahead
from app.meetings.attending import asker_of, takers_of
from app.meetings.editions import Edition, period_of_slot
from app.meetings.openings import Sides
from app.meetings.rules import flaw_of_length
from app.meetings.schemas import MeetingRequestAcceptance
from app.meetings.seating import require_lead, require_slot, seat
from app.models.meetings import Meeting, MeetingRequest


async def accept_anywhere(
    session: AsyncSession,
    actor: Actor,
    request: MeetingRequest,
    wanted: MeetingRequestAcceptance,
    now: datetime,
) -> Meeting:
    """Meet outside any market, at the time and the place they name.

    Raises:
        Invalid: no time is named, or none that can be.
        Conflict: whoever asked is gone, or somebody's time is taken.
    """
    if wanted.starts_at is None or wanted.ends_at is None:
        raise Invalid.field("/starts_at", "must be given, and ends_at: no market gives them")
    if wanted.anyone:
        raise Invalid.field("/anyone", "only a market picks somebody")
    period = Period(wanted.starts_at, wanted.ends_at)
    if (flaw := flaw_of_length(period)) is not None:
        raise Invalid.field("/ends_at", flaw)
    require_ahead(period.starts_at, now, "/starts_at")
    require_proposed(request, period)
    _require_own_choice(actor, request, wanted)
    named = wanted.person_id or request.taker_id
    taker_id = await booking.taker_of(session, actor, request, named)
    await booking.require_asker(session, request)
    request.taker_id = taker_id
    return await booking.book(session, request, period, taker_id, wanted.place, now)


async def accept_at_market(
    session: AsyncSession,
    actor: Actor,
    edition: Edition,
    request: MeetingRequest,
    wanted: MeetingRequestAcceptance,
    now: datetime,
) -> Meeting | None:
    """Meet at a market: in a slot they name, or else, giving None, when its schedule says.

    Raises:
        Invalid: the time is no slot, or the one who shall take it does not attend.
        Conflict: whoever asked is gone, or somebody's time is taken.
    """
    if wanted.place is not None:
        raise Invalid.field("/place", "the market gives the place: leave it out")
    _require_own_choice(actor, request, wanted)
    named = wanted.person_id or request.taker_id or request.to_person_id
    if named is None and actor.belongs_to(request.to_organisation_id):
        named = actor.person_id
    taker_id = None if wanted.anyone else named
    sides = await sides_of(session, request, taker_id)
    request.taker_id = taker_id
    if wanted.starts_at is None:
        return None
    slot = require_slot(edition, wanted.starts_at, wanted.ends_at)
    require_lead(edition, slot, now)
    require_proposed(request, period_of_slot(slot))
    return await seat(session, edition, request, sides, slot, now)


async def sides_of(session: AsyncSession, request: MeetingRequest, taker_id: int | None) -> Sides:
    """Give who would meet at the market.

    Raises:
        Conflict: whoever asked does not attend now.
        Invalid: none of those who could take it attends.
    """
    asker = await asker_of(session, request)
    if asker is None:
        raise Conflict(
            "Whoever asked does not attend the market now. Decline, or ask one of their "
            "colleagues.",
            code="asker_gone",
        )
    takers = await takers_of(session, request, asker, taker_id)
    if not takers:
        raise Invalid.field(
            "/person_id",
            "whoever takes it must be one of that organisation's people, and attend the market",
            code="not_attending",
        )
    return Sides(asker, tuple(takers))


def _require_own_choice(
    actor: Actor, request: MeetingRequest, wanted: MeetingRequestAcceptance
) -> None:
    chooses = wanted.person_id is not None or wanted.anyone
    if chooses and not actor.belongs_to(request.to_organisation_id):
        raise Invalid.field("/person_id", "only those who were asked say who of them comes")
