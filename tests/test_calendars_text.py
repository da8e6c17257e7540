"""Calendar files of hostile names and texts: what is said stays in its line."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import Range

from app.meetings.agenda import CalendarOwner
from app.meetings.calendar_events import LONGEST_SUMMARY, CalendarView
from app.meetings.calendar_text import in_one_line
from app.meetings.calendars import calendar_of, invitation_of
from app.models import AgendaEntry
from tests.calendars import HALF_AN_HOUR, NOON, events, meeting_of, require_well_formed

OWNER = CalendarOwner(10, "ann@company.example", "Asia/Tehran")
VIEW = CalendarView(OWNER, {}, "https://filmmart.example")
HOSTILE = [
    "\r\nATTENDEE:mailto:somebody@else.example",
    "\nEND:VEVENT\nBEGIN:VEVENT\nUID:another",
    "\r\n \r\n\tDTSTART:19700101T000000Z",
    "x\x85DTEND:19700101T000000Z\u2028SEQUENCE:99\u2029STATUS:CANCELLED\x0bA:B\x0cC:D\x1cE:F",
    "\\nSUMMARY:x\\",
    "\\\r\n\\\\;,:\"^n^'^^",
    '";CN="',
    "\x00\x01\x07\x1b[31m\x7f\x9b",
    "\u202etxet desrever\u202c\u2066\u200f",
    "\ufeff\ufffe\uffff\ufdd0",
    "\ud800 \udfff",
    "潜" * 10_000,
    "🎬" * 10_000,
    "é" * 37 + "e\u0301" * 10_000,
    " " * 10_000 + "x",
    "\n" * 10_000,
    "",
]
ANYTHING = st.text(st.characters(), max_size=300)  # halves of surrogate pairs, too
MEETINGS = {
    *("UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "STATUS", "TRANSP", "DTSTART"),
    *("DTEND", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "ORGANIZER", "ATTENDEE"),
}
BLOCKS = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CLASS", "TRANSP"}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_said_is_said_in_its_own_property(text: str) -> None:
    meeting = meeting_of(name=text, message=text, place=text or "x", title_ids=[1, 2, 3, 4])
    view = CalendarView(OWNER, dict.fromkeys(range(5), text), "https://filmmart.example")
    entry = AgendaEntry(id=7, label=text, created_at=NOON, during=Range(NOON, NOON + HALF_AN_HOUR))
    for content in (calendar_of([meeting], [entry], view), invitation_of(meeting, view)):
        require_well_formed(content)
        met, *blocks = events(content)
        assert set(met) == MEETINGS
        assert [set(one) for one in blocks] in ([BLOCKS], [])
        assert len(met["ATTENDEE"]) == 2
        assert met["UID"] == "meeting-1@filmmart.example"
        assert met["DTSTART"].dt == NOON
        assert (met["STATUS"], met["SEQUENCE"]) == ("CONFIRMED", 0)
        assert len(met["SUMMARY"]) <= LONGEST_SUMMARY
        for attendee in met["ATTENDEE"]:
            assert set(attendee.params) == {"CN", "CUTYPE", "ROLE", "PARTSTAT", "RSVP"}
            assert len(attendee.params["CN"]) <= LONGEST_SUMMARY


def fit(text: str) -> str:
    """Say what is left of a text that a calendar can hold."""
    ended = re.sub("\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n", text)
    return "".join(" " if is_unfit(one) else one for one in ended)


def is_unfit(one: str) -> bool:
    if unicodedata.category(one) in {"Cc", "Cs"}:
        return one not in "\t\n"
    return one == "\ufeff" or "\ufdd0" <= one <= "\ufdef" or one in "\ufffe\uffff"


@given(ANYTHING)
@example("\\n\\;\\,")
@settings(max_examples=300, deadline=None)
def test_a_text_is_read_back_as_it_was_said(text: str) -> None:
    meeting = meeting_of(name="A", message="", place=f"x{text}", title_ids=[])
    (event,) = events(calendar_of([meeting], [], VIEW))
    assert event["LOCATION"] == fit(f"x{text}")
    assert set(event) == MEETINGS


@given(ANYTHING, st.integers(1, 80))
def test_one_line_is_one_line_and_no_longer_than_may_be(text: str, at_most: int) -> None:
    flat = in_one_line(text, at_most)
    assert len(flat) <= at_most
    assert flat == flat.strip() or flat.endswith("…")
    assert len(f"a{flat}b".splitlines()) == 1


def test_a_block_without_a_word_is_busy_and_one_s_own_business() -> None:
    entry = AgendaEntry(id=7, label=" \n", created_at=NOON, during=Range(NOON, NOON + HALF_AN_HOUR))
    (event,) = events(calendar_of([], [entry], VIEW))
    assert (event["SUMMARY"], event["CLASS"], event["TRANSP"]) == ("Busy", "PRIVATE", "OPAQUE")
