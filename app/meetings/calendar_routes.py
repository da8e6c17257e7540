"""Calendar files: the agenda, and invitations."""

import hashlib
from typing import Any

from fastapi import APIRouter, Response

from app.deps import IfNoneMatchDep, MarketActor, SessionDep, SettingsDep
from app.etags import not_modified
from app.ids import Id
from app.meetings import agenda, calendars, views
from app.meetings.routes import ReadingDep
from app.profiles.answers import NOT_MODIFIED
from app.transaction import TransactionRoute

router = APIRouter(tags=["calendars"], route_class=TransactionRoute)
ICALENDAR = "text/calendar"
EXAMPLE = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n…END:VCALENDAR\r\n"
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An iCalendar file (RFC 5545).",
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
        "content": {ICALENDAR: {"schema": {"type": "string"}, "example": EXAMPLE}},
    },
    **NOT_MODIFIED,
}


class CalendarFile(Response):
    """An iCalendar file."""

    media_type = ICALENDAR


@router.get(
    "/agenda.ics",
    summary="My agenda as a calendar file",
    response_class=CalendarFile,
    responses=FILE,
)
async def get_calendar(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    languages: ReadingDep,
    if_none_match: IfNoneMatchDep,
) -> Response:
    """Give one's meetings and blocks of the last year and all to come, for a calendar program.

    A meeting keeps its `UID`; its `SEQUENCE` rises when something of it changes. A cancelled one is
    marked so, that the program takes it off.
    """
    meetings = await agenda.list_calendar(session, actor)
    blocks = await agenda.list_calendar_blocks(session, actor)
    view = await views.calendar_view(session, actor, meetings, languages, settings.public_url)
    content = calendars.calendar_of(meetings, blocks, view)
    return _file(content, "agenda.ics", ICALENDAR, if_none_match)


@router.get(
    "/meetings/{meeting_id}.ics",
    summary="A meeting as an invitation",
    response_class=CalendarFile,
    responses=FILE,
)
async def get_invitation(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    meeting_id: Id,
    languages: ReadingDep,
    if_none_match: IfNoneMatchDep,
) -> Response:
    """Give a meeting's file, as its organizer would send it, for a calendar program to open.

    `METHOD:REQUEST` for those who meet, and `METHOD:CANCEL` once it was cancelled;
    `METHOD:PUBLISH` for who may only see it. `UID` and `SEQUENCE` are those of the agenda's file.
    No e-mail address is in it but the caller's own.
    """
    meeting = await agenda.get_meeting(session, actor, meeting_id)
    view = await views.calendar_view(session, actor, [meeting], languages, settings.public_url)
    content = calendars.invitation_of(meeting, view)
    kind = f"{ICALENDAR}; method={calendars.method_for(meeting, view)}"
    return _file(content, f"meeting-{meeting.id}.ics", kind, if_none_match)


def _file(content: bytes, name: str, media_type: str, if_none_match: str | None) -> Response:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if not_modified(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    headers = {"ETag": etag, "Content-Disposition": f'inline; filename="{name}"'}
    return CalendarFile(content, media_type=media_type, headers=headers)
