"""Heartbeats over HTTP: what players say was watched, and what of it is believed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.models.viewings import LedgerKind
from app.screeners.heartbeats import closing
from app.screeners.heartbeats.batch import MOST_ENTRIES
from app.screeners.heartbeats.rules import (
    LONGEST_SILENCE,
    MAX_RATE,
    SLACK,
    TOLERANCE_MILLISECONDS,
    Beat,
    account,
    length_of,
    position_of,
)
from app.screeners.ledger.keys import ledger_key
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
from tests.world import Caller, World

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FILM = 120_000


@pytest.fixture
async def player(world: World, seller: Caller, buyer: Caller) -> Player:
    return await player_of(world, seller, buyer)


# What is believed -------------------------------------------------------------------------------


def seen(from_ms: int, to_ms: int) -> Beat:
    return Beat(LedgerKind.WATCHED, from_ms, to_ms)


beats = st.lists(
    st.builds(
        lambda start, length: seen(start, start + length),
        st.integers(0, 2 * FILM),
        st.integers(1, FILM),
    ),
    max_size=20,
)
spans = st.timedeltas(timedelta(0), timedelta(days=1))


@given(st.lists(st.tuples(spans, beats), max_size=10))
def test_nobody_watches_faster_than_twice_the_time_that_passed(
    said: list[tuple[timedelta, list[Beat]]],
) -> None:
    spent_until, now, total = NOON, NOON, 0
    for passed, spoken in said:
        now += passed
        found = account(spoken, FILM, spent_until, now)
        assert len(found.beats) == len(spoken)
        believed = [beat for beat in found.beats if not beat.data]
        assert found.watched_milliseconds == sum(map(length_of, believed))
        assert all((beat.to_milliseconds or 0) <= FILM for beat in found.beats)
        spent_until, total = found.spent_until, total + found.watched_milliseconds
        assert spent_until <= now + SLACK
    assert timedelta(milliseconds=total) <= MAX_RATE * (now - NOON + SLACK)


@given(st.integers(1, 40), st.sampled_from([1, 2]))
def test_who_watches_as_people_do_is_always_believed(times: int, rate: int) -> None:
    spent_until, now, at = NOON, NOON, 0
    for _ in range(times):
        now += timedelta(seconds=5)
        found = account([seen(at, at + 5000 * rate)], 10**9, spent_until, now)
        assert [beat.data for beat in found.beats] == [{}]
        spent_until, at = found.spent_until, at + 5000 * rate


def test_what_is_said_late_is_believed_as_long_as_a_network_may_be_away() -> None:
    hours = NOON + timedelta(hours=5)
    longest = int(LONGEST_SILENCE / timedelta(milliseconds=1)) * MAX_RATE
    assert account([seen(0, longest)], 10**9, NOON, hours).beats[0].data == {}
    longer = account([seen(0, longest + 60_000)], 10**9, NOON, hours)
    assert longer.beats[0].data == {"implausible": "faster_than_time"}
    assert longer.watched_milliseconds == 0


def test_what_lies_beyond_the_film_is_cut_off_or_written_down_as_said() -> None:
    hour = NOON + timedelta(hours=1)
    rounded = seen(FILM - 1000, FILM + TOLERANCE_MILLISECONDS)
    assert account([rounded], FILM, NOON, hour).beats == (seen(FILM - 1000, FILM),)
    beyond = Beat(LedgerKind.SOUGHT, 0, FILM + TOLERANCE_MILLISECONDS + 1)
    (found,) = account([beyond], FILM, NOON, hour).beats
    assert (found.from_milliseconds, found.to_milliseconds) == (0, FILM)
    assert found.data == {
        "implausible": "outside_the_film",
        "said_from": 0,
        "said_to": FILM + TOLERANCE_MILLISECONDS + 1,
    }


def test_where_they_are_is_what_they_say_or_where_the_last_beat_ended() -> None:
    assert position_of(None, [], FILM) is None
    assert position_of(None, [seen(0, 5000), Beat(LedgerKind.TAMPERED)], FILM) == 5000
    assert position_of(None, [seen(0, 5000), Beat(LedgerKind.PAUSED, 4000)], FILM) == 4000
    assert position_of(7, [seen(0, 5000)], FILM) == 7
    assert position_of(FILM + 1, [], FILM) == FILM


# Over HTTP --------------------------------------------------------------------------------------


async def test_what_is_watched_is_in_the_ledger_when_it_is_answered(
    world: World, player: Player
) -> None:
    answer = await player.say(
        watched(0, 5),
        sought(5, 60),
        {"kind": "paused", "at_ms": 60_000},
        {"kind": "tampered", "detail": "watermark_removed"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    row = await row_of(world, player.viewing_id)
    assert answer.json() == {
        "accepted": 4,
        "implausible": 0,
        "position_ms": 60_000,
        "expires_at": row.expires_at.isoformat().replace("+00:00", "Z"),
    }
    opened, *said = await entries_of(world, player.viewing_id)
    assert opened["data"] == {
        "address": "192.0.2.77",
        "country": "KZ",
        "user_agent": "A player of the tests",
    }
    assert [tuple(entry.values()) for entry in said] == [
        (2, "watched", 0, 5000, {}),
        (3, "sought", 5000, 60_000, {}),
        (4, "paused", 60_000, None, {}),
        (5, "tampered", None, None, {"detail": "watermark_removed"}),
    ]
    assert row.position_milliseconds == 60_000
    assert row.watched_milliseconds == 5000


async def test_a_request_without_beats_says_where_they_are(world: World, player: Player) -> None:
    answer = await player.say(position_ms=33_000)
    assert answer.json()["accepted"] == 0
    assert (await row_of(world, player.viewing_id)).position_milliseconds == 33_000


async def test_a_resent_request_counts_once(world: World, player: Player) -> None:
    first = await player.say(watched(0, 5), sequence=1_795_251_600_000)
    again = await player.say(watched(0, 5), sequence=1_795_251_600_000)
    late = await player.say(watched(5, 10), sequence=7)
    assert [answer.json()["accepted"] for answer in (first, again, late)] == [1, 0, 0]
    assert again.json()["position_ms"] == 5000
    assert len(await entries_of(world, player.viewing_id)) == 2


async def test_what_cannot_be_is_written_down_and_not_counted(
    world: World, seller: Caller, buyer: Caller
) -> None:
    player = await player_of(world, seller, buyer, ago=timedelta(0))
    answer = await player.say(watched(0, 120), watched(0, 500), watched(0, 5))
    assert answer.json()["implausible"] == 2
    _, fast, outside, slow = await entries_of(world, player.viewing_id)
    assert fast["data"] == {"implausible": "faster_than_time"}
    assert outside["data"]["implausible"] == "outside_the_film"
    assert slow["data"] == {}
    assert (await row_of(world, player.viewing_id)).watched_milliseconds == 5000


async def test_a_revoked_viewing_is_over_and_the_ledger_says_so_once(
    world: World, player: Player
) -> None:
    await player.say(watched(0, 5))
    await films.execute(world, "UPDATE screener_grants SET revoked_at = now()")
    for _ in range(3):
        answer = await player.say(watched(5, 10))
        assert answer.status_code == 403
        assert answer.json()["code"] == "viewing_over"
        assert answer.json()["reason"] == "revoked"
    *_, last = await entries_of(world, player.viewing_id)
    row = await row_of(world, player.viewing_id)
    assert last["number"] == 3
    assert last["kind"] == "ended"
    assert last["data"]["reason"] == "revoked"
    assert datetime.fromisoformat(last["data"]["at"]) == row.ended_at
    assert await films.facts(world, player.viewing_id) == ["viewing.ended"]


async def test_nobody_speaks_for_a_viewing_without_its_token(
    world: World, seller: Caller, buyer: Caller, player: Player
) -> None:
    body = {"sequence": 1, "beats": [watched(0, 5)]}
    other = await player_of(world, seller, await world.buyer())
    address = f"/viewings/{player.viewing_id}/heartbeats"
    for caller in (world.anonymous, buyer, seller):
        assert (await caller.post(address, body)).status_code == 401
        for token in (other.token, "made-up", "%F0%9F%8E%AC"):
            answer = await caller.post(f"{address}?token={token}", body)
            assert answer.status_code == 404
    absent = await world.anonymous.post(f"/viewings/404/heartbeats?token={player.token}", body)
    assert absent.status_code == 404
    assert len(await entries_of(world, player.viewing_id)) == 1


GOOD = {"kind": "watched", "from_ms": 0, "to_ms": 5}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"beats": [GOOD]}, "/sequence"),
        ({"sequence": 0}, "/sequence"),
        ({"sequence": 2**53}, "/sequence"),
        ({"sequence": 10**400}, "/sequence"),
        ({"sequence": "1"}, "/sequence"),
        ({"sequence": 1.0}, "/sequence"),
        ({"sequence": True}, "/sequence"),
        ({"sequence": 1, "beats": [GOOD] * 101}, "/beats"),
        ({"sequence": 1, "beats": {}}, "/beats"),
        ({"sequence": 1, "beats": [GOOD, {"kind": "slept"}]}, "/beats/1"),
        ({"sequence": 1, "beats": [GOOD | {"to_ms": 0}]}, "/beats/0"),
        ({"sequence": 1, "beats": [GOOD | {"from_ms": -1}]}, "/beats/0/from_ms"),
        ({"sequence": 1, "beats": [GOOD | {"to_ms": 2**63}]}, "/beats/0/to_ms"),
        ({"sequence": 1, "beats": [GOOD | {"who": "me"}]}, "/beats/0/who"),
        ({"sequence": 1, "beats": [{"kind": "tampered", "detail": "\0"}]}, ""),
        ({"sequence": 1, "beats": [{"kind": "tampered", "detail": "x" * 201}]}, "/beats/0/detail"),
        ({"sequence": 1, "position_ms": 10**12}, "/position_ms"),
        ({"sequence": 1, "viewing_id": "1"}, "/viewing_id"),
        ([], ""),
        ("x", ""),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_makes_no_sense_is_refused(player: Player, body: Any, pointer: str) -> None:
    path = f"/viewings/{player.viewing_id}/heartbeats?token={player.token}"
    answer = await player.world.anonymous.request("POST", path, json=body)
    assert answer.status_code == 422, answer.text
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"sequence": NaN}', 422),
        (b'{"sequence":1,"beats":[{"kind":"tampered","detail":"\\ud800"}]}', 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"sequence":' + b"9" * 5000 + b"}", 400),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_is_no_json_is_refused(player: Player, content: bytes, status: int) -> None:
    path = f"/viewings/{player.viewing_id}/heartbeats?token={player.token}"
    as_json = {"Content-Type": "application/json"}
    answer = await player.world.anonymous.request("POST", path, content=content, headers=as_json)
    assert answer.status_code == status, answer.text
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await player.world.anonymous.request("POST", path, content=b"a=b", headers=form)
    assert answer.status_code == 415


async def test_one_viewing_may_say_so_much_in_a_minute_and_no_more(
    world: World, seller: Caller, player: Player
) -> None:
    other = await player_of(world, seller, await world.buyer())
    world.app.state.heartbeat_limit.amount = 3
    answers = [await player.say(watched(0, 5)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (await other.say(watched(0, 5))).status_code == 200


async def test_a_viewing_that_fills_the_ledger_is_stopped(world: World, player: Player) -> None:
    await films.execute(world, "UPDATE viewings SET entry_count = :n", n=MOST_ENTRIES - 1)
    assert (await player.say(watched(0, 5))).status_code == 200
    answer = await player.say(watched(5, 10))
    assert answer.status_code == 409
    assert answer.json()["code"] == "viewing_full"


async def test_a_hundred_players_at_once_are_all_heard(world: World, seller: Caller) -> None:
    _, screener = await screener_of(world, seller)
    grants = [await link_grant(world, seller, screener, f"Guest {n}") for n in range(100)]
    players = [await viewing_of(world, screener, grant) for grant in grants]
    answers = await asyncio.gather(*(player.say(watched(0, 1)) for player in players))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["accepted"] for answer in answers} == {1}
    for player in players:
        assert (await row_of(world, player.viewing_id)).entry_count == 2


# Closing ----------------------------------------------------------------------------------------


async def closed(world: World) -> int:
    key = ledger_key(world.app.state.settings)
    async with world.app.state.database.session() as session, session.begin():
        return await closing.close_those_over(session, key)


async def test_who_never_comes_back_is_closed_by_the_clock(
    world: World, seller: Caller, player: Player
) -> None:
    still_open = await player_of(world, seller, await world.buyer())
    assert await closed(world) == 0
    await films.execute(
        world,
        "UPDATE viewings SET expires_at = now() - interval '1 h' WHERE id = :id",
        id=int(player.viewing_id),
    )
    assert await closed(world) == 1
    assert await closed(world) == 0
    row = await row_of(world, player.viewing_id)
    assert row.closed
    assert row.end_reason == "expired"
    assert row.ended_at == row.expires_at
    assert (await entries_of(world, player.viewing_id))[-1]["kind"] == "ended"
    assert (await row_of(world, still_open.viewing_id)).ended_at is None


async def test_what_others_ended_gets_its_last_entry(world: World, player: Player) -> None:
    await films.execute(world, "UPDATE viewings SET ended_at = now(), end_reason = 'withdrawn'")
    assert await closed(world) == 1
    *_, last = await entries_of(world, player.viewing_id)
    assert last["data"]["reason"] == "withdrawn"


async def test_a_viewing_that_somebody_holds_is_closed_the_next_time(
    world: World, player: Player
) -> None:
    await films.execute(
        world,
        "UPDATE viewings SET ended_at = now(), end_reason = 'withdrawn' WHERE id = :id",
        id=int(player.viewing_id),
    )
    async with world.app.state.database.session() as session, session.begin():
        await session.execute(text("SELECT id FROM viewings FOR UPDATE"))
        assert await closed(world) == 0
    assert await closed(world) == 1


async def test_own_people_watch_without_a_grant(
    world: World, seller: Caller, player: Player
) -> None:
    screener = (await row_of(world, player.viewing_id)).screener_id
    own = await viewing_of(world, str(screener), None, seller)
    assert (await own.say(watched(0, 5))).status_code == 200


async def test_of_a_hundred_requests_of_one_viewing_at_once_none_counts_twice(
    world: World, player: Player
) -> None:
    """One that a later one overtook is answered as a repeated one: nothing of it is added."""
    world.app.state.heartbeat_limit.amount = 1000
    answers = await asyncio.gather(*(player.say(watched(0, 1)) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    accepted = [answer.json()["accepted"] for answer in answers]
    assert set(accepted) <= {0, 1}
    assert accepted[-1] == 1  # the one with the highest number is never behind
    assert (await row_of(world, player.viewing_id)).entry_count == 1 + sum(accepted)
