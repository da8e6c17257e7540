"""The shortest way to write a set as codes to be added and taken away, from left to right.

A set is an `int` whose bits are the leaves. To find the shortest list of codes is hard in general,
so this looks first at what can be said with codes that lie wholly inside the set or wholly outside,
and then for a few codes that straddle it (Europe, where the EU is to be left out), by a beam
search. It does the same for what is missing from everything, and takes the shorter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

# A code, and whether it takes away
Step = tuple[str, bool]

_BEAM = 3
_CANDIDATES = 10
# World without something takes two codes at least.
_FEW = 2


class _Try(NamedTuple):
    """What some straddling codes come to, and how many more codes the rest takes."""

    steps: tuple[Step, ...]
    got: int
    rest: int

    @property
    def length(self) -> int:
        return len(self.steps) + self.rest


def shortest(target: int, sets: Mapping[str, int], leaves: Sequence[str]) -> list[Step]:
    """Write `target`, where `sets` says what each code stands for, in the order to write them in.

    `leaves` names the code of each single bit, lowest first.
    """
    if not target:
        return []
    for code, bits in sets.items():
        if bits == target:
            return [(code, False)]
    everything = (1 << len(leaves)) - 1
    steps: list[Step] | None = None
    if target.bit_count() * 3 > len(leaves):
        root = next(code for code, bits in sets.items() if bits == everything)
        rest = _Search(everything ^ target, sets, leaves).best(len(leaves))
        steps = [(root, False), *((code, not away) for code, away in rest)]
    if steps is None or len(steps) > _FEW:
        found = _Search(target, sets, leaves).best(len(steps or leaves))
        steps = found if steps is None or len(found) < len(steps) else steps
    return _in_order(steps, sets)


class _Group(NamedTuple):
    """A group, with how many leaves it has and its place among the codes."""

    size: int
    place: int
    code: str
    bits: int


def _largest_first(groups: Mapping[str, int]) -> list[_Group]:
    numbered = enumerate(groups.items())
    made = (_Group(bits.bit_count(), place, code, bits) for place, (code, bits) in numbered)
    return sorted(made, key=lambda group: -group.size)


def _best(bits: int, groups: Sequence[_Group]) -> _Group | None:
    """Find the group with most of these leaves, the first of equals; a single one it is not worth.

    No group that is smaller than what the best one has needs a look.
    """
    best, most = None, 1
    for group in groups:
        if group.size < most:
            break
        got = (group.bits & bits).bit_count()
        if got > most or (got == most and best is not None and group.place < best.place):
            best, most = group, got
    return best


class _Search:
    """The search for one set, not everything."""

    def __init__(self, target: int, sets: Mapping[str, int], leaves: Sequence[str]) -> None:
        self.target = target
        self.sets = sets
        self.leaves = leaves
        self.groups = {code: bits for code, bits in sets.items() if bits.bit_count() > 1}
        inside = {code: bits for code, bits in self.groups.items() if not bits & ~target}
        outside = {code: bits for code, bits in self.groups.items() if not bits & target}
        largest_inside, largest_outside = _largest_first(inside), _largest_first(outside)
        self.straddling = {
            code: bits
            for code, bits in self.groups.items()
            if code not in inside and code not in outside and bits.bit_count() < len(leaves)
        }
        self._inside = cache(lambda bits: self._cover(bits, largest_inside))
        self._outside = cache(lambda bits: self._cover(bits, largest_outside))

    def best(self, limit: int) -> list[Step]:
        """Find the shortest list that a few straddling codes begin, or one not below the limit."""
        beam = [best := self._try((), 0)]
        limit = min(limit, best.length)
        # Whatever straddles needs one code more at least, and what makes it much longer is no way.
        while beam and beam[0].length < best.length + 2 and len(beam[0].steps) + 2 < limit:
            nearer: dict[int, _Try] = {}
            for found in (found for tried in beam for found in self._further(tried)):
                nearer.setdefault(found.got, found)
            beam = sorted(nearer.values(), key=lambda found: found.length)[:_BEAM]
            best = min([best, *beam], key=lambda found: found.length)
            limit = min(limit, best.length)
        added = ((code, False) for code in self._inside(self.target & ~best.got))
        taken = ((code, True) for code in self._outside(best.got & ~self.target))
        return self._needed([*best.steps, *added, *taken])

    def _further(self, tried: _Try) -> Iterator[_Try]:
        """Give the likeliest tries of one straddling code more."""
        got, missing, extra = tried.got, self.target & ~tried.got, tried.got & ~self.target
        ranked: list[tuple[float, str, bool]] = []
        for code, bits in self.straddling.items():
            if (good := (bits & missing).bit_count()) > 1:
                ranked.append((good / (bits & ~got | missing).bit_count(), code, False))
            if (good := (bits & extra).bit_count()) > 1:
                ranked.append((good / (bits & got | extra).bit_count(), code, True))
        ranked.sort(key=lambda item: -item[0])
        for _, code, away in ranked[:_CANDIDATES]:
            bits = self.straddling[code]
            yield self._try((*tried.steps, (code, away)), got & ~bits if away else got | bits)

    def _try(self, steps: tuple[Step, ...], got: int) -> _Try:
        missing, extra = self.target & ~got, got & ~self.target
        return _Try(steps, got, len(self._inside(missing)) + len(self._outside(extra)))

    def _cover(self, bits: int, groups: Sequence[_Group]) -> list[str]:
        """Cover these leaves by groups, the one with most of them first, and the rest by name."""
        chosen: list[str] = []
        while (best := _best(bits, groups)) is not None:
            chosen.append(best.code)
            bits &= ~best.bits
        while bits:
            lowest = bits & -bits
            chosen.append(self.leaves[lowest.bit_length() - 1])
            bits ^= lowest
        return chosen

    def _needed(self, steps: list[Step]) -> list[Step]:
        """Leave out the groups that later ones have made needless."""
        for step in [step for step in steps if step[0] in self.groups]:
            without = [other for other in steps if other != step]
            if _result(without, self.sets) == self.target:
                steps = without
        return steps


def _in_order(steps: list[Step], sets: Mapping[str, int]) -> list[Step]:
    """Put what is added before what is taken away, each in the order of `sets`, where it may be."""
    place = {code: at for at, code in enumerate(sets)}
    in_order = sorted(steps, key=lambda step: (step[1], place[step[0]]))
    if _result(in_order, sets) == _result(steps, sets):
        return in_order
    runs = [list(run) for _, run in groupby(steps, key=lambda step: step[1])]
    return [step for run in runs for step in sorted(run, key=lambda step: place[step[0]])]


def _result(steps: Iterable[Step], sets: Mapping[str, int]) -> int:
    got = 0
    for code, away in steps:
        got = got & ~sets[code] if away else got | sets[code]
    return got
