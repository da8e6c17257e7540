"""The ledger under the hands of somebody who has the database: nothing goes unseen."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import snapshot
from app.models import Viewing
from app.models.viewings import LedgerKind
from app.screeners.ledger import sealing
from app.screeners.ledger.entries import Fact, append, continued
from app.screeners.ledger.keys import ledger_key
from app.screeners.ledger.verifying import Verdict, verify
from app.worker import Means, make_worker
from tests import screeners as films
from tests.players import (
    Player,
    entries_of,
    link_grant,
    player_of,
    row_of,
    screener_of,
    sought,
    viewing_of,
    watched,
)
from tests.test_cli import Terminal, terminal
from tests.world import Caller, World

__all__ = ["terminal"]


LEDGER = ("ledger_entries", "ledger_seals")
OF_A_VIEWING = "fk_ledger_entries_viewing_id_viewings"


async def seal(world: World, most: int = sealing.MOST_ENDS) -> int:
    key = ledger_key(world.app.state.settings)
    async with world.app.state.database.session() as session, session.begin():
        return await sealing.seal(session, key, most)


async def verdict_of(world: World, noted: str | None = None) -> Verdict:
    settings = world.app.state.settings
    async with snapshot(settings.database_url) as connection:
        noted_hash = bytes.fromhex(noted) if noted else None
        return await verify(connection, ledger_key(settings), noted_hash)


async def tamper(world: World, *statements: str, **values: Any) -> None:
    """Change the ledger as its owner can: with triggers and references out of the way."""
    out_of_the_way = [
        f"ALTER TABLE ledger_entries DROP CONSTRAINT IF EXISTS {OF_A_VIEWING}",
        "ALTER TABLE ledger_entries DISABLE TRIGGER USER",
        "ALTER TABLE ledger_seals DISABLE TRIGGER USER",
    ]
    back = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in LEDGER]
    async with world.app.state.database.session() as session, session.begin():
        for statement in [*out_of_the_way, *statements, *back]:
            names = {name: value for name, value in values.items() if f":{name}" in statement}
            await session.execute(text(statement), names)


async def problems(world: World, noted: str | None = None) -> list[str]:
    return [fault.problem for fault in (await verdict_of(world, noted)).faults]


@pytest.fixture
async def player(world: World, seller: Caller, buyer: Caller) -> Player:
    """Have a film watched to its second seek: seven entries, sealed after the fourth."""
    player = await player_of(world, seller, buyer)
    await player.say(watched(0, 5), watched(5, 10), sought(10, 60))
    await seal(world)
    await player.say(watched(60, 65), sought(65, 0), watched(0, 5))
    return player


# As an SQL console ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET data = '{}'",
        "UPDATE ledger_entries SET kind = kind WHERE false",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
        "TRUNCATE viewings CASCADE",
        "UPDATE ledger_seals SET hash = ''",
        "DELETE FROM ledger_seals",
        "TRUNCATE ledger_seals",
        (
            "INSERT INTO ledger_seals SELECT * FROM ledger_seals "
            "ON CONFLICT (number) DO UPDATE SET hash = ''"
        ),
    ],
)
@pytest.mark.usefixtures("player")
async def test_the_ledger_is_only_added_to(world: World, statement: str) -> None:
    with pytest.raises(DBAPIError, match="the ledger of viewings is only added to"):
        await films.execute(world, statement)
    assert (await verdict_of(world)).is_whole


async def test_a_viewing_with_entries_is_not_deleted(world: World, player: Player) -> None:
    with pytest.raises(DBAPIError, match=OF_A_VIEWING):
        await films.execute(world, "DELETE FROM viewings")
    assert await row_of(world, player.viewing_id) is not None


# Untouched --------------------------------------------------------------------------------------


async def test_an_empty_ledger_is_whole(world: World) -> None:
    assert await seal(world) == 0
    verdict = await verdict_of(world)
    assert verdict.is_whole
    assert (verdict.viewings, verdict.entries, verdict.seals, verdict.head) == (0, 0, 0, None)


async def test_an_untouched_ledger_is_whole(world: World, player: Player) -> None:
    verdict = await verdict_of(world)
    assert (verdict.faults, verdict.viewings, verdict.entries, verdict.seals) == ([], 1, 7, 1)
    assert verdict.unsealed == 3
    noted = verdict.head
    assert noted is not None
    assert await seal(world) == 1
    assert await seal(world) == 0
    later = await verdict_of(world, noted)
    assert (later.faults, later.seals, later.unsealed) == ([], 2, 0)
    assert later.head != noted
    row = await row_of(world, player.viewing_id)
    assert (row.sealed_count, row.unsealed) == (7, False)


async def test_every_way_an_entry_is_written_fits_one_chain(world: World, seller: Caller) -> None:
    _, screener = await screener_of(world, seller)
    grant = await link_grant(world, seller, screener, "Зрительница")
    player = await viewing_of(world, screener, grant, country=None)
    await player.say(watched(0, 5))
    key = ledger_key(world.app.state.settings)
    async with world.app.state.database.session() as session, session.begin():
        viewing = await session.get_one(Viewing, int(player.viewing_id))
        viewing.address, viewing.country, viewing.user_agent = "2001:db8::1", "IR", "Ё 播放器"
        refused = Fact(LedgerKind.REFUSED, data={"reason": "not_in_territory"})
        await append(session, key, viewing, refused, continued(viewing))
    answer = await player.say(watched(5, 10), sequence=1)  # a new token counts anew
    assert answer.json()["accepted"] == 1
    kinds = [entry["kind"] for entry in await entries_of(world, player.viewing_id)]
    assert kinds == ["opened", "watched", "refused", "continued", "watched"]
    assert (await verdict_of(world)).is_whole


async def test_many_viewings_are_sealed_in_batches(world: World, seller: Caller) -> None:
    _, screener = await screener_of(world, seller)
    for _ in range(5):
        grant = await link_grant(world, seller, screener, "Somebody")
        await viewing_of(world, screener, grant)
    assert [await seal(world, 2) for _ in range(4)] == [2, 2, 1, 0]
    verdict = await verdict_of(world)
    assert (verdict.faults, verdict.seals, verdict.unsealed) == ([], 3, 0)


async def test_of_two_workers_who_seal_at_once_one_does(world: World, player: Player) -> None:
    del player
    key = ledger_key(world.app.state.settings)
    async with world.app.state.database.session() as session, session.begin():
        assert await sealing.seal(session, key) == 1
        assert await seal(world) == 0
    assert (await verdict_of(world)).faults == []


async def test_what_is_written_while_it_is_sealed_is_sealed_the_next_time(
    world: World, player: Player
) -> None:
    async def write() -> None:
        for second in range(5, 25):
            await player.say(watched(second, second + 1))

    async def seal_often() -> None:
        for _ in range(20):
            await seal(world)

    await asyncio.gather(write(), seal_often())
    await seal(world)
    verdict = await verdict_of(world)
    assert (verdict.faults, verdict.unsealed, verdict.entries) == ([], 0, 27)


async def test_the_worker_closes_and_seals_each_minute(world: World, player: Player) -> None:
    await films.execute(world, "UPDATE viewings SET expires_at = now()")
    worker = make_worker(
        world.app.state.settings, Means(world.app.state.database, world.app.state.store)
    )
    assert {
        (str(task.task.name), task.cron)
        for task in worker.periodic_registry.periodic_tasks.values()
    } >= {("seal_ledger", "* * * * *")}
    await worker.tasks["seal_ledger"](timestamp=0)
    row = await row_of(world, player.viewing_id)
    assert (row.closed, row.sealed_count, row.entry_count) == (True, 8, 8)
    assert (await verdict_of(world)).faults == []


# Tampered with ----------------------------------------------------------------------------------


FORGED = """
INSERT INTO ledger_entries
SELECT viewing_id, {number}, kind, recorded_at, 10000, 120000, data, hash
FROM ledger_entries WHERE number = 3
"""
COUNTED = "UPDATE viewings SET entry_count = 8"
CHANGES: list[tuple[int, list[str]]] = [
    (3, ["UPDATE ledger_entries SET to_milliseconds = 120000 WHERE number = 3"]),
    (6, ["UPDATE ledger_entries SET kind = 'paused' WHERE number = 6"]),
    (2, ["UPDATE ledger_entries SET recorded_at = now() WHERE number = 2"]),
    (2, ["UPDATE ledger_entries SET recorded_at = 'infinity' WHERE number = 2"]),
    (5, ["UPDATE ledger_entries SET data = '{\"implausible\": 1e400}' WHERE number = 5"]),
    (1, ["UPDATE ledger_entries SET data = '[]' WHERE number = 1"]),
    (1, ["UPDATE ledger_entries SET data = data - 'country' WHERE number = 1"]),
    (4, ["UPDATE ledger_entries SET hash = '' WHERE number = 4"]),
    # Whose it was, under which grant, when
    (1, ["UPDATE viewings SET person_id = :other"]),
    (1, ["UPDATE viewings SET grant_id = NULL"]),
    (1, ["UPDATE viewings SET opened_at = opened_at - interval '1 day'"]),
    # Removed, in the middle and at the end
    (5, ["DELETE FROM ledger_entries WHERE number = 5"]),
    (6, ["DELETE FROM ledger_entries WHERE number > 5"]),
    # Put in at the end, counted and not; put in between
    (8, [FORGED.format(number=8)]),
    (8, [FORGED.format(number=8), COUNTED]),
    (
        4,
        [
            "UPDATE ledger_entries SET number = number + 100 WHERE number > 3",
            "UPDATE ledger_entries SET number = number - 99 WHERE number > 100",
            FORGED.format(number=4),
            COUNTED,
        ],
    ),
    # Moved: the second and the third change places
    (
        2,
        [
            "UPDATE ledger_entries SET number = 105 - number WHERE number IN (2, 3)",
            "UPDATE ledger_entries SET number = number - 100 WHERE number > 100",
        ],
    ),
]


@pytest.mark.parametrize(("entry", "change"), CHANGES, ids=str)
async def test_what_was_changed_removed_put_in_or_moved_is_named(
    world: World, seller: Caller, player: Player, entry: int, change: list[str]
) -> None:
    other = await world.person(seller.organisation_id)
    await tamper(world, *change, other=int(other.person_id))
    await player_of(world, seller, await world.buyer())  # which nobody touched
    verdict = await verdict_of(world)
    assert verdict.faults[0].entry == entry
    assert {fault.viewing_id for fault in verdict.faults} <= {int(player.viewing_id), None}


async def test_a_tail_cut_off_with_the_viewing_changed_to_fit_is_named_by_its_seal(
    world: World, player: Player
) -> None:
    await tamper(
        world,
        "DELETE FROM ledger_entries WHERE number > 2",
        "UPDATE viewings SET entry_count = 2, sealed_count = 2, unsealed = false, "
        "entry_hash = (SELECT hash FROM ledger_entries WHERE number = 2)",
    )
    (fault,) = (await verdict_of(world)).faults
    assert fault.problem == "Entry 4 was there when seal 1 was made, and is gone."
    assert fault.viewing_id == int(player.viewing_id)


async def test_a_viewing_that_is_gone_is_named_by_its_seal(world: World, player: Player) -> None:
    await tamper(world, "DELETE FROM viewings")
    verdict = await verdict_of(world)
    assert [fault.problem for fault in verdict.faults] == [
        "Entry 1 is there, and its viewing is gone.",
        "The viewing was there when it was sealed, and is gone.",
    ]
    assert {fault.viewing_id for fault in verdict.faults} == {int(player.viewing_id)}
    await tamper(world, "DELETE FROM ledger_entries")
    assert await problems(world) == [
        "Entry 4 was there when seal 1 was made, and is gone.",
        "The viewing was there when it was sealed, and is gone.",
    ]


async def test_entries_of_another_viewing_are_not_taken_for_this_ones(
    world: World, seller: Caller, player: Player
) -> None:
    other = await player_of(world, seller, await world.buyer())
    await tamper(
        world,
        "DELETE FROM ledger_entries WHERE viewing_id = :other",
        "UPDATE ledger_entries SET viewing_id = :other WHERE viewing_id = :mine",
        "UPDATE viewings SET entry_count = 7, entry_hash = (SELECT entry_hash FROM viewings "
        "WHERE id = :mine) WHERE id = :other",
        mine=int(player.viewing_id),
        other=int(other.viewing_id),
    )
    found = {fault.viewing_id: fault.problem for fault in (await verdict_of(world)).faults}
    assert "no longer of the viewing" in found[int(other.viewing_id)]
    assert int(player.viewing_id) in found


@pytest.fixture
async def sealed(world: World, seller: Caller, player: Player) -> list[str]:
    """Seal three times; give the heads as they were noted outside."""
    del player
    heads = []
    for _ in range(3):
        other = await player_of(world, seller, await world.buyer())
        await other.say(watched(0, 5))
        await seal(world)
        heads.append(str((await verdict_of(world)).head))
    assert (await verdict_of(world)).seals == 4
    return heads


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ("DELETE FROM ledger_seals WHERE number = 2", 2),
        ("DELETE FROM ledger_seals WHERE number = 1", 1),
        ("UPDATE ledger_seals SET sealed_at = now() WHERE number = 3", 3),
        ("UPDATE ledger_seals SET hash = '' WHERE number = 3", 3),
        ("UPDATE ledger_seals SET viewing_ids = '{}', entry_counts = '{}' WHERE number = 2", 2),
    ],
)
@pytest.mark.usefixtures("sealed")
async def test_a_seal_that_was_touched_is_named(world: World, change: str, number: int) -> None:
    await tamper(world, change)
    assert (await verdict_of(world)).faults[0].seal == number


async def test_the_last_seals_leave_traces_in_the_viewings(world: World, sealed: list[str]) -> None:
    await tamper(world, "DELETE FROM ledger_seals WHERE number > 2")
    verdict = await verdict_of(world)
    assert {fault.problem for fault in verdict.faults} == {
        "It was sealed with 2 entries; that seal is gone."
    }
    assert await problems(world, sealed[0]) == [fault.problem for fault in verdict.faults]


async def test_a_head_noted_outside_shows_that_the_end_was_written_anew(
    world: World, sealed: list[str]
) -> None:
    assert await problems(world, sealed[2]) == []
    # Everything after the second seal is taken away, with every trace of it.
    await tamper(
        world,
        "CREATE TEMP TABLE late ON COMMIT DROP AS SELECT unnest(viewing_ids) AS id "
        "FROM ledger_seals WHERE number > 2",
        "DELETE FROM ledger_entries WHERE viewing_id IN (SELECT id FROM late)",
        "DELETE FROM viewings WHERE id IN (SELECT id FROM late)",
        "DELETE FROM ledger_seals WHERE number > 2",
    )
    assert await problems(world) == []
    assert await problems(world, sealed[0]) == []
    (found,) = await problems(world, sealed[2])
    assert found.startswith("No seal has the hash that you noted")


async def test_whoever_has_the_key_can_write_all_anew_but_for_a_head_outside(
    world: World, sealed: list[str]
) -> None:
    await tamper(
        world,
        "DELETE FROM ledger_seals",
        "UPDATE viewings SET sealed_count = 0, unsealed = true",
    )
    await seal(world)
    assert await problems(world) == []
    (found,) = await problems(world, sealed[2])
    assert found.startswith("No seal has the hash that you noted")


async def test_another_key_opens_nothing(world: World, player: Player) -> None:
    del player
    async with snapshot(world.app.state.settings.database_url) as connection:
        verdict = await verify(connection, bytes(32))
    assert not verdict.is_whole
    assert [fault.entry for fault in verdict.faults] == [1, None]


# The command ------------------------------------------------------------------------------------


@pytest.fixture
def operator(world: World, terminal: Terminal) -> Terminal:
    settings = world.app.state.settings
    terminal.given(
        database_url=settings.database_url,
        secret_key=settings.secret_key.get_secret_value(),
        s3_endpoint_url=settings.s3_endpoint_url or "",
        s3_access_key_id=settings.s3_access_key_id,
        s3_secret_access_key=settings.s3_secret_access_key.get_secret_value(),
    )
    return terminal


async def test_the_command_says_that_all_is_whole_and_what_to_note(
    world: World, player: Player, operator: Terminal
) -> None:
    del player
    head = (await verdict_of(world)).head
    done = await asyncio.to_thread(operator.filmmart, "verify", "ledger", "--head", f"{head}")
    assert done.code == 0
    assert "7 entries of 1 viewings, 1 seals: all whole." in done.out
    assert f"Head, to note elsewhere: {head}" in done.out
    assert "3 entries are not sealed yet" in done.out


async def test_the_command_names_what_is_wrong_and_fails(
    world: World, player: Player, operator: Terminal
) -> None:
    await tamper(world, "UPDATE ledger_entries SET to_milliseconds = 9 WHERE number = 3")
    done = await asyncio.to_thread(operator.filmmart, "verify", "ledger")
    assert done.code == 1
    assert f"Viewing {player.viewing_id}: Entry 3 was changed, put in or moved." in done.out
    assert "NOT WHOLE" in done.out
    done = await asyncio.to_thread(operator.filmmart, "verify", "ledger", "--json")
    assert done.code == 1
    told = json.loads(done.out)
    assert told["faults"][0] == {
        "problem": "Entry 3 was changed, put in or moved.",
        "viewing_id": player.viewing_id,
        "entry": 3,
        "seal": None,
    }
    assert (told["whole"], told["fault_count"], told["entries"]) == (False, 1, 7)


async def test_the_command_tells_the_first_hundred_faults(
    world: World, seller: Caller, operator: Terminal
) -> None:
    _, screener = await screener_of(world, seller)
    for _ in range(102):
        grant = await link_grant(world, seller, screener, "Somebody")
        await viewing_of(world, screener, grant, ago=timedelta(0))
    await tamper(world, "UPDATE ledger_entries SET kind = 'paused'")
    done = await asyncio.to_thread(operator.filmmart, "verify", "ledger")
    assert "… and 2 more; the first 100 are told." in done.out
    assert done.out.count("Entry 1 was changed") == 100


async def test_a_head_that_is_none_is_refused(operator: Terminal) -> None:
    done = await asyncio.to_thread(operator.filmmart, "verify", "ledger", "--head", "0123")
    assert done.code == 2
    assert "64 hexadecimal digits" in done.err
