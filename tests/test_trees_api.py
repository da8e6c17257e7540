"""`GET /v1/territories` and `GET /v1/media`: the codes, for everybody."""

import pytest

from app.trees import MEDIA, TERRITORIES
from tests.world import World


async def test_territories_are_listed_with_their_groups(world: World) -> None:
    answer = await world.http.get("/v1/territories", params={"on": "2026-11-21"})
    shown = answer.json()
    groups = {group["code"]: group for group in shown["groups"]}

    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == "en"
    assert shown["on"] == "2026-11-21"
    assert len(shown["territories"]) == 249
    assert {"code": "KZ", "name": "Kazakhstan"} in shown["territories"]
    assert set(groups) == set(TERRITORIES.groups)
    assert groups["CENTRAL_ASIA"] == {
        "code": "CENTRAL_ASIA",
        "name": "Central Asia",
        "territories": ["KG", "KZ", "TJ", "TM", "UZ"],
        "memberships": [],
    }
    assert groups["SCO"]["name"] == "Shanghai Cooperation Organisation"
    assert groups["SCO"]["territories"] == "BY CN IN IR KG KZ PK RU TJ UZ".split()  # noqa: SIM905
    assert groups["SCO"]["memberships"][-2:] == [
        {"territory": "IR", "joined_on": "2023-07-04", "left_on": None},
        {"territory": "BY", "joined_on": "2024-07-04", "left_on": None},
    ]


async def test_a_group_is_shown_with_the_members_of_any_day(world: World) -> None:
    for day, british in (("2020-01-31", True), ("2020-02-01", False)):
        answer = await world.http.get("/v1/territories", params={"on": day})
        groups = {group["code"]: group for group in answer.json()["groups"]}
        assert ("GB" in groups["EU"]["territories"]) == british
        left = {"territory": "GB", "joined_on": "1973-01-01", "left_on": "2020-02-01"}
        assert left in groups["EU"]["memberships"]
    before = await world.http.get("/v1/territories", params={"on": "1950-01-01"})
    assert {"SCO", "EU", "ASEAN"} <= {
        group["code"] for group in before.json()["groups"] if not group["territories"]
    }


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "0", "99999-01-01", "1066-10-14"])
async def test_what_is_no_day_is_refused(world: World, day: str) -> None:
    answer = await world.http.get("/v1/territories", params={"on": day})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "on"


@pytest.mark.parametrize(
    ("wanted", "given", "country", "group"),
    [
        ("kk", "kk", "Қазақстан", "Орталық Азия"),
        ("ru-KZ, en;q=0.5", "ru", "Казахстан", "Центральная Азия"),
        ("zh-TW", "zh-TW", "哈薩克", "中亞"),
        ("xx, tlh", "en", "Kazakhstan", "Central Asia"),
    ],
)
async def test_territories_are_named_in_the_readers_language(
    world: World, wanted: str, given: str, country: str, group: str
) -> None:
    answer = await world.http.get("/v1/territories", headers={"Accept-Language": wanted})
    shown = answer.json()
    names = {item["code"]: item["name"] for item in shown["territories"] + shown["groups"]}

    assert answer.headers["Content-Language"] == given
    assert answer.headers["Vary"] == "Accept-Language"
    assert names["KZ"] == country
    assert names["CENTRAL_ASIA"] == group
    assert names["SCO"] == "Shanghai Cooperation Organisation"


async def test_media_are_an_outline_with_what_avails_calls_them(world: World) -> None:
    answer = await world.http.get("/v1/media")
    media = answer.json()["media"]
    shown = {medium["code"]: medium for medium in media}

    assert answer.status_code == 200
    assert set(shown) == {*MEDIA.groups, *MEDIA.leaves}
    assert media[0]["code"] == "ALL"
    assert shown["TVOD"] == {
        "code": "TVOD",
        "name": "Digital rental (transactional video on demand)",
        "within": "TRANSACTIONAL",
        "media": ["TVOD"],
        "license_type": "VOD",
    }
    assert shown["AVOD"]["media"] == ["AVOD_ON_DEMAND", "FAST"]
    assert shown["AVOD"]["license_type"] is shown["THEATRICAL"]["license_type"] is None
    seen = {None}
    for medium in media:  # groups come before what stands in them
        assert medium["within"] in seen
        seen.add(medium["code"])


@pytest.mark.parametrize("path", ["/v1/territories", "/v1/media"])
async def test_what_one_has_already_is_not_sent_again(world: World, path: str) -> None:
    first = await world.http.get(path)
    again = await world.http.get(path, headers={"If-None-Match": first.headers["ETag"]})
    other = await world.http.get(path, headers={"If-None-Match": '"another"'})

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert other.content == first.content


async def test_another_language_or_day_is_another_etag(world: World) -> None:
    asked = [{}, {"Accept-Language": "ru"}]
    tags = [(await world.http.get("/v1/territories", headers=one)).headers["ETag"] for one in asked]
    then = await world.http.get("/v1/territories", params={"on": "2012-01-01"})
    assert len({*tags, then.headers["ETag"]}) == 3
