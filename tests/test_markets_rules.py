"""Slots: real minutes between opening and closing, whatever the clock does on that day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.markets.rules import (
    Break,
    DayHours,
    Slot,
    flaw_of_dates,
    flaw_of_hours,
    instant_of,
    slots_of,
)

# Half hours, quarters, an hour more or less, half an hour more or less, a day that never was
MOVED = {
    "Europe/Berlin": [date(2027, 3, 28), date(2027, 10, 31)],
    "America/New_York": [date(2027, 3, 14), date(2027, 11, 7)],
    "Australia/Lord_Howe": [date(2027, 4, 4), date(2027, 10, 3)],
    "Pacific/Chatham": [date(2027, 4, 4), date(2027, 9, 26)],
    "Africa/Cairo": [date(2027, 4, 30), date(2027, 10, 29)],
    "Asia/Tehran": [date(2022, 3, 22), date(2022, 9, 21)],
    "Pacific/Apia": [date(2011, 12, 30), date(2011, 12, 29)],
}
ZONES = [*MOVED, "Asia/Kolkata", "Asia/Kathmandu", "Europe/Moscow", "Asia/Shanghai", "UTC"]
EVEN = date(2027, 6, 14)


def clock(text: str) -> time:
    return time.fromisoformat(text)


def day_of(opens: str, closes: str, *breaks: tuple[str, str], day: date = EVEN) -> DayHours:
    taken = tuple(Break(clock(starts), clock(ends)) for starts, ends in breaks)
    return DayHours(day, clock(opens), clock(closes), taken)


def told(slots: list[Slot], zone: str) -> list[str]:
    """Tell when slots start, on a zone's clock."""
    return [f"{slot.starts_at.astimezone(ZoneInfo(zone)):%H:%M}" for slot in slots]


def test_slots_follow_each_other_from_the_opening_as_long_as_they_end_in_time() -> None:
    slots = slots_of([day_of("09:00", "10:50")], 30, ZoneInfo("Asia/Tehran"))
    assert told(slots, "Asia/Tehran") == ["09:00", "09:30", "10:00"]
    assert slots[0] == Slot(
        EVEN, 0, datetime(2027, 6, 14, 5, 30, tzinfo=UTC), datetime(2027, 6, 14, 6, 0, tzinfo=UTC)
    )


def test_a_slot_that_touches_a_break_is_left_out_and_the_others_keep_their_numbers() -> None:
    hours = day_of("09:00", "12:00", ("10:10", "10:20"), ("11:00", "11:30"))
    slots = slots_of([hours], 30, ZoneInfo("Asia/Kolkata"))
    assert told(slots, "Asia/Kolkata") == ["09:00", "09:30", "10:30", "11:30"]
    assert [slot.index for slot in slots] == [0, 1, 3, 5]


def test_days_come_in_their_order_and_each_is_counted_anew() -> None:
    days = [day_of("10:00", "11:00", day=EVEN + timedelta(days=1)), day_of("09:00", "10:00")]
    slots = slots_of(days, 60, ZoneInfo("UTC"))
    assert [(slot.day, slot.index) for slot in slots] == [
        (EVEN, 0),
        (EVEN + timedelta(days=1), 0),
    ]


@pytest.mark.parametrize(
    ("day", "zone", "minutes", "starts"),
    [
        # 02:00 to 03:00 never comes: three hours of clock, two of time
        (date(2027, 3, 28), "Europe/Berlin", 60, ["01:00", "03:00"]),
        # 02:00 to 03:00 comes twice: three hours of clock, four of time
        (date(2027, 10, 31), "Europe/Berlin", 60, ["01:00", "02:00", "02:00", "03:00"]),
        # Half an hour back at two
        (date(2027, 4, 4), "Australia/Lord_Howe", 60, ["01:00", "01:30", "02:30"]),
        # All of the day never came
        (date(2011, 12, 30), "Pacific/Apia", 60, []),
    ],
)
def test_slots_are_as_long_as_ever_while_the_clock_is_moved(
    day: date, zone: str, minutes: int, starts: list[str]
) -> None:
    slots = slots_of([day_of("01:00", "04:00", day=day)], minutes, ZoneInfo(zone))
    assert told(slots, zone) == starts


@pytest.mark.parametrize(
    ("day", "shown", "zone", "instant"),
    [
        (EVEN, "09:30", "Asia/Tehran", "2027-06-14T06:00:00+00:00"),
        (EVEN, "09:30", "Asia/Kathmandu", "2027-06-14T03:45:00+00:00"),
        # The first of the two
        (date(2027, 10, 31), "02:30", "Europe/Berlin", "2027-10-31T00:30:00+00:00"),
        (date(2027, 10, 31), "03:00", "Europe/Berlin", "2027-10-31T02:00:00+00:00"),
        # The jump, from anywhere inside the gap
        (date(2027, 3, 28), "02:00", "Europe/Berlin", "2027-03-28T01:00:00+00:00"),
        (date(2027, 3, 28), "02:59", "Europe/Berlin", "2027-03-28T01:00:00+00:00"),
        (date(2027, 3, 28), "03:00", "Europe/Berlin", "2027-03-28T01:00:00+00:00"),
        (date(2011, 12, 30), "12:00", "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
    ],
)
def test_a_clock_time_means_one_instant(day: date, shown: str, zone: str, instant: str) -> None:
    assert instant_of(day, clock(shown), ZoneInfo(zone)).isoformat() == instant


TIMES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(*divmod(minute, 60)))


@st.composite
def days_somewhere(draw: st.DrawFn) -> tuple[date, ZoneInfo]:
    """Give a day and a zone, often one on which the clock is moved."""
    zone = draw(st.sampled_from(ZONES))
    any_day = st.dates(date(2000, 1, 1), date(2040, 12, 31))
    days = st.sampled_from(MOVED[zone]) | any_day if zone in MOVED else any_day
    return draw(days), ZoneInfo(zone)


@st.composite
def hours(draw: st.DrawFn, day: date) -> DayHours:
    """Give hours with up to three breaks."""
    count = draw(st.integers(0, 3)) * 2 + 2
    marks = sorted(draw(st.lists(TIMES, min_size=count, max_size=count, unique=True)))
    inner = marks[1:-1]
    breaks = tuple(Break(*pair) for pair in zip(inner[::2], inner[1::2], strict=True))
    return DayHours(day, marks[0], marks[-1], breaks)


@given(days_somewhere(), st.lists(TIMES, min_size=2, max_size=5))
def test_later_on_the_clock_is_never_earlier_in_fact(
    somewhere: tuple[date, ZoneInfo], shown: list[time]
) -> None:
    day, zone = somewhere
    instants = [instant_of(day, one, zone) for one in sorted(shown)]
    assert instants == sorted(instants)


@given(days_somewhere(), TIMES)
def test_an_instant_shows_the_time_it_was_made_of_or_is_where_the_clock_jumps_over_it(
    somewhere: tuple[date, ZoneInfo], shown: time
) -> None:
    day, zone = somewhere
    wanted = datetime.combine(day, shown)
    instant = instant_of(day, shown, zone)
    before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    at = instant.astimezone(zone).replace(tzinfo=None)
    assert before < wanted <= at
    # Nothing in between is shown twice before: of two, it is the first
    assert instant.astimezone(zone).fold == 0 or at != wanted


@given(days_somewhere(), st.integers(5, 240), st.data())
def test_slots_are_all_that_fit_and_nothing_else(
    somewhere: tuple[date, ZoneInfo], minutes: int, data: st.DataObject
) -> None:
    day, zone = somewhere
    open_hours = data.draw(hours(day))
    length = timedelta(minutes=minutes)
    opens, closes = (instant_of(day, at, zone) for at in (open_hours.opens, open_hours.closes))
    taken = [
        (instant_of(day, one.starts, zone), instant_of(day, one.ends, zone))
        for one in open_hours.breaks
    ]
    found = {slot.index: slot for slot in slots_of([open_hours], minutes, zone)}
    assert list(found) == sorted(found)
    for index in range(24 * 60 // 5 + 30):
        starts_at, ends_at = opens + index * length, opens + (index + 1) * length
        touches = any(
            max(starts_at, begins) < min(ends_at, ends) for begins, ends in taken if begins < ends
        )
        fits = ends_at <= closes and not touches
        expected = Slot(day, index, starts_at, ends_at) if fits else None
        assert found.get(index) == expected


@given(st.integers(5, 240), st.data())
def test_on_a_day_without_a_change_clock_and_time_agree(minutes: int, data: st.DataObject) -> None:
    zone = ZoneInfo("Asia/Tehran")
    open_hours = data.draw(hours(EVEN))
    for slot in slots_of([open_hours], minutes, zone):
        shown = slot.starts_at.astimezone(zone).replace(tzinfo=None)
        opened = datetime.combine(EVEN, open_hours.opens)
        assert shown == opened + slot.index * timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "flaw"),
    [
        (EVEN, EVEN, None),
        (EVEN, EVEN + timedelta(days=30), None),
        (EVEN, EVEN + timedelta(days=31), "must be so that the market lasts 31 days at most"),
        (EVEN, EVEN - timedelta(days=1), "must not be before starts_on"),
    ],
)
def test_a_market_lasts_a_day_or_a_month(starts_on: date, ends_on: date, flaw: str | None) -> None:
    assert flaw_of_dates(starts_on, ends_on) == flaw


@pytest.mark.parametrize(
    ("hours_of_day", "flaw"),
    [
        (day_of("09:00", "18:00"), None),
        (day_of("09:00", "18:00", ("12:00", "13:00"), ("09:00", "12:00")), None),
        (day_of("09:00", "18:00", ("09:00", "18:00")), None),
        (day_of("09:00", "09:00"), "must close after it opens, on the same day"),
        (day_of("18:00", "09:00"), "must close after it opens, on the same day"),
        (
            day_of("09:00", "18:00", ("13:00", "13:00")),
            "has a break that does not end after it starts",
        ),
        (day_of("09:00", "18:00", ("08:59", "10:00")), "has a break outside its hours"),
        (day_of("09:00", "18:00", ("17:00", "18:01")), "has a break outside its hours"),
        (
            day_of("09:00", "18:00", ("12:00", "13:00"), ("12:59", "14:00")),
            "has breaks that overlap",
        ),
    ],
)
def test_hours_are_in_order_and_breaks_lie_apart_inside_them(
    hours_of_day: DayHours, flaw: str | None
) -> None:
    assert flaw_of_hours(hours_of_day.opens, hours_of_day.closes, hours_of_day.breaks) == flaw
