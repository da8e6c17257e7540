"""A tree of named leaves and named groups of them, whose members may come and go."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import lru_cache

from app.trees.multiranges import Multirange, covers, normal, union
from app.trees.tree import Tree, shown, today
from app.trees.writing import shortest

_REMEMBERED = 4096


@dataclass(frozen=True)
class Member:
    """A leaf or a group within a group, from a day (else always) until before a day (else on)."""

    code: str
    since: date | None = None
    until: date | None = None

    def belongs_on(self, day: date) -> bool:
        """Tell whether it is a member on a day."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


@dataclass(frozen=True)
class Group:
    """A name for several leaves; `un` is its number in UN M49, where it has one."""

    code: str
    name: str
    members: tuple[Member, ...]
    un: str | None = None


@dataclass(frozen=True)
class _Period:
    """What every code stands for between two changes of members: as numbers and as leaves' bits."""

    sets: Mapping[str, Multirange]
    bits: Mapping[str, int]


class GroupTree(Tree):
    """Leaves, each an interval of numbers, and groups; together the leaves are everything.

    A leaf has numbers to spare: what splits off from it one day (a country, a medium) gets some of
    them, and what was stored of the whole stays true of both.
    """

    def __init__(
        self,
        name: str,
        one: str,
        *,
        numbers: Mapping[str, int],
        end: int,
        groups: Mapping[str, Group],
        order: Sequence[str],
        hint: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self.name = name
        self.one = one
        self.root = order[0]
        self.everything = ((0, end),)
        self.groups = groups
        self._lows = lows = sorted(numbers.values())
        high_of = dict(zip(lows, [*lows[1:], end], strict=True))
        by_number = sorted(numbers, key=numbers.__getitem__)
        self.leaves = {code: (numbers[code], high_of[numbers[code]]) for code in by_number}
        self._order = order
        self._hint = hint
        members = [member for group in groups.values() for member in group.members]
        days = {day for member in members for day in (member.since, member.until) if day}
        self._days = sorted(days)
        self._periods: dict[int, _Period] = {}
        self._written = lru_cache(_REMEMBERED)(self._write)

    def find(self, code: str, on: date | None = None) -> Multirange:
        """Give what one code stands for; a code may name its own day, as `SCO@2022-01-01`.

        Raises:
            ValueError: it is unknown, or had no members then.
        """
        name, at, day = code.partition("@")
        wanted = self.code_of(name)
        if at:
            on = self._day_of(wanted, day)
        found = self._period(on or today()).sets[wanted]
        if not found:
            raise ValueError(f"{shown(code)} had no members on {on}.")
        return found

    def code_of(self, text: str) -> str:
        """Give one plain code as it is written outwards.

        Raises:
            ValueError: there is no such code.
        """
        # What is no ASCII may become it in upper case: ß would be South Sudan.
        code = text.strip().upper() if text.isascii() else text
        if code not in self.leaves and code not in self.groups:
            raise ValueError(self._unknown(text))
        return code

    def write(self, found: Multirange, on: date | None = None) -> list[str]:
        """Write a set in the shortest form."""
        return list(self._written(found, bisect_right(self._days, on or today())))

    def leaves_in(self, found: Multirange) -> list[str]:
        """Name the leaves of a set, by number."""
        return [code for code, leaf in self.leaves.items() if covers(found, (leaf,))]

    def members_of(self, code: str, on: date | None = None) -> list[str]:
        """Name the leaves of a group (or the leaf itself) on a day, by number; or none."""
        return self.leaves_in(self._period(on or today()).sets[code])

    def covering(self, code: str, on: date | None = None) -> list[str]:
        """Name every code that stands for all that a code does: KZ, and CENTRAL_ASIA, SCO, WORLD.

        Raises:
            ValueError: it is unknown, or has no members.
        """
        wanted = self.find(code, on)
        sets = self._period(on or today()).sets
        return [code for code in self._order if covers(sets[code], wanted)]

    def _day_of(self, code: str, day: str) -> date:
        if code not in self.groups:
            raise ValueError(f"{code} is one {self.one}: only a group is named as of a day.")
        try:
            return date.fromisoformat(day)
        except ValueError:
            raise ValueError(
                f'"{shown(day)}" is no day: the members of a day are written {code}@2022-01-01.'
            ) from None

    def _unknown(self, code: str) -> str:
        wanted = shown(code.upper())
        near = get_close_matches(wanted, self._order, n=1, cutoff=0.75) if code.isascii() else []
        better = self._hint(wanted) or next(iter(near), None)
        known = f"Did you mean {better}?" if better else f"GET /v1/{self.name} lists them all."
        return f'"{shown(code)}" is no {self.one}. {known}'

    def _period(self, day: date) -> _Period:
        return self._numbered(bisect_right(self._days, day))

    def _numbered(self, at: int) -> _Period:
        if at not in self._periods:
            day = self._days[at - 1] if at else date.min
            sets = {code: self._set_of(code, day) for code in self._order}
            bits = {code: self._bits_of(found) for code, found in sets.items()}
            self._periods[at] = _Period(sets, bits)
        return self._periods[at]

    def _set_of(self, code: str, day: date) -> Multirange:
        if code in self.leaves:
            return (self.leaves[code],)
        members = (member for member in self.groups[code].members if member.belongs_on(day))
        return union(*(self._set_of(member.code, day) for member in members))

    def _bits_of(self, found: Multirange) -> int:
        """Set the bit of every leaf that a set meets: leaves follow each other without a gap."""
        bits = 0
        for low, high in found:
            first, end = bisect_right(self._lows, low) - 1, bisect_left(self._lows, high)
            bits |= (1 << end) - (1 << max(0, first))
        return bits

    def _write(self, found: Multirange, at: int) -> tuple[str, ...]:
        bits = self._bits_of(found)
        leaves = list(self.leaves)
        whole = (leaf for place, leaf in enumerate(self.leaves.values()) if bits >> place & 1)
        if normal(whole) != found:
            raise ValueError(f"{found} is no set of {self.name}")
        steps = shortest(bits, self._numbered(at).bits, leaves)
        return tuple(f"-{code}" if takes_away else code for code, takes_away in steps)
