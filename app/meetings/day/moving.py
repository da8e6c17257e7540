"""The organisers move a meeting to another slot or place, or lock it where it is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.agendas.calling_off import forget_who_came
from app.agendas.facts import record_meeting, shown
from app.agendas.holding import Taken, change_place, take_turns, unless_taken
from app.agendas.periods import range_of
from app.errors import Conflict, Invalid
from app.etags import require_match
from app.markets.rules import Slot
from app.meetings import agenda
from app.meetings.day.locking import Held, lock_meeting
from app.meetings.day.obstacles import Obstacle, Wish, obstacles
from app.meetings.day.schemas import MoveIn
from app.meetings.editions import Edition, hold_edition
from app.meetings.seating import require_slot
from app.models.markets import Hall, Place
from app.models.meetings import Meeting, MeetingRequestState


async def move(session: AsyncSession, actor: Actor, id_: int, wanted: MoveIn) -> Meeting:
    """Move a meeting: both people and the place hold the new time, or nothing is changed.

    Raises:
        NotFound: there is no such meeting.
        Conflict: it is of no market, or none that is open; it is not scheduled; or something is in
            the way, which is named.
        Invalid: the time is no slot of its market or over, or the place is none of its places.
    """
    market_id = (await agenda.get_meeting(session, actor, id_)).market_id
    if market_id is None:
        raise Conflict(
            "The meeting is at no market: its people agree on another time.", code="no_market"
        )
    edition = await hold_edition(session, market_id)
    found = await lock_meeting(session, actor, id_)
    _require_scheduled(found)
    slot = _slot(edition, found, wanted.starts_at)
    await take_turns(session, [attendee.person_id for attendee in found.meeting.attendees])
    place, where = await _place(session, found.meeting, wanted.place_id)
    wish = _wish(edition, found, slot, place)
    if slot is None and (place is None or place.id == found.meeting.place_id):
        return found.meeting
    was = {"starts_at": shown(wish.was.starts_at), "place_id": _id(found.meeting.place_id)}
    try:
        async with unless_taken(session):
            await _put(session, found.meeting, wish, where)
    except Taken:
        raise _in_the_way(await obstacles(session, wish)) from None
    if left := await obstacles(session, wish):
        raise _in_the_way(left)
    record_meeting(session, actor, "meeting.moved", found.meeting, found.request, was=was)
    return await agenda.get_meeting(session, actor, id_)


async def set_locked(
    session: AsyncSession, actor: Actor, id_: int, if_match: str | None, *, locked: bool
) -> Meeting:
    """Have the schedule leave a meeting where it is, or no longer.

    Raises:
        NotFound: there is no such meeting.
        PreconditionFailed: it was changed meanwhile.
        Conflict: it is not scheduled.
    """
    found = await lock_meeting(session, actor, id_)
    require_match(if_match, found.meeting.version)
    _require_scheduled(found)
    if found.meeting.locked is not locked:
        found.meeting.locked = locked
        await session.flush()
        type_ = "meeting.locked" if locked else "meeting.unlocked"
        record_meeting(session, actor, type_, found.meeting, found.request)
    return found.meeting


def _require_scheduled(found: Held) -> None:
    if found.request.state is not MeetingRequestState.SCHEDULED:
        raise Conflict(
            f"The meeting is {found.request.state}; only a scheduled one is moved or locked.",
            code="not_scheduled",
            state=found.request.state,
        )


def _slot(edition: Edition, found: Held, starts_at: datetime | None) -> Slot | None:
    if starts_at is None or starts_at == found.during.starts_at:
        return None
    slot = require_slot(edition, starts_at, None)
    if slot.ends_at <= found.now:
        raise Invalid.field("/starts_at", "must be a slot that is not over", code="too_late")
    return slot


async def _place(
    session: AsyncSession, meeting: Meeting, place_id: int | None
) -> tuple[Place | None, str]:
    """Give the place it shall be at, locked, and where that is."""
    wanted_id = meeting.place_id if place_id is None else place_id
    statement = (
        select(Place, func.concat_ws(", ", Hall.name, Place.name))
        .outerjoin(Hall, Hall.id == Place.hall_id)
        .where(Place.id == wanted_id, Place.market_id == meeting.market_id)
        .with_for_update(of=Place)
        .execution_options(populate_existing=True)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None and wanted_id is not None:
        raise Invalid.field("/place_id", "must be a place of this market")
    return (row[0], row[1]) if row else (None, "")


def _wish(edition: Edition, found: Held, slot: Slot | None, place: Place | None) -> Wish:
    request = found.request
    return Wish(
        edition=edition,
        meeting_id=found.meeting.id,
        people=tuple(attendee.person for attendee in found.meeting.attendees),
        organisation_ids=(request.from_organisation_id, request.to_organisation_id),
        was=found.during,
        slot=slot,
        place=place,
    )


async def _put(session: AsyncSession, meeting: Meeting, wish: Wish, where: str) -> None:
    """Write it: what the people hold follows the meeting's time by itself."""
    if wish.slot is not None:
        await forget_who_came(session, [meeting.id])
    with session.no_autoflush:
        # Not before it has left its old place: something else may be there at the new time.
        meeting.during = range_of(wish.period)
        meeting.sequence += 1
        if wish.place is not None and wish.place.id != meeting.place_id:
            await change_place(session, meeting, wish.place.id, where)


def _in_the_way(found: Sequence[Obstacle]) -> Conflict:
    return Conflict(
        "The meeting can't be there then: obstacles names what is in the way.",
        code="in_the_way",
        obstacles=list(found),
    )


def _id(id_: int | None) -> str | None:
    return None if id_ is None else str(id_)
