"""What every test may ask for: a started app on a database of its own, and people to call it."""

import gc
from collections.abc import AsyncIterator

import pytest

from app.main import create_app
from app.settings import Settings
from tests.world import Caller, World, world_of

pytest_plugins = ["tests.servers", "tests.rgw", "tests.films", "tests.media"]


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never among what was imported: it was a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests as the app runs."""
    return "asyncio"


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """Start the app on a database of this test's own."""
    async with world_of(create_app(settings)) as world:
        yield world


@pytest.fixture
async def seller(world: World) -> Caller:
    """Give an admin of an approved company that sells."""
    return await world.seller()


@pytest.fixture
async def buyer(world: World) -> Caller:
    """Give an admin of an approved company that buys."""
    return await world.buyer()


@pytest.fixture
async def organiser(world: World) -> Caller:
    """Give an organiser."""
    return await world.organiser()
