"""Whether chains are whole: the first thing that is wrong with each, in plain words. Pure."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.screeners.ledger.chain import (
    NO_SEAL,
    End,
    Line,
    Origin,
    entry_hash,
    origin_hash,
    seal_hash,
)

_WHENCE = ("address", "country", "user_agent")
_TELLS_WHENCE = ("opened", "continued")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong, and where."""

    problem: str
    viewing_id: int | None = None
    entry: int | None = None
    seal: int | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """What the row of a viewing says of its chain, and of where they watched from."""

    entry_count: int
    entry_hash: bytes
    sealed_count: int
    unsealed: bool
    whence: dict[str, Any]


class Chain:
    """Follows the entries of one viewing, as they come."""

    def __init__(self, key: bytes, origin: Origin, stated: Stated) -> None:
        """Begin at whose viewing it is said to be."""
        self._key = key
        self._origin = origin
        self._stated = stated
        self._before = origin_hash(key, origin)
        self._count = 0
        self._whence: dict[str, Any] = {}
        self.fault: Fault | None = None

    def follow(self, line: Line, hash_: bytes) -> None:
        """Hold the next entry to the one before; after the first fault nothing can be said."""
        if self.fault is not None:
            return
        self._count += 1
        if line.number != self._count:
            self._wrong(self._count, f"Entry {self._count} is missing; {line.number} follows.")
        elif not self._fits(line, hash_):
            self._wrong(self._count, _changed(self._count))
        elif line.kind in _TELLS_WHENCE:
            self._whence = {name: line.data.get(name) for name in _WHENCE}
        self._before = hash_

    def _fits(self, line: Line, hash_: bytes) -> bool:
        try:
            return hmac.compare_digest(entry_hash(self._key, self._before, line), hash_)
        except (ValueError, TypeError, OverflowError):  # what this ledger could not have written
            return False

    def end(self) -> Fault | None:
        """Hold the last entry to what the viewing says; give what is wrong, if anything is."""
        if self.fault is None:
            self._end()
        return self.fault

    def _end(self) -> None:
        stated = self._stated
        if self._count < stated.entry_count:
            first = self._count + 1
            self._wrong(first, f"Entries {first} to {stated.entry_count}, the last ones, are gone.")
        elif self._count > stated.entry_count:
            self._wrong(
                stated.entry_count + 1, f"The viewing counts {stated.entry_count} entries, no more."
            )
        elif self._count and not hmac.compare_digest(self._before, stated.entry_hash):
            self._wrong(self._count, "The viewing names another hash as that of its last entry.")
        elif self._whence and self._whence != stated.whence:
            self._wrong(None, "The viewing names another address, country or program than it has.")
        elif not stated.unsealed and stated.sealed_count != stated.entry_count:
            self._wrong(None, "The viewing passes for sealed, and has entries that are not.")

    def _wrong(self, entry: int | None, problem: str) -> None:
        self.fault = Fault(problem, viewing_id=self._origin.viewing_id, entry=entry)


def _changed(number: int) -> str:
    if number == 1:
        return (
            "Entry 1 was changed, or is no longer of the viewing it was written for: its film, "
            "grant, person, company or hour is another."
        )
    return f"Entry {number} was changed, put in or moved."


@dataclass(slots=True)
class Seals:
    """Follows the seals, as they come."""

    key: bytes
    # A head that was noted outside
    noted: bytes | None = None
    is_noted_found: bool = False
    last_number: int = 0
    last_hash: bytes = NO_SEAL
    last_at: datetime | None = None
    faults: list[Fault] = field(default_factory=list)

    def follow(
        self,
        number: int,
        sealed_at: datetime,
        ends: Sequence[tuple[int, int, bytes | None]],
        hash_: bytes,
    ) -> None:
        """Hold the next seal to the one before, and to the entries it names."""
        if number != self.last_number + 1:
            self._wrong(self.last_number + 1, f"Seal {self.last_number + 1} is gone.")
        else:
            self._look(number, sealed_at, ends, hash_)
        self.is_noted_found |= hash_ == self.noted
        self.last_number, self.last_hash, self.last_at = number, hash_, sealed_at

    def _look(
        self,
        number: int,
        sealed_at: datetime,
        ends: Sequence[tuple[int, int, bytes | None]],
        hash_: bytes,
    ) -> None:
        there = [End(id_, count, found) for id_, count, found in ends if found is not None]
        gone = [(id_, count) for id_, count, found in ends if found is None]
        for id_, count in gone:
            self.faults.append(
                Fault(
                    f"Entry {count} was there when seal {number} was made, and is gone.",
                    viewing_id=id_,
                    entry=count,
                    seal=number,
                )
            )
        if gone:
            return
        if not hmac.compare_digest(
            seal_hash(self.key, self.last_hash, number, sealed_at, there), hash_
        ):
            self._wrong(
                number,
                f"Seal {number} does not fit: it was changed, put in or moved, or entries it names "
                "were written anew.",
            )

    def end(self) -> list[Fault]:
        """Give what is wrong."""
        if self.noted is not None and not self.is_noted_found:
            self.faults.append(
                Fault(
                    "No seal has the hash that you noted: what was sealed then was cut off or "
                    "written anew."
                )
            )
        return self.faults

    def _wrong(self, number: int, problem: str) -> None:
        self.faults.append(Fault(problem, seal=number))
