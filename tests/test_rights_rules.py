"""The arithmetic of rights, against a model that looks at every combination on every day."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rights.rules.arithmetic import contains, maximal, merged, minus, overlap
from app.rights.rules.availability import Availability, Match, Question, availability
from app.rights.rules.boxes import Box, Term
from app.rights.rules.free import FreeBox, free_boxes
from app.rights.rules.ledgers import Ledgers
from app.rights.rules.space import Cells
from tests.ledgers import (
    BUYERS,
    DAYS,
    FIRST,
    cells,
    holds,
    random_ledgers,
    random_question,
    verdict,
)

CHUNKS = 20
LEDGERS = 500


def _check(question: Question, ledgers: Ledgers, answer: Availability) -> None:
    """Compare an answer with the model, combination by combination."""
    reasons = {cell: verdict(cell, question, ledgers) for cell in cells(question.box)}
    free = [cell for box in answer.free for cell in cells(box)]
    assert len(free) == len(set(free)), "free boxes overlap"
    assert set(free) == {cell for cell, reason in reasons.items() if reason is None}
    told = [
        (cell, reason)
        for reason, boxes in answer.unavailable
        for box in boxes
        for cell in cells(box)
    ]
    assert len(told) == len(set(told))
    assert dict(told) == {cell: reason for cell, reason in reasons.items() if reason is not None}
    soft = [held.box for held in ledgers.holdbacks if not held.is_hard]
    assert {cell for box in answer.held_back for cell in cells(box)} == {
        cell for cell in free if any(holds(box, cell) for box in soft)
    }


def _check_windows(question: Question, ledgers: Ledgers, answer: Availability) -> None:
    asked = question.box
    days = range(FIRST - 1, FIRST + DAYS + 1)
    ever = replace(asked, term=Term(date.fromordinal(FIRST - 1)))
    free_days = [
        day
        for day in days
        if all(
            verdict((*cell[:3], day), question, ledgers) is None
            for cell in cells(replace(ever, term=Term.of_days(day, day + 1)))
        )
    ]
    windows = [(max(term.low, days.start), min(term.high, days.stop)) for term in answer.windows]
    assert all(term.days >= question.min_days for term in answer.windows)
    if question.min_days == 1:
        assert [day for low, high in windows for day in range(low, high)] == free_days
    inside = set(range(asked.term.low, asked.term.high))
    longest = max((len(inside & set(range(*window))) for window in windows), default=0)
    assert (answer.largest_window.days if answer.largest_window else 0) == longest
    covers = any(inside <= set(range(*window)) for window in windows)
    assert answer.matches[Match.COVERS_ALL] == covers
    assert answer.matches[Match.OVERLAPS] == bool(longest)
    if question.min_days <= asked.term.days:
        assert covers == (not any(boxes for _, boxes in answer.unavailable))
    territories = {leaf for low, high in answer.territories for leaf in range(low, high)}
    assert territories == {
        leaf
        for low, high in asked.territories
        for leaf in range(low, high)
        if all(verdict(cell, question, ledgers) is None for cell in cells(asked) if cell[0] == leaf)
    }


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_availability_is_what_every_combination_on_every_day_says(chunk: int) -> None:
    """Ten thousand ledgers in all."""
    for seed in range(chunk * LEDGERS, (chunk + 1) * LEDGERS):
        random = Random(seed)
        ledgers, question = random_ledgers(random), random_question(random)
        answer = availability(question, ledgers)
        _check(question, ledgers, answer)
        _check_windows(question, ledgers, answer)


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_availability_holds_for_ledgers_that_hypothesis_makes(random: Random) -> None:
    ledgers, question = random_ledgers(random), random_question(random)
    answer = availability(question, ledgers)
    _check(question, ledgers, answer)
    _check_windows(question, ledgers, answer)


def _contains(outer: FreeBox, question: Question) -> bool:
    term = question.box.term
    return (
        outer.exclusive == question.exclusive
        and outer.min_days <= term.days
        and all(holds(outer.box, cell) for cell in cells(question.box))
    )


def _is_free(question: Question, ledgers: Ledgers, buyer: int) -> bool:
    """Ask the model; who holds the rights is another law's business."""
    seen = [o for o in ledgers.offers if o.visible_to is None or buyer in o.visible_to]
    known = replace(ledgers, offers=seen, holdings=[question.box])
    return all(verdict(cell, question, known) is None for cell in cells(question.box))


@pytest.mark.parametrize("limit", [1, 3, 1000])
@pytest.mark.parametrize("chunk", range(4))
def test_whatever_is_free_lies_in_a_largest_free_box(chunk: int, limit: int) -> None:
    for seed in range(chunk * LEDGERS, (chunk + 1) * LEDGERS):
        random = Random(seed)
        ledgers, question = random_ledgers(random), random_question(random)
        found = free_boxes(ledgers, limit)
        for buyer in BUYERS:
            seen = [box for box in found if box.visible_to is None or buyer in box.visible_to]
            is_found = any(_contains(box, question) for box in seen)
            is_free = _is_free(question, ledgers, buyer)
            assert is_found or not is_free
            if limit == 1000:
                assert is_found == is_free


def test_a_layer_has_no_more_boxes_than_its_limit() -> None:
    for seed in range(200):
        layers: dict[object, int] = {}
        for box in free_boxes(random_ledgers(Random(seed)), 3):
            layer = (box.exclusive, box.min_days, box.visible_to)
            layers[layer] = layers.get(layer, 0) + 1
        assert all(count <= 3 for count in layers.values())


def test_pieces_of_a_box_without_another_do_not_overlap() -> None:
    box, other = Cells(0b1111, 0b111, 0b11, 0b11111), Cells(0b0110, 0b010, 0b01, 0b00100)
    pieces = minus(box, other)
    assert not any(overlap(a, b) for a in pieces for b in pieces if a is not b)
    assert not any(overlap(piece, other) for piece in pieces)
    assert merged([*pieces, other]) == [box]


def test_largest_boxes_around_a_hole_are_one_for_each_way_around_it() -> None:
    found, exact = maximal([Cells(0b111, 0b1, 0b1, 0b111)], [Cells(0b010, 0b1, 0b1, 0b010)], 10)
    assert exact
    assert sorted(found) == [
        Cells(0b101, 1, 1, 0b111),
        Cells(0b111, 1, 1, 0b001),
        Cells(0b111, 1, 1, 0b100),
    ]
    assert not any(contains(a, b) for a in found for b in found if a is not b)


def test_a_term_is_said_by_its_last_day_and_kept_by_the_day_after() -> None:
    term = Term.inclusive(date(2027, 1, 1), date(2027, 12, 31))
    assert (term.end, term.until, term.days) == (date(2028, 1, 1), date(2027, 12, 31), 365)
    assert Term.inclusive(date(2027, 1, 1), None).until is None
    assert Term.inclusive(date(2027, 1, 1), date.max).end is None
    with pytest.raises(ValueError, match="must end on the day it begins"):
        Term.inclusive(date(2027, 1, 2), date(2027, 1, 1))


def test_a_box_knows_nothing_of_what_touches_it_only() -> None:
    a = Box(((0, 1),), ((0, 1),), ((0, 1),), Term(date(2027, 1, 1), date(2027, 2, 1)))
    b = replace(a, term=Term(date(2027, 2, 1), date(2027, 3, 1)))
    assert not set(cells(a, 60)) & set(cells(b, 60))
