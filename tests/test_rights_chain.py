"""The chain of title in sums: where boxes meet and what of one lies in no other, by brute force."""

from datetime import date
from random import Random

import pytest

from app.rights.rules.boxes import Box, Term
from app.rights.rules.chain import outside, shared
from app.rights.rules.states import LicenceState, may_end, state_on
from tests.ledgers import cells, random_box

SEEDS = range(10)
BOXES = 100


@pytest.mark.parametrize("seed", SEEDS)
def test_two_boxes_share_what_both_have(seed: int) -> None:
    random = Random(seed)
    for _ in range(BOXES):
        one, other = random_box(random), random_box(random)
        common = shared(one, other)
        assert common == shared(other, one)
        assert set(cells(common) if common else ()) == set(cells(one)) & set(cells(other))


@pytest.mark.parametrize("seed", SEEDS)
def test_outside_is_what_no_other_box_has(seed: int) -> None:
    random = Random(seed)
    for _ in range(BOXES):
        box = random_box(random)
        others = [random_box(random) for _ in range(random.randint(0, 5))]
        found = [cell for piece in outside(box, others) for cell in cells(piece)]
        assert len(found) == len(set(found)), "pieces overlap"
        assert set(found) == set(cells(box)).difference(*map(cells, others))


def test_what_lies_outside_is_said_in_one_box_where_one_does() -> None:
    leaves = ((0, 1024),)
    held = Box(leaves, leaves, leaves, Term(date(2026, 1, 1), date(2027, 1, 1)))
    wanted = Box(leaves, leaves, leaves, Term(date(2026, 6, 1)))
    assert outside(wanted, [held]) == [Box(leaves, leaves, leaves, Term(date(2027, 1, 1)))]
    assert outside(held, [wanted, held]) == []


YEAR = Term.inclusive(date(2027, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("day", "terminated_on", "state"),
    [
        (date(2026, 12, 31), None, LicenceState.ACTIVE),
        (date(2027, 12, 31), None, LicenceState.ACTIVE),
        (date(2028, 1, 1), None, LicenceState.EXPIRED),
        (date(2027, 6, 30), date(2027, 7, 1), LicenceState.ACTIVE),
        (date(2027, 7, 1), date(2027, 7, 1), LicenceState.TERMINATED),
        (date(2030, 1, 1), date(2027, 7, 1), LicenceState.TERMINATED),
    ],
)
def test_a_licence_holds_to_its_last_day_or_until_it_is_terminated(
    day: date, terminated_on: date | None, state: LicenceState
) -> None:
    assert state_on(day, YEAR, terminated_on) is state


def test_a_licence_without_an_end_never_expires() -> None:
    assert state_on(date.max, Term(date(2027, 1, 1)), None) is LicenceState.ACTIVE


@pytest.mark.parametrize(
    ("day", "may"),
    [
        (date(2026, 12, 31), False),
        (date(2027, 1, 1), True),
        (date(2027, 12, 31), True),
        (date(2028, 1, 1), False),
    ],
)
def test_a_licence_ends_on_a_day_of_its_term(day: date, may: bool) -> None:  # noqa: FBT001
    assert may_end(day, YEAR) is may
