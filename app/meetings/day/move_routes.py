"""The organisers move meetings, and lock them, over HTTP."""

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.deps import IfMatchDep, OrganiserActor, SessionDep
from app.etags import tagged
from app.ids import Id
from app.meetings import agenda
from app.meetings.day import moving
from app.meetings.day.schemas import MeetingPatch, MoveIn
from app.meetings.routes import ReadingDep
from app.meetings.schemas import MeetingOut
from app.meetings.views import show_meetings
from app.models.meetings import Meeting
from app.openapi import problems
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/meetings/{meeting_id}",
    tags=["meetings"],
    route_class=TransactionRoute,
    dependencies=[scoped("meetings")],
)


@router.post("/move", summary="Move a meeting")
async def move_meeting(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    meeting_id: Id,
    languages: ReadingDep,
    wanted: MoveIn,
) -> MeetingOut:
    """Move a meeting of a market to another slot, another place, or both; organisers only.

    Both people and the place hold the new time, or nothing is changed. 409 `in_the_way` names every
    one of the `obstacles`, each with its `code`: `person_is_taken` and `place_is_taken` (by what,
    from when until when: a meeting with its id and companies, a session, a block),
    `walk_too_long`, `not_attending`, `not_available`, `too_many_that_day`, `place_closed`,
    `place_is_anothers`, `someone_attends_online`, `nobody_attends_online`. The market's lead time
    does not matter here. Who had checked in does so anew. 409 `not_scheduled` for a meeting that
    was held, missed or cancelled, `market_not_open`, `no_market`.
    """
    meeting = await moving.move(session, actor, meeting_id, wanted)
    return await _shown(session, actor, response, meeting, languages)


@router.patch("", summary="Lock a meeting", responses=problems(409, 412))
async def update_meeting(
    session: SessionDep,
    actor: OrganiserActor,
    response: Response,
    meeting_id: Id,
    languages: ReadingDep,
    patch: MeetingPatch,
    if_match: IfMatchDep,
) -> MeetingOut:
    """Have the market's schedule leave a meeting where it is, or no longer; organisers only.

    409 `not_scheduled` for a meeting that was held, missed or cancelled.
    """
    meeting = await moving.set_locked(session, actor, meeting_id, if_match, locked=patch.locked)
    return await _shown(session, actor, response, meeting, languages)


async def _shown(
    session: AsyncSession,
    actor: Actor,
    response: Response,
    meeting: Meeting,
    languages: tuple[str, ...],
) -> MeetingOut:
    owner = await agenda.calendar_owner(session, actor)
    (shown,) = await show_meetings(session, [meeting], languages, owner.time_zone)
    return tagged(response, shown, meeting.version)
