"""The caller's own agenda, and single meetings."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.deps import IfNoneMatchDep, MarketActor, PageDep, SessionDep
from app.etags import NOT_MODIFIED, unless_known
from app.ids import Id
from app.incoming import Instant
from app.meetings import agenda
from app.meetings.routes import ReadingDep
from app.meetings.schemas import MeetingOut
from app.meetings.views import show_meetings
from app.pagination import ItemPage
from app.scopes import PEOPLE_ONLY, scoped
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["meetings"], route_class=TransactionRoute, dependencies=[scoped("meetings")]
)


@router.get("/agenda", summary="My agenda", dependencies=[PEOPLE_ONLY])
async def list_agenda(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    page: PageDep,
    languages: ReadingDep,
    from_: Annotated[
        Instant | None, Query(alias="from", description="What ends later; now, if left out.")
    ] = None,
    until: Annotated[Instant | None, Query(description="What starts earlier.")] = None,
) -> ItemPage[MeetingOut]:
    """List the caller's own meetings in the order of time, each on the clock of all who meet.

    Cancelled meetings hold nobody's time and are not listed.
    """
    rows, cursor = await agenda.list_agenda(session, actor, page, from_, until)
    owner = await agenda.calendar_owner(session, actor)
    response.headers.update(page.link(cursor))
    items = await show_meetings(session, rows, languages, owner.time_zone)
    return ItemPage(items=items, next_cursor=cursor)


@router.get(
    "/meetings/{meeting_id}",
    summary="Get a meeting",
    response_model=MeetingOut,
    responses=NOT_MODIFIED,
)
async def get_meeting(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    meeting_id: Id,
    languages: ReadingDep,
    if_none_match: IfNoneMatchDep,
) -> MeetingOut | Response:
    """Give a meeting of either side's, also when it was cancelled; organisers see everybody's."""
    meeting = await agenda.get_meeting(session, actor, meeting_id)
    owner = await agenda.calendar_owner(session, actor)
    (shown,) = await show_meetings(session, [meeting], languages, owner.time_zone)
    return unless_known(response, shown, meeting.version, if_none_match)
