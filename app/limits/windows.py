"""The windows of all callers: one row each, from which every process takes its leases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from app.connecting import connect

WINDOW_SECONDS = 60
# As long as other statements wait: on a busy machine a connection takes seconds.
TIMEOUT = 10.0
CONNECTIONS = 2
SERVER_SETTINGS = {
    "application_name": "filmmart",
    "jit": "off",
    # What a crash of PostgreSQL forgets is half a second of counting.
    "synchronous_commit": "off",
    "statement_timeout": "10s",
    "lock_timeout": "5s",
}

# A lease is as much as was wanted, an eighth of what is left at most, so that shares shrink as
# little is left; less than the request's cost is no use. `now()` is when the statement began: who
# waited for the row counts by that, into a window that is over a moment sooner, never later.
_TAKE = """
INSERT INTO rate_windows AS kept (subject, ends_at, taken, granted)
VALUES ($1, now() + make_interval(secs => $8), $7, $7)
ON CONFLICT (subject) DO UPDATE SET (ends_at, taken, granted) = (
    SELECT ends_at, taken + granted, granted FROM (
        SELECT ends_at, taken, CASE
            WHEN $2 - taken < $3 THEN 0
            ELSE greatest($3, least($4, ($2 - taken) / 8)) END AS granted
        FROM (
            SELECT
                CASE WHEN kept.ends_at <= now() THEN now() + make_interval(secs => $8)
                    ELSE kept.ends_at END AS ends_at,
                CASE WHEN kept.ends_at <= now() THEN 0
                    WHEN kept.ends_at = $6 THEN kept.taken - $5
                    ELSE kept.taken END AS taken
        ) AS window_now
    ) AS shared
)
RETURNING granted, $2 - taken AS left, ends_at, extract(epoch FROM ends_at - now())::float8 AS secs
"""
# In order, so that two processes never wait for each other.
_GIVE_BACK = """
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[]) AS g (subject, ends_at, units)
), locked AS (
    SELECT kept.subject FROM rate_windows AS kept
    JOIN given ON given.subject = kept.subject ORDER BY kept.subject FOR UPDATE OF kept
)
UPDATE rate_windows AS kept SET taken = kept.taken - given.units
FROM given JOIN locked ON locked.subject = given.subject
WHERE kept.subject = given.subject AND kept.ends_at = given.ends_at
"""
_LOOK = "SELECT subject, ends_at, taken FROM rate_windows WHERE subject = ANY($1::text[])"


@dataclass(frozen=True, slots=True)
class Granted:
    """What was taken, and how the window stands after it."""

    units: int
    left: int
    window: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Windows:
    """Asks PostgreSQL."""

    pool: asyncpg.Pool

    async def take(
        self, subject: str, quota: int, cost: int, wanted: int, back: tuple[datetime, int] | None
    ) -> Granted:
        """Take a lease, and give back what is left of the one before; 0 units where it is spent."""
        window, units = back or (None, 0)
        first = 0 if quota < cost else max(cost, min(wanted, quota // 8))
        row = await self.pool.fetchrow(
            *(_TAKE, subject, quota, cost, wanted, units, window, first, WINDOW_SECONDS),
            timeout=TIMEOUT,
        )
        assert row is not None  # noqa: S101  # an upsert returns its row
        return Granted(row["granted"], row["left"], row["ends_at"], row["secs"])

    async def give_back(self, given: Sequence[tuple[str, datetime, int]]) -> None:
        """Put units back into their windows, those that are not over."""
        subjects, windows, units = map(list, zip(*given, strict=True))
        await self.pool.execute(_GIVE_BACK, subjects, windows, units, timeout=TIMEOUT)

    async def taken(self, subjects: list[str]) -> dict[str, tuple[datetime, int]]:
        """Tell how the windows of some callers stand."""
        rows = await self.pool.fetch(_LOOK, subjects, timeout=TIMEOUT)
        return {row["subject"]: (row["ends_at"], row["taken"]) for row in rows}

    async def close(self) -> None:
        """Close every connection."""
        await self.pool.close()


async def _keep(connection: asyncpg.Connection) -> None:
    """Skip asyncpg's reset on release: nothing is left behind, and it costs a trip."""


async def open_windows(database_url: str) -> Windows:
    """Open a pool of its own, as small as it can be; it connects when first asked."""
    pool = await asyncpg.create_pool(
        database_url,
        min_size=0,
        max_size=CONNECTIONS,
        connect=connect,
        timeout=TIMEOUT,
        server_settings=SERVER_SETTINGS,
        reset=_keep,
    )
    return Windows(pool)
