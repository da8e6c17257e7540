"""Webhooks in tests: endpoints made over HTTP, and the worker's part run for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from standardwebhooks import Webhook

from app import events
from app.main import create_app
from app.partners.webhooks.dispatching import Dispatcher
from app.partners.webhooks.sending import Sender
from app.settings import Settings
from tests.meetings import execute
from tests.receivers import Heard, Receiver
from tests.world import Caller, World, world_of

Json = dict[str, Any]
ENDPOINTS = "/webhook-endpoints"
SANDBOX = {"webhook_loopback": True, "webhook_timeout": timedelta(seconds=10)}


@asynccontextmanager
async def sandbox(settings: Settings, **others: Any) -> AsyncIterator[World]:
    """Start an app whose webhooks may go to this machine."""
    allowed = settings.model_copy(update={**SANDBOX, **others})
    async with world_of(create_app(allowed)) as world:
        yield world


def dispatcher_of(world: World, **others: Any) -> Dispatcher:
    """Give the worker's part."""
    state = world.app.state
    settings = state.settings.model_copy(update=others)
    return Dispatcher(state.database, settings, state.signer, Sender(settings))


async def endpoint(caller: Caller, receiver: Receiver | str, **wanted: Any) -> Json:
    """Have a company's facts sent to a receiver."""
    url = receiver if isinstance(receiver, str) else receiver.url()
    answer = await caller.post(ENDPOINTS, {"url": url, **wanted})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def told(world: World, company: Caller, count: int = 1, type_: str = "deal.told") -> None:
    """Make so many facts true that a company may know of."""
    async with world.app.state.database.session() as session, session.begin():
        for number in range(count):
            data = {"number": number}
            ids = [int(company.organisation_id)]
            events.record(session, None, type_, number + 1, organisation_ids=ids, data=data)


async def delivered(world: World, **others: Any) -> None:
    """Send all there is to be sent by now."""
    await world.app.state.sequencer.catch_up()
    await dispatcher_of(world, **others).work_off()


async def let_time_pass(world: World) -> None:
    """Have what waits for its next try be due."""
    await execute(world, "UPDATE webhook_deliveries SET due_at = now() WHERE ended_at IS NULL")
    await execute(world, "UPDATE webhook_cursors SET rests_until = NULL")


def verified(heard: Heard, *secrets: str) -> Json:
    """Verify a request by each secret, as its receiver would, and give its body."""
    for secret in secrets:
        body: Json = Webhook(secret).verify(heard.body, heard.headers)
    return body


def in_order(receiver: Receiver) -> list[Heard]:
    """Give what a receiver heard in the order of the feed: a few are sent at once."""
    return sorted(receiver.heard, key=lambda heard: int(heard.json["data"].get("position", 0)))


def types(receiver: Receiver) -> list[str]:
    """Name the types of what a receiver heard, in the order of the feed."""
    return [heard.json["type"] for heard in in_order(receiver)]


async def log(caller: Caller, made: Json, query: str = "") -> list[Json]:
    """Give an endpoint's deliveries, newest first."""
    answer = await caller.get(f"{ENDPOINTS}/{made['id']}/deliveries?limit=100{query}")
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def detail(caller: Caller, made: Json, delivery: Json) -> Json:
    """Give a delivery with its attempts."""
    answer = await caller.get(f"{ENDPOINTS}/{made['id']}/deliveries/{delivery['id']}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def shown(caller: Caller, made: Json) -> Json:
    """Give an endpoint as it stands."""
    found: Json = (await caller.get(f"{ENDPOINTS}/{made['id']}")).json()
    return found
