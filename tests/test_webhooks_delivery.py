"""Deliveries: each fact reaches its receiver, whatever receivers and senders do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.db import open_database
from app.models import Standing
from app.partners.webhooks import making
from app.partners.webhooks.claiming import claim
from app.partners.webhooks.dispatching import EACH, Dispatcher, run_dispatcher
from app.partners.webhooks.forgetting import forget_deliveries
from app.partners.webhooks.rules import DELAYS
from app.partners.webhooks.sending import Sender
from app.security import Signer
from app.settings import Settings
from tests.meetings import events_of, execute
from tests.receivers import Heard, answering, hang, receiving
from tests.webhooks import (
    ENDPOINTS,
    delivered,
    detail,
    dispatcher_of,
    endpoint,
    in_order,
    let_time_pass,
    log,
    sandbox,
    shown,
    told,
    types,
    verified,
)
from tests.wire import wire_to
from tests.world import Caller, World

TITLE = {
    "kind": "feature",
    "original_title": "Сталкер",
    "year": 1979,
    "texts": {"ru": {"title": "Сталкер"}},
}
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """Start an app whose webhooks may go to this machine."""
    async with sandbox(settings) as world:
        yield world


@pytest.fixture
async def partner(world: World) -> Caller:
    return await world.company()


async def test_a_fact_reaches_its_receiver_signed_and_as_the_feed_has_it(
    world: World, seller: Caller
) -> None:
    async with receiving() as receiver:
        made = await endpoint(seller, receiver, event_types=["title.*"])
        title = await seller.post("/titles", TITLE)
        published = await seller.post(f"/titles/{title.json()['id']}/publish")
        assert published.status_code == 200, published.text
        await delivered(world)
    assert types(receiver) == ["title.created", "title.published"]
    facts = await execute(
        world,
        "SELECT e.id, p.position FROM events e JOIN event_positions p ON p.event_id = e.id "
        "WHERE e.subject_id = :id ORDER BY p.position",
        id=int(title.json()["id"]),
    )
    for heard, (id_, position) in zip(in_order(receiver), facts, strict=True):
        body = verified(heard, made["secret"])
        assert heard.headers["webhook-id"] == body["data"]["id"] == str(id_)
        assert body["data"]["position"] == position
        assert body["type"] == body["data"]["type"]
        assert body["timestamp"] == body["data"]["occurred_at"]
        assert body["timestamp"].endswith("Z")
        assert body["data"]["subject_id"] == title.json()["id"]
        assert body["data"]["person_id"] == seller.person_id
    newest, oldest = await log(seller, made)
    assert (oldest["type"], newest["type"]) == ("title.created", "title.published")
    assert (newest["state"], newest["attempts"]) == ("succeeded", 1)
    found = await detail(seller, made, newest)
    assert found["payload"] == in_order(receiver)[1].json
    [tried] = found["tried"]
    assert (tried["status"], tried["error"], tried["answer"]) == (204, None, "")


async def test_a_company_hears_what_it_may_know_of_and_asked_for(
    world: World, partner: Caller
) -> None:
    rival, organiser = await world.company(), await world.organiser()
    async with receiving() as all_, receiving() as some, receiving() as rivals:
        await endpoint(partner, all_)
        await endpoint(partner, some, event_types=["deal.told", "title.*"])
        await endpoint(rival, rivals, event_types=["deal.*", "offer.*"])
        await told(world, partner)
        await told(world, partner, type_="offer.told")
        await delivered(world)
        # Another company, the organisers, and then somebody again
        await told(world, organiser)
        await delivered(world)
        await told(world, partner)
        await delivered(world)
    made = ["webhook_endpoint.created"] * 2
    assert types(all_) == [*made, "deal.told", "offer.told", "deal.told"]
    assert types(some) == ["deal.told", "deal.told"]
    assert types(rivals) == []


async def test_what_is_public_reaches_everybody(world: World, seller: Caller) -> None:
    async with receiving() as receiver:
        await endpoint(await world.buyer(), receiver, event_types=["title.*"])
        title = await seller.post("/titles", TITLE)
        await delivered(world)
        assert types(receiver) == []
        published = await seller.post(f"/titles/{title.json()['id']}/publish")
        assert published.status_code == 200, published.text
        await delivered(world)
    assert types(receiver) == ["title.published"]
    assert receiver.heard[0].json["data"]["person_id"] is None


# Failures -------------------------------------------------------------------------------------


async def test_what_fails_is_sent_again_under_the_same_id(world: World, partner: Caller) -> None:
    async with receiving(answering(500, b"overloaded")) as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        await told(world, partner)
        await delivered(world)
        [waiting] = await log(partner, made)
        assert (waiting["state"], waiting["attempts"]) == ("pending", 1)
        due_in = datetime.fromisoformat(waiting["next_attempt_at"]) - datetime.now(UTC)
        assert due_in <= DELAYS[0] * 1.1
        assert (await shown(partner, made))["failing_since"] is not None
        receiver.behave = answering(200, b"thanks")
        await let_time_pass(world)
        await delivered(world)
        assert (await shown(partner, made))["failing_since"] is None
    [done] = await log(partner, made)
    assert (done["state"], done["attempts"], done["next_attempt_at"]) == ("succeeded", 2, None)
    tried = (await detail(partner, made, done))["tried"]
    assert [(one["number"], one["status"], one["answer"]) for one in tried] == [
        (2, 200, "thanks"),
        (1, 500, "overloaded"),
    ]
    first, second = receiver.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert verified(first, made["secret"]) == verified(second, made["secret"])


async def test_after_ten_attempts_it_is_given_up_and_can_be_replayed(
    world: World, partner: Caller
) -> None:
    async with receiving(answering(500)) as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        await told(world, partner)
        for _ in range(12):
            await delivered(world)
            await let_time_pass(world)
        assert len(receiver.heard) == 10
        [failed] = await log(partner, made, "&state=failed")
        path = f"{ENDPOINTS}/{made['id']}"
        replayed = await partner.post(f"{path}/deliveries/{failed['id']}/replay")
        assert (replayed.json()["state"], replayed.json()["attempts"]) == ("pending", 10)
        await delivered(world)
        receiver.behave = answering(200)
        await let_time_pass(world)
        await delivered(world)
        assert len(receiver.heard) == 12
        [done] = await log(partner, made)
        assert (done["state"], done["attempts"]) == ("succeeded", 12)


async def test_retry_after_leaves_the_whole_endpoint_alone(world: World, partner: Caller) -> None:
    async with receiving(answering(429, Retry_After="3600")) as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        await told(world, partner)
        await delivered(world)
        [waiting] = await log(partner, made)
        due_in = datetime.fromisoformat(waiting["next_attempt_at"]) - datetime.now(UTC)
        assert due_in > timedelta(minutes=59)
        await told(world, partner)
        await delivered(world)
        assert len(receiver.heard) == 1
        receiver.behave = answering(200)
        await let_time_pass(world)
        await delivered(world)
        assert len(receiver.heard) == 3


async def test_gone_is_not_asked_again_until_its_people_say_so(
    world: World, partner: Caller
) -> None:
    async with receiving(answering(410)) as receiver, receiving() as other:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        await endpoint(partner, other, event_types=["webhook_endpoint.disabled"])
        await told(world, partner)
        await delivered(world)
        found = await shown(partner, made)
        assert found["disabled_reason"] == "gone"
        await told(world, partner)
        await let_time_pass(world)
        await delivered(world)
        assert len(receiver.heard) == 1
        # The company is told, in the feed and wherever else it listens.
        assert types(other) == ["webhook_endpoint.disabled"]
        fact = other.heard[0].json["data"]
        assert fact["subject_id"] == made["id"]
        assert fact["data"]["reason"] == "gone"

        receiver.behave = answering(204)
        enabled = await partner.post(f"{ENDPOINTS}/{made['id']}/enable")
        assert enabled.json()["disabled_at"] is None
        await delivered(world)
        assert len(receiver.heard) == 3
    assert {one["state"] for one in await log(partner, made)} == {"succeeded"}


async def test_days_of_failure_disable_an_endpoint_with_notice(
    world: World, partner: Caller
) -> None:
    async with receiving(answering(503)) as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        await told(world, partner, 2)
        await delivered(world)
        assert (await shown(partner, made))["disabled_at"] is None
        past = "UPDATE webhook_cursors SET failing_since = now() - interval '5 days'"
        await execute(world, past)
        await let_time_pass(world)
        await delivered(world)
        assert (await shown(partner, made))["disabled_reason"] == "failing"
    [fact] = [one for one in await events_of(world, made["id"]) if "disabled" in one.type]
    assert (fact.person_id, fact.organisation_ids) == (None, [int(partner.organisation_id)])


async def test_what_was_missed_is_sent_or_skipped_as_they_say(
    world: World, partner: Caller
) -> None:
    async with receiving() as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        path = f"{ENDPOINTS}/{made['id']}"
        for skip, expected in ((False, 3), (True, 3)):
            await partner.post(f"{path}/disable")
            await told(world, partner, 3)
            await delivered(world)
            await partner.post(f"{path}/enable", {"skip_missed": skip})
            await delivered(world)
            assert len(receiver.heard) == expected
        await told(world, partner)
        await delivered(world)
        assert len(receiver.heard) == 4


async def test_who_is_suspended_hears_nothing_until_they_are_let_in_again(
    world: World, partner: Caller
) -> None:
    async with receiving() as receiver:
        await endpoint(partner, receiver, event_types=["deal.*"])
        suspend = "UPDATE organisations SET standing = :standing WHERE id = :id"
        company = {"id": int(partner.organisation_id)}
        await execute(world, suspend, standing=Standing.SUSPENDED, **company)
        await told(world, partner)
        await delivered(world)
        assert receiver.heard == []
        await execute(world, suspend, standing=Standing.APPROVED, **company)
        await delivered(world)
        assert types(receiver) == ["deal.told"]


async def test_a_private_address_is_never_asked(settings: Settings) -> None:
    async with sandbox(settings, webhook_loopback=False) as world, receiving() as inner:
        partner = await world.company()
        made = await endpoint(partner, "https://partner.example/")
        # As where a name led elsewhere when it was given
        await execute(world, "UPDATE webhook_endpoints SET url = :url", url=inner.url())
        await delivered(world)
        [delivery] = await log(partner, made)
        [tried] = (await detail(partner, made, delivery))["tried"]
        assert (tried["status"], tried["error"]) == (None, "url_refused")
        assert inner.lines == 0


# Secrets --------------------------------------------------------------------------------------


async def test_while_a_secret_is_changed_there_are_two_signatures(
    world: World, partner: Caller
) -> None:
    async with receiving() as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        path = f"{ENDPOINTS}/{made['id']}"
        new = (await partner.post(f"{path}/rotate-secret")).json()["secret"]
        await partner.post(f"{path}/ping")
        await delivered(world)
        past = "UPDATE webhook_endpoints SET previous_secret_expires_at = now()"
        await execute(world, past)
        await partner.post(f"{path}/ping")
        await delivered(world)
    both, alone = receiver.heard
    assert verified(both, made["secret"], new)["data"] == {"endpoint_id": made["id"]}
    assert verified(alone, new)["type"] == "ping"
    assert len(alone.headers["webhook-signature"].split()) == 1


async def test_without_its_secret_nothing_is_sent(world: World, partner: Caller) -> None:
    async with receiving() as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        foreign = Signer("another key, also long enough to seal", timedelta(1)).seal(b"whsec_eA==")
        await execute(world, "UPDATE webhook_endpoints SET secret = :secret", secret=foreign)
        await told(world, partner)
        await delivered(world)
        assert (await shown(partner, made))["disabled_reason"] == "secret_lost"
        assert receiver.lines == 0
        path = f"{ENDPOINTS}/{made['id']}"
        secret = (await partner.post(f"{path}/rotate-secret")).json()["secret"]
        await partner.post(f"{path}/enable")
        await let_time_pass(world)
        await delivered(world)
        assert verified(receiver.heard[0], secret)["type"] == "deal.told"


# Replays --------------------------------------------------------------------------------------


async def test_everything_since_an_instant_is_sent_again(world: World, partner: Caller) -> None:
    async with receiving() as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        path = f"{ENDPOINTS}/{made['id']}"
        await told(world, partner, 3)
        await delivered(world)
        future = await partner.post(f"{path}/replay", {"since": "9999-01-01T00:00:00Z"})
        assert future.status_code == 200
        await delivered(world)
        first = {heard.headers["webhook-id"] for heard in receiver.heard}
        assert len(first) == len(receiver.heard) == 3
        again = await partner.post(f"{path}/replay", {"since": "0001-01-01T00:00:00Z"})
        assert again.status_code == 200, again.text
        await delivered(world)
        assert {heard.headers["webhook-id"] for heard in receiver.heard[3:]} == first
        assert len(receiver.heard) == 6
        assert [one["attempts"] for one in await log(partner, made)] == [2, 2, 2]
        # What was never asked for is sent too, once it is.
        await partner.patch(path, {"event_types": ["webhook_endpoint.created"]})
        await partner.post(f"{path}/replay", {"since": LONG_AGO})
        await delivered(world)
        assert types(receiver).count("webhook_endpoint.created") == 1
        assert len(receiver.heard) == 7


async def test_of_what_was_given_up_all_is_sent_again(world: World, partner: Caller) -> None:
    async with receiving() as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        path = f"{ENDPOINTS}/{made['id']}"
        await told(world, partner, 3)
        await delivered(world)
        await execute(world, "UPDATE webhook_deliveries SET state = 'failed'")
        await partner.post(f"{path}/replay", {"since": LONG_AGO, "failed_only": True})
        await delivered(world)
        assert len(receiver.heard) == 6
        await partner.post(f"{path}/replay", {"since": LONG_AGO, "failed_only": True})
        await delivered(world)
        assert len(receiver.heard) == 6


# Senders --------------------------------------------------------------------------------------


async def test_what_a_killed_worker_had_begun_to_send_is_sent_again(
    world: World, partner: Caller
) -> None:
    async with receiving() as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        await told(world, partner)
        await world.app.state.sequencer.catch_up()
        async with world.app.state.database.session() as session, session.begin():
            head = (await execute(world, "SELECT max(position) FROM event_positions"))[0][0]
            await making.make_deliveries(session, int(made["id"]), head)
        async with world.app.state.database.session() as session, session.begin():
            [taken] = await claim(session, 10, EACH, failing=False)
        await delivered(world)
        assert receiver.heard == []  # nobody knows yet that the first one is dead
        await let_time_pass(world)
        await delivered(world)
        assert [heard.headers["webhook-id"] for heard in receiver.heard] == [str(taken.webhook_id)]
    [delivery] = await log(partner, made)
    tried = (await detail(partner, made, delivery))["tried"]
    assert [(one["number"], one["ended_at"] is None) for one in tried] == [(2, False), (1, True)]


async def test_a_receiver_that_hangs_delays_nobody_else(world: World, partner: Caller) -> None:
    async with receiving(hang) as bad, receiving() as good:
        hanging = await endpoint(partner, bad, event_types=["deal.*"])
        await endpoint(await world.company(), good, event_types=["deal.*"])
        await told(world, partner, 3 * EACH)
        others = await execute(world, "SELECT organisation_id FROM webhook_endpoints ORDER BY id")
        other = Caller(world.http, organisation_id=str(others[1][0]))
        await told(world, other, 3 * EACH)
        await world.app.state.sequencer.catch_up()
        dispatcher = dispatcher_of(world, webhook_timeout=timedelta(seconds=30))
        stop = asyncio.Event()
        working = asyncio.create_task(dispatcher.run(stop))
        async with asyncio.timeout(60):
            while len(good.heard) < 3 * EACH:  # noqa: ASYNC110  # another task makes it so
                await asyncio.sleep(0.01)
        # All that time it has been sent no more than a few at once.
        assert 1 <= bad.lines <= EACH
        bad.behave = answering(200)
        working.cancel()
        await asyncio.wait([working])  # or it holds a connection that nobody closes
    assert {one["state"] for one in await log(partner, hanging)} <= {"sending", "pending"}


async def test_two_senders_send_each_fact_once(world: World, partner: Caller) -> None:
    async with receiving() as receiver:
        await endpoint(partner, receiver, event_types=["deal.*"])
        await told(world, partner, 40)
        await world.app.state.sequencer.catch_up()
        await asyncio.gather(*(dispatcher_of(world).work_off() for _ in range(2)))
    ids = [heard.headers["webhook-id"] for heard in receiver.heard]
    assert len(ids) == len(set(ids)) == 40


async def test_a_fact_is_sent_seconds_after_its_commit(world: World, partner: Caller) -> None:
    arrived = asyncio.Event()

    async def note(_: Heard, writer: asyncio.StreamWriter) -> None:
        await answering(204)(_, writer)
        arrived.set()

    state = world.app.state
    stop = asyncio.Event()
    async with receiving(note) as receiver:
        await endpoint(partner, receiver, event_types=["deal.*"])
        running = asyncio.create_task(
            run_dispatcher(stop, state.settings, state.database, state.sequencer)
        )
        await told(world, partner)
        async with asyncio.timeout(60):
            await arrived.wait()
        stop.set()
        await running
    assert types(receiver) == ["deal.told"]


async def test_a_database_that_was_away_is_looked_at_again(
    world: World, partner: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    settings, signer = world.app.state.settings, world.app.state.signer
    stop = asyncio.Event()
    async with wire_to(settings.database_url) as (line, url), receiving() as receiver:
        await endpoint(partner, receiver, event_types=["deal.*"])
        database = await open_database(settings.model_copy(update={"database_url": url}))
        dispatcher = Dispatcher(database, settings, signer, Sender(settings))
        working = asyncio.create_task(dispatcher.run(stop))
        await line.cut()
        async with asyncio.timeout(60):
            while "webhooks_not_looked_at" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await told(world, partner)
            await line.mend()
            while not receiver.heard:  # noqa: ASYNC110  # another task makes it so
                await asyncio.sleep(0.05)
        stop.set()
        await working
        await database.close()
    assert types(receiver) == ["deal.told"]


async def test_an_endpoint_that_lags_is_given_no_more_than_so_many(
    world: World, partner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "MOST_WAITING", 5)
    monkeypatch.setattr(making, "BATCH", 5)
    async with receiving(answering(500)) as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        await told(world, partner, 12)
        await delivered(world)
        assert len(await log(partner, made)) < 12
        receiver.behave = answering(204)
        for _ in range(3):
            await let_time_pass(world)
            await delivered(world)
        states = [one["state"] for one in await log(partner, made)]
        assert states == ["succeeded"] * 12


async def test_what_ended_a_month_ago_is_forgotten(world: World, partner: Caller) -> None:
    async with receiving() as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])
        deleted = await endpoint(partner, receiver, event_types=["deal.*"])
        await told(world, partner, 2)
        await delivered(world)
    await partner.delete(f"{ENDPOINTS}/{deleted['id']}")
    past = (
        "UPDATE webhook_deliveries SET ended_at = now() - interval '31 days' "
        "WHERE id IN (SELECT min(id) FROM webhook_deliveries WHERE endpoint_id = :id)"
    )
    await execute(world, past, id=int(made["id"]))
    async with world.app.state.database.session() as session, session.begin():
        await forget_deliveries(session)
    assert len(await log(partner, made)) == 1
    assert await execute(world, "SELECT count(*) FROM webhook_attempts") == [(1,)]
    assert await execute(world, "SELECT id FROM webhook_endpoints") == [(int(made["id"]),)]
