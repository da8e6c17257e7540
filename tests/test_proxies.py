"""What proxies say of a caller is believed of the proxies that we know."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from app.main import create_app
from app.proxies import Proxies
from app.settings import Settings
from tests.grants import COUNTRY, give, to, told
from tests.screeners import make_title, ready_screener
from tests.servers import make_settings
from tests.serving import served
from tests.world import Caller, world_of

NOWHERE = {"s3_access_key_id": "nobody", "s3_secret_access_key": "nothing"}
Headers = list[tuple[bytes, bytes]]


async def seen(
    peer: tuple[str, int] | None, headers: Headers, kind: str = "http", **others: object
) -> dict[str, Any]:
    """Give a request's scope as the app behind sees it."""
    found: dict[str, Any] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        found.update(scope)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        del message

    given: dict[str, object] = {"country_header": "CF-IPCountry", **others}
    settings = make_settings("postgresql://nowhere/nothing", NOWHERE, **given)
    scope = {"type": kind, "client": peer, "scheme": "http", "headers": headers}
    await Proxies(app, settings)(scope, receive, send)
    return found


PROXY = ("127.0.0.1", 40_000)
KZ = (b"cf-ipcountry", b" kz ")


async def test_a_proxy_tells_who_calls_and_from_where() -> None:
    scope = await seen(PROXY, [KZ, (b"x-forwarded-for", b"203.0.113.9")])
    assert (scope["client"][0], scope["country"]) == ("203.0.113.9", "KZ")


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        (("203.0.113.9", 40_000), [KZ]),
        (("203.0.113.9", 40_000), [KZ, (b"x-forwarded-for", b"127.0.0.1")]),
        (None, [KZ]),
        (PROXY, [KZ, (b"cf-ipcountry", b"RU")]),
        (PROXY, [(b"x-country", b"KZ")]),
        (PROXY, []),
    ],
)
async def test_a_country_that_may_be_the_callers_own_word_is_none(
    peer: tuple[str, int] | None, headers: Headers
) -> None:
    assert (await seen(peer, headers))["country"] is None


async def test_the_proxies_are_those_of_the_settings() -> None:
    scope = await seen(("10.1.2.3", 40_000), [KZ], forwarded_allow_ips="10.0.0.0/8,192.0.2.1")
    assert scope["country"] == "KZ"
    assert (await seen(PROXY, [KZ], forwarded_allow_ips="10.0.0.0/8"))["country"] is None


async def test_without_a_header_in_the_settings_no_country_is_told() -> None:
    assert "country" not in await seen(PROXY, [KZ], country_header=None)
    assert "country" not in await seen(None, [], kind="lifespan")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trusted", "then"), [("127.0.0.1", "allowed"), ("192.0.2.1", "country_unknown")]
)
async def test_the_served_api_believes_whose_socket_it_is(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: str,
    then: str,
) -> None:
    async with world_of(create_app(settings)) as world:
        seller, buyer = await world.seller(), await world.buyer()
        screener = await ready_screener(world, seller, await make_title(world, seller))
        await give(seller, screener["id"], to(buyer, territories=["KZ"]))
    monkeypatch.setenv("FILMMART_COUNTRY_HEADER", COUNTRY)
    monkeypatch.setenv("FILMMART_FORWARDED_ALLOW_IPS", trusted)
    told_of = {COUNTRY: "KZ", "X-Forwarded-For": "192.0.2.1"}
    with served(settings, tmp_path) as api:
        async with httpx2.AsyncClient(base_url=api.url) as http:
            viewer = Caller(http, buyer.token)
            path = f"/screeners/{screener['id']}/playback"
            assert told(await viewer.post(path, headers=told_of)) == then
