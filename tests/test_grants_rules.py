"""The arithmetic of leave to watch."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.screeners.grants.rules import (
    Leave,
    Refusal,
    best_of,
    may_end,
    told_first,
    where_refused,
    why_not,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEAVE = Leave(
    grant_id=1,
    starts_at=NOW,
    expires_at=NOW + timedelta(days=30),
    max_views=None,
    views=7,
    territories=None,
)


@pytest.mark.parametrize(
    ("leave", "refusal"),
    [
        (LEAVE, None),
        (replace(LEAVE, starts_at=NOW + timedelta(seconds=1)), Refusal.NOT_BEGUN),
        (replace(LEAVE, max_views=8), None),
        (replace(LEAVE, max_views=7), Refusal.NO_VIEWS_LEFT),
        (replace(LEAVE, max_views=7, viewing_id=5), None),
        (replace(LEAVE, territories=["SCO"]), None),
        (replace(LEAVE, territories=["SCO", "-KZ"]), Refusal.NOT_IN_TERRITORY),
        (replace(LEAVE, territories=["RU"], viewing_id=5), Refusal.NOT_IN_TERRITORY),
        (replace(LEAVE, territories=["RU"], max_views=7), Refusal.NOT_IN_TERRITORY),
    ],
)
def test_an_open_grant_allows_what_its_terms_say(leave: Leave, refusal: Refusal | None) -> None:
    assert why_not(leave, NOW, "KZ") is refusal


@pytest.mark.parametrize(
    ("territories", "country", "refusal"),
    [
        (None, None, None),
        (["WORLD"], None, None),
        (["WORLD", "-CN", "CN"], None, None),
        (["-CN"], None, Refusal.COUNTRY_UNKNOWN),
        (["-CN"], "CN", Refusal.NOT_IN_TERRITORY),
        (["-CN"], "KZ", None),
        # Belarus joined in 2024.
        (["SCO@2023-01-01"], "BY", Refusal.NOT_IN_TERRITORY),
        (["SCO"], "BY", None),
    ],
)
def test_a_country_lies_inside_the_territories_or_not(
    territories: list[str] | None, country: str | None, refusal: Refusal | None
) -> None:
    assert where_refused(territories, country) is refusal


def test_the_best_grant_is_the_one_they_watch_under_then_the_ampler_then_the_longer() -> None:
    longer = replace(LEAVE, expires_at=NOW + timedelta(days=60))
    few = replace(LEAVE, max_views=9)
    fewer = replace(LEAVE, max_views=8)
    watching = replace(LEAVE, max_views=7, viewing_id=5)
    assert best_of([few, LEAVE, longer, fewer]) is longer
    assert best_of([fewer, few]) is few
    assert best_of([longer, watching]) is watching


def test_of_several_refusals_the_one_nearest_to_an_end_is_told() -> None:
    assert told_first([Refusal.NOT_BEGUN, Refusal.COUNTRY_UNKNOWN]) is Refusal.COUNTRY_UNKNOWN
    assert told_first([Refusal.NOT_BEGUN]) is Refusal.NOT_BEGUN


@pytest.mark.parametrize(
    ("ahead", "may"),
    [
        (timedelta(seconds=-1), False),
        (timedelta(0), False),
        (timedelta(seconds=1), True),
        (timedelta(days=732), True),
        (timedelta(days=733), False),
    ],
)
def test_leave_to_watch_ends_ahead_and_within_two_years(ahead: timedelta, *, may: bool) -> None:
    assert may_end(NOW + ahead, NOW) is may
