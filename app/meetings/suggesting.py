"""Times that would suit both sides of a request, before anybody takes one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.actors import Actor
from app.agendas.rules import Period
from app.errors import Conflict
from app.meetings import reads
from app.meetings.accepting import sides_of
from app.meetings.answering import state_at
from app.meetings.booking import OUTLOOK
from app.meetings.editions import edition_of, period_of_slot, require_open
from app.meetings.openings import openings
from app.meetings.rules import free_times
from app.meetings.seating import slots_for
from app.meetings.service import clock_of, get_request
from app.models.accounts import Person
from app.models.markets import Market
from app.models.meetings import MeetingRequest, MeetingRequestState
from app.pagination import PageRequest, instant_of

ORDER = "starts_at"
# The next time may begin as the one before ends.
INSTANT = timedelta(microseconds=1)
WAITING = {MeetingRequestState.PENDING, MeetingRequestState.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A time, and who would meet: who asked first, and of the asked who it would be, if known."""

    period: Period
    people: tuple[Person, ...]


Found = list[tuple[Period, tuple[int, ...]]]


async def suggest(
    session: AsyncSession, actor: Actor, id_: int, page: PageRequest, length: timedelta
) -> tuple[list[Suggestion], str | None]:
    """Give a page of times that suit both, in the order of time.

    At a market they are slots for which there is a place, too; elsewhere of a length.

    Raises:
        NotFound: the request isn't there, or isn't the actor's to see.
        Conflict: it needs no time, its asker is gone, or the market is not open.
        Invalid: whoever should take it can't.
    """
    request = await get_request(session, actor, id_)
    now = await clock_of(session)
    if (state := state_at(request, now)) not in WAITING:
        raise Conflict(
            f"The request is {state}: it needs no time.", code="not_pending", state=state
        )
    after = page.after(ORDER, instant_of)
    seen = None if after is None else after[0]
    if request.market_id is None:
        since = now if seen is None else max(now, seen + length - INSTANT)
        found = await _anywhere(session, actor, request, since, length, page.fetch)
    else:
        found = await _at_market(session, request, request.market_id, now, seen or now, page.fetch)
    rows, cursor = page.split(found, ORDER, lambda one: (one[0].starts_at,))
    people = await _people(session, {id_ for _, ids in rows for id_ in ids})
    return [Suggestion(time, tuple(people[id_] for id_ in ids)) for time, ids in rows], cursor


async def _at_market(
    session: AsyncSession,
    request: MeetingRequest,
    market_id: int,
    now: datetime,
    since: datetime,
    at_most: int,
) -> Found:
    market = (await session.scalars(select(Market).where(Market.id == market_id))).one()
    require_open(market)
    edition = await edition_of(session, market)
    sides = await sides_of(session, request, request.taker_id or request.to_person_id)
    slots = [slot for slot in slots_for(edition, request, now) if slot.starts_at > since]
    return [
        (period_of_slot(one.slot), (sides.asker.person_id, one.taker.person_id))
        for one in await openings(session, edition, sides, slots, at_most)
    ]


async def _anywhere(
    session: AsyncSession,
    actor: Actor,
    request: MeetingRequest,
    since: datetime,
    length: timedelta,
    at_most: int,
) -> Found:
    caller = actor.person_id if actor.belongs_to(request.to_organisation_id) else None
    taker_id = request.taker_id or request.to_person_id or caller
    people = tuple(id_ for id_ in (request.from_person_id, taker_id) if id_ is not None)
    within = reads.proposed_periods(request) or [Period(since, since + OUTLOOK)]
    span = Period(min(within).starts_at, max(one.ends_at for one in within))
    busy = await reads.busy_periods(session, people, span)
    times = free_times(within, busy, length=length, after=since, at_most=at_most)
    return [(time, people) for time in times]


async def _people(session: AsyncSession, ids: set[int]) -> dict[int, Person]:
    statement = select(Person).where(Person.id.in_(ids))
    whole = statement.options(joinedload(Person.organisation, innerjoin=True))
    return {person.id: person for person in await session.scalars(whole)}
