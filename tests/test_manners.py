"""The API's manners: one language of refusal, request ids, pages, tags, and headers of safety."""

import re
from typing import Any

from app.openapi import METHODS
from tests.manners import SIGN_UP, pointers, refused
from tests.world import Caller, World

# Refusals -------------------------------------------------------------------------------------


async def test_an_unknown_address_is_refused(world: World, seller: Caller) -> None:
    for path in ("/v1", "/v1/", "/v1/nothing", "/v1/me/", "/nothing", "/docs/assets/nothing.js"):
        refused(await world.http.get(path), 404, "no_such_path")
    refused(await seller.get("/organisations/1"), 404, "not_found")


async def test_nobody_is_sent_to_an_address_they_named_themselves(world: World) -> None:
    answer = await world.http.get("/v1/me/", headers={"Host": "elsewhere.example"})
    assert "Location" not in answer.headers
    refused(answer, 404, "no_such_path")


async def test_every_address_says_which_methods_it_takes(world: World) -> None:
    for path, operations in world.app.openapi()["paths"].items():
        address = re.sub(r"\{\w+\}", "1", path)
        answer = await world.http.request("PROPFIND", address)
        document = refused(answer, 405, "method_not_allowed")
        allowed = set(answer.headers["Allow"].split(", "))
        assert allowed == {name.upper() for name in operations if name in METHODS}, path
        assert answer.headers["Allow"] in document["detail"]


async def test_what_is_only_read_takes_no_post(world: World) -> None:
    for path in ("/openapi.json", "/docs", "/healthz", "/docs/assets/favicon.png"):
        answer = await world.http.post(path)
        refused(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"].startswith("GET")


async def test_a_body_of_another_kind_is_refused_and_the_right_kind_named(world: World) -> None:
    json, form = "application/json", "application/x-www-form-urlencoded"
    for path, taken, sent in (
        ("/organisations", json, {"Content-Type": "text/plain"}),
        ("/organisations", json, {"Content-Type": form}),
        ("/organisations", json, {}),
        ("/oauth/token", form, {"Content-Type": json}),
    ):
        answer = await world.anonymous.post(path, content=b"{}", headers=sent)
        refused(answer, 415, "unsupported_media_type")
        assert answer.headers["Accept"].startswith(taken)


async def test_a_compressed_body_is_refused(world: World) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await world.anonymous.post("/organisations", content=b"\x1f\x8b", headers=headers)
    refused(answer, 415, "unsupported_media_type")
    assert answer.headers["Accept-Encoding"] == "identity"


async def test_json_is_taken_under_its_other_names(world: World) -> None:
    for name in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/ld+json"):
        headers = {"Content-Type": name}
        answer = await world.anonymous.post("/organisations", content=b"{}", headers=headers)
        assert set(pointers(refused(answer, 422, "invalid"))) == {"/name", "/country", "/person"}


async def test_a_wrong_body_is_told_everything_that_is_wrong_with_it(world: World) -> None:
    body = {**SIGN_UP, "country": "xx", "a/b~c": 1, "person": {**SIGN_UP["person"], "name": 7}}
    document = refused(await world.anonymous.post("/organisations", body), 422, "invalid")
    assert pointers(document) == ["/country", "/person/name", "/a~1b~0c"]
    assert all(error["detail"] for error in document["errors"])


async def test_a_wrong_parameter_is_named_with_its_place(seller: Caller) -> None:
    for path, parameter, place in (
        ("/organisations?limit=many", "limit", "query"),
        ("/organisations?standing=sitting", "standing", "query"),
        ("/organisations/me", "organisation_id", "path"),
    ):
        document = refused(await seller.get(path), 422, "invalid")
        assert document["errors"][0]["parameter"] == parameter
        assert document["errors"][0]["in"] == place
    long = {"If-Match": "x" * 201}
    document = refused(await seller.patch("/me", {}, headers=long), 422, "invalid")
    assert document["errors"][0]["in"] == "header"


async def test_nobody_is_asked_to_sign_in_as_the_api_wants(world: World) -> None:
    answer = await world.anonymous.get("/me")
    refused(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="filmmart"'
    stranger = Caller(world.http, token="made-up")
    refused(await stranger.get("/me"), 401, "invalid_token")
    basic = await world.anonymous.get("/me", headers={"Authorization": "Basic YTpi"})
    refused(basic, 401, "unauthenticated")


# Request ids ----------------------------------------------------------------------------------


async def test_a_request_keeps_the_id_it_came_with(world: World) -> None:
    for path in ("/healthz", "/v1/me", "/nothing"):
        answer = await world.http.get(path, headers={"X-Request-ID": "festival.2026-11_1"})
        assert answer.headers["X-Request-ID"] == "festival.2026-11_1"


async def test_an_id_that_is_none_is_replaced(world: World) -> None:
    for given in ("", "short", "a" * 65, "with space", 'quote"', "новый-номер"):
        answer = await world.http.get("/healthz", headers={b"X-Request-ID": given.encode()})
        assert re.fullmatch("[0-9a-f]{18}", answer.headers["X-Request-ID"])


async def test_every_request_has_an_id_of_its_own(world: World) -> None:
    made = [(await world.http.get("/healthz")).headers["X-Request-ID"] for _ in range(5)]
    assert len(set(made)) == 5


# Pages ----------------------------------------------------------------------------------------


async def test_a_page_has_20_rows_unless_asked_and_100_at_most(world: World) -> None:
    organiser = await world.organiser()
    for number in range(104):
        await world.company(f"Company of the list {number}")
    for asked, given in (
        ("", 20),
        ("?limit=1", 1),
        ("?limit=1000", 100),
        (f"?limit={10**30}", 100),
    ):
        answer = await organiser.get(f"/organisations{asked}")
        assert len(answer.json()["items"]) == given


async def test_a_list_is_read_to_its_end_by_its_links(world: World, organiser: Caller) -> None:
    for number in range(4):
        await world.company(f"Company of the list {number}")
    path, seen = "/v1/organisations?limit=2&standing=approved", []
    while path:
        answer = await organiser.get(path)
        seen += [row["name"] for row in answer.json()["items"]]
        found = re.fullmatch(r'<(/v1/[^>]+)>; rel="next"', answer.headers.get("Link", ""))
        assert (answer.json()["next_cursor"] is None) == (found is None)
        path = found[1] if found else ""
        assert not path or "limit=2&standing=approved&cursor=" in path
    assert seen == [*(f"Company of the list {number}" for number in (3, 2, 1, 0)), "The organisers"]


async def test_rows_that_come_between_pages_are_neither_twice_nor_missed(
    world: World, organiser: Caller
) -> None:
    first = [await world.company(f"Company {number}") for number in range(3)]
    page = (await organiser.get("/organisations?limit=2")).json()
    await world.company("Latecomers")
    query = {"limit": "100", "cursor": page["next_cursor"]}
    rest = (await organiser.get("/organisations", params=query)).json()
    seen = [row["id"] for row in page["items"] + rest["items"]]
    expected = [*(caller.organisation_id for caller in reversed(first)), organiser.organisation_id]
    assert seen == expected


# Tags -----------------------------------------------------------------------------------------


async def test_an_edit_names_the_version_it_was_made_on(seller: Caller) -> None:
    path = f"/organisations/{seller.organisation_id}"
    tag = (await seller.get(path)).headers["ETag"]

    async def edit(name: str, if_match: str) -> Any:
        return await seller.patch(path, {"name": name}, headers={"If-Match": if_match})

    changed = await edit("Second", tag)
    assert changed.headers["ETag"] != tag
    refused(await edit("Third", tag), 412, "precondition_failed")
    # A weak tag names no exact version (RFC 9110, 13.1.1).
    refused(await edit("Third", f"W/{changed.headers['ETag']}"), 412, "precondition_failed")
    refused(await edit("Third", "1"), 422, "invalid")
    assert (await edit("Third", f'"x", {changed.headers["ETag"]}')).status_code == 200
    assert (await edit("Fourth", "*")).status_code == 200


async def test_what_is_known_already_is_not_sent_again(seller: Caller) -> None:
    path = f"/sellers/{seller.organisation_id}"
    read = await seller.get(path)
    for known in (
        read.headers["ETag"],
        f"W/{read.headers['ETag']}",
        f'"x", {read.headers["ETag"]}',
        "*",
    ):
        answer = await seller.get(path, headers={"If-None-Match": known})
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["ETag"] == read.headers["ETag"]
    changed = await seller.put(path, {"texts": {"en": {"name": "Kazakhfilm"}}})
    assert changed.status_code == 200, changed.text
    known = read.headers["ETag"]
    assert (await seller.get(path, headers={"If-None-Match": known})).status_code == 200


# Safety ---------------------------------------------------------------------------------------


async def test_every_answer_says_how_a_browser_must_treat_it(world: World, seller: Caller) -> None:
    answers = [
        await seller.get("/me"),
        await world.anonymous.get("/me"),
        await world.http.get("/nothing"),
        await world.http.get("/docs"),
        await world.http.get("/healthz"),
    ]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "Server" not in answer.headers


async def test_tokens_are_kept_nowhere_on_their_way(world: World, seller: Caller) -> None:
    form = {"username": seller.email, "password": "correct-horse-battery"}
    answer = await world.anonymous.post("/oauth/token", data=form)
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_docs_page_loads_nothing_from_elsewhere(world: World) -> None:
    page = await world.http.get("/docs")
    assert page.status_code == 200
    assert not re.search(r"""["'(]\s*(https?:)?//""", page.text)
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assets = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
    assert len(assets) >= 3
    for asset in assets:
        assert (await world.http.get(asset)).status_code == 200
    assert (await world.http.get("/docs/oauth2-redirect")).status_code == 200
