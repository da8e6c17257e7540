"""Webhooks and the worker as a process: killed while it sends, and followed by another."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.settings import Settings
from tests.meetings import execute
from tests.receivers import answering, hang, receiving
from tests.test_worker import until, worker_process
from tests.webhooks import endpoint, sandbox, told, types, verified
from tests.world import World


@pytest.fixture
async def world(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Start an app whose webhooks may go to this machine; its workers' may, too."""
    monkeypatch.setenv("FILMMART_WEBHOOK_LOOPBACK", "true")
    async with sandbox(settings) as world:
        yield world


@pytest.mark.slow
async def test_what_a_killed_worker_was_sending_another_one_sends(world: World) -> None:
    partner = await world.company()
    settings = world.app.state.settings
    async with receiving(hang) as receiver:
        made = await endpoint(partner, receiver, event_types=["deal.*"])

        async def has_come() -> bool:
            return receiver.heard != []

        async def is_done() -> bool:
            return await execute(world, "SELECT state FROM webhook_deliveries") == [("succeeded",)]

        async with worker_process(settings) as killed:
            await told(world, partner)
            await until(has_come)
            killed.kill()
            await killed.wait()
        receiver.behave = answering(204)
        # The lease of who died ends.
        await execute(world, "UPDATE webhook_deliveries SET due_at = now()")
        async with worker_process(settings) as process:
            await until(is_done)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 60) == 0
    assert types(receiver) == ["deal.told"] * 2
    ids = {verified(heard, made["secret"])["data"]["id"] for heard in receiver.heard}
    assert len(ids) == 1
