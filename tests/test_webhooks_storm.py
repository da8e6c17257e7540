"""A thousand facts to fifty receivers, of which a tenth do all they should not."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest

from app.partners.webhooks.addresses import Address
from app.partners.webhooks.dispatching import Dispatcher
from app.partners.webhooks.sending import Sender
from app.settings import Settings
from tests.meetings import execute
from tests.receivers import Behaviour, Receiver, answering, hang, receiving, vanish
from tests.webhooks import ENDPOINTS, Json, endpoint, sandbox, shown, told, verified
from tests.world import Caller, World

COMPANIES, FACTS = 50, 20
INSIDE = ("10.0.0.5", "169.254.169.254", "::ffff:127.0.0.1", "fd00:ec2::254")
PATIENCE = 240.0
# What waits for its next try is due; what is being taken just now is let be.
NOW = (
    "UPDATE webhook_deliveries SET due_at = now() WHERE id IN (SELECT id FROM webhook_deliveries "
    "WHERE state = 'pending' AND due_at > now() FOR UPDATE SKIP LOCKED)"
)


@dataclass
class Party:
    """A company, where its facts go, and who sits there."""

    company: Caller
    endpoint: Json
    receiver: Receiver

    def has_all(self) -> bool:
        return len({one.headers["webhook-id"] for one in self.receiver.heard}) >= FACTS


class Rebinding:
    """Names that lead here, but for one, which leads inside every other time."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_over = False

    async def __call__(self, host: str, port: int) -> list[Address]:
        del port
        if host != "rebinding.example" or self.is_over:
            return [ip_address("127.0.0.1")]
        self.asked += 1
        return [ip_address(("127.0.0.1", *INSIDE)[self.asked % 5])]


@contextmanager
def connections() -> Iterator[set[Any]]:
    """Note each address that this process connects to, as the interpreter sees it."""
    noted: set[Any] = set()
    is_on = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if is_on and event == "socket.connect":
            noted.add(arguments[1])

    sys.addaudithook(hook)
    yield noted
    is_on = False


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    async with sandbox(settings, webhook_timeout=timedelta(seconds=3)) as world:
        yield world


async def until(world: World, is_so: Callable[[], bool]) -> None:
    """Let the time of retries pass until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await execute(world, NOW)
            await asyncio.sleep(0.3)


@pytest.mark.slow
async def test_of_a_thousand_facts_none_is_lost_whatever_receivers_do(world: World) -> None:
    resolve = Rebinding()
    async with AsyncExitStack() as stack:
        inner = await stack.enter_async_context(receiving())
        bad: list[Behaviour] = [
            answering(500),
            hang,
            answering(307, Location=inner.url()),
            answering(410),
            vanish,
        ]
        parties = []
        for number in range(COMPANIES):
            behave = bad[number] if number < len(bad) else answering(204)
            receiver = await stack.enter_async_context(receiving(behave))
            name = "rebinding.example" if number == len(bad) else f"receiver{number}.example"
            company = await world.company()
            url = receiver.url(host=name)
            made = await endpoint(company, url, event_types=["deal.*"])
            await told(world, company, FACTS)
            parties.append(Party(company, made, receiver))
        await world.app.state.sequencer.catch_up()

        state = world.app.state
        sender = Sender(state.settings, resolve=resolve)
        dispatcher = Dispatcher(state.database, state.settings, state.signer, sender)
        stop = asyncio.Event()
        noted = stack.enter_context(connections())
        working = asyncio.create_task(dispatcher.run(stop))
        # Good ones have everything while bad ones are as they are.
        good = parties[len(bad) + 1 :]
        await until(world, lambda: all(party.has_all() for party in good))
        # Its name has led to every place inside, more than once.
        await until(world, lambda: resolve.asked > 2 * len(INSIDE))
        gone = parties[3]
        assert (await shown(gone.company, gone.endpoint))["disabled_reason"] == "gone"
        for party in parties[: len(bad)]:
            party.receiver.behave = answering(204)
            # What was answered badly was heard, and is to be heard again.
            party.receiver.heard.clear()
        resolve.is_over = True
        await gone.company.post(f"{ENDPOINTS}/{gone.endpoint['id']}/enable")
        await until(world, lambda: all(party.has_all() for party in parties))
        stop.set()
        await working

    assert inner.lines == 0
    ports = {party.receiver.port for party in parties}
    strangers = {one for one in noted if one[1] in ports and one[0] != "127.0.0.1"}
    assert strangers == set()
    assert {one[0] for one in noted if isinstance(one, tuple)} == {"127.0.0.1"}
    facts = await execute(
        world,
        "SELECT organisation_ids[1], array_agg(id ORDER BY id) FROM events "
        "WHERE type = 'deal.told' GROUP BY 1",
    )
    expected = {str(organisation_id): ids for organisation_id, ids in facts}
    for party in parties:
        for heard in party.receiver.heard:
            body = verified(heard, party.endpoint["secret"])
            assert body["data"]["id"] == heard.headers["webhook-id"]
        heard_ids = {int(one.headers["webhook-id"]) for one in party.receiver.heard}
        assert sorted(heard_ids) == expected[party.company.organisation_id]
    left = await execute(world, "SELECT count(*) FROM webhook_deliveries WHERE state = 'failed'")
    assert left == [(0,)]
    assert len(parties) * FACTS == 1000
