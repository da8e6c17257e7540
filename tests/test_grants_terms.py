"""On which terms somebody may watch: from when, how often, where; and what changes of them do."""

from typing import Any

import anyio
import pytest
from sqlalchemy import text

from app.authentication import find_person
from app.main import create_app
from app.screeners.grants.access import may_watch
from app.settings import Settings
from tests import screeners as films
from tests.grants import (
    COUNTRY,
    LATER,
    UNTIL,
    end_of,
    from_address,
    give,
    last_fact,
    sitting,
    to,
    to_person,
    told,
    watch,
    with_countries,
)
from tests.servers import S3Settings
from tests.world import Caller, World, world_of


@pytest.fixture
def settings(database_url: str, s3_settings: S3Settings) -> Settings:
    return with_countries(database_url, s3_settings)


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await films.make_title(world, seller)


@pytest.fixture
async def screener(world: World, seller: Caller, title: str) -> str:
    return str((await films.ready_screener(world, seller, title))["id"])


def address(grant: dict[str, Any]) -> str:
    return f"/screeners/{grant['screener_id']}/grants/{grant['id']}"


# From when ------------------------------------------------------------------------------------


async def test_a_grant_that_begins_later_is_seen_and_says_when(
    seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer, starts_at="2027-03-01T05:30:00+05:30"))
    assert grant["starts_at"] == LATER
    assert (await buyer.get(f"/screeners/{screener}")).status_code == 200
    refused = await buyer.post(f"/screeners/{screener}/playback")
    assert refused.status_code == 403
    problem = refused.json()
    assert (problem["code"], problem["starts_at"]) == ("grant_not_begun", LATER)


async def test_a_beginning_that_has_passed_is_now(
    seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer, starts_at="0001-01-01T00:00:00Z"))
    assert grant["starts_at"] == grant["created_at"]
    assert await watch(buyer, screener) == "allowed"


async def test_two_grants_to_one_recipient_follow_each_other_and_never_overlap(
    seller: Caller, buyer: Caller, screener: str
) -> None:
    path = f"/screeners/{screener}/grants"
    for wanted in (to, to_person):
        first = await give(seller, screener, wanted(buyer, expires_at=LATER))
        overlapping = await seller.post(path, wanted(buyer, starts_at="2027-02-28T23:59:59Z"))
        assert overlapping.status_code == 409
        assert overlapping.json()["code"] == "already_granted"
        assert overlapping.json()["grant_id"] == first["id"]
        second = await give(seller, screener, wanted(buyer, starts_at=LATER))
        longer = await seller.patch(address(first), {"expires_at": UNTIL})
        assert longer.status_code == 409
        assert longer.json()["grant_id"] == second["id"]
        earlier = await seller.patch(address(second), {"starts_at": "2027-01-01T00:00:00Z"})
        assert earlier.json()["code"] == "already_granted"
        assert (await seller.get(address(second))).json() == second


# How often ------------------------------------------------------------------------------------


async def test_views_are_counted_until_none_is_left_and_more_can_be_given(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer, max_views=2))
    viewers = [buyer, *[await world.person(buyer.organisation_id) for _ in range(2)]]
    assert [await watch(viewer, screener) for viewer in viewers] == [
        "allowed",
        "allowed",
        "no_views_left",
    ]
    assert (await seller.get(address(grant))).json()["views"] == 2

    fewer = await seller.patch(address(grant), {"max_views": 1})
    assert fewer.status_code == 422
    assert fewer.json()["errors"][0]["pointer"] == "/max_views"
    for max_views, then in ((3, "allowed"), (None, "allowed")):
        more = await seller.patch(address(grant), {"max_views": max_views})
        assert more.json()["max_views"] == max_views
        assert await watch(await world.person(buyer.organisation_id), screener) == then


async def test_of_several_grants_the_best_is_used(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    one = await give(seller, screener, to(buyer, max_views=1))
    other = await give(seller, screener, to_person(buyer))
    assert await watch(buyer, screener) == "allowed"
    views = [(await seller.get(address(grant))).json()["views"] for grant in (one, other)]
    assert views == [0, 1]
    assert await watch(await world.person(buyer.organisation_id), screener) == "allowed"
    assert (await seller.get(address(one))).json()["views"] == 1


@pytest.mark.parametrize("has_law", [True, False])
async def test_the_last_view_is_one_for_32_who_open_it_at_once(
    database_url: str, s3_settings: S3Settings, *, has_law: bool
) -> None:
    """All 32 have found a view left when they take it; without the constraint each gets one."""
    own = with_countries(database_url, s3_settings, database_pool_size=34)
    async with world_of(create_app(own)) as world:
        seller, buyer = await world.seller(), await world.buyer()
        title = await films.make_title(world, seller)
        screener = (await films.ready_screener(world, seller, title))["id"]
        grant = await give(seller, screener, to(buyer, max_views=1))
        viewers = [await world.person(buyer.organisation_id) for _ in range(32)]
        if not has_law:
            law = "ck_screener_grants_views_are_as_many_as_given"
            await films.execute(world, f"ALTER TABLE screener_grants DROP CONSTRAINT {law}")
        told_to = await opened_at_once(world, viewers, screener)
        views = (await seller.get(address(grant))).json()["views"]
        assert views == told_to.count("allowed") == (1 if has_law else 32)
        assert told_to.count("no_views_left") == 32 - views


async def opened_at_once(world: World, viewers: list[Caller], screener: str) -> list[str]:
    """Hold the grant until everybody waits to take a view of it."""
    answers: list[str] = []

    async def look(viewer: Caller) -> None:
        assert (await viewer.get(f"/screeners/{screener}")).is_success

    async def open_it(viewer: Caller) -> None:
        answers.append(await watch(viewer, screener))

    async with anyio.create_task_group() as tasks:  # that everybody has a connection
        for viewer in viewers:
            tasks.start_soon(look, viewer)
    async with (
        anyio.create_task_group() as tasks,
        world.app.state.database.session() as session,
        session.begin(),
    ):
        await session.execute(text("SELECT 1 FROM screener_grants FOR NO KEY UPDATE"))
        for viewer in viewers:
            tasks.start_soon(open_it, viewer)
        while await waiting(world) < len(viewers):
            await anyio.lowlevel.checkpoint()
    return answers


async def waiting(world: World) -> int:
    """Count who waits for a lock; in a transaction the figures stay as they were first read."""
    async with world.app.state.database.session() as session:
        found = await session.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
        return int(found)


# Where ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("territories", "country", "then"),
    [
        (["SCO"], "KZ", "allowed"),
        (["SCO"], "kz", "allowed"),
        (["sco", "-KZ"], "KZ", "not_in_territory"),
        (["KZ", "KG"], "RU", "not_in_territory"),
        (["SCO"], None, "country_unknown"),
        (["SCO"], "XX", "country_unknown"),
        (["SCO"], "T1", "country_unknown"),
        (["SCO"], "Kazakhstan", "country_unknown"),
        (["WORLD"], None, "allowed"),
        (["WORLD", "-US"], None, "country_unknown"),
        (None, None, "allowed"),
        (None, "XX", "allowed"),
    ],
)
async def test_it_is_watched_where_it_was_granted(
    seller: Caller,
    buyer: Caller,
    screener: str,
    territories: list[str] | None,
    country: str | None,
    then: str,
) -> None:
    grant = await give(seller, screener, to(buyer, territories=territories))
    assert grant["territories"] == territories
    assert await watch(buyer, screener, country) == then


async def test_who_is_refused_where_they_are_is_told_where_that_is(
    seller: Caller, buyer: Caller, screener: str
) -> None:
    await give(seller, screener, to(buyer, territories=["KZ"]))
    refused = await buyer.post(f"/screeners/{screener}/playback", headers={COUNTRY: "RU"})
    assert refused.status_code == 403
    assert refused.json()["country"] == "RU"


async def test_a_country_is_believed_of_the_proxy_alone(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    await give(seller, screener, to(buyer, territories=["KZ"]))
    forged = {COUNTRY: "KZ", "X-Forwarded-For": "127.0.0.1"}
    async with from_address(world.app, "203.0.113.9") as http:
        stranger = Caller(http, buyer.token)
        answer = await stranger.post(f"/screeners/{screener}/playback", headers=forged)
    assert told(answer) == "country_unknown"
    # What the caller sent and the proxy did not replace but added to.
    twice = [(COUNTRY, "KZ"), (COUNTRY, "RU"), ("Authorization", f"Bearer {buyer.token}")]
    answer = await world.http.post(f"/v1/screeners/{screener}/playback", headers=twice)
    assert told(answer) == "country_unknown"
    assert await watch(buyer, screener, "KZ") == "allowed"


# Changing -------------------------------------------------------------------------------------


async def test_a_grant_is_changed_by_who_has_read_it(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    await give(seller, screener, to(buyer))
    grant = (await seller.get(f"/screeners/{screener}/grants")).json()["items"][0]
    read = (await seller.get(address(grant))).headers["ETag"]
    await watch(buyer, screener)  # no edit
    wanted = {"expires_at": LATER, "territories": ["SCO"], "may_download": True}
    changed = await seller.patch(address(grant), wanted, headers={"If-Match": read})
    assert changed.status_code == 200
    assert changed.json() == grant | wanted | {"views": 1}
    fact = await last_fact(world, "screener.grant_updated")
    assert fact.data["changed"] == ["expires_at", "may_download", "territories"]
    assert set(fact.organisation_ids) == {int(seller.organisation_id), int(buyer.organisation_id)}

    late = await seller.patch(address(grant), {"max_views": 9}, headers={"If-Match": read})
    assert late.status_code == 412
    same = await seller.patch(address(grant), wanted)
    assert same.headers["ETag"] == changed.headers["ETag"]
    assert (await seller.patch(address(grant), {})).json() == changed.json()


async def test_a_grant_that_has_ended_is_prolonged(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer))
    await films.execute(
        world,
        "UPDATE screener_grants SET starts_at = now() - interval '2 days',"
        " expires_at = now() - interval '1 day'",
    )
    assert await watch(buyer, screener) == "not_found"
    assert (await seller.patch(address(grant), {"expires_at": UNTIL})).status_code == 200
    assert await watch(buyer, screener) == "allowed"


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"expires_at": None}, 422, "/expires_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "/expires_at"),
        ({"expires_at": "2036-01-01T00:00:00Z"}, 422, "/expires_at"),
        ({"may_download": None}, 422, "/may_download"),
        ({"territories": ["ATLANTIS"]}, 422, "/territories"),
        ({"territories": []}, 422, "/territories"),
        ({"max_views": 0}, 422, "/max_views"),
        ({"max_views": 2**64}, 422, "/max_views"),
        ({"organisation_id": "1"}, 422, "/organisation_id"),
        ({"starts_at": LATER}, 409, "grant_begun"),
    ],
)
async def test_impossible_changes_are_refused(
    seller: Caller, buyer: Caller, screener: str, wrong: dict[str, Any], status: int, said: str
) -> None:
    grant = await give(seller, screener, to(buyer))
    answer = await seller.patch(address(grant), wrong)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert said in (problem["code"], problem.get("errors", [{}])[0].get("pointer"))
    assert (await seller.get(address(grant))).json() == grant


async def test_what_has_not_begun_may_begin_otherwise_but_before_it_ends(
    seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer, starts_at=LATER))
    wrong = await seller.patch(address(grant), {"starts_at": UNTIL})
    assert wrong.json()["errors"][0]["pointer"] == "/starts_at"
    both = {"starts_at": "2027-07-01T00:00:00Z", "expires_at": "2027-08-01T00:00:00Z"}
    assert (await seller.patch(address(grant), both)).json() == grant | both
    assert (await seller.patch(address(grant), {"starts_at": "2026-01-01T00:00:00Z"})).is_success
    assert await watch(buyer, screener) == "allowed"


async def test_a_revoked_grant_is_not_changed(seller: Caller, buyer: Caller, screener: str) -> None:
    grant = await give(seller, screener, to(buyer))
    await seller.delete(address(grant))
    answer = await seller.patch(address(grant), {"max_views": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "grant_revoked")


# Stopping -------------------------------------------------------------------------------------


async def test_revoking_ends_what_is_watched_under_the_grant_and_nothing_else(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer))
    other = await give(seller, screener, to(rival := await world.buyer()))
    watching = await sitting(world, screener, buyer, grant)
    others = [
        await sitting(world, screener, rival, other),
        await sitting(world, screener, seller),
    ]
    assert (await seller.delete(address(grant))).status_code == 204
    assert await end_of(world, watching) == "revoked"
    assert [await end_of(world, viewing) for viewing in others] == [None, None]
    fact = await last_fact(world, "screener.grant_revoked")
    assert (fact.data["grant_id"], fact.data["stopped"]) == (grant["id"], 1)


async def test_with_its_territories_a_grant_stops_those_who_watch_elsewhere(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer))
    where = {}
    for country in ("KZ", "RU", None):
        viewer = await world.person(buyer.organisation_id)
        where[country] = await sitting(world, screener, viewer, grant, country)
    await seller.patch(address(grant), {"territories": ["WORLD"]})
    assert {await end_of(world, viewing) for viewing in where.values()} == {None}
    await seller.patch(address(grant), {"territories": ["SCO", "-RU"]})
    ends = {country: await end_of(world, viewing) for country, viewing in where.items()}
    assert ends == {"KZ": None, "RU": "revoked", None: "revoked"}
    assert (await last_fact(world, "screener.grant_updated")).data["stopped"] == 2


async def test_withdrawing_a_screener_ends_what_is_watched_of_it(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to_person(buyer))
    watching = await sitting(world, screener, buyer, grant)
    await seller.delete(f"/screeners/{screener}")
    assert await end_of(world, watching) == "withdrawn"
    fact = await last_fact(world, "screener.withdrawn")
    assert int(buyer.organisation_id) in fact.organisation_ids


async def test_whoever_watches_goes_on_when_the_last_view_is_theirs(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to(buyer, max_views=1))
    await sitting(world, screener, buyer, grant)
    await films.execute(world, "UPDATE screener_grants SET views = 1")
    colleague = await world.person(buyer.organisation_id)
    assert await watch(colleague, screener) == "no_views_left"
    async with world.app.state.database.session() as session:
        actor = await find_person(session, int(buyer.person_id))
        assert actor is not None
        allowed = await may_watch(session, actor, int(screener), None)
        assert allowed.viewing_id is not None
