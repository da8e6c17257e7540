"""The one order of the journal: whoever commits when, positions have no holes and never move."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import asyncpg
import pytest

from app.sequencing.chain import NO_FACT, fact_hash
from app.sequencing.passes import MOST, give_positions

KEY = b"k" * 32
WRITERS = 6
STEPS = 120
INSERT = "INSERT INTO events (type, subject_id, data) VALUES ($1, $2, $3) RETURNING id"
IN_ORDER = "SELECT event_id FROM event_positions ORDER BY position"
# Whether the next pass begins behind the last fact
HAS_SEEN_ALL = """
SELECT pg_visible_in_snapshot((SELECT max(transaction) FROM events), snapshot)
FROM event_passes ORDER BY position DESC LIMIT 1
"""
POSITIONS = "SELECT position FROM event_positions ORDER BY position"


@dataclass
class Writer:
    """Somebody with a transaction, or between two."""

    connection: asyncpg.Connection
    transaction: asyncpg.transaction.Transaction | None = None
    # Written, not yet committed
    written: list[int] = field(default_factory=list)


@dataclass
class Market:
    """Writers at their work, and what they know."""

    random: Random
    writers: list[Writer]
    reader: asyncpg.Connection
    committed: set[int] = field(default_factory=set)
    # Of each fact, those that were committed before it was written
    before: dict[int, frozenset[int]] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)

    async def step(self) -> None:
        """Do one thing: begin, write, end, or read after a pass."""
        writer = self.random.choice(self.writers)
        chance = self.random.random()
        if chance < 0.25:
            await self.read()
        elif writer.transaction is None:
            writer.transaction = writer.connection.transaction()
            await writer.transaction.start()
        elif chance < 0.7:
            known = frozenset(self.committed)
            id_ = await writer.connection.fetchval(INSERT, "test.step", 1, "{}")
            self.before[id_] = known
            writer.written.append(id_)
        else:
            await self.end(writer)

    async def end(self, writer: Writer) -> None:
        """Commit, or now and then not."""
        assert writer.transaction is not None
        if self.random.random() < 0.2:
            await writer.transaction.rollback()
        else:
            await writer.transaction.commit()
            self.committed.update(writer.written)
        writer.transaction = None
        writer.written = []

    async def read(self) -> None:
        """Make a pass of some size, and hold what is there to what was there before."""
        await give_positions(self.reader, KEY, self.random.choice([1, 3, MOST]))
        now = [row[0] for row in await self.reader.fetch(IN_ORDER)]
        assert now[: len(self.seen)] == self.seen
        self.seen = now


@asynccontextmanager
async def market(url: str, seed: int) -> AsyncIterator[Market]:
    connections = [await asyncpg.connect(url) for _ in range(WRITERS + 1)]
    try:
        writers = [Writer(connection) for connection in connections[1:]]
        yield Market(Random(seed), writers, connections[0])
    finally:
        for connection in connections:
            await connection.close()


@pytest.mark.parametrize("seed", range(8))
async def test_positions_have_no_holes_never_move_and_keep_what_depends_behind(
    database_url: str, seed: int
) -> None:
    async with market(database_url, seed) as at_work:
        for _ in range(STEPS):
            await at_work.step()
        for writer in at_work.writers:
            if writer.transaction is not None:
                await at_work.end(writer)
        while not (await give_positions(at_work.reader, KEY)).is_all:
            pass
        await at_work.read()
        assert len(at_work.seen) == len(set(at_work.seen))
        assert set(at_work.seen) == at_work.committed
        positions = [row[0] for row in await at_work.reader.fetch(POSITIONS)]
        assert positions == list(range(1, len(positions) + 1))
        place = {id_: position for position, id_ in enumerate(at_work.seen)}
        for id_ in at_work.seen:
            assert all(place[earlier] < place[id_] for earlier in at_work.before[id_])


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def write(connection: asyncpg.Connection, *types: str) -> list[int]:
    return [await connection.fetchval(INSERT, type_, 1, "{}") for type_ in types]


async def in_order(connection: asyncpg.Connection) -> list[int]:
    return [row[0] for row in await connection.fetch(IN_ORDER)]


@pytest.mark.parametrize("facts", [1, 2, 3, 4, 6])
async def test_who_has_given_all_positions_looks_at_none_of_them_again(
    connection: asyncpg.Connection, facts: int
) -> None:
    """Not even where the last pass was just full: each reader would look through its facts."""
    for number in range(facts):
        await connection.execute(INSERT, "test.many", number, "{}")
    while not (given := await give_positions(connection, KEY, 2)).is_all:
        pass
    assert given.position == facts
    assert await connection.fetchval(HAS_SEEN_ALL)


async def test_a_transaction_that_runs_long_holds_up_nobody(
    connection: asyncpg.Connection, database_url: str
) -> None:
    importer = await asyncpg.connect(database_url)
    async with importer.transaction():
        (early,) = await write(importer, "import.early")
        late = await write(connection, "one.late", "two.late")
        assert (await give_positions(connection, KEY)).position == 2
        assert await in_order(connection) == late
    await importer.close()
    await give_positions(connection, KEY)
    assert await in_order(connection) == [*late, early]


async def test_facts_of_a_clock_that_was_set_back_keep_their_order(
    connection: asyncpg.Connection,
) -> None:
    (first,) = await write(connection, "clock.before")
    await connection.execute(
        "INSERT INTO events (id, type, subject_id) VALUES (1, 'clock.after', 1)"
    )
    await give_positions(connection, KEY)
    assert await in_order(connection) == [first, 1]


async def test_a_copy_in_a_server_that_counts_transactions_anew_misses_nothing(
    connection: asyncpg.Connection,
) -> None:
    before = await write(connection, "copy.before")
    await give_positions(connection, KEY)
    # As a dump brings it along from a server that has counted much further
    await connection.execute("UPDATE event_passes SET snapshot = '900000000:900000000:'")
    after = await write(connection, "copy.after")
    await give_positions(connection, KEY)
    later = await write(connection, "copy.later")
    await give_positions(connection, KEY)
    assert await in_order(connection) == [*before, *after, *later]


async def test_each_fact_is_chained_to_the_one_before(connection: asyncpg.Connection) -> None:
    await write(connection, "chain.one", "chain.two")
    await give_positions(connection, KEY)
    before = NO_FACT
    rows = await connection.fetch(
        "SELECT e.*, position, hash FROM events e JOIN event_positions p ON e.id = event_id "
        "ORDER BY position"
    )
    for row in rows:
        before = fact_hash(KEY, before, row["position"], row)
        assert row["hash"] == before
    assert len(rows) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET type = 'other'",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE event_positions SET position = position + 1",
        "DELETE FROM event_positions",
        "TRUNCATE event_positions",
    ],
)
async def test_nobody_changes_the_journal(connection: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
        await connection.execute(statement)
