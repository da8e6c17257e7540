"""Sets of whole numbers as PostgreSQL's multiranges have them: sorted, disjoint intervals.

An interval is half open, `[low, high)`; no two of a multirange overlap or touch, so equal sets are
equal values.
"""

from collections.abc import Iterable
from itertools import chain

Multirange = tuple[tuple[int, int], ...]

EMPTY: Multirange = ()


def normal(intervals: Iterable[tuple[int, int]]) -> Multirange:
    """Make a multirange of any intervals: empty ones go, what overlaps or touches is joined."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(intervals):
        if high <= low:
            continue
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return tuple(joined)


def union(*sets: Multirange) -> Multirange:
    """Give what is in any of the sets."""
    return normal(chain.from_iterable(sets))


def intersection(one: Multirange, other: Multirange) -> Multirange:
    """Give what is in both."""
    common: list[tuple[int, int]] = []
    i = j = 0
    while i < len(one) and j < len(other):
        low, high = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if low < high:
            common.append((low, high))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


def difference(one: Multirange, other: Multirange) -> Multirange:
    """Give what is in the first and not in the other."""
    left: list[tuple[int, int]] = []
    j = 0
    for start, high in one:
        low = start
        while j < len(other) and other[j][1] <= low:
            j += 1
        k = j
        while k < len(other) and other[k][0] < high:
            if low < other[k][0]:
                left.append((low, other[k][0]))
            low = other[k][1]
            k += 1
        if low < high:
            left.append((low, high))
    return tuple(left)


def covers(one: Multirange, other: Multirange) -> bool:
    """Tell whether all of the other is in the first, as `@>` does."""
    return not difference(other, one)


def overlaps(one: Multirange, other: Multirange) -> bool:
    """Tell whether anything is in both, as `&&` does."""
    return bool(intersection(one, other))


def size(found: Multirange) -> int:
    """Count the numbers of a set."""
    return sum(high - low for low, high in found)
