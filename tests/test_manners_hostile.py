"""Whatever a client sends is answered with a refusal that says why, never with a 500."""

import base64
import json
from itertools import product
from typing import Any

from app.main import create_app
from tests.manners import SIGN_UP, pointers, refused
from tests.servers import S3Settings, make_settings
from tests.wire import END_OF_HEAD, say, serving
from tests.world import Caller, World, world_of

JSON = {"Content-Type": "application/json"}


BODIES = [
    (b'{"name": ', 400),
    (b"", 422),
    (b"null", 422),
    (b"[]", 422),
    (b'{"name": "\xff"}', 400),
    (b'{"name": "\xed\xa0\x80"}', 422),
    (b"[" * 100_000, 400),
    (b'{"name":' * 300 + b"1" + b"}" * 300, 422),
    (b'{"name": ' + b"9" * 5000 + b"}", 400),
    (b'{"name": ' + b"9" * 4000 + b"}", 422),
    (b'{"name": 1e400}', 422),
    (b'{"name": NaN}', 422),
    (b'{"name": -Infinity}', 422),
    (b'{"name": "\\ud800"}', 422),
    (b'{"\\ud800": 1}', 422),
    (b'{"name": "a\\u0000"}', 422),
    (b'{"a\\u0000": 1}', 422),
]


async def test_a_body_that_is_no_request_is_refused(world: World) -> None:
    for content, status in BODIES:
        answer = await world.anonymous.post("/organisations", content=content, headers=JSON)
        assert answer.status_code == status, content[:80]
        refused(answer, status, answer.json()["code"])


async def test_text_that_cannot_be_kept_is_refused(world: World) -> None:
    for member, text in product(
        ("name", "country", "website"), ("a\x00b", "\ud800", "a\ud83d", "x" * 201)
    ):
        content = json.dumps({**SIGN_UP, member: text}).encode()
        answer = await world.anonymous.post("/organisations", content=content, headers=JSON)
        assert pointers(refused(answer, 422, "invalid")) in ([f"/{member}"], [""])


async def test_a_refusal_may_quote_what_no_text_can_hold(seller: Caller) -> None:
    content = json.dumps({"texts": {"\ud800": {"name": "x"}, "en\x00": {}}, "\udfff": 1}).encode()
    path = f"/sellers/{seller.organisation_id}"
    refused(await seller.put(path, content=content, headers=JSON), 422, "invalid")


NO_IDS = [
    "0",
    "-1",
    "01",
    "1.0",
    "1e3",
    "9" * 19,
    "9" * 5000,
    "١",
    "%EF%BC%91",
    "%FF",
    "null",
    "%20",
]


async def test_what_is_no_id_is_refused(seller: Caller) -> None:
    for id_ in NO_IDS:
        refused(await seller.get(f"/organisations/{id_}"), 422, "invalid")
    # An encoded slash makes another address of it.
    refused(await seller.get("/organisations/a%2Fb"), 404, "no_such_path")


async def test_the_largest_id_finds_nothing(seller: Caller) -> None:
    refused(await seller.get(f"/organisations/{10**18 - 1}"), 404, "not_found")


def forged(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


CURSORS = [
    "",
    "=",
    "nonsense",
    "A" * 1999,
    "курсор",
    forged(),
    forged("id"),
    forged("id", None),
    forged("id", *[True]),
    forged("id", [1]),
    forged("id", "x"),
    forged("id", 2**63),
    forged("id", 1, 2),
    forged("name", 1),
    forged("id", float("nan")),
    base64.urlsafe_b64encode(b"[" * 1400).decode(),
    base64.urlsafe_b64encode(b'["id",' + b"9" * 1400 + b"]").decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
]


async def test_a_forged_cursor_is_refused(seller: Caller) -> None:
    for cursor in CURSORS:
        answer = await seller.get("/organisations", params={"cursor": cursor})
        refused(answer, 422, "invalid_cursor")


# Values of the right kind, and a little beyond it
KEYS: list[object] = [
    *("", "a", "\x00", "\ud800", "x" * 900, "潜行者", None, {}, [1]),
    *(0, -1, 1, 9999, 2**15, 2**31, 2**63 - 1, -(2**63), 2**64, 1.5, float("inf"), *[True]),
    *("2026-11-24T10:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59"),
    *("2026-11-24", "10:00", "1e999", "²", "1_0"),
]


async def test_a_cursor_forged_with_care_gets_a_page_or_a_refusal(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, rate_limit_per_minute=10**6)
    async with world_of(create_app(settings)) as world:
        await forge_with_care(await world.seller())


async def forge_with_care(seller: Caller) -> None:
    lists = {
        "/titles?sort=newest": ("newest", 3),
        "/titles?sort=year": ("year", 3),
        "/titles?sort=title": ("title", 3),
        "/titles?sort=relevance&q=a": ("relevance", 3),
        "/titles?mine=true": ("newest", 3),
        "/sellers?q=x": ("match", 2),
        "/agenda": ("starts_at", 2),
    }
    for (path, (order, length)), key in product(lists.items(), KEYS):
        for values in ([1, key, "1"][-length:], [1, "1", key][-length:], [key, "a", "1"][-length:]):
            join = "&" if "?" in path else "?"
            answer = await seller.get(f"{path}{join}cursor={forged(order, *values)}")
            assert answer.status_code in {200, 422}, values


async def test_a_cursor_with_an_honest_value_is_only_a_place_in_the_list(seller: Caller) -> None:
    answer = await seller.get("/organisations", params={"cursor": forged("id", 1)})
    assert answer.json() == {"items": [], "next_cursor": None}


async def test_nul_in_an_address_is_refused(seller: Caller) -> None:
    for path in ("/organisations/%00", "/organisations?cursor=%00", "/%00"):
        refused(await seller.get(path), 400, "malformed")


async def test_a_limit_that_is_none_is_refused(seller: Caller) -> None:
    for limit in ("0", "-1", "1.5", "nan", "inf", "1e2", "", "9" * 5000, "0x10"):
        refused(await seller.get(f"/organisations?limit={limit}"), 422, "invalid")


TOKENS = [
    base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.x",
    base64.urlsafe_b64encode(b"[]").decode() + ".e30.x",
    base64.urlsafe_b64encode(b'{"alg": null, "typ": 1}').decode() + ".e30.x",
    base64.urlsafe_b64encode(b'{"alg": "HS256", "crit": 1}').decode() + ".e30.x",
    base64.urlsafe_b64encode(b'{"alg": "none"}').decode() + ".e30.",
    "x" * 50_000,
    ".." * 100,
    "\xff",
]


async def test_a_hostile_token_is_no_token(world: World) -> None:
    for token in TOKENS:
        headers = {b"Authorization": b"Bearer " + token.encode("latin-1")}
        refused(await world.http.get("/v1/me", headers=headers), 401, "invalid_token")


FORMS = [
    ("multipart/form-data", b"x", 400),
    ("multipart/form-data; boundary=b", b"x", 400),
    ("application/x-www-form-urlencoded", b"a=b&" * 2000, 400),
    ("application/x-www-form-urlencoded", b"username=%00&password=x", 422),
    ("application/x-www-form-urlencoded", b"username=%FF&password=%ED%A0%80", 400),
    ("application/x-www-form-urlencoded", b"grant_type=refresh_token&refresh_token=%00", 400),
    ("application/x-www-form-urlencoded", b"username=" + b"x" * 9999, 422),
    (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="username"; filename="x"\r\n\r\n1\r\n--b--',
        422,
    ),
]


async def test_a_hostile_form_is_refused(world: World) -> None:
    for content_type, content, status in FORMS:
        headers = {"Content-Type": content_type}
        answer = await world.anonymous.post("/oauth/token", content=content, headers=headers)
        refused(answer, status, answer.json()["code"])


HEADERS = [
    ("Accept-Language", "\xff;q=nan, en;q=inf, zh;q=1e400, ;q=1,,-"),
    ("If-None-Match", "\xff"),
    ("Idempotency-Key", "x" * 9999),
    ("Content-Length", "0"),
    ("Host", "[::"),
    ("Cookie", "\xff=;;="),
    ("X-Forwarded-For", "\xff"),
]


async def test_a_hostile_header_of_a_read_changes_nothing(seller: Caller) -> None:
    for header, value in HEADERS:
        answer = await seller.get("/sellers?limit=1", headers={header: value.encode("latin-1")})
        assert answer.status_code == 200, header


def written(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    head = (line + b" HTTP/1.1", b"Host: filmmart.test", b"Connection: close", *headers)
    return b"\r\n".join(head) + END_OF_HEAD + body


async def test_a_server_on_a_socket_survives_what_no_client_library_sends(world: World) -> None:
    sent_json = b"Content-Type: application/json"
    requests = [
        (written(b"GET /v1/organisations/\xff"), 400),
        (written(b"GET /v1/organisations?cursor=\xff"), 400),
        (written(b"GET /v1/\x00"), 400),
        (written(b"FOO /v1/me"), 400),
        (written(b"GET /v1/me?" + b"x" * 200_000), 400),
        (written(b"POST /v1/organisations", sent_json, b"Content-Length: -1"), 400),
        (written(b"POST /v1/organisations", sent_json, b"Content-Length: " + b"9" * 5000), 400),
        (
            written(
                b"POST /v1/organisations",
                sent_json,
                b"Content-Length: 2",
                b"Transfer-Encoding: chunked",
                body=b"2\r\n{}\r\n0\r\n\r\n",
            ),
            400,
        ),
        (b"\x16\x03\x01\x02\x00" + END_OF_HEAD, 400),
        (b"GET /v1/me HTTP/1.0\r\n\r\n", 401),
        (written(b"GET http://elsewhere.example/v1/me"), 401),
        (written(b"GET //v1/me"), 404),
        (written(b"GET /docs/assets/../../app/main.py"), 404),
        (written(b"GET /docs/assets/%2e%2e/%2e%2e/main.py"), 404),
        (written(b"GET /docs/assets/" + b"a" * 5000), 404),
        (
            written(
                b"POST /v1/organisations",
                sent_json,
                b"Transfer-Encoding: chunked",
                body=b"2\r\n{}\r\n0\r\n\r\n",
            ),
            422,
        ),
    ]
    async with serving(world.app) as port:
        for request, status in requests:
            answer = await say(port, request)
            assert answer.startswith(f"HTTP/1.1 {status} ".encode()), request[:80]
        assert (await say(port, written(b"GET /healthz"))).startswith(b"HTTP/1.1 200 ")
