"""Verifying the journal: every fact is read in its order and hashed again, as a stream.

One snapshot, so that what is written meanwhile does not look like a fault; a cursor, so that
millions of facts take no more memory than a thousand.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg

from app.sequencing.chain import NO_FACT, fact_hash

ROWS_AT_ONCE = 2000
# Of the faults; all are counted
MOST_TOLD = 100
_EXPECTED = "SELECT count(*) FROM event_positions"
_IN_ORDER = """
SELECT p.position, p.event_id, p.hash, e.*
FROM event_positions p LEFT JOIN events e ON e.id = p.event_id ORDER BY p.position
"""
_UNCHAINED = """
SELECT count(*) FROM events e
WHERE NOT EXISTS (SELECT FROM event_positions p WHERE p.event_id = e.id)
"""
_GIVEN = "SELECT max(position) FROM event_passes"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong, and where."""

    problem: str
    position: int


@dataclass
class Verdict:
    """What was read, and what is wrong with it."""

    facts: int = 0
    # Committed, and not yet in the chain: they could still be taken away unseen
    unchained: int = 0
    # The last hash, to be noted where nobody of this house can change it
    head: str | None = None
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.fault_count

    def add(self, position: int, problem: str) -> None:
        """Keep a fault, if it is one of the first."""
        self.fault_count += 1
        if len(self.faults) < MOST_TOLD:
            self.faults.append(Fault(problem, position))


async def expected(connection: asyncpg.Connection) -> int:
    """Tell how many facts there should be."""
    return int(await connection.fetchval(_EXPECTED))


async def verify(
    connection: asyncpg.Connection,
    key: bytes,
    noted: bytes | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Read all of it; `told` hears now and then how many facts were read."""
    verdict = Verdict()
    last, before = 0, NO_FACT
    is_noted_found = False
    async for row in connection.cursor(_IN_ORDER, prefetch=ROWS_AT_ONCE):
        _follow(verdict, key, last, before, row)
        last, before = row["position"], row["hash"]
        is_noted_found |= before == noted
        verdict.facts += 1
        if verdict.facts % ROWS_AT_ONCE == 0:
            told(verdict.facts)
    given = await connection.fetchval(_GIVEN) or 0
    if given > last:
        verdict.add(last + 1, f"Positions up to {given} were given; those after {last} are gone.")
    if noted is not None and not is_noted_found:
        verdict.add(last, "No fact has the hash you noted: the end was cut off or written anew.")
    verdict.unchained = await connection.fetchval(_UNCHAINED)
    verdict.head = before.hex() if verdict.facts else None
    return verdict


def _follow(verdict: Verdict, key: bytes, last: int, before: bytes, row: asyncpg.Record) -> None:
    """Hold a fact to the one before."""
    position = row["position"]
    if position != last + 1:
        verdict.add(last + 1, f"Position {last + 1} is missing; {position} follows.")
    elif row["id"] is None:
        verdict.add(position, f"The fact {row['event_id']} of position {position} is gone.")
    elif not _fits(key, before, position, row):
        verdict.add(position, f"The fact of position {position} was changed, put in or moved.")


def _fits(key: bytes, before: bytes, position: int, row: asyncpg.Record) -> bool:
    try:
        return hmac.compare_digest(fact_hash(key, before, position, row), row["hash"])
    except (ValueError, TypeError, OverflowError):  # what this journal could not have written
        return False
