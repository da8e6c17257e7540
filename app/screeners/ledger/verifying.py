"""Verifying: every chain and every seal is read and reckoned again, as a stream.

One snapshot, so that what is written meanwhile does not look like a fault; two cursors side by
side, so that millions of entries take no more memory than a thousand.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from app.screeners.ledger.chain import Line, Origin
from app.screeners.ledger.checking import Chain, Fault, Seals, Stated

ROWS_AT_ONCE = 2000
SEALS_AT_ONCE = 20
# Of the faults; all are counted
MOST_TOLD = 100
_EXPECTED = "SELECT coalesce(sum(entry_count), 0) FROM viewings"
_VIEWINGS = "SELECT * FROM viewings ORDER BY id"
_ENTRIES = "SELECT * FROM ledger_entries ORDER BY viewing_id, number"
_SEALS = """
SELECT number, sealed_at, viewing_ids, entry_counts, hash, ARRAY(
    SELECT e.hash FROM unnest(viewing_ids, entry_counts) WITH ORDINALITY AS named(id, count, place)
    LEFT JOIN ledger_entries e ON e.viewing_id = named.id AND e.number = named.count
    ORDER BY place
) AS found
FROM ledger_seals ORDER BY number
"""
# What was sealed of each viewing, as its row says and as the seals say
_LAST_SEALS = """
SELECT id, v.sealed_count, coalesce(last.count, 0) AS found
FROM viewings v FULL JOIN (
    SELECT named.id, max(named.count) AS count
    FROM ledger_seals, unnest(viewing_ids, entry_counts) AS named(id, count) GROUP BY named.id
) AS last USING (id)
WHERE v.sealed_count > coalesce(last.count, 0) OR v.id IS NULL
"""


@dataclass
class Verdict:
    """What was read, and what is wrong with it."""

    viewings: int = 0
    entries: int = 0
    seals: int = 0
    # Entries since the last seal: they could still be cut off unseen
    unsealed: int = 0
    # The last seal, to be noted where nobody of this house can change it
    head: str | None = None
    sealed_at: datetime | None = None
    fault_count: int = 0
    # The last viewing of entries that have none
    orphaned: int | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.fault_count

    def add(self, fault: Fault | None) -> None:
        """Keep a fault, if it is one of the first."""
        if fault is None:
            return
        self.fault_count += 1
        if len(self.faults) < MOST_TOLD:
            self.faults.append(fault)


async def expected(connection: asyncpg.Connection) -> int:
    """Tell how many entries there should be."""
    return int(await connection.fetchval(_EXPECTED))


async def verify(
    connection: asyncpg.Connection,
    key: bytes,
    noted: bytes | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Read all of it; `told` hears now and then how many entries were read."""
    verdict = Verdict()
    await _verify_chains(connection, key, verdict, told)
    await _verify_seals(connection, key, noted, verdict)
    async for row in connection.cursor(_LAST_SEALS, prefetch=ROWS_AT_ONCE):
        if row["sealed_count"] is None:
            problem = "The viewing was there when it was sealed, and is gone."
        else:
            problem = f"It was sealed with {row['sealed_count']} entries; that seal is gone."
        verdict.add(Fault(problem, viewing_id=row["id"]))
    return verdict


async def _verify_chains(
    connection: asyncpg.Connection, key: bytes, verdict: Verdict, told: Callable[[int], None]
) -> None:
    entries = aiter(connection.cursor(_ENTRIES, prefetch=ROWS_AT_ONCE))
    entry = await anext(entries, None)
    async for viewing in connection.cursor(_VIEWINGS, prefetch=ROWS_AT_ONCE):
        chain = Chain(key, Origin.of(viewing), _stated(viewing))
        while entry is not None and entry["viewing_id"] <= viewing["id"]:
            if entry["viewing_id"] == viewing["id"]:
                chain.follow(_line(entry), entry["hash"])
            else:
                _add_orphan(verdict, entry)
            _count(verdict, told)
            entry = await anext(entries, None)
        verdict.add(chain.end())
        verdict.viewings += 1
        verdict.unsealed += viewing["entry_count"] - viewing["sealed_count"]
    while entry is not None:
        _add_orphan(verdict, entry)
        _count(verdict, told)
        entry = await anext(entries, None)


def _count(verdict: Verdict, told: Callable[[int], None]) -> None:
    verdict.entries += 1
    if verdict.entries % ROWS_AT_ONCE == 0:
        told(verdict.entries)


async def _verify_seals(
    connection: asyncpg.Connection, key: bytes, noted: bytes | None, verdict: Verdict
) -> None:
    seals = Seals(key, noted)
    async for row in connection.cursor(_SEALS, prefetch=SEALS_AT_ONCE):
        ends = list(zip(row["viewing_ids"], row["entry_counts"], row["found"], strict=True))
        seals.follow(row["number"], row["sealed_at"], ends, row["hash"])
        verdict.seals += 1
    for fault in seals.end():
        verdict.add(fault)
    if verdict.seals:
        verdict.head, verdict.sealed_at = seals.last_hash.hex(), seals.last_at


def _stated(row: asyncpg.Record) -> Stated:
    return Stated(
        row["entry_count"],
        row["entry_hash"],
        row["sealed_count"],
        row["unsealed"],
        {name: row[name] for name in ("address", "country", "user_agent")},
    )


def _line(row: asyncpg.Record) -> Line:
    return Line(
        row["number"],
        row["kind"],
        row["recorded_at"],
        row["from_milliseconds"],
        row["to_milliseconds"],
        json.loads(row["data"]),
    )


def _add_orphan(verdict: Verdict, row: asyncpg.Record) -> None:
    if row["viewing_id"] != verdict.orphaned:
        verdict.orphaned = row["viewing_id"]
        problem = f"Entry {row['number']} is there, and its viewing is gone."
        verdict.add(Fault(problem, viewing_id=row["viewing_id"], entry=row["number"]))
