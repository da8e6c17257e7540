"""The writer of heartbeats: many at once, durable when answered, and none harms another."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.db import snapshot
from app.errors import Unavailable
from app.models import ViewingEnd
from app.models.viewings import LedgerKind
from app.screeners.heartbeats.batch import Over, Unknown, Written
from app.screeners.heartbeats.rules import Beat, Heartbeats
from app.screeners.heartbeats.writer import Writer
from app.screeners.ledger.keys import ledger_key
from app.screeners.ledger.verifying import Verdict, verify
from app.security import token_hash
from tests import screeners as films
from tests.players import Player, entries_of, player_of, row_of, screener_of, viewing_of
from tests.world import Caller, World

FIVE = Beat(LedgerKind.WATCHED, 0, 5000)


def beats_of(player: Player, sequence: int = 1, *beats: Beat) -> Heartbeats:
    return Heartbeats(
        int(player.viewing_id), token_hash(player.token), sequence, beats or (FIVE,), None
    )


async def verdict_of(world: World) -> Verdict:
    settings = world.app.state.settings
    async with snapshot(settings.database_url) as connection:
        return await verify(connection, ledger_key(settings))


def writer_of(world: World, **options: Any) -> Writer:
    key = ledger_key(world.app.state.settings)
    return Writer(world.app.state.database.engine, key, **options)


@pytest.fixture
async def writer(world: World) -> Writer:
    return writer_of(world)


@pytest.fixture
async def player(world: World, seller: Caller, buyer: Caller) -> Player:
    return await player_of(world, seller, buyer)


async def test_what_comes_together_is_written_in_one_transaction(
    world: World, seller: Caller, writer: Writer
) -> None:
    _, screener = await screener_of(world, seller)
    players = []
    for _ in range(20):
        buyer = await world.buyer()
        grant = await films.granted(seller, screener, buyer)
        players.append(await viewing_of(world, screener, grant["id"], buyer))
    asked = [beats_of(player, number) for number in (1, 2, 3) for player in players]
    outcomes = await asyncio.gather(*map(writer.write, asked))
    assert {type(outcome) for outcome in outcomes} == {Written}
    async with world.app.state.database.session() as session:
        transactions = await session.scalars(
            text("SELECT DISTINCT xmin::text FROM ledger_entries WHERE kind = 'watched'")
        )
        assert len(transactions.all()) == 1
    for player in players:
        numbers = [entry["number"] for entry in await entries_of(world, player.viewing_id)]
        assert numbers == [1, 2, 3, 4]
    assert (await verdict_of(world)).is_whole


async def test_two_writers_take_turns_and_lose_nothing(
    world: World, writer: Writer, player: Player
) -> None:
    other = writer_of(world)
    asked = [beats_of(player, number) for number in range(1, 41)]
    for one, two in zip(asked[::2], asked[1::2], strict=True):
        await asyncio.gather(writer.write(one), other.write(two))
    verdict = await verdict_of(world)
    assert verdict.is_whole
    # Of two at once, the one that came second by its number may have been first in the database.
    assert 21 <= verdict.entries <= 41


async def test_the_same_heartbeats_count_once(world: World, writer: Writer, player: Player) -> None:
    asked = beats_of(player, 7)
    found = await asyncio.gather(*(writer.write(asked) for _ in range(5)))
    assert sorted(one.accepted for one in found if isinstance(one, Written)) == [0, 0, 0, 0, 1]
    again = await writer_of(world).write(asked)
    assert isinstance(again, Written)
    assert again.accepted == 0
    assert len(await entries_of(world, player.viewing_id)) == 2
    assert (await row_of(world, player.viewing_id)).watched_milliseconds == 5000


async def test_one_that_cannot_be_written_harms_no_other(
    world: World, seller: Caller, writer: Writer, player: Player
) -> None:
    unhashable = beats_of(player, 1, Beat(LedgerKind.TAMPERED, data={"detail": "\ud800"}))
    unstorable = beats_of(player, 2, Beat(LedgerKind.PAUSED, 2**70))
    refused = beats_of(player, 3, Beat(LedgerKind.TAMPERED, data={"detail": "\0"}))
    good = beats_of(player, 4)
    others = await player_of(world, seller, await world.buyer())
    outcomes = await asyncio.gather(
        *map(writer.write, [unhashable, unstorable, refused, good, beats_of(others)]),
        return_exceptions=True,
    )
    assert [isinstance(outcome, Written) for outcome in outcomes] == [
        False,
        True,  # beyond the film: kept, as what was said
        False,
        True,
        True,
    ]
    kinds = [entry["kind"] for entry in await entries_of(world, player.viewing_id)]
    assert kinds == ["opened", "paused", "watched"]
    assert (await verdict_of(world)).is_whole


async def test_what_is_over_or_unknown_is_told_so_and_leaves_no_entry(
    world: World, writer: Writer, player: Player
) -> None:
    wrong_token = replace(beats_of(player), token_hash=bytes(32))
    nobodys = replace(beats_of(player), viewing_id=404)
    outcomes = await asyncio.gather(writer.write(wrong_token), writer.write(nobodys))
    assert {type(outcome) for outcome in outcomes} == {Unknown}
    await films.execute(world, "UPDATE screener_grants SET revoked_at = now()")
    assert await writer.write(beats_of(player)) == Over(ViewingEnd.REVOKED)
    assert len(await entries_of(world, player.viewing_id)) == 1


async def test_a_viewing_that_somebody_holds_makes_nobody_else_wait(
    world: World, seller: Caller, writer: Writer, player: Player
) -> None:
    free = await player_of(world, seller, await world.buyer())
    async with world.app.state.database.session() as session, session.begin():
        await session.execute(
            text("SELECT id FROM viewings WHERE id = :id FOR UPDATE"),
            {"id": int(player.viewing_id)},
        )
        held = asyncio.create_task(writer.write(beats_of(player)))
        for number in (1, 2, 3):
            assert isinstance(await writer.write(beats_of(free, number)), Written)
        assert not held.done()
    assert isinstance(await held, Written)


async def test_a_viewing_that_is_held_for_long_is_answered_with_come_again(
    world: World, player: Player
) -> None:
    writer = writer_of(world, patience=0.05)
    async with world.app.state.database.session() as session, session.begin():
        await session.execute(text("SELECT id FROM viewings FOR UPDATE"))
        with pytest.raises(Unavailable):
            await writer.write(beats_of(player))
    assert isinstance(await writer.write(beats_of(player)), Written)


async def test_too_many_at_once_are_sent_away(world: World, player: Player) -> None:
    writer = writer_of(world, most_waiting=3)
    outcomes = await asyncio.gather(
        *(writer.write(beats_of(player, number)) for number in range(1, 6)),
        return_exceptions=True,
    )
    refused = [one for one in outcomes if isinstance(one, Unavailable)]
    assert [(one.code, one.headers) for one in refused] == [
        ("too_many_heartbeats", {"Retry-After": "1"})
    ] * 2
    assert len(await entries_of(world, player.viewing_id)) == 4


async def test_closing_the_writer_writes_what_waits(
    world: World, writer: Writer, player: Player
) -> None:
    waiting = asyncio.create_task(writer.write(beats_of(player)))
    await asyncio.sleep(0)
    await writer.close()
    assert len(await entries_of(world, player.viewing_id)) == 2
    assert isinstance(await waiting, Written)


async def test_whoever_hung_up_is_not_waited_for(
    world: World, writer: Writer, player: Player
) -> None:
    gone = asyncio.create_task(writer.write(beats_of(player, 1)))
    await asyncio.sleep(0)
    gone.cancel()
    assert isinstance(await writer.write(beats_of(player, 2)), Written)
    assert len(await entries_of(world, player.viewing_id)) == 2


async def test_a_database_that_is_away_is_told_to_each(world: World, player: Player) -> None:
    writer = writer_of(world)
    engine = world.app.state.database.engine
    await films.execute(world, "ALTER TABLE ledger_entries RENAME TO elsewhere")
    outcomes = await asyncio.gather(
        *(writer.write(beats_of(player, number)) for number in (1, 2)), return_exceptions=True
    )
    assert [type(one).__name__ for one in outcomes] == ["UndefinedTableError"] * 2
    await films.execute(world, "ALTER TABLE elsewhere RENAME TO ledger_entries")
    assert engine.pool.checkedout() == 0
    assert isinstance(await writer.write(beats_of(player)), Written)


async def test_a_grant_that_was_shortened_ends_the_viewing(
    world: World, writer: Writer, player: Player
) -> None:
    await films.execute(
        world,
        "UPDATE screener_grants SET starts_at = now() - interval '2 h', expires_at = now()",
    )
    assert await writer.write(beats_of(player)) == Over(ViewingEnd.EXPIRED)


async def test_time_is_spent_once_however_often_it_is_claimed(
    world: World, seller: Caller, buyer: Caller, writer: Writer
) -> None:
    player = await player_of(world, seller, buyer, ago=timedelta(0))
    minute = Beat(LedgerKind.WATCHED, 0, 60_000)
    outcomes = [await writer.write(beats_of(player, number, minute)) for number in (1, 2)]
    assert [one.implausible for one in outcomes if isinstance(one, Written)] == [1, 1]
    ten = Beat(LedgerKind.WATCHED, 0, 10_000)
    found = [await writer.write(beats_of(player, number, ten)) for number in range(3, 9)]
    # Fifteen seconds of grace at twice the speed are three times ten, and the test takes a while.
    counted = sum(1 - one.implausible for one in found if isinstance(one, Written))
    assert 3 <= counted < 6
    row = await row_of(world, player.viewing_id)
    assert row.watched_milliseconds == 10_000 * counted
