"""The caller's own agenda, as JSON and as a calendar file, and single meetings."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.deps import IfNoneMatchDep, MarketActor, PageDep, SessionDep, SettingsDep
from app.etags import etag_of, not_modified
from app.ids import Id
from app.incoming import Instant
from app.meetings import agenda, calendars, reads
from app.meetings.routes import ReadingDep, digest_of
from app.meetings.schemas import MeetingOut
from app.meetings.views import show_meetings
from app.pagination import ItemPage
from app.profiles.answers import NOT_MODIFIED
from app.transaction import TransactionRoute

router = APIRouter(tags=["meetings"], route_class=TransactionRoute)
ICALENDAR = "text/calendar"


class CalendarFile(Response):
    """An iCalendar file."""

    media_type = ICALENDAR


@router.get("/agenda", summary="My agenda")
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
    "/agenda.ics",
    summary="My agenda as a calendar file",
    response_class=CalendarFile,
    responses={
        200: {
            "description": "An iCalendar file (RFC 5545).",
            "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
            "content": {
                ICALENDAR: {
                    "schema": {"type": "string"},
                    "example": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n…END:VCALENDAR\r\n",
                }
            },
        },
        **NOT_MODIFIED,
    },
)
async def get_calendar(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    languages: ReadingDep,
    if_none_match: IfNoneMatchDep,
) -> Response:
    """Give the caller's meetings of the last year and all to come, for a calendar program.

    A meeting keeps its `UID`; its `SEQUENCE` rises when something of it changes. A cancelled one is
    marked so, that the program takes it off.
    """
    owner = await agenda.calendar_owner(session, actor)
    meetings = await agenda.list_calendar(session, actor)
    ids = {id_ for meeting in meetings for id_ in meeting.request.title_ids}
    refs = await reads.title_refs(session, ids, languages)
    titles = {id_: ref.title for id_, ref in refs.items()}
    content = calendars.calendar_of(meetings, titles, owner, settings.public_url)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if not_modified(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    disposition = 'inline; filename="agenda.ics"'
    return CalendarFile(content, headers={"ETag": etag, "Content-Disposition": disposition})


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
    etag = etag_of(meeting.version, digest_of(shown))
    if not_modified(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return shown
