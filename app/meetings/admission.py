"""What a market asks of those who ask: that both attend, in roles that meet, and in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.rules import Period
from app.errors import Conflict, Forbidden, Invalid
from app.markets.reads import visible_markets
from app.meetings.attending import OTHER_ROLE, participants
from app.meetings.editions import Edition, edition_of, period_of_slot, require_open
from app.meetings.fitting import Participant
from app.meetings.schemas import MeetingRequestIn
from app.models.accounts import Person
from app.models.markets import Accreditation, AccreditationRole, Market


@dataclass(frozen=True, slots=True)
class Admission:
    """That somebody may ask, and what follows from the market for the request."""

    seller_id: int
    quota: int | None
    lifetime: timedelta


async def admit(
    session: AsyncSession, actor: Actor, market_id: int, wanted: MeetingRequestIn, now: datetime
) -> Admission:
    """Hold a request to the market at which they would meet.

    Raises:
        Invalid: the market, the asked or a time is none that could be.
        Forbidden: the actor does not attend, or not as somebody who may ask.
        Conflict: the market is not open, or too late for another meeting.
    """
    if wanted.to_organisation_id == actor.organisation_id:
        raise Invalid.field(
            "/to_organisation_id", "is your own organisation", code="own_organisation"
        )
    market = await session.scalar(visible_markets(actor).where(Market.id == market_id))
    if market is None:
        raise Invalid.field("/market_id", "must be a market", code="unknown_market")
    require_open(market)
    edition = await edition_of(session, market)
    if not edition.slots_after(now):
        raise Conflict("It is too late for another meeting at this market.", code="market_over")
    asker = await _require_asker(session, actor, market)
    await _require_asked(session, market.id, asker, wanted)
    _require_slots(edition, asker, [time.period for time in wanted.proposed_times], now)
    sells = asker.role is AccreditationRole.SELLER
    return Admission(
        seller_id=actor.organisation_id if sells else wanted.to_organisation_id,
        quota=market.request_quota,
        lifetime=edition.request_lifetime(now),
    )


async def _require_asker(session: AsyncSession, actor: Actor, market: Market) -> Participant:
    found = await participants(session, market.id, Person.id == actor.person_id)
    if not found:
        raise Forbidden(
            "You are not accredited for this market: an admin of your company registers you with "
            "POST /v1/markets/{market_id}/accreditations.",
            code="not_accredited",
        )
    if found[0].role not in market.askers:
        raise Forbidden(
            f"You attend as {found[0].role}; at this market {' and '.join(market.askers)} ask.",
            code="may_not_ask",
        )
    return found[0]


async def _require_asked(
    session: AsyncSession, market_id: int, asker: Participant, wanted: MeetingRequestIn
) -> None:
    role = OTHER_ROLE[asker.role]
    which = [Person.organisation_id == wanted.to_organisation_id, Accreditation.role == role]
    pointer, detail = "/to_organisation_id", f"must have somebody who attends as a {role}"
    if wanted.to_person_id is not None:
        which.append(Person.id == wanted.to_person_id)
        pointer, detail = "/to_person_id", f"must attend this market as a {role}"
    if not await participants(session, market_id, *which):
        raise Invalid.field(pointer, detail, code="not_attending")


def _require_slots(
    edition: Edition, proposer: Participant, proposed: list[Period], now: datetime
) -> None:
    slots = [slot for slot in edition.slots_after(now) if proposer.attends(slot)]
    for place, period in enumerate(proposed):
        if not any(period.covers(period_of_slot(slot)) for slot in slots):
            raise Invalid.field(
                f"/proposed_times/{place}",
                "must hold a slot of the market that is still to be had, on a day and at a time "
                "that you attend",
                code="no_slot",
            )


async def require_proposable(
    session: AsyncSession, actor: Actor, edition: Edition, proposed: list[Period], now: datetime
) -> None:
    """Hold other times to slots of the market that whoever proposes them could take.

    Raises:
        Forbidden: the actor does not attend.
        Invalid: a time holds no slot.
    """
    found = await participants(session, edition.market.id, Person.id == actor.person_id)
    if not found:
        raise Forbidden("You are not accredited for this market.", code="not_accredited")
    _require_slots(edition, found[0], proposed, now)
