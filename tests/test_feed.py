"""The feed over HTTP: who is told of what, in which order, and how long it waits."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.errors import Unavailable
from app.main import create_app
from app.models import Standing
from app.partners.feed.reads import WINDOW
from app.sequencing.retention import let_go
from app.sequencing.sequencer import Sequencer
from app.settings import Settings
from tests.catalogue import create, publish
from tests.feed import Follower, latest
from tests.markets import market
from tests.meetings import ask, execute
from tests.world import Caller, World, world_of

PROFILE = {"texts": {"en": {"name": "A name"}}}
RENAMED = {"texts": {"en": {"name": "Another name"}}}
MANY_FACTS = """
INSERT INTO events (type, subject_id) SELECT 'test.many', 1 FROM generate_series(1, :many)
"""


async def test_a_company_follows_its_own_facts_in_order(seller: Caller) -> None:
    follower = await latest(seller)
    title = await publish(seller)
    created, published = await follower.follow()
    assert created == {
        "id": created["id"],
        "position": created["position"],
        "type": "title.created",
        "subject_id": title["id"],
        "occurred_at": created["occurred_at"],
        "organisation_id": seller.organisation_id,
        "person_id": seller.person_id,
        "client_id": None,
        "data": {"seller_id": seller.organisation_id},
    }
    assert published["type"] == "title.published"
    assert published["position"] == created["position"] + 1 == follower.after
    assert await follower.follow() == []


async def test_what_was_answered_before_is_in_the_feed(seller: Caller) -> None:
    follower = await latest(seller)
    for _ in range(20):
        title = await create(seller)
        assert [fact["subject_id"] for fact in await follower.follow()] == [title["id"]]


async def test_others_learn_what_the_whole_market_may_know_and_not_whose_hand_it_was(
    seller: Caller, buyer: Caller
) -> None:
    follower = await latest(buyer)
    await create(seller)
    assert await follower.follow() == []
    title = await publish(seller)
    (fact,) = await follower.follow()
    assert (fact["type"], fact["subject_id"]) == ("title.published", title["id"])
    assert (fact["organisation_id"], fact["person_id"]) == (seller.organisation_id, None)
    assert (await seller.patch(f"/titles/{title['id']}", {"year": 2021})).is_success
    assert (await seller.post(f"/titles/{title['id']}/withdraw")).is_success
    assert (await seller.patch(f"/titles/{title['id']}", {"year": 2022})).is_success
    assert [fact["type"] for fact in await follower.follow()] == [
        "title.updated",
        "title.withdrawn",
    ]


async def test_companies_and_markets_are_public_once_they_are_seen(
    world: World, seller: Caller, organiser: Caller
) -> None:
    follower, newcomer = await latest(seller), await world.company(standing=Standing.PENDING)
    one = newcomer.organisation_id
    assert (await newcomer.patch(f"/organisations/{one}", {"name": "Newcomers"})).is_success
    assert (await newcomer.put(f"/sellers/{one}", PROFILE)).is_success
    assert await follower.follow() == []
    assert (await organiser.post(f"/organisations/{one}/approve")).is_success
    assert (await newcomer.put(f"/sellers/{one}", RENAMED)).is_success
    assert (await newcomer.put(f"/buyers/{one}", PROFILE)).is_success
    assert (await organiser.post("/markets", market())).is_success
    assert (await organiser.post(f"/organisations/{one}/suspend")).is_success
    assert [fact["type"] for fact in await follower.follow()] == [
        "organisation.approved",
        "seller_profile.updated",
        "organisation.suspended",
    ]


async def test_a_request_to_meet_is_told_to_both_sides_and_the_organisers(
    world: World, seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    rival = await world.seller()
    told = [await latest(caller) for caller in (seller, buyer, organiser, rival)]
    await ask(buyer, seller)
    heard = [[fact["type"] for fact in await each.follow()] for each in told]
    assert heard == [["meeting_request.created"]] * 3 + [[]]


async def test_types_are_chosen_by_name_or_noun(seller: Caller) -> None:
    follower = await latest(seller)
    begun = follower.after
    await publish(seller)
    (fact,) = await follower.follow(types="title.published")
    assert fact["type"] == "title.published"
    follower.after = begun
    assert len(await follower.follow(types=["title.*", "market.opened"])) == 2
    follower.after = begun
    assert await follower.follow(types="market.*") == []
    assert follower.after == begun + 2


async def test_pages_join_without_a_seam(seller: Caller) -> None:
    follower = await latest(seller)
    begun = follower.after
    titles = [await create(seller) for _ in range(7)]
    await follower.follow_all(limit=3)
    assert [fact["subject_id"] for fact in follower.facts] == [title["id"] for title in titles]
    answer = await seller.get("/events", params={"after": begun, "limit": 3})
    assert answer.json()["has_more"] is True


async def test_who_waits_is_told_as_soon_as_something_happens(seller: Caller) -> None:
    follower = await latest(seller)
    waiting = asyncio.create_task(follower.follow(wait=30))
    title = await create(seller)
    assert [fact["subject_id"] for fact in await waiting] == [title["id"]]


async def test_who_waits_in_vain_is_told_so_when_the_time_is_over(
    seller: Caller, buyer: Caller
) -> None:
    follower = await latest(buyer)
    begun = follower.after
    waiting = asyncio.create_task(follower.follow(wait=1))
    await create(seller)
    assert await waiting == []
    assert follower.after == begun + 1


async def test_another_process_wakes_who_waits_here(
    world: World, settings: Settings, seller: Caller
) -> None:
    follower = await latest(seller)
    waiting = asyncio.create_task(follower.follow(wait=30))
    elsewhere: Sequencer = world.app.state.sequencer
    async with world_of(create_app(settings)) as other:
        title = await create(Caller(other.http, seller.token))
        assert [fact["subject_id"] for fact in await waiting] == [title["id"]]
    assert elsewhere.head == follower.after


async def test_a_long_stretch_of_others_facts_is_passed_over(
    world: World, seller: Caller, buyer: Caller
) -> None:
    follower = await latest(buyer)
    begun = follower.after
    await execute(world, MANY_FACTS, many=2 * WINDOW)
    title = await publish(seller)
    assert [fact["subject_id"] for fact in await follower.follow()] == [title["id"]]
    assert follower.after == begun + 2 * WINDOW + 2


async def test_the_feed_does_not_reach_back_for_ever(world: World, seller: Caller) -> None:
    await create(seller)
    now = await latest(seller)
    await let_go_of(world, timedelta(days=1))
    assert len(await Follower(seller).follow()) == 1
    await let_go_of(world, timedelta(seconds=-1))
    refused = await seller.get("/events", params={"after": now.after - 1})
    assert refused.status_code == 410
    problem = refused.json()
    assert (problem["code"], problem["latest"]) == ("events_gone", now.after)
    assert problem["oldest"] == now.after + 1
    assert (await seller.get("/events")).json()["next_after"] == now.after
    title = await create(seller)
    assert [fact["subject_id"] for fact in await now.follow()] == [title["id"]]


async def let_go_of(world: World, retention: timedelta) -> None:
    async with world.app.state.database.session() as session, session.begin():
        await let_go(session, retention)


@pytest.mark.parametrize(
    "query",
    [
        {"after": "yesterday"},
        {"after": "-1"},
        {"after": "9" * 16},
        {"wait": 31},
        {"wait": -1},
        {"limit": 0},
        {"types": "title"},
        {"types": "*"},
        {"types": "title.created\x7f"},
        {"types": ["title.created"] * 51},
    ],
)
async def test_what_can_not_be_asked_is_refused(seller: Caller, query: dict[str, Any]) -> None:
    refused = await seller.get("/events", params=query)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["parameter"].partition(".")[0] in query


async def test_a_position_that_nobody_gave_is_refused(seller: Caller) -> None:
    refused = await seller.get("/events", params={"after": 10**14})
    assert (refused.status_code, refused.json()["code"]) == (422, "position_not_given")


async def test_a_journal_that_is_away_is_waited_for_and_not_for_ever() -> None:
    sequencer = Sequencer("postgresql://nobody@127.0.0.1:1/nowhere", b"k" * 32, patience=0.1)
    with pytest.raises(Unavailable):
        await sequencer.catch_up()


async def test_an_app_ends_though_a_fact_comes_at_that_moment(database_url: str) -> None:
    sequencer = Sequencer(database_url, b"k" * 32)
    working = asyncio.create_task(sequencer.run())
    await sequencer.catch_up()  # and now it waits
    sequencer.wake()
    working.cancel()
    ended, _ = await asyncio.wait({working}, timeout=10)
    assert ended == {working}
