"""Private addresses of agendas: a calendar program reads by the secret in them, until revoked."""

from typing import Any

import pytest

from app.main import create_app
from app.meetings.feeds import MAX_FEEDS
from app.models import Role
from app.security import token_hash
from app.settings import Settings
from tests.calendars import events
from tests.meetings import events_of, execute, meet
from tests.world import Caller, World, world_of

FEEDS = "/agenda/calendar-feeds"
ORIGIN = "http://127.0.0.1:8000"


async def made(caller: Caller, **wanted: Any) -> dict[str, Any]:
    """Make an address."""
    answer = await caller.post(FEEDS, wanted or None)
    assert answer.status_code == 201, answer.text
    feed: dict[str, Any] = answer.json()
    return feed


def path_of(feed: dict[str, Any]) -> str:
    """Give the address as the test's client knows it."""
    return str(feed["url"]).removeprefix(ORIGIN)


def token_of(feed: dict[str, Any]) -> str:
    return str(feed["url"]).partition("?token=")[2]


async def status_of(world: World, feed: dict[str, Any]) -> int:
    return (await world.anonymous.get(path_of(feed))).status_code


async def test_a_calendar_program_reads_an_agenda_without_signing_in(
    world: World, seller: Caller, buyer: Caller
) -> None:
    await meet(buyer, seller, 0, 1)
    answer = await buyer.post(FEEDS, {"name": "My telephone"})
    assert answer.status_code == 201
    feed = answer.json()
    assert answer.headers["Location"] == f"/v1{FEEDS}/{feed['id']}"
    assert feed["url"].startswith(f"{ORIGIN}/v1/agenda.ics?token=")
    assert feed["webcal_url"] == feed["url"].replace("http:", "webcal:")
    assert len(token_of(feed)) == 43

    read = await world.anonymous.get(path_of(feed))
    assert read.status_code == 200
    assert read.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert read.headers["Cache-Control"].startswith("private")
    assert "RateLimit" in read.headers
    assert read.content == (await buyer.get("/agenda.ics")).content
    assert len(events(read.content)) == 1
    unchanged = {"If-None-Match": read.headers["ETag"]}
    again = await world.anonymous.get(path_of(feed), headers=unchanged)
    assert (again.status_code, again.content) == (304, b"")
    # The address says whose it is, whoever else is signed in.
    assert (await seller.get(path_of(feed))).content == read.content


async def test_an_address_is_shown_once_and_listed_without_its_secret(
    world: World, buyer: Caller
) -> None:
    first, second = await made(buyer), await made(buyer, name="My telephone")
    await world.anonymous.get(path_of(second))
    await buyer.delete(f"{FEEDS}/{first['id']}")
    listed = (await buyer.get(FEEDS)).json()["items"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    assert [one["name"] for one in listed] == ["My telephone", ""]
    assert [one["last_read_at"] is None for one in listed] == [False, True]
    assert [one["revoked_at"] is None for one in listed] == [True, False]
    assert set(listed[0]) == {"id", "name", "created_at", "last_read_at", "revoked_at"}
    page = await buyer.get(f"{FEEDS}?limit=1")
    assert [one["id"] for one in page.json()["items"]] == [second["id"]]
    rest = await buyer.get(f"{FEEDS}?limit=1&cursor={page.json()['next_cursor']}")
    assert [one["id"] for one in rest.json()["items"]] == [first["id"]]
    # Not even a colleague's.
    colleague = await world.person(buyer.organisation_id, role=Role.ADMIN)
    assert (await colleague.get(FEEDS)).json()["items"] == []


async def test_a_revoked_address_leads_nowhere_at_once(world: World, buyer: Caller) -> None:
    kept, feed = await made(buyer), await made(buyer)
    address = f"{FEEDS}/{feed['id']}"
    for other in (await world.person(buyer.organisation_id), await world.organiser()):
        assert (await other.delete(address)).status_code == 404
    assert await status_of(world, feed) == 200

    assert (await buyer.delete(address)).status_code == 204
    revoked = await world.anonymous.get(path_of(feed))
    made_up = await world.anonymous.get("/agenda.ics?token=made-up")
    assert revoked.status_code == made_up.status_code == 404
    assert revoked.json() | {"request_id": ""} == made_up.json() | {"request_id": ""}
    # Nor does it for its owner, who is signed in.
    assert (await buyer.get(path_of(feed))).status_code == 404
    assert (await buyer.delete(address)).status_code == 204
    assert await status_of(world, kept) == 200
    assert [one.type for one in await events_of(world, feed["id"])] == [
        "calendar_feed.created",
        "calendar_feed.revoked",
    ]


async def test_who_leaves_the_market_takes_their_addresses_along(
    world: World, buyer: Caller, organiser: Caller
) -> None:
    colleague = await world.person(buyer.organisation_id)
    feed, colleagues = await made(buyer), await made(colleague)
    assert await status_of(world, colleagues) == 200
    answer = await buyer.delete(
        f"/organisations/{buyer.organisation_id}/people/{colleague.person_id}"
    )
    assert answer.status_code == 204
    assert await status_of(world, colleagues) == 404
    assert await status_of(world, feed) == 200

    company = f"/organisations/{buyer.organisation_id}"
    assert (await organiser.post(f"{company}/suspend")).status_code == 200
    assert await status_of(world, feed) == 404
    assert (await organiser.post(f"{company}/approve")).status_code == 200
    assert await status_of(world, feed) == 200


async def test_the_secret_is_kept_hashed_and_never_logged(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world_of(create_app(settings)) as world:
        buyer = await world.buyer()
        feed = await made(buyer)
        token = token_of(feed)
        await world.anonymous.get(path_of(feed))
        await buyer.delete(f"{FEEDS}/{feed['id']}")
        await world.anonymous.get(path_of(feed))
        kept = await execute(world, "SELECT * FROM calendar_feeds")
        told = await execute(world, "SELECT * FROM events")
        await execute(world, "ALTER TABLE calendar_feeds RENAME COLUMN name TO x")
        assert await status_of(world, feed) == 500
    out, err = capsys.readouterr()
    assert '"path": "/v1/agenda.ics"' in out
    assert "UndefinedColumn" in out
    assert token not in out + err
    assert token not in repr(kept) + repr(told)
    assert [row.token_hash for row in kept] == [token_hash(token)]
    assert token_hash(token).hex() not in out


@pytest.mark.parametrize(
    "token", ["x", "x" * 5000, "%FF%FE", "%ED%A0%80", "a&token=b", "' OR true --", "%20", "[]"]
)
async def test_no_made_up_secret_is_taken(world: World, token: str) -> None:
    answer = await world.anonymous.get(f"/agenda.ics?token={token}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_without_a_secret_one_signs_in(world: World, buyer: Caller) -> None:
    for query in ("", "?token=", "?tokens=x"):
        assert (await world.anonymous.get(f"/agenda.ics{query}")).status_code == 401
        assert (await buyer.get(f"/agenda.ics{query}")).status_code == 200


async def test_that_it_was_read_is_noted_to_the_minute(world: World, buyer: Caller) -> None:
    feed = await made(buyer)

    async def noted() -> Any:
        assert await status_of(world, feed) == 200
        rows = await execute(world, "SELECT last_read_at, xmin::text FROM calendar_feeds")
        return rows[0]

    first = await noted()
    assert await noted() == first
    await execute(world, "UPDATE calendar_feeds SET last_read_at = now() - interval '2 minutes'")
    assert (await noted()).last_read_at > first.last_read_at


async def test_nobody_has_more_addresses_than_calendar_programs(
    world: World, buyer: Caller
) -> None:
    for number in range(MAX_FEEDS):
        last = await made(buyer, name=f"Telephone {number}")
    answer = await buyer.post(FEEDS)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_feeds")
    await made(await world.person(buyer.organisation_id))
    await buyer.delete(f"{FEEDS}/{last['id']}")
    await made(buyer)


async def test_an_address_is_not_made_twice_for_one_key(world: World, buyer: Caller) -> None:
    headers = {"Idempotency-Key": "my-telephone"}
    first, again = [(await buyer.post(FEEDS, headers=headers)).json() for _ in range(2)]
    assert first == again
    assert len((await buyer.get(FEEDS)).json()["items"]) == 1
    assert await status_of(world, first) == 200


@pytest.mark.parametrize("body", [{"name": "x" * 101}, {"name": None}, {"name": "\0"}, {"x": 1}])
async def test_a_name_is_short_and_nothing_else_is_said(buyer: Caller, body: Any) -> None:
    assert (await buyer.post(FEEDS, body)).status_code == 422


async def test_reading_by_an_address_is_limited_as_all_reading_is(settings: Settings) -> None:
    few = Settings.model_validate({**settings.model_dump(), "rate_limit_per_minute": 3})
    async with world_of(create_app(few)) as world:
        feed = await made(await world.buyer())
        statuses = [await status_of(world, feed) for _ in range(4)]
        refused = await world.anonymous.get(path_of(feed))
    assert statuses == [200, 200, 200, 429]
    assert int(refused.headers["Retry-After"]) > 0
