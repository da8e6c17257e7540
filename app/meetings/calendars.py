"""Calendar files (RFC 5545) of agendas, and invitations to meetings (RFC 5546).

Instants are written in UTC: every calendar program shows them on its reader's own clock, and none
has to know, or may get wrong, when which country moved its clocks. Nor is a zone named for all of a
file (`X-WR-TIMEZONE`): who converts to it is an hour off while clocks are set back.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from icalendar import Calendar

from app.meetings.calendar_events import CalendarView, block_event, meeting_event
from app.models.agendas import AgendaEntry
from app.models.meetings import Meeting

NAME = "FilmMart"
REFRESH_EVERY = timedelta(minutes=15)


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
    calendar = _calendar()
    calendar.add("name", NAME)
    calendar.add("x-wr-calname", NAME)
    calendar.add("refresh-interval", REFRESH_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for meeting in meetings:
        calendar.add_component(meeting_event(meeting, view))
    for block in blocks:
        calendar.add_component(block_event(block, view))
    return _written(calendar)


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
    calendar = _calendar()
    calendar.add("method", method.value)
    calendar.add_component(event)
    return _written(calendar)


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//FilmMart//Agenda//EN")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _written(calendar: Calendar) -> bytes:
    content: bytes = calendar.to_ical()
    return content
