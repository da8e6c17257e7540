"""Calendar files: the agenda, for who is signed in or has its private address; and invitations."""

import asyncio
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import APIKeyQuery

from app.actors import Actor
from app.deps import (
    OAUTH2,
    IfNoneMatchDep,
    LanguagesDep,
    MarketActor,
    PageDep,
    SessionDep,
    SettingsDep,
    admit_to_market,
)
from app.etags import NOT_MODIFIED, not_modified
from app.ids import Id
from app.meetings import agenda, calendars, feeds, views
from app.meetings.calendar_schemas import CalendarFeedIn, CalendarFeedMade, CalendarFeedOut
from app.meetings.routes import ReadingDep
from app.openapi import problems
from app.pagination import ItemPage
from app.profiles.answers import languages_for
from app.scopes import PEOPLE_ONLY
from app.transaction import TransactionRoute

router = APIRouter(tags=["calendars"], route_class=TransactionRoute, dependencies=[PEOPLE_ONLY])
ICALENDAR = "text/calendar"
FEED_TOKEN = APIKeyQuery(
    name="token",
    scheme_name="CalendarToken",
    description="The secret of a private address: `POST /v1/agenda/calendar-feeds` gives it.",
    auto_error=False,
)
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


async def reader_of(
    request: Request,
    session: SessionDep,
    token: Annotated[str | None, Depends(FEED_TOKEN)],
    _: Annotated[str | None, Depends(OAUTH2)],
) -> Actor:
    """Give whose agenda is read: its private address says so, or else who is signed in."""
    if token is not None:
        return await feeds.reader_of(session, token)
    return await admit_to_market(request)


Reader = Annotated[Actor, Depends(reader_of)]


@router.get(
    "/agenda.ics",
    summary="My agenda as a calendar file",
    response_class=CalendarFile,
    responses={**FILE, **problems(404)},
)
async def get_calendar(
    session: SessionDep,
    actor: Reader,
    settings: SettingsDep,
    asked: LanguagesDep,
    if_none_match: IfNoneMatchDep,
) -> Response:
    """Give one's meetings and blocks of the last year and all to come, for a calendar program.

    With the `token` of a private address nobody need sign in; 404 once it is revoked, or its owner
    is not in the market. A meeting keeps its `UID`; its `SEQUENCE` rises when something of it
    changes. A cancelled one is marked so, that the program takes it off.
    """
    meetings = await agenda.list_calendar(session, actor)
    blocks = await agenda.list_calendar_blocks(session, actor)
    languages = languages_for(actor, asked)
    view = await views.calendar_view(session, actor, meetings, languages, settings.public_url)
    # Of a long agenda it takes a while, in which others are served.
    content = await asyncio.to_thread(calendars.calendar_of, meetings, blocks, view)
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


@router.post("/agenda/calendar-feeds", summary="Make a private calendar address", status_code=201)
async def create_calendar_feed(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    response: Response,
    wanted: CalendarFeedIn | None = None,
) -> CalendarFeedMade:
    """Make an address of your agenda for a calendar program, which can't sign in.

    The address is shown this once. Whoever has it reads your agenda until you revoke it; make one
    for each program. 409 `too_many_feeds` where you have 20.
    """
    feed, token = await feeds.create_feed(session, actor, wanted.name if wanted else "")
    response.headers["Location"] = f"/v1/agenda/calendar-feeds/{feed.id}"
    url = f"{settings.public_url.rstrip('/')}/v1/agenda.ics?token={token}"
    shown = CalendarFeedOut.model_validate(feed)
    return CalendarFeedMade(**dict(shown), url=url, webcal_url=f"webcal:{url.partition(':')[2]}")


@router.get("/agenda/calendar-feeds", summary="List my private calendar addresses")
async def list_calendar_feeds(
    session: SessionDep, actor: MarketActor, response: Response, page: PageDep
) -> ItemPage[CalendarFeedOut]:
    """List your own, newest first, with when each was last read; revoked ones too."""
    rows, cursor = await feeds.list_feeds(session, actor, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[CalendarFeedOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.delete(
    "/agenda/calendar-feeds/{feed_id}", summary="Revoke a private calendar address", status_code=204
)
async def revoke_calendar_feed(session: SessionDep, actor: MarketActor, feed_id: Id) -> None:
    """Let the address lead nowhere, at once. Revoking twice is revoking once."""
    await feeds.revoke_feed(session, actor, feed_id)
