"""Sellers show themselves, and the market finds them."""

import asyncio
from typing import Any

import psycopg
import pytest

from app import migrating
from app.models import Role, Standing
from app.profiles.rules import chosen_language
from tests.servers import Databases
from tests.world import PASSWORD, Caller, World

KAZAKHFILM: dict[str, Any] = {
    "texts": {
        "en": {"name": "Kazakhfilm Sales", "about": "Films of the steppe."},
        "kk": {"name": "Қазақфильм", "about": "Дала фильмдері."},
        "ru": {"name": "Казахфильм", "about": "Фильмы степи."},
    },
    "website": "https://sales.kazakhfilm.example",
    "kinds": ["feature", "series"],
    "genres": ["drama", "history"],
    "territories": ["WORLD"],
    "media": ["SVOD", "FREE_TV"],
    "languages": ["kk", "ru"],
    "contacts": [
        {
            "name": "Aigerim Omarova",
            "position": "Head of sales",
            "email": "Aigerim@Kazakhfilm.example",
            "phone": "+7 727 000 0000",
        }
    ],
}
ENGLISH = {"Accept-Language": "en"}


def named(name: str, **values: Any) -> dict[str, Any]:
    """A profile that says little but its name."""
    return {"texts": {"en": {"name": name}}, **values}


async def put(company: Caller, profile: dict[str, Any]) -> None:
    answer = await company.put(f"/sellers/{company.organisation_id}", profile)
    assert answer.status_code in {200, 201}, answer.text


async def names(caller: Caller, **filters: str) -> list[str]:
    answer = await caller.get("/sellers", params=filters)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def test_a_company_becomes_a_seller_and_the_market_reads_its_profile(world: World) -> None:
    company = await world.company("Kazakhfilm", country="KZ")
    own = f"/sellers/{company.organisation_id}"
    assert (await company.get("/me")).json()["sells"] is False
    assert (await company.get(own)).status_code == 404

    made = await company.put(own, KAZAKHFILM, headers=ENGLISH)
    assert made.status_code == 201
    assert made.headers["Location"] == f"/v1{own}"
    assert made.headers["Content-Language"] == "en"

    buyer = await world.buyer()
    read = await buyer.get(own, headers={"Accept-Language": "kk-KZ, ru;q=0.5"})
    assert read.headers["Content-Language"] == "kk"
    body = read.json()
    assert body.pop("created_at") == made.json()["created_at"]
    assert body.pop("updated_at").endswith("Z")
    assert body == {
        "organisation_id": company.organisation_id,
        "name": "Қазақфильм",
        "about": "Дала фильмдері.",
        "language": "kk",
        "country": "KZ",
        "website": "https://sales.kazakhfilm.example/",
        "kinds": ["feature", "series"],
        "genres": ["drama", "history"],
        "territories": ["WORLD"],
        "media": ["SVOD", "FREE_TV"],
        "languages": ["kk", "ru"],
        "texts": KAZAKHFILM["texts"],
        "contacts": [{**KAZAKHFILM["contacts"][0], "email": "aigerim@kazakhfilm.example"}],
    }


async def test_the_first_profile_makes_a_seller_at_once(world: World) -> None:
    company = await world.company()
    assert (await company.get("/sellers")).status_code == 200  # it is remembered as no seller
    await put(company, KAZAKHFILM)
    assert (await company.get("/buyers")).status_code == 200
    assert (await company.get("/me")).json()["sells"] is True


async def test_a_put_replaces_the_whole_profile(seller: Caller) -> None:
    own = f"/sellers/{seller.organisation_id}"
    await put(seller, KAZAKHFILM)
    replaced = await seller.put(own, named("Kazakhfilm"))
    assert replaced.status_code == 200
    assert "Location" not in replaced.headers
    body = (await seller.get(own)).json()
    assert body["texts"] == {"en": {"name": "Kazakhfilm", "about": None}}
    assert body["kinds"] == body["contacts"] == []
    assert body["website"] is None
    assert await names(seller, q="Қазақфильм") == []


async def test_an_edit_of_what_has_changed_since_is_refused(seller: Caller) -> None:
    own = f"/sellers/{seller.organisation_id}"
    await put(seller, KAZAKHFILM)
    etag = (await seller.get(own, headers=ENGLISH)).headers["ETag"]

    again = await seller.put(own, KAZAKHFILM, headers={"If-Match": etag, **ENGLISH})
    assert again.headers["ETag"] == etag  # nothing was changed
    changed = await seller.put(own, named("Kazakhfilm"), headers={"If-Match": etag, **ENGLISH})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag
    late = await seller.put(own, KAZAKHFILM, headers={"If-Match": etag})
    assert late.status_code == 412
    assert late.json()["code"] == "precondition_failed"
    assert (await seller.get(own)).json()["name"] == "Kazakhfilm"


async def test_if_match_creates_nothing(world: World) -> None:
    company = await world.company()
    answer = await company.put(
        f"/sellers/{company.organisation_id}", KAZAKHFILM, headers={"If-Match": "*"}
    )
    assert answer.status_code == 412
    assert (await company.get(f"/sellers/{company.organisation_id}")).status_code == 404


async def test_of_first_profiles_at_once_one_is_first_and_the_others_replace_it(
    world: World,
) -> None:
    company = await world.company()
    own = f"/sellers/{company.organisation_id}"
    answers = await asyncio.gather(
        *(company.put(own, named(f"Attempt {number}")) for number in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]


async def test_the_etag_covers_what_the_organisation_says_of_itself(seller: Caller) -> None:
    await put(seller, KAZAKHFILM)
    own = f"/sellers/{seller.organisation_id}"
    before = (await seller.get(own)).headers["ETag"]
    await seller.patch(f"/organisations/{seller.organisation_id}", {"country": "KG"})
    after = await seller.get(own)
    assert after.json()["country"] == "KG"
    assert after.headers["ETag"] != before


async def test_a_profile_known_to_the_reader_is_not_sent_again(
    seller: Caller, buyer: Caller
) -> None:
    await put(seller, KAZAKHFILM)
    own = f"/sellers/{seller.organisation_id}"
    etag = (await buyer.get(own, headers=ENGLISH)).headers["ETag"]
    again = await buyer.get(own, headers={"If-None-Match": etag, **ENGLISH})
    assert again.status_code == 304
    assert again.headers["ETag"] == etag
    assert again.content == b""
    other = await buyer.get(own, headers={"If-None-Match": etag, "Accept-Language": "ru"})
    assert other.status_code == 200


async def test_a_pending_company_prepares_its_own_profile_and_sees_no_other(
    world: World, seller: Caller, organiser: Caller
) -> None:
    await put(seller, KAZAKHFILM)
    pending = await world.company("Newcomers", standing=Standing.PENDING)
    own = f"/sellers/{pending.organisation_id}"
    assert (await pending.put(own, named("Newcomers"))).status_code == 201
    assert (await pending.get(own)).json()["name"] == "Newcomers"
    assert (await pending.get(f"/sellers/{seller.organisation_id}")).status_code == 404
    refused = await pending.get("/sellers")
    assert refused.status_code == 403
    assert refused.json()["code"] == "organisation_pending"

    assert (await seller.get(own)).status_code == 404
    assert await names(seller) == ["Kazakhfilm Sales"]
    assert (await organiser.get(own)).json()["name"] == "Newcomers"

    await organiser.post(f"/organisations/{pending.organisation_id}/approve")
    assert await names(pending) == ["Newcomers", "Kazakhfilm Sales"]
    assert (await pending.get(f"/sellers/{seller.organisation_id}")).status_code == 200


async def test_a_suspended_seller_is_gone_from_the_market(
    seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    await put(seller, KAZAKHFILM)
    await organiser.post(f"/organisations/{seller.organisation_id}/suspend")
    assert await names(buyer) == []
    assert (await buyer.get(f"/sellers/{seller.organisation_id}")).status_code == 404
    assert (await organiser.get(f"/sellers/{seller.organisation_id}")).status_code == 200


async def test_only_its_own_admins_write_a_profile(
    world: World, seller: Caller, organiser: Caller
) -> None:
    own = f"/sellers/{seller.organisation_id}"
    member = await world.person(seller.organisation_id, role=Role.MEMBER)
    for caller, code in ((member, "not_an_admin"), (organiser, "not_your_own")):
        refused = await caller.put(own, KAZAKHFILM)
        assert refused.status_code == 403
        assert refused.json()["code"] == code
    assert (await seller.put("/sellers/1", KAZAKHFILM)).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"texts": {}}, "/texts"),
        ({"texts": {"klingonisch": {"name": "x"}}}, "/texts/klingonisch/[key]"),
        ({"texts": {"zh-hans": {"name": "x"}, "zh-Hans": {"name": "y"}}}, "/texts"),
        ({"texts": {"en": {"name": " "}}}, "/texts/en/name"),
        ({"kinds": ["vinyl"]}, "/kinds/0"),
        ({"territories": ["KZ", "ATLANTIS"]}, "/territories/1"),
        ({"territories": ["XX"]}, "/territories/0"),
        ({"territories": ["WORLD", "-CN"]}, "/territories/1"),
        ({"territories": ["SCO@2022-01-01"]}, "/territories/0"),
        ({"media": ["SVOD", "vinyl"]}, "/media/1"),
        ({"contacts": [{"name": "A", "email": "nobody"}]}, "/contacts/0/email"),
        ({"contacts": [{"name": "A", "phone": "call me"}]}, "/contacts/0/phone"),
        ({"website": "ftp://files.example"}, "/website"),
        ({"country": "KZ"}, "/country"),
    ],
)
async def test_a_profile_that_says_something_impossible_is_told_where(
    seller: Caller, change: dict[str, Any], pointer: str
) -> None:
    answer = await seller.put(f"/sellers/{seller.organisation_id}", {**KAZAKHFILM, **change})
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_codes_are_read_in_any_case_and_given_in_one(seller: Caller) -> None:
    await put(seller, named("Cases", territories=["kz", "Sco", "KZ"], media=["svod", "Pay_TV"]))
    body = (await seller.get(f"/sellers/{seller.organisation_id}")).json()
    assert body["territories"] == ["KZ", "SCO"]
    assert body["media"] == ["SVOD", "PAY_TV"]


async def test_an_unknown_code_is_answered_with_the_one_that_was_meant(seller: Caller) -> None:
    wrong = {**KAZAKHFILM, "territories": ["UK"], "media": ["PVOD"]}
    answer = await seller.put(f"/sellers/{seller.organisation_id}", wrong)
    told = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert told == {
        "/territories/0": '"UK" is no territory. Did you mean GB?',
        "/media/0": '"PVOD" is no medium. Did you mean TVOD?',
    }


async def test_what_is_said_twice_counts_once(seller: Caller) -> None:
    await put(seller, named("Twice", kinds=["short", "feature", "short"], languages=["KK", "kk"]))
    body = (await seller.get(f"/sellers/{seller.organisation_id}")).json()
    assert body["kinds"] == ["short", "feature"]
    assert body["languages"] == ["kk"]


@pytest.mark.parametrize(
    "q", ["Казахфильм", "казах", "Қазақфильм", "kazakhfilm", "kazahfilm", "steppe", "Omarova"]
)
async def test_a_seller_is_found_in_every_script(seller: Caller, buyer: Caller, q: str) -> None:
    await put(seller, KAZAKHFILM)
    answer = await buyer.get("/sellers", params={"q": q}, headers=ENGLISH)
    assert [item["name"] for item in answer.json()["items"]] == ["Kazakhfilm Sales"]


async def test_the_best_match_comes_first_and_pages_go_on_from_there(
    world: World, buyer: Caller
) -> None:
    texts = [
        ("Tulpar", None),
        ("Tulpar Films", None),
        ("Steppe Pictures", "The home of Tulpar."),
        ("Tulparov Brothers", None),
        ("Unrelated", None),
    ]
    for name, about in texts:
        company = await world.seller()
        await put(company, {"texts": {"en": {"name": name, "about": about}}})
    best_first = ["Tulpar", "Tulpar Films", "Tulparov Brothers", "Steppe Pictures"]
    assert await names(buyer, q="tulpar") == best_first

    paged: list[str] = []
    following: str | None = "/sellers?q=tulpar&limit=1"
    while following:
        answer = await buyer.get(following)
        paged += [item["name"] for item in answer.json()["items"]]
        link = answer.headers.get("Link")
        following = link.partition("<")[2].partition(">")[0] if link else None
    assert paged == best_first


async def test_a_query_without_a_word_finds_nothing(seller: Caller) -> None:
    await put(seller, KAZAKHFILM)
    assert await names(seller, q="?!") == []
    assert await names(seller, q="") == ["Kazakhfilm Sales"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"country": "KZ"}, ["Steppe"]),
        ({"kind": "series"}, ["Steppe", "Taiga"]),
        ({"kind": "microdrama"}, []),
        ({"genre": "history"}, ["Steppe"]),
        ({"medium": "svod"}, ["Taiga"]),
        ({"medium": "FAST"}, ["Taiga"]),
        ({"medium": "AVOD"}, ["Taiga"]),
        ({"medium": "ALL"}, []),
        ({"language": "KK"}, ["Steppe"]),
        ({"language": "zh"}, []),
        ({"territory": "KZ"}, ["Steppe", "Taiga"]),
        ({"territory": "UZ"}, ["Steppe"]),
        ({"territory": "CENTRAL_ASIA"}, ["Steppe"]),
        ({"territory": "uz"}, ["Steppe"]),
        ({"territory": "WORLD"}, []),
        ({"kind": "series", "territory": "RU", "q": "taiga"}, ["Taiga"]),
        ({"kind": "series", "territory": "RU", "q": "steppe"}, []),
    ],
)
async def test_a_list_is_narrowed_by_every_filter(
    world: World, filters: dict[str, str], found: list[str]
) -> None:
    steppe = await world.seller(country="KZ")
    await put(
        steppe,
        named(
            "Steppe",
            kinds=["feature", "series"],
            genres=["history"],
            languages=["kk"],
            territories=["CENTRAL_ASIA"],
        ),
    )
    taiga = await world.seller(country="RU")
    await put(
        taiga,
        named(
            "Taiga",
            kinds=["series"],
            media=["svod", "AVOD"],
            territories=["KZ", "RU"],
            languages=["zh-Hant"],
        ),
    )
    assert sorted(await names(taiga, **filters)) == found


@pytest.mark.parametrize(
    "query",
    [
        "kind=vinyl",
        "country=XX",
        "territory=NARNIA",
        "medium=vinyl",
        "language=!",
        "cursor=nonsense",
    ],
)
async def test_a_filter_that_means_nothing_is_refused(seller: Caller, query: str) -> None:
    assert (await seller.get(f"/sellers?{query}")).status_code == 422


async def test_a_cursor_of_the_whole_list_is_none_of_a_search(world: World) -> None:
    for name in ("Tulpar One", "Tulpar Two"):
        seller = await world.seller()
        await put(seller, named(name))
    page = (await seller.get("/sellers?limit=1")).json()
    assert [item["name"] for item in page["items"]] == ["Tulpar Two"]
    following = await seller.get("/sellers", params={"limit": "1", "cursor": page["next_cursor"]})
    assert [item["name"] for item in following.json()["items"]] == ["Tulpar One"]
    assert following.json()["next_cursor"] is None
    mixed = await seller.get("/sellers", params={"q": "tulpar", "cursor": page["next_cursor"]})
    assert mixed.status_code == 422
    assert mixed.json()["code"] == "invalid_cursor"


async def test_a_list_shows_no_contacts_and_says_its_languages(world: World) -> None:
    first, second = await world.seller(), await world.seller()
    await put(first, KAZAKHFILM)
    await put(second, named("Taiga"))
    answer = await first.get("/sellers", headers={"Accept-Language": "ru"})
    assert answer.headers["Content-Language"] == "en, ru"
    assert [(item["name"], item["language"]) for item in answer.json()["items"]] == [
        ("Taiga", "en"),
        ("Казахфильм", "ru"),
    ]
    assert all("contacts" not in item for item in answer.json()["items"])


async def test_without_accept_language_a_person_reads_their_own_language(
    world: World, seller: Caller
) -> None:
    await put(seller, KAZAKHFILM)
    await seller.patch("/me", {"language": "kk"})
    # Who a token stands for is remembered for some seconds; a new one is looked up.
    form = {"username": seller.email, "password": PASSWORD}
    token = (await world.anonymous.post("/oauth/token", data=form)).json()["access_token"]
    answer = await Caller(world.http, token).get(f"/sellers/{seller.organisation_id}")
    assert answer.headers["Content-Language"] == "kk"


async def test_every_change_of_a_profile_is_in_the_journal(world: World, seller: Caller) -> None:
    await put(seller, KAZAKHFILM)
    await put(seller, KAZAKHFILM)
    await put(seller, {**KAZAKHFILM, "kinds": []})
    async with world.app.state.database.reads.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT data FROM events WHERE type = 'seller_profile.updated' ORDER BY id"
        )
    assert len(rows) == 2
    assert '"changed": ["kinds"]' in rows[1]["data"]


@pytest.mark.parametrize(
    ("offered", "wanted", "chosen"),
    [
        ([], ("en",), None),
        (["kk", "ru"], ("ru",), "ru"),
        (["zh-Hant", "en"], ("zh-hant-tw", "zh-hant", "zh"), "zh-Hant"),
        (["zh-Hant", "en"], ("zh",), "zh-Hant"),
        (["zh", "en"], ("uz",), "en"),
        (["ru", "kk"], ("uz",), "kk"),
        (["en-GB", "kk"], (), "en-GB"),
    ],
)
def test_a_reader_gets_the_nearest_language(
    offered: list[str], wanted: tuple[str, ...], chosen: str | None
) -> None:
    assert chosen_language(offered, wanted) == chosen


def test_media_that_were_written_small_are_written_as_codes(databases: Databases) -> None:
    with databases.empty() as url:
        migrating.migrate(url, "2026_11_21_operations")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "WITH made AS (INSERT INTO organisations (name, country, standing) "
                "SELECT 'Company', 'KZ', 'approved' FROM generate_series(1, 2) RETURNING id) "
                "INSERT INTO seller_profiles (organisation_id, version, media) "
                "SELECT id, 7, CASE WHEN id = min(id) OVER () THEN "
                "'{pay_tv,svod,avod,fast}'::text[] ELSE '{}' END FROM made"
            )
            migrating.migrate(url)
            read = "SELECT media, version FROM seller_profiles ORDER BY organisation_id"
            assert connection.execute(read).fetchall() == [
                (["PAY_TV", "SVOD", "AVOD", "FAST"], 8),
                ([], 7),
            ]
