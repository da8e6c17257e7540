"""The arithmetic of webhooks: signatures, addresses, URLs, waits."""

import base64
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json
from standardwebhooks import Webhook, WebhookVerificationError

from app.partners.webhooks.addresses import is_public, may_be_reached
from app.partners.webhooks.rules import (
    DELAYS,
    MAX_BODY_BYTES,
    body_of,
    next_try,
    rest_of,
    wants,
)
from app.partners.webhooks.signing import headers_of, new_secret
from app.partners.webhooks.targets import Target, parse_target

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FACT = {"id": "7", "type": "title.published", "occurred_at": "2026-11-21T09:00:00Z", "data": {}}


def size(body: Any) -> int:
    return len(to_json(body))


# Signatures -----------------------------------------------------------------------------------


@given(st.dictionaries(st.text(), st.text()), st.integers(min_value=1, max_value=10**18))
def test_the_standards_own_library_verifies_what_is_signed(data: dict[str, str], id_: int) -> None:
    secret, body = new_secret(), to_json(data)
    headers = headers_of([secret], str(id_), int(datetime.now(UTC).timestamp()), body)
    assert Webhook(secret).verify(body, headers) == data
    for changed in (body + b" ", b"{}" if body != b"{}" else b"[]"):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(changed, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers | {"webhook-id": str(id_ + 1)})


def test_while_a_secret_is_changed_either_verifies() -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    headers = headers_of([new, old], "7", int(datetime.now(UTC).timestamp()), b"{}")
    assert Webhook(old).verify(b"{}", headers) == Webhook(new).verify(b"{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(b"{}", headers)


def test_a_secret_has_256_bits() -> None:
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32
    assert new_secret() != new_secret()


# Addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450::1"]
)
def test_a_public_address_is_reached(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255"),  # noqa: S104
        *("127.0.0.1", "127.1.2.3", "168.63.129.16", "169.254.169.254", "172.16.0.1"),
        *("172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1"),
        *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
        *("239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::ffff:8.8.8.8", "::ffff:10.0.0.1", "::10.0.0.1", "100::1"),
        *("64:ff9b::808:808", "64:ff9b::a00:1", "64:ff9b:1::1", "2001::1", "2001:20::1"),
        *("2001:db8::1", "2002:a00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254"),
        *("fe80::1", "fec0::1", "ff02::1", "4000::1"),
    ],
)
def test_what_is_not_the_publics_is_not(address: str) -> None:
    assert not is_public(ip_address(address))
    is_here = address in {"::1", "127.0.0.1", "127.1.2.3"}
    assert may_be_reached(ip_address(address), loopback=True) is is_here


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_is_reached(address: Any) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
    assert not is_public(address, [ip_network(f"{address}/{address.max_prefixlen}")])


# URLs -----------------------------------------------------------------------------------------


def test_a_url_is_taken_apart() -> None:
    assert parse_target("https://A.Example/x?y=1") == Target("https", "a.example", 443, "/x?y=1")
    assert parse_target("https://a.example:8443") == Target("https", "a.example", 8443, "/")
    six = parse_target("https://[2606:4700::1]:444/")
    assert (six.host, six.host_header) == ("2606:4700::1", "[2606:4700::1]:444")
    here = parse_target("http://[::1]:81/", loopback=True)
    assert (here.is_plain, here.host_header) == (True, "[::1]:81")
    assert parse_target("https://a.example").host_header == "a.example"


@pytest.mark.parametrize(
    "url",
    [
        *("http://a.example/", "ftp://a.example/", "a.example", "//a.example/", "https:/a", ""),
        *("https://", "https:///x", "https://u@a.example/", "https://u:p@a.example/"),
        *("https://a.example/#x", "https://a.example/#", "https://a.example:0/"),
        *("https://a.example:65536/", "https://a.example:x/", "https://a..example/"),
        *("https://-/", "https://a_b-.example./", "https://ä.example/", "https://a.example/ä"),
        *("https://a.example/ x", "https://a.example\\@b.example/", "https://a.example/\n"),
        *("https://[::1/", "https://[fe80::1%25eth0]/", "https://[x]/", "https://a.example/\x7f"),
        *("https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://a.localhost/"),
        *("https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/"),
        *("https://0x7f000001/", "https://169.254.169.254/", "https://[::ffff:127.0.0.1]/"),
        *("https://a.example/" + "x" * 2000, "https://" + "a" * 64 + ".example/"),
    ],
)
def test_what_is_no_place_for_webhooks_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|is|has|names) "):
        parse_target(url)


@given(st.text())
def test_any_text_is_a_target_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://a.example/{text}"):
        with suppress(ValueError):
            assert parse_target(url).scheme == "https"


# Waits ----------------------------------------------------------------------------------------


def test_ten_tries_take_three_days() -> None:
    waits = [next_try(tries, None, lambda: 0.5) for tries in range(1, 11)]
    assert waits[-1] is None
    assert waits[:-1] == list(DELAYS)
    assert timedelta(days=2.9) < sum(DELAYS, timedelta()) < timedelta(days=3.1)
    assert all(one < next_ for one, next_ in pairwise(DELAYS))


@given(st.integers(1, len(DELAYS)), st.floats(0, 1), st.integers(0, 10**9))
def test_a_wait_is_spread_and_never_shorter_than_was_asked(
    tries: int, spread: float, seconds: int
) -> None:
    delay = next_try(tries, None, lambda: spread)
    assert delay is not None
    assert DELAYS[tries - 1] * 0.89 < delay < DELAYS[tries - 1] * 1.11
    asked = timedelta(seconds=seconds)
    rested = next_try(tries, asked, lambda: spread)
    assert rested is not None
    assert rested >= min(asked, timedelta(days=1))
    assert rested >= delay


@pytest.mark.parametrize(
    ("header", "rest"),
    [
        (None, None),
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("Sat, 21 Nov 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("Sat, 21 Nov 2026 08:00:00 GMT", timedelta(0)),
        ("Sat, 21 Nov 2026 09:02:00 -0000", timedelta(minutes=2)),
        *((bad, None) for bad in ("", "soon", "-5", "1.5", "9" * 40, "٣", "Sat, 99 Nov 2026")),
    ],
)
def test_retry_after_is_read_as_http_has_it(header: str | None, rest: timedelta | None) -> None:
    assert rest_of(header, NOW) == rest


@given(st.text())
def test_no_retry_after_breaks_anything(header: str) -> None:
    rest = rest_of(header, NOW)
    assert rest is None or rest >= timedelta(0)


@pytest.mark.parametrize(
    ("patterns", "type_", "is_wanted"),
    [
        ([], "title.published", True),
        (["title.published"], "title.published", True),
        (["title.published"], "title.withdrawn", False),
        (["title.*"], "title.withdrawn", True),
        (["title.*"], "title_group.made", False),
        (["licence.*", "title.published"], "title.published", True),
    ],
)
def test_types_are_chosen_one_by_one_or_by_noun(
    patterns: list[str], type_: str, *, is_wanted: bool
) -> None:
    assert wants(patterns, type_) is is_wanted


def test_a_body_is_small_enough_for_every_receiver() -> None:
    assert body_of(FACT, size) == {
        "type": "title.published",
        "timestamp": "2026-11-21T09:00:00Z",
        "data": FACT,
    }
    large = FACT | {"data": {"text": "x" * MAX_BODY_BYTES}}
    told = body_of(large, size)
    assert told["data"] == FACT | {"data": {}, "data_left_out": True}
    assert size(told) < MAX_BODY_BYTES
