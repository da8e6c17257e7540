"""The audit trail: who did what, from where; who reads it; and what shows that it was changed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.db import snapshot
from app.models import Role
from app.sequencing.chain import journal_key
from app.sequencing.verifying import Verdict, verify
from app.settings import Settings
from tests.catalogue import create, publish
from tests.feed import latest
from tests.test_cli import Terminal, terminal
from tests.world import PASSWORD, Caller, World

# A fixture of theirs that is used here too
__all__ = ["terminal"]
Json = dict[str, Any]


async def entries(caller: Caller, **query: Any) -> list[Json]:
    """Read the newest entries."""
    answer = await caller.get("/audit", params={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def test_an_entry_says_who_did_what_from_where_and_in_which_request(seller: Caller) -> None:
    headers = {"X-Request-ID": "of-this-very-request"}
    wanted = {"kind": "feature", "original_title": "A title", "year": 2020}
    title = (await seller.post("/titles", wanted, headers=headers)).json()
    (entry,) = await entries(seller)
    assert entry == {
        "id": entry["id"],
        "position": entry["position"],
        "type": "title.created",
        "subject_id": title["id"],
        "occurred_at": entry["occurred_at"],
        "organisation_id": seller.organisation_id,
        "person_id": seller.person_id,
        "client_id": None,
        "address": "127.0.0.1",
        "request_id": "of-this-very-request",
        "data": {"seller_id": seller.organisation_id},
        "hash": entry["hash"],
    }
    assert len(bytes.fromhex(entry["hash"])) == 32


async def test_admins_read_what_their_own_company_did_and_organisers_all(
    world: World, seller: Caller, organiser: Caller
) -> None:
    rival = await world.seller()
    await publish(seller)
    own = [entry["type"] for entry in await entries(seller)]
    assert own == ["title.published", "title.created"]
    assert await entries(rival) == []
    assert len(await entries(organiser)) == 2
    assert len(await entries(organiser, person_id=seller.person_id)) == 2
    assert await entries(organiser, person_id=rival.person_id) == []
    member = await world.person(seller.organisation_id, role=Role.MEMBER)
    refused = await member.get("/audit")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_an_admin")


async def test_the_trail_is_narrowed_and_read_in_pages(seller: Caller) -> None:
    title = await publish(seller)
    other = await create(seller)
    assert len(await entries(seller, subject_id=title["id"])) == 2
    assert len(await entries(seller, type="title.created")) == 2
    assert await entries(seller, client_id="1") == []
    newest, *_ = whole = await entries(seller)
    assert newest["subject_id"] == other["id"]
    since = {"since": newest["occurred_at"]}
    assert await entries(seller, **since) == [newest]
    assert await entries(seller, until=newest["occurred_at"]) == whole[1:]
    first = await seller.get("/audit", params={"limit": 2})
    rest = await seller.get(first.headers["Link"].split(">")[0][1:])
    assert [*first.json()["items"], *rest.json()["items"]] == whole


async def test_signing_up_and_in_and_out_is_done_by_somebody(
    world: World, organiser: Caller
) -> None:
    person = {"email": "new@comers.example", "name": "New", "password": PASSWORD}
    body = {"name": "Newcomers", "country": "KZ", "person": person}
    signed_up = (await world.anonymous.post("/organisations", body)).json()
    form = {"username": person["email"], "password": PASSWORD}
    tokens = (await world.anonymous.post("/oauth/token", data=form)).json()
    gone = await world.anonymous.post("/oauth/revoke", data={"token": tokens["refresh_token"]})
    assert gone.is_success
    found = await entries(organiser, person_id=signed_up["person"]["id"])
    assert [entry["type"] for entry in found] == [
        "session.revoked",
        "session.created",
        "organisation.signed_up",
    ]
    assert {entry["organisation_id"] for entry in found} == {signed_up["organisation"]["id"]}


# What is done to the chain by somebody who has the database -------------------------------------


UNGUARDED = """
ALTER TABLE events DISABLE TRIGGER events_are_kept;
ALTER TABLE event_positions DISABLE TRIGGER event_positions_are_kept;
"""


@pytest.fixture
async def owner(world: World, settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection that the triggers do not hold up, to a journal of six facts."""
    seller = await world.seller()
    for _ in range(3):
        await publish(seller)
    await latest(seller)
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute(UNGUARDED)
    yield connection
    await connection.close()


async def verdict_of(settings: Settings, noted: bytes | None = None) -> Verdict:
    async with snapshot(settings.database_url) as connection:
        return await verify(connection, journal_key(settings), noted)


async def test_a_journal_that_nobody_touched_is_whole(
    owner: asyncpg.Connection, settings: Settings
) -> None:
    head = await owner.fetchval("SELECT hash FROM event_positions WHERE position = 6")
    verdict = await verdict_of(settings, head)
    assert (verdict.facts, verdict.faults, verdict.head) == (6, [], head.hex())
    await owner.execute("INSERT INTO events (type, subject_id) VALUES ('test.new', 1)")
    assert (await verdict_of(settings)).is_whole


CHANGED = "UPDATE events SET data = '{}' THIRD"
REMOVED = "DELETE FROM events THIRD"
# Two facts trade places, and keep the hashes that stand there.
SWAPPED = """
UPDATE event_positions SET event_id = -event_id WHERE position IN (3, 4);
UPDATE event_positions a SET event_id = -b.event_id FROM event_positions b
WHERE a.position IN (3, 4) AND b.position = 7 - a.position;
"""
SWAPPED_WITH_HASHES = """
UPDATE event_positions SET position = -position WHERE position IN (3, 4);
UPDATE event_positions SET position = 7 + position WHERE position < 0;
"""
PUT_IN = """
INSERT INTO events (type, subject_id) VALUES ('test.new', 1);
UPDATE event_positions SET position = -position - 1 WHERE position > 3;
UPDATE event_positions SET position = -position WHERE position < 0;
INSERT INTO event_positions SELECT 4, id, sha256('new') FROM events WHERE type = 'test.new';
"""
CUT_OFF = "DELETE FROM event_positions WHERE position = 6"
CUT_OFF_CLEANLY = """
DELETE FROM events WHERE id = (SELECT event_id FROM event_positions WHERE position = 6);
DELETE FROM event_positions WHERE position = 6;
UPDATE event_passes SET position = 5;
"""
THIRD = "WHERE id = (SELECT event_id FROM event_positions WHERE position = 3)"


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE events SET type = 'title.other' THIRD", 3),
        (CHANGED, 3),
        ("UPDATE events SET person_id = person_id + 1 THIRD", 3),
        ("UPDATE events SET address = '203.0.113.9' THIRD", 3),
        ("UPDATE events SET client_id = 7 THIRD", 3),
        ("UPDATE events SET request_id = NULL THIRD", 3),
        ("UPDATE events SET is_public = NOT is_public THIRD", 3),
        ("UPDATE events SET organisation_ids = '{}' THIRD", 3),
        ("UPDATE events SET occurred_at = occurred_at - interval '1 s' THIRD", 3),
        ("UPDATE events SET data = '{\"n\": 1e400}' THIRD", 3),
        (REMOVED, 3),
        ("DELETE FROM event_positions WHERE position = 3", 3),
        (CUT_OFF, 6),
        ("UPDATE event_positions SET hash = sha256(hash) WHERE position = 3", 3),
        (SWAPPED, 3),
        (SWAPPED_WITH_HASHES, 3),
        (PUT_IN, 4),
    ],
)
async def test_what_was_done_to_it_shows_and_where(
    owner: asyncpg.Connection, settings: Settings, statement: str, position: int
) -> None:
    await owner.execute(statement.replace("THIRD", THIRD))
    verdict = await verdict_of(settings)
    assert not verdict.is_whole
    assert verdict.faults[0].position == position


async def test_an_end_that_was_cut_off_cleanly_shows_by_the_head_that_was_noted(
    owner: asyncpg.Connection, settings: Settings
) -> None:
    head = await owner.fetchval("SELECT hash FROM event_positions WHERE position = 6")
    await owner.execute(CUT_OFF_CLEANLY)
    assert (await verdict_of(settings)).is_whole
    (fault,) = (await verdict_of(settings, head)).faults
    assert "noted" in fault.problem


# The command ------------------------------------------------------------------------------------


@pytest.fixture
def operator(settings: Settings, terminal: Terminal) -> Terminal:
    terminal.given(
        database_url=settings.database_url,
        secret_key=settings.secret_key.get_secret_value(),
        s3_endpoint_url=settings.s3_endpoint_url or "",
        s3_access_key_id=settings.s3_access_key_id,
        s3_secret_access_key=settings.s3_secret_access_key.get_secret_value(),
    )
    return terminal


async def test_the_command_says_that_all_is_whole_and_what_to_note(
    owner: asyncpg.Connection, operator: Terminal
) -> None:
    head = (await owner.fetchval("SELECT hash FROM event_positions WHERE position = 6")).hex()
    await owner.execute("INSERT INTO events (type, subject_id) VALUES ('test.new', 1)")
    told = await asyncio.to_thread(operator.filmmart, "verify", "audit", "--head", head)
    assert told.code == 0
    assert "6 facts: all whole." in told.out
    assert f"Head, to note elsewhere: {head}" in told.out
    assert "1 facts have no position yet" in told.out


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (CHANGED, ["The fact of position 3 was changed, put in or moved."]),
        (REMOVED, ["The fact {removed} of position 3 is gone."]),
        (
            SWAPPED,
            [
                "The fact of position 3 was changed, put in or moved.",
                "The fact of position 4 was changed, put in or moved.",
            ],
        ),
        (CUT_OFF, ["Positions up to 6 were given; those after 5 are gone."]),
        (
            CUT_OFF_CLEANLY,
            ["No fact has the hash you noted: the end was cut off or written anew."],
        ),
    ],
    ids=["changed", "removed", "swapped", "cut off", "cut off cleanly"],
)
async def test_the_command_names_what_is_wrong_and_fails(
    owner: asyncpg.Connection, operator: Terminal, statement: str, told: list[str]
) -> None:
    noted = (await owner.fetchval("SELECT hash FROM event_positions WHERE position = 6")).hex()
    third = await owner.fetchval("SELECT event_id FROM event_positions WHERE position = 3")
    await owner.execute(statement.replace("THIRD", THIRD))
    given = ["verify", "audit"] + (["--head", noted] if statement == CUT_OFF_CLEANLY else [])
    plain = await asyncio.to_thread(operator.filmmart, *given)
    expected = [line.format(removed=third) for line in told]
    facts = 5 if statement in {CUT_OFF, CUT_OFF_CLEANLY} else 6
    assert plain.code == 1
    assert plain.out.startswith(" ".join([*expected, f"{facts} facts: NOT WHOLE."]))
    as_json = await asyncio.to_thread(operator.filmmart, *given, "--json")
    document = json.loads(as_json.out)
    assert (as_json.code, document["whole"], document["fault_count"]) == (1, False, len(expected))
    assert [fault["problem"] for fault in document["faults"]] == expected
