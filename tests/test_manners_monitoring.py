"""What operators and their machines may ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from app.main import create_app
from app.settings import Settings
from tests.manners import refused
from tests.servers import S3Settings, make_settings
from tests.world import Caller, World, world_of


async def test_a_running_process_says_so(world: World) -> None:
    answer = await world.http.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    ready = await world.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"database": "ok", "store": "ok"})


async def test_without_its_store_the_api_is_not_ready(
    database_url: str, s3_settings: S3Settings
) -> None:
    nowhere = {**s3_settings, "s3_endpoint_url": "http://127.0.0.1:9"}
    async with world_of(create_app(make_settings(database_url, nowhere))) as world:
        answer = await world.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"database": "ok", "store": "away"}


@asynccontextmanager
async def from_elsewhere(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=world.app, client=("192.0.2.7", 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://filmmart.test") as http:
        yield http


async def test_metrics_count_requests_by_operation_and_status(world: World, seller: Caller) -> None:
    await seller.get("/me")
    await world.anonymous.get("/me")
    await world.http.request("MAKE-A-LABEL", "/v1/me")
    answer = await world.http.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    for method, operation, status in (
        ("GET", "get_me", "200"),
        ("GET", "get_me", "401"),
        ("other", "get_me", "405"),
    ):
        labels = f'{{method="{method}",operation="{operation}",status="{status}"}}'
        assert f"filmmart_request_seconds_count{labels}" in answer.text
    assert "MAKE-A-LABEL" not in answer.text


async def test_metrics_are_for_loopback_alone(world: World) -> None:
    async with from_elsewhere(world) as http:
        refused(await http.get("/metrics"), 404, "not_found")


async def test_metrics_are_for_who_has_the_token_where_there_is_one(settings: Settings) -> None:
    token = "a token for Prometheus"
    with_token = Settings.model_validate({**settings.model_dump(), "metrics_token": token})
    async with world_of(create_app(with_token)) as world, from_elsewhere(world) as http:
        for wrong in (None, "Bearer", "Bearer wrong", f"Basic {token}", "Bearer \xff"):
            headers = {} if wrong is None else {b"Authorization": wrong.encode("latin-1")}
            refused(await http.get("/metrics", headers=headers), 404, "not_found")
            refused(await world.http.get("/metrics", headers=headers), 404, "not_found")
        allowed = await http.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert allowed.status_code == 200
