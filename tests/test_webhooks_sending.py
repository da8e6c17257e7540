"""One webhook to one receiver: whatever it does, and whatever its name leads to."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from app.partners.webhooks.addresses import Address
from app.partners.webhooks.sending import MAX_ANSWER_BYTES, Outcome, Resolve, Sender, resolve
from app.settings import Settings
from tests.receivers import (
    Behaviour,
    answering,
    babble,
    certified,
    drip,
    hang,
    pour,
    promise,
    receiving,
    vanish,
)
from tests.servers import make_settings

BODY = b'{"type": "ping"}'
NAME = "receiver.example"
METADATA = "169.254.169.254"


def settings(**others: Any) -> Settings:
    nowhere = {"s3_access_key_id": "nobody", "s3_secret_access_key": "nothing"}
    return make_settings("postgresql://nowhere/nothing", nowhere, **others)


def sender(
    answers: Sequence[list[str]] = (), *, trust: ssl.SSLContext | None = None, **others: Any
) -> Sender:
    """Make a sender for whom every name has the next of these answers, if there are any."""
    rules: dict[str, Any] = {
        "webhook_loopback": True,
        "webhook_timeout": timedelta(seconds=10),
        **others,
    }
    told = iter(answers)

    async def resolved(host: str, port: int) -> list[Address]:
        del host, port
        return [ip_address(text) for text in next(told)]

    chosen: Resolve = resolved if answers else resolve
    return Sender(settings(**rules), resolve=chosen, trust=trust)


async def sent(url: str, by: Sender, headers: dict[str, str] | None = None) -> Outcome:
    return await by.send(url, headers or {}, BODY)


async def test_a_receiver_that_takes_it_has_it_as_it_is() -> None:
    async with receiving(answering(200, b"thanks")) as receiver:
        outcome = await sent(receiver.url("/a?b=c"), sender(), {"webhook-id": "7"})
        assert outcome == Outcome(status=200, answer="thanks")
        assert outcome.succeeded
        [heard] = receiver.heard
    assert heard.line == "POST /a?b=c HTTP/1.1"
    assert heard.body == BODY
    assert heard.headers["webhook-id"] == "7"
    assert heard.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["content-length"] == str(len(BODY))
    assert heard.headers["user-agent"].startswith("FilmMart-Webhooks/")
    assert "cookie" not in heard.headers


async def test_a_redirection_is_an_answer_and_nothing_more() -> None:
    async with receiving() as inner:
        to_inner = answering(302, Location=inner.url(), Set_Cookie="a=b")
        async with receiving(to_inner) as receiver:
            by = sender()
            for _ in range(2):
                assert await sent(receiver.url(), by) == Outcome(status=302)
            assert "cookie" not in receiver.heard[1].headers
        assert inner.lines == 0


@pytest.mark.parametrize("behave", [hang, drip, promise], ids=lambda one: one.__name__)
async def test_a_receiver_that_takes_its_time_has_no_more_than_there_is(behave: Behaviour) -> None:
    async with receiving(behave) as receiver:
        by = sender(webhook_timeout=timedelta(milliseconds=300))
        begun = time.monotonic()
        assert await sent(receiver.url(), by) == Outcome(error="timeout")
        assert time.monotonic() - begun < 10
        assert len(receiver.heard) == 1


async def test_of_an_answer_without_an_end_no_more_is_read_than_is_of_use() -> None:
    poured = 0

    async def count(_: Any, writer: asyncio.StreamWriter) -> None:
        nonlocal poured
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            await writer.drain()
            poured += 0x4000

    async with receiving(count) as receiver:
        outcome = await sent(receiver.url(), sender())
    assert (outcome.status, outcome.succeeded) == (200, True)
    assert outcome.answer == "x" * 1024
    # The rest is what the two kernels' buffers hold.
    assert MAX_ANSWER_BYTES <= poured + 0x4000 < 64 * 2**20


async def test_a_status_that_was_read_stands_whatever_comes_after_it() -> None:
    async def stall(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf")
        await asyncio.Event().wait()

    async def break_off(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf")

    for behave in (stall, break_off):
        async with receiving(behave) as receiver:
            by = sender(webhook_timeout=timedelta(milliseconds=300))
            assert await sent(receiver.url(), by) == Outcome(status=201, answer="half")


@pytest.mark.parametrize("behave", [vanish, babble], ids=lambda one: one.__name__)
async def test_what_is_no_answer_is_told_as_none(behave: Behaviour) -> None:
    async with receiving(behave) as receiver:
        assert await sent(receiver.url(), sender()) == Outcome(error="no_answer")


async def test_headers_without_an_end_are_not_kept() -> None:
    async def boast(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Endless: " + b"x" * 10_000 + b"\r\n")
            await writer.drain()

    async with receiving(boast) as receiver:
        assert await sent(receiver.url(), sender()) == Outcome(error="no_answer")


async def test_nobody_there_is_told_as_such() -> None:
    async with receiving() as receiver:
        gone = receiver.url()
    assert await sent(gone, sender()) == Outcome(error="not_connected")
    nowhere = "https://receiver.invalid/"
    assert await sent(nowhere, sender()) == Outcome(error="name_not_found")


async def test_an_answer_is_shown_as_text_that_can_be_kept() -> None:
    async with receiving(answering(500, b"a\x00b\xff" + b"c" * 2000)) as receiver:
        outcome = await sent(receiver.url(), sender())
    assert outcome.answer == "a\ufffdb\ufffd" + "c" * 1020


async def test_retry_after_is_read() -> None:
    async with receiving(answering(503, Retry_After="120")) as receiver:
        outcome = await sent(receiver.url(), sender())
    assert outcome == Outcome(status=503, rest=timedelta(seconds=120))


# Where it goes --------------------------------------------------------------------------------


async def test_the_checked_address_is_connected_to_under_the_name(tmp_path: Path) -> None:
    serves, trusts = certified(tmp_path, NAME)
    async with receiving(tls=serves) as receiver:
        # The name's second answer would lead elsewhere: it is never asked for.
        by = sender([["127.0.0.1"], [METADATA]], trust=trusts)
        assert await sent(receiver.url(host=NAME), by) == Outcome(status=204)
        [heard] = receiver.heard
        assert heard.headers["host"] == f"{NAME}:{receiver.port}"
        assert receiver.sni == [NAME]
        # Looked up anew for the next one
        assert await sent(receiver.url(host=NAME), by) == Outcome(error="address_refused")
        assert receiver.lines == 1


async def test_who_is_not_who_the_name_says_hears_nothing(tmp_path: Path) -> None:
    serves, trusts = certified(tmp_path, "another.example")
    async with receiving(tls=serves) as receiver:
        by = sender([["127.0.0.1"]], trust=trusts)
        assert await sent(receiver.url(host=NAME), by) == Outcome(error="tls_failed")
        by = sender([["127.0.0.1"]])
        url = receiver.url(host="another.example")
        assert await sent(url, by) == Outcome(error="tls_failed")
        assert receiver.heard == []


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        [METADATA],
        ["100.100.100.200"],
        ["168.63.129.16"],
        ["0.0.0.0"],  # noqa: S104  # an answer of DNS
        ["::1"],
        ["::"],
        ["fe80::1"],
        ["fd00:ec2::254"],
        ["::ffff:127.0.0.1"],
        ["::127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["64:ff9b:1::7f00:1"],
        ["2002:7f00:1::"],
        ["2001:0:7f00:1::"],
        ["93.184.215.14", "127.0.0.1"],
        ["2606:4700::1111", "fd00::1"],
        [],
    ],
    ids=",".join,
)
async def test_a_name_that_leads_inside_is_never_connected_to(answer: list[str]) -> None:
    async with receiving() as receiver:
        by = sender([answer], webhook_loopback=False)
        url = f"https://{NAME}:{receiver.port}/"
        assert await sent(url, by) == Outcome(error="address_refused")
        assert receiver.lines == 0


async def test_a_name_whose_answer_changes_is_refused_when_it_does() -> None:
    async with receiving() as receiver:
        # Both rules of a sandbox: plain HTTP goes to this machine alone.
        by = sender([["127.0.0.1"], ["93.184.215.14"], ["192.168.1.1"], ["127.0.0.1"]])
        url = receiver.url(host=NAME)
        told = [await sent(url, by) for _ in range(4)]
    refused = Outcome(error="address_refused")
    assert told == [Outcome(status=204), refused, refused, Outcome(status=204)]
    assert receiver.lines == 2


async def test_this_machine_is_reached_only_where_the_operator_says_so() -> None:
    async with receiving() as receiver:
        by = sender(webhook_loopback=False)
        assert await sent(receiver.url(), by) == Outcome(error="url_refused")
        assert await sent(f"https://localhost:{receiver.port}/", by) == Outcome(error="url_refused")
        assert receiver.lines == 0


async def test_the_operators_own_networks_are_refused_too() -> None:
    by = sender([["93.184.215.14"]], webhook_refused_networks=["93.184.215.0/24"])
    assert await sent(f"https://{NAME}/", by) == Outcome(error="address_refused")


async def test_a_silent_address_is_passed_over_for_the_next_one(tmp_path: Path) -> None:
    serves, trusts = certified(tmp_path, NAME)
    async with receiving(tls=serves) as receiver:
        by = sender([["127.0.0.2", "127.0.0.1"]], trust=trusts)
        assert await sent(receiver.url(host=NAME), by) == Outcome(status=204)


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        assert await sent(receiver.url(), sender()) == Outcome(status=204)
        assert (proxy.lines, receiver.lines) == (0, 1)


async def test_many_at_once_leave_no_line_open() -> None:
    async with receiving(pour) as bad, receiving() as good:
        by = sender()
        urls = [bad.url(), good.url()] * 50
        told = await asyncio.gather(*(sent(url, by) for url in urls))
    assert [outcome.status for outcome in told] == [200, 204] * 50
    assert (bad.lines, good.lines) == (50, 50)
