"""What availability is asked: by whom it is answered, and how what can't be asked is refused."""

from datetime import date
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from sqlalchemy import insert

from app.models import Licence
from app.rights.rows import columns_of
from app.rights.rules.boxes import Box, Term
from app.trees import LANGUAGES, MEDIA, TERRITORIES
from tests.manners import refused
from tests.rights import box, days, done, offered, sold, title_of
from tests.wire import say, serving
from tests.world import Caller, World

TWO_YEARS = {"from": "2027-01-01", "until": "2028-12-31"}
EVER = days("2026-01-01", "2040-12-31")
FIRST = date(2027, 1, 1).toordinal()
ADDRESSES = ("availability", "availability.svg")


async def offered_title(world: World, seller: Caller) -> str:
    title_id = await title_of(world, seller)
    await offered(seller, title_id, "SCO", "ALL", term=EVER)
    return title_id


async def told(caller: Caller, title_id: str, **params: Any) -> dict[str, Any]:
    params = TWO_YEARS | {"media": "SVOD"} | params
    return done(await caller.get(f"/titles/{title_id}/availability", params=params))


async def test_what_is_sold_is_gone_there_and_nowhere_else(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title_id = await offered_title(world, seller)
    await sold(seller, title_id, "KZ", "SVOD", licensee_name="A secret buyer")
    in_all = await told(buyer, title_id, territories=["SCO"])
    assert not in_all["is_available"]
    assert in_all["free"] == [
        {
            "territories": ["SCO", "-KZ"],
            "media": ["SVOD"],
            "languages": ["ALL"],
            "term": {"from": "2027-01-01", "until": "2028-12-31"},
        }
    ]
    (gone,) = in_all["unavailable"]
    assert (gone["reason"], gone["boxes"][0]["territories"]) == ("rights_out", ["KZ"])
    assert in_all["territories"] == ["SCO", "-KZ"]
    assert (await told(buyer, title_id, territories=["RU"]))["is_available"]
    assert (await told(buyer, title_id, territories=["KZ"], media="AVOD"))["is_available"]
    assert "secret" not in str(in_all)


async def test_reasons_tell_a_buyer_what_to_ask_for_next(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title_id = await title_of(world, seller, box("ASIA", term=EVER))
    hard = box("KZ", "SVOD", term=days("2027-01-01", "2027-06-30"), hard=True, reason="Cinemas")
    await offered(
        seller,
        title_id,
        "CENTRAL_ASIA",
        "SVOD",
        term=EVER,
        exclusivity="non_exclusive",
        min_days=400,
        holdbacks=[hard],
    )
    asked: dict[str, dict[str, Any]] = {
        "no_rights_in": {"territories": "FR"},
        "not_offered": {"territories": "CN"},
        "exclusivity_not_offered": {"territories": "UZ", "exclusive": True},
        "term_too_short": {"territories": "UZ", "until": "2027-02-01"},
        "holdback": {"territories": "KZ"},
    }
    for reason, params in asked.items():
        found = await told(buyer, title_id, **params)
        assert [part["reason"] for part in found["unavailable"]] == [reason]
        assert found["unavailable"][0]["explanation"]
        assert not found["is_available"]
    held_back = await told(buyer, title_id, territories="KZ")
    assert held_back["largest_window"] == {"from": "2027-07-01", "until": "2028-12-31"}
    assert held_back["windows"][-1] == {"from": "2027-07-01", "until": "2040-12-31"}
    assert held_back["matches"] == {
        "covers_all": False,
        "overlaps": True,
        "starts_within": True,
        "ends_within": False,
    }
    for match, is_so in held_back["matches"].items():
        assert (await told(buyer, title_id, territories="KZ", match=match))["is_available"] == is_so


async def test_an_offering_for_others_is_not_offered_to_me(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title_id = await title_of(world, seller)
    await offered(seller, title_id, "KZ", "SVOD", term=EVER, visible_to=[buyer.organisation_id])
    stranger = await world.buyer()
    for caller, is_free in ((buyer, True), (seller, True), (stranger, False)):
        found = await told(caller, title_id, territories="KZ")
        assert found["is_available"] == is_free
    assert found["unavailable"][0]["reason"] == "not_offered"


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    ("params", "parameter", "words"),
    [
        ({"territories": "Kazakhstan"}, "territories", "Did you mean KZ?"),
        ({"territories": ["KZ", "-KZ"]}, "territories", "No territory is left"),
        ({"territories": ""}, "territories", "at least 1 character"),
        ({"territories": "K" * 41}, "territories", "at most 40 characters"),
        ({"territories": "SCO@1900-01-01"}, "territories", "had no members"),
        ({"territories": "SCO@soon"}, "territories", "is no day"),
        ({"territories": ["KZ"] * 301}, "territories", "at most 300"),
        ({"media": "VHS"}, "media", "is no medium"),
        ({"media": "\ud800"}, "media", "is no medium"),
        ({"languages": "klingon"}, "languages", "is no language"),
        ({"languages": ["ru"] * 301}, "languages", "at most 300"),
        ({"from": "2027-02-29"}, "from", "must be a day"),
        ({"from": "1735689600"}, "from", "must be a day"),
        ({"from": "0001-01-01"}, "from", "must be a day"),
        ({"until": "9999-12-31"}, "until", "must be a day"),
        ({"until": "20270101T00:00"}, "until", "must be a day"),
        ({"from": "2027-01-02", "until": "2027-01-01"}, "", "until is before from"),
        ({"until": "2020-01-01"}, "", "until is before from"),
        ({"exclusive": "perhaps"}, "exclusive", "boolean"),
        ({"min_days": "0"}, "min_days", "greater than or equal to 1"),
        ({"min_days": "9" * 30}, "min_days", "less than or equal to"),
        ({"match": "nearly"}, "match", "covers_all"),
    ],
    ids=str,
)
async def test_what_cannot_be_asked_is_told(
    buyer: Caller, address: str, params: dict[str, Any], parameter: str, words: str
) -> None:
    if params.get("media") == "\ud800":
        answer = await buyer.get(f"/titles/1/{address}?media=%ED%A0%80")
    else:
        answer = await buyer.get(f"/titles/1/{address}", params=params)
    (error, *_) = refused(answer, 422, "invalid")["errors"]
    assert error["parameter"] == parameter
    assert words in error["detail"]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_what_cannot_be_read_at_all_is_refused(buyer: Caller, address: str) -> None:
    refused(await buyer.get(f"/titles/1/{address}?territories=K%00Z"), 400, "malformed")
    refused(await buyer.get(f"/titles/1%00/{address}"), 400, "malformed")
    for id_ in ("one", "-1", "9" * 30):
        assert (await buyer.get(f"/titles/{id_}/{address}")).status_code in {404, 422}
    refused(await buyer.get(f"/titles/1/{address}"), 404, "not_found")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    ("amount", "status", "words"),
    [
        (4_000, b"422 Unprocessable", b"at most 300"),
        # Longer than any address may be: the server does not even hand it on.
        (100_000, b"400 Bad Request", b"Invalid HTTP request"),
    ],
)
async def test_very_many_codes_are_refused(
    world: World, buyer: Caller, address: str, amount: int, status: bytes, words: bytes
) -> None:
    codes = "&".join(["territories=KZ"] * amount)
    request = (
        f"GET /v1/titles/1/{address}?{codes} HTTP/1.1\r\nHost: filmmart.test\r\n"
        f"Authorization: Bearer {buyer.token}\r\nConnection: close\r\n\r\n"
    )
    async with serving(world.app) as port:
        answer = await say(port, request.encode())
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert words in answer


@pytest.mark.parametrize("first", ["1870-01-01", "2300-12-31"])
@pytest.mark.parametrize("until", [{}, {"until": "2300-12-31"}], ids=["ever", "2300"])
async def test_the_first_and_the_last_days_there_are_may_be_asked_about(
    world: World, seller: Caller, first: str, until: dict[str, str]
) -> None:
    title_id = await offered_title(world, seller)
    for address in ADDRESSES:
        answer = await seller.get(f"/titles/{title_id}/{address}", params={"from": first} | until)
        assert answer.status_code == 200, answer.text


async def test_what_is_asked_without_a_word_is_everything_from_today_on(
    world: World, seller: Caller
) -> None:
    title_id = await title_of(world, seller)
    found = done(await seller.get(f"/titles/{title_id}/availability"))
    asked = found["asked"]
    assert (asked["territories"], asked["media"], asked["languages"]) == (
        ["WORLD"],
        ["ALL"],
        ["ALL"],
    )
    assert asked["term"]["until"] is None
    assert not found["is_available"]


async def test_a_picture_is_an_svg_file_that_is_known_by_its_tag(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title_id = await offered_title(world, seller)
    await sold(seller, title_id, "KZ", "SVOD", licensee_name="A secret buyer")
    address = f"/titles/{title_id}/availability.svg"
    params = TWO_YEARS | {"territories": "SCO", "media": "SVOD"}
    answer = await buyer.get(address, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Content-Disposition"] == (
        f'inline; filename="availability-{title_id}.svg"'
    )
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    description = fromstring(answer.content).findtext("{http://www.w3.org/2000/svg}desc") or ""  # noqa: S314  # our own
    assert "Kazakhstan, SVOD: sold 2027-01-01 to 2028-12-31." in description
    assert "SCO -KZ, SVOD: free 2027-01-01 to 2028-12-31." in description
    assert "secret" not in answer.text

    known = {"If-None-Match": answer.headers["ETag"]}
    assert (await buyer.get(address, params=params, headers=known)).status_code == 304
    (licence,) = done(await seller.get("/licences"))["items"]
    done(await seller.post(f"/licences/{licence['id']}/terminate", {"on": "2027-06-01"}))
    later = await buyer.get(address, params=params, headers=known)
    assert later.status_code == 200
    assert "Kazakhstan, SVOD: sold 2027-01-01 to 2027-05-31; free 2027-06-01" in later.text


async def test_a_picture_names_title_and_territories_in_the_language_wanted(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title_id = await title_of(world, seller)
    done(await seller.put(f"/titles/{title_id}/texts/zh", {"title": "镜子"}), 201)
    params = TWO_YEARS | {"territories": "KZ", "media": "SVOD"}
    answer = await buyer.get(
        f"/titles/{title_id}/availability.svg", params=params, headers={"Accept-Language": "zh-CN"}
    )
    assert answer.headers["Content-Language"] == "zh"
    assert "Availability: 镜子" in answer.text
    assert "哈萨克斯坦, SVOD: not offered" in answer.text


async def test_an_answer_of_thousands_of_boxes_is_refused_and_drawn_all_the_same(
    world: World, seller: Caller
) -> None:
    title_id = await title_of(world, seller)
    leaves = sorted(TERRITORIES.leaves)
    rows = [
        {
            "title_id": int(title_id),
            "seller_id": int(seller.organisation_id),
            "licensee_name": "Somebody",
            "exclusive": True,
            **columns_of(
                Box(
                    TERRITORIES.parse([leaves[number % 249]]),
                    MEDIA.parse(["SVOD"]),
                    LANGUAGES.everything,
                    Term.of_days(FIRST + 30 * number, FIRST + 30 * number + number % 7 + 1),
                )
            ),
        }
        for number in range(2000)
    ]
    async with world.app.state.database.session() as session, session.begin():
        await session.execute(insert(Licence), rows)
    document = refused(await seller.get(f"/titles/{title_id}/availability"), 422, "too_many_boxes")
    assert "Ask for fewer" in document["detail"]
    narrow = await seller.get(f"/titles/{title_id}/availability", params={"territories": "SCO"})
    assert narrow.status_code == 200
    picture = await seller.get(f"/titles/{title_id}/availability.svg")
    assert picture.status_code == 200
    assert len(picture.content) < 500_000
