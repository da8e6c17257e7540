"""Multiranges against Python's own sets."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.trees.multiranges import (
    EMPTY,
    Multirange,
    covers,
    difference,
    intersection,
    normal,
    overlaps,
    size,
    union,
)

bounds = st.integers(-5, 40)
multiranges = st.lists(st.tuples(bounds, bounds), max_size=8).map(normal)


def numbers(found: Multirange) -> set[int]:
    return {number for low, high in found for number in range(low, high)}


@settings(deadline=None)
@given(st.lists(st.tuples(bounds, bounds), max_size=8))
def test_intervals_are_brought_into_the_one_form_that_their_numbers_have(
    intervals: list[tuple[int, int]],
) -> None:
    found = normal(intervals)

    assert numbers(found) == numbers(tuple(intervals))
    assert all(low < high for low, high in found)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert size(found) == len(numbers(found))


@settings(deadline=None)
@given(multiranges, multiranges)
def test_the_arithmetic_is_that_of_sets(one: Multirange, other: Multirange) -> None:
    a, b = numbers(one), numbers(other)

    for found, wanted in (
        (union(one, other), a | b),
        (intersection(one, other), a & b),
        (difference(one, other), a - b),
    ):
        assert numbers(found) == wanted
        assert found == normal(found)
    assert covers(one, other) == (a >= b)
    assert overlaps(one, other) == bool(a & b)


@settings(deadline=None)
@given(st.lists(multiranges, max_size=5))
def test_a_union_is_of_any_number(sets: list[Multirange]) -> None:
    assert numbers(union(*sets)) == set().union(*map(numbers, sets))


@pytest.mark.parametrize(
    ("one", "other", "left"),
    [
        (((0, 10),), ((0, 10),), EMPTY),
        (((0, 10),), ((3, 5),), ((0, 3), (5, 10))),
        (((0, 3), (5, 8)), ((2, 6),), ((0, 2), (6, 8))),
        (((0, 3),), ((3, 5),), ((0, 3),)),
        (EMPTY, ((3, 5),), EMPTY),
    ],
)
def test_what_is_taken_away_leaves_holes(
    one: Multirange, other: Multirange, left: Multirange
) -> None:
    assert difference(one, other) == left
