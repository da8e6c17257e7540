"""Many viewings' heartbeats in one transaction: locked, read, chained, written.

Whoever's viewing is locked by another transaction waits for the next batch, not all for it: so this
one holds locks and never waits for one, and can be part of no deadlock.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import Read
from app.models.screeners import Screener
from app.models.viewings import Viewing, ViewingEnd
from app.screeners.heartbeats.rules import Heartbeats, account, position_of
from app.screeners.ledger.chain import Line, Origin, entry_hash, origin_hash
from app.screeners.viewings.access import EXPIRES_AT, OVER, STANDS_ON

# A batch finds hundreds of rows by their keys: planned once, by the indexes.
_PLANS = "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL random_page_cost = 1.1"
_LOCK = """
SELECT v.id FROM viewings v
JOIN unnest($1::bigint[], $2::bytea[]) AS asked(id, token_hash)
ON v.id = asked.id AND v.token_hash = asked.token_hash
ORDER BY v.id FOR UPDATE OF v SKIP LOCKED
"""
_STANDING: Any = select(
    Viewing.id,
    Viewing.token_hash,
    Viewing.screener_id,
    Viewing.grant_id,
    Viewing.person_id,
    Viewing.organisation_id,
    Viewing.opened_at,
    Viewing.entry_count,
    Viewing.entry_hash,
    Viewing.beat_sequence,
    Viewing.position_milliseconds,
    Viewing.watched_milliseconds,
    func.coalesce(Viewing.spent_until, Viewing.opened_at).label("spent_until"),
    Screener.duration_milliseconds,
    EXPIRES_AT.label("expires_at"),
    OVER,
).select_from(STANDS_ON)
_READ = Read(_STANDING.where(Viewing.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))))
_WRITE = """
WITH entries AS (
    INSERT INTO ledger_entries
        (viewing_id, number, kind, recorded_at, from_milliseconds, to_milliseconds, data, hash)
    SELECT * FROM unnest(
        $1::bigint[], $2::integer[], $3::text[], $4::timestamptz[], $5::bigint[], $6::bigint[],
        $7::jsonb[], $8::bytea[]
    )
)
UPDATE viewings v SET
    entry_count = new.entry_count, entry_hash = new.entry_hash, beat_sequence = new.beat_sequence,
    position_milliseconds = new.position_milliseconds,
    watched_milliseconds = new.watched_milliseconds,
    spent_until = new.spent_until, last_seen_at = new.last_seen_at,
    unsealed = v.unsealed OR new.entry_count > v.entry_count
FROM unnest(
    $9::bigint[], $10::integer[], $11::bytea[], $12::bigint[], $13::bigint[], $14::bigint[],
    $15::timestamptz[], $16::timestamptz[]
) AS new(
    id, entry_count, entry_hash, beat_sequence, position_milliseconds, watched_milliseconds,
    spent_until, last_seen_at
)
WHERE v.id = new.id
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it."""

    accepted: int
    implausible: int
    position_milliseconds: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing came of it: the viewing is over."""

    reason: ViewingEnd


class Unknown:
    """Nothing came of it: there is no such viewing, or the token is not its own."""


class Full:
    """Nothing came of it: the viewing has all the entries that one may have."""


class Busy:
    """Nothing came of it yet: somebody else holds the viewing."""


Settled = Written | Over | Unknown | Full
# Who fills the ledger is stopped: a film of twelve hours, watched as it is, makes 9,000 entries.
MOST_ENTRIES = 50_000


@dataclass(slots=True)
class _Standing:
    """A viewing, as it stands while its heartbeats are worked through."""

    row: asyncpg.Record
    entry_count: int
    entry_hash: bytes
    sequence: int
    position: int
    watched: int
    spent_until: datetime
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    viewing_id: int
    line: Line
    hash: bytes


async def write(
    connection: asyncpg.Connection, key: bytes, asked: Sequence[Heartbeats]
) -> list[Settled | Busy | Exception]:
    """Write requests in their order; what comes of each, in theirs. It is durable on return.

    What can't be written of one is its own outcome, and harms no other.
    """
    async with connection.transaction():
        await connection.execute(_PLANS)
        ids, hashes = [one.viewing_id for one in asked], [one.token_hash for one in asked]
        locked = {row[0] for row in await connection.fetch(_LOCK, ids, hashes)}
        rows = await connection.fetch(_READ.sql, *_READ.arguments({"ids": ids}))
        batch = _Batch(key, locked, rows)
        outcomes = [batch.take(one) for one in asked]
        if batch.is_changed:
            await connection.execute(_WRITE, *batch.columns())
    return outcomes


class _Batch:
    def __init__(self, key: bytes, locked: set[int], rows: Sequence[asyncpg.Record]) -> None:
        self._key = key
        self._locked = locked
        self._now = datetime.now(UTC)
        self._standing = {row["id"]: _standing_of(key, row) for row in rows}
        self._entries: list[_Entry] = []

    @property
    def is_changed(self) -> bool:
        """Tell whether there is anything to write."""
        return any(one.last_seen_at is not None for one in self._standing.values())

    def take(self, asked: Heartbeats) -> Settled | Busy | Exception:
        """Work a request in; an exception leaves everything as it was."""
        standing = self._standing.get(asked.viewing_id)
        if standing is None or standing.row["token_hash"] != asked.token_hash:
            return Unknown()
        if (over := standing.row["over"]) is not None:
            return Over(ViewingEnd(over))
        if asked.viewing_id not in self._locked:
            return Busy()
        if asked.sequence <= standing.sequence:
            return _written(standing, 0, 0)
        return self._try(standing, asked)

    def _try(self, standing: _Standing, asked: Heartbeats) -> Settled | Exception:
        if standing.entry_count + len(asked.beats) > MOST_ENTRIES:
            return Full()
        try:
            return self._add(standing, asked)
        except Exception as error:  # noqa: BLE001  # told to who sent it
            return error

    def _add(self, standing: _Standing, asked: Heartbeats) -> Written:
        duration = standing.row["duration_milliseconds"]
        accounted = account(asked.beats, duration, standing.spent_until, self._now)
        count, before = standing.entry_count, standing.entry_hash
        added: list[_Entry] = []
        for beat in accounted.beats:
            count += 1
            line = Line(
                count,
                beat.kind,
                self._now,
                beat.from_milliseconds,
                beat.to_milliseconds,
                beat.data,
            )
            before = entry_hash(self._key, before, line)
            added.append(_Entry(asked.viewing_id, line, before))
        position = position_of(asked.position_milliseconds, accounted.beats, duration)
        # Nothing can go wrong from here on.
        self._entries += added
        standing.entry_count, standing.entry_hash = count, before
        standing.sequence = asked.sequence
        standing.position = standing.position if position is None else position
        standing.watched += accounted.watched_milliseconds
        standing.spent_until = accounted.spent_until
        standing.last_seen_at = self._now
        doubtful = sum("implausible" in beat.data for beat in accounted.beats)
        return _written(standing, len(added), doubtful)

    def columns(self) -> list[list[object]]:
        """Give what is written, as the statement takes it: entries, then viewings."""
        entries, changed = (
            self._entries,
            sorted(
                (id_, one) for id_, one in self._standing.items() if one.last_seen_at is not None
            ),
        )
        lines = [entry.line for entry in entries]
        viewings = [one for _, one in changed]
        return [
            [entry.viewing_id for entry in entries],
            [line.number for line in lines],
            [line.kind for line in lines],
            [line.recorded_at for line in lines],
            [line.from_milliseconds for line in lines],
            [line.to_milliseconds for line in lines],
            [json.dumps(line.data) if line.data else "{}" for line in lines],
            [entry.hash for entry in entries],
            [id_ for id_, _ in changed],
            [one.entry_count for one in viewings],
            [one.entry_hash for one in viewings],
            [one.sequence for one in viewings],
            [one.position for one in viewings],
            [one.watched for one in viewings],
            [one.spent_until for one in viewings],
            [one.last_seen_at for one in viewings],
        ]


def _written(standing: _Standing, accepted: int, implausible: int) -> Written:
    return Written(accepted, implausible, standing.position, standing.row["expires_at"])


def _standing_of(key: bytes, row: asyncpg.Record) -> _Standing:
    head = row["entry_hash"] if row["entry_count"] else origin_hash(key, Origin.of(row))
    return _Standing(
        row,
        row["entry_count"],
        head,
        row["beat_sequence"],
        row["position_milliseconds"],
        row["watched_milliseconds"],
        row["spent_until"],
    )
