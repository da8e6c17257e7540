"""Calendar files (RFC 5545) of agendas, and invitations to meetings (RFC 5546).

Instants are written in UTC: every calendar program shows them on its reader's own clock, and none
has to know, or may get wrong, when which country moved its clocks. Nor is a zone named for all of a
file (`X-WR-TIMEZONE`): who converts to it is an hour off while clocks are set back.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from app.meetings.calendar_events import CalendarView, block_event, meeting_event
from app.meetings.calendar_text import component, line
from app.models.meetings import AgendaEntry, Meeting

NAME = "FilmMart"
REFRESH_EVERY = "PT15M"


class Method(StrEnum):
    """What a file that has one meeting asks of the program that opens it (iTIP)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    # To be shown to somebody who does not attend
    PUBLISH = "PUBLISH"


def calendar_of(
    meetings: Sequence[Meeting], blocks: Sequence[AgendaEntry], view: CalendarView
) -> bytes:
    """Write a person's agenda as an iCalendar file; the same agenda gives the same bytes."""
    about = [
        line("NAME", NAME),
        line("X-WR-CALNAME", NAME),
        line("REFRESH-INTERVAL", REFRESH_EVERY, VALUE="DURATION"),
        line("X-PUBLISHED-TTL", REFRESH_EVERY),
    ]
    met = [meeting_event(meeting, view) for meeting in meetings]
    return _calendar([*about, *met, *(block_event(block, view) for block in blocks)])


def method_for(meeting: Meeting, view: CalendarView) -> Method:
    """Tell what a meeting's file is to its reader: invitations are of those who meet."""
    if all(attendee.person_id != view.owner.person_id for attendee in meeting.attendees):
        return Method.PUBLISH
    return Method.CANCEL if meeting.cancelled_at else Method.REQUEST


def invitation_of(meeting: Meeting, view: CalendarView) -> bytes:
    """Write a meeting as the message of its organizer that it takes place, or is off."""
    method = method_for(meeting, view)
    # RFC 5546, 3.2.1: what is published has no attendees.
    event = meeting_event(meeting, view, names_people=method is not Method.PUBLISH)
    return _calendar([line("METHOD", method), event])


def _calendar(parts: Iterable[str]) -> bytes:
    made_by = [
        line("VERSION", "2.0"),
        line("PRODID", "-//FilmMart//Agenda//EN"),
        line("CALSCALE", "GREGORIAN"),
    ]
    return component("VCALENDAR", [*made_by, *parts]).encode()
