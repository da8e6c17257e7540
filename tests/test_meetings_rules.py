"""The arithmetic of times, without a database."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.agendas.rules import Period
from app.meetings.rules import (
    FARTHEST,
    MOST_FREE_TIMES,
    expiry_of,
    flaw_of_length,
    flaw_of_start,
    free_periods,
    free_times,
    round_up,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def minutes(start: float, end: float) -> Period:
    return Period(NOON + timedelta(minutes=start), NOON + timedelta(minutes=end))


@pytest.mark.parametrize(
    ("length", "is_fine"),
    [(-60, False), (0, False), (4.99, False), (5, True), (480, True), (480.01, False)],
)
def test_nobody_meets_for_less_than_five_minutes_or_more_than_eight_hours(
    length: float, *, is_fine: bool
) -> None:
    assert (flaw_of_length(minutes(0, length)) is None) == is_fine


@pytest.mark.parametrize(
    ("ahead", "is_fine"),
    [
        (-timedelta(1), False),
        (timedelta(0), False),
        (timedelta(seconds=1), True),
        (FARTHEST, True),
        (FARTHEST + timedelta(seconds=1), False),
    ],
)
def test_a_meeting_starts_within_two_years_from_now(ahead: timedelta, *, is_fine: bool) -> None:
    assert (flaw_of_start(NOON + ahead, NOON) is None) == is_fine


def test_a_request_expires_with_its_last_proposed_time_or_its_lifetime() -> None:
    week = timedelta(days=7)
    assert expiry_of(NOON, week, []) == NOON + week
    assert expiry_of(NOON, week, [minutes(60, 90), minutes(0, 30)]) == minutes(60, 90).ends_at
    assert expiry_of(NOON, week, [minutes(20_000, 20_030)]) == NOON + week


def test_free_periods_are_what_is_left_of_the_proposed_ones() -> None:
    within = [minutes(120, 180), minutes(0, 60)]
    assert free_periods(within, []) == [minutes(0, 60), minutes(120, 180)]
    busy = [minutes(-10, 10), minutes(20, 30), minutes(25, 40), minutes(50, 130), minutes(180, 200)]
    assert free_periods(within, busy) == [
        minutes(10, 20),
        minutes(40, 50),
        minutes(130, 180),
    ]


def test_free_times_follow_each_other_and_start_at_round_times() -> None:
    busy = [minutes(30, 60)]
    length = timedelta(minutes=20)
    assert free_times([minutes(0, 120)], busy, length=length, after=minutes(3, 3).starts_at) == [
        minutes(5, 25),
        minutes(60, 80),
        minutes(80, 100),
        minutes(100, 120),
    ]


def test_no_more_free_times_are_given_than_can_be_read() -> None:
    found = free_times([minutes(0, 480)], [], length=timedelta(minutes=5), after=NOON)
    assert len(found) == MOST_FREE_TIMES


@pytest.mark.parametrize(("start", "rounded"), [(0, 5), (0.1, 5), (4.9, 5), (5, 10)])
def test_round_up_goes_to_the_next_five_minutes(start: float, rounded: float) -> None:
    assert round_up(minutes(start, start).starts_at) == minutes(rounded, rounded).starts_at


def periods(longest: int) -> st.SearchStrategy[list[Period]]:
    one = st.builds(
        lambda start, length: minutes(start, start + length),
        st.integers(-300, 300),
        st.integers(1, longest),
    )
    return st.lists(one, max_size=8)


@given(periods(200), periods(60), st.integers(-300, 300))
def test_every_minute_is_free_exactly_if_it_is_proposed_and_not_busy(
    within: list[Period], busy: list[Period], minute: int
) -> None:
    moment = minutes(minute, minute + 1)
    expected = any(one.covers(moment) for one in within) and not any(
        one.covers(moment) for one in busy
    )
    free = free_periods(within, busy)
    assert any(one.covers(moment) for one in free) == expected
    assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(free))


@given(periods(200), periods(60), st.integers(5, 90), st.integers(-300, 300))
def test_free_times_can_all_be_taken(
    within: list[Period], busy: list[Period], length: int, after: int
) -> None:
    now = minutes(after, after).starts_at
    wanted = timedelta(minutes=length)
    for time in free_times(within, busy, length=wanted, after=now):
        assert time.length == wanted
        assert time.starts_at > now
        assert any(one.covers(time) for one in within)
        assert all(time.ends_at <= one.starts_at or one.ends_at <= time.starts_at for one in busy)
