"""A pass: the facts that were committed since the last one get the next positions.

Ids and transaction numbers are given before a commit, and commits come in another order. So nobody
orders facts while they are written. Whoever wants to read comes here first: under one advisory
lock, the facts that can be seen now and have no position get the next ones, in the order in which
they were written. A fact that depends on another was written after that one could be seen: it
comes in a later pass, or later in the same one. What is not committed yet holds up nobody; it gets
its positions when it is.

Where to look is known exactly. `event_passes` keeps the snapshot that was taken before the last
pass looked: whatever it could not see ran then or began later, and `ix_events_transaction` finds
just that. What was seen all the same has a position, and is left out.
"""

from dataclasses import dataclass

import asyncpg

from app.sequencing.chain import NO_FACT, fact_hash

CHANNEL = "event_positions"
# Of PostgreSQL's advisory locks: any number, so long as nobody else takes it
LOCK = 0x0FAC75
# Of one pass, and so of one transaction: half a second's work
MOST = 20_000

# A copy of the database in another server begins to count its transactions anew: where that shows,
# everything is looked at once.
_STANDS = """
SELECT p.position,
    CASE WHEN pg_snapshot_xmax(p.snapshot) <= pg_snapshot_xmax(pg_current_snapshot())
        THEN pg_snapshot_xmax(p.snapshot)::text ELSE '0' END AS begun_since,
    ARRAY(SELECT xid::text FROM pg_snapshot_xip(p.snapshot) AS xid) AS running,
    p.snapshot::text AS snapshot,
    pg_current_snapshot()::text AS now,
    (SELECT hash FROM event_positions e WHERE e.position = p.position) AS hash
FROM event_passes p ORDER BY p.position DESC LIMIT 1
"""
_NEWS = """
FROM events e
WHERE (e.transaction >= $1::text::xid8 OR e.transaction = ANY ($2::text[]::xid8[]))
    AND NOT EXISTS (SELECT FROM event_positions p WHERE p.event_id = e.id)
"""
_ARE_THERE_NEWS = f"SELECT EXISTS (SELECT {_NEWS})"
_TAKE = f"SELECT e.* {_NEWS} ORDER BY e.number NULLS FIRST, e.id LIMIT $3"
# Not by COPY: where the connection is lost, asyncpg's leaves a failure that nobody asks for.
_KEEP = """
INSERT INTO event_positions (position, event_id, hash)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
"""
_NOTE = "INSERT INTO event_passes (position, snapshot) VALUES ($1, $2::text::pg_snapshot)"
_FORGET = "DELETE FROM event_passes WHERE position < $1"


@dataclass(frozen=True, slots=True)
class Given:
    """What a pass gave: how many positions, the last of all."""

    count: int
    position: int
    # There may be more facts than one pass takes.
    is_all: bool


async def give_positions(connection: asyncpg.Connection, key: bytes, most: int = MOST) -> Given:
    """Make a pass, in a transaction of its own; where there is nothing new, take no lock."""
    stands = await _stands(connection)
    seen = (stands["begun_since"], stands["running"])
    if not await connection.fetchval(_ARE_THERE_NEWS, *seen):
        return Given(0, stands["position"], is_all=True)
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        return await _give(connection, key, most)


async def _give(connection: asyncpg.Connection, key: bytes, most: int) -> Given:
    stands = await _stands(connection)
    last, before = stands["position"], stands["hash"] or NO_FACT
    # One more than a pass takes tells that it is not the last: only the last one has seen all.
    found = await connection.fetch(_TAKE, stands["begun_since"], stands["running"], most + 1)
    if not found:
        return Given(0, last, is_all=True)
    facts, is_all = found[:most], len(found) <= most
    head = last + len(facts)
    positions = range(last + 1, head + 1)
    hashes = []
    for position, fact in zip(positions, facts, strict=True):
        before = fact_hash(key, before, position, fact)
        hashes.append(before)
    await connection.execute(_KEEP, positions, [fact["id"] for fact in facts], hashes)
    await connection.execute(_NOTE, head, stands["now"] if is_all else stands["snapshot"])
    await connection.execute(_FORGET, head)
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, str(head))
    return Given(len(facts), head, is_all=is_all)


async def _stands(connection: asyncpg.Connection) -> asyncpg.Record:
    (stands,) = await connection.fetch(_STANDS)
    return stands
