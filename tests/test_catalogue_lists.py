"""Lists of titles: what they show to whom, in which language and order, and how they are paged."""

import random
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from app.catalogue.answers import Facets, TitleItem, TitleOut
from app.catalogue.filters import TitleQuery
from app.catalogue.indexing import RUNTIMES, runtime_steps
from app.models import Genre, Kind, Stage
from app.pagination import ItemPage, encode_cursor
from app.search import latin_order
from tests.catalogue import STALKER, Json, create, found, pages, publish, upsert
from tests.world import Caller, World

NOUNS = [
    "Stalker",
    "Solaris",
    "Zone",
    "Mirror",
    "Сталкер",
    "Зона",
    "潜行者",
    "地球",
    "کتاب",
    "दीवार",
]
LANGUAGES = ["en", "ru", "zh-Hans", "zh-Hant", "fa"]
COUNTRIES = ["CN", "RU", "KZ", "SU", "IN"]


def made_up(number: int, at: random.Random) -> Json:
    """Make some title of a small world, where everything meets everything."""
    kind = at.choice([Kind.FEATURE, Kind.SERIES, Kind.PROJECT])
    name = " ".join(at.sample(NOUNS, at.randint(1, 3)))
    return {
        "reference": str(number),
        "kind": kind,
        "stage": Stage.FINANCING if kind is Kind.PROJECT else Stage.COMPLETED,
        "original_title": name,
        "original_language": at.choice([*LANGUAGES, None]),
        "year": at.choice([None, 1969, 1970, 1979, 1980, 1999, 2026]) or 2000,
        "runtime_minutes": at.choice([None, 1, 29, 30, 90, 163, 2000]),
        "countries": at.sample(COUNTRIES, at.randint(0, 2)),
        "audio_languages": at.sample(LANGUAGES, at.randint(0, 2)),
        "genres": at.sample([Genre.DRAMA, Genre.WAR, Genre.COMEDY], at.randint(0, 2)),
        "credits": [{"role": "director", "name": at.choice(["Tarkovsky", "Zhang Yimou"])}],
        "texts": {"en": {"title": name, "logline": " ".join(at.sample(NOUNS, 4))}},
    }


def fits(title: Json, asked: Json) -> bool:
    """Tell by plain reading whether a title meets the filters."""
    languages = {
        tag[:length]
        for tag in (title["original_language"] or "-", *title["audio_languages"])
        for length in (2, len(tag))
    }
    runtime = title["runtime_minutes"]
    tests: dict[str, Callable[[Any], bool]] = {
        "kind": lambda values: title["kind"] in values,
        "stage": lambda values: title["stage"] in values,
        "genre": lambda values: bool(set(values) & set(title["genres"])),
        "country": lambda values: bool(set(values) & set(title["countries"])),
        "language": lambda values: bool(set(values) & languages),
        "year_min": lambda value: title["year"] >= value,
        "year_max": lambda value: title["year"] <= value,
        "runtime_min": lambda value: runtime is not None and runtime >= value,
        "runtime_max": lambda value: runtime is not None and runtime <= value,
    }
    return all(tests[name](value) for name, value in asked.items() if name in tests)


QUESTIONS: list[Json] = [
    {},
    {"kind": ["feature"]},
    {"kind": ["feature", "series"], "genre": ["war"]},
    {"country": ["SU", "KZ"], "year_max": 1979},
    {"country": ["SU"], "genre": ["comedy"], "kind": ["project"]},
    {"language": ["zh"]},
    {"language": ["zh-Hant", "fa"], "stage": ["financing"]},
    {"year_min": 1970, "year_max": 1999},
    {"year_min": 1999, "year_max": 1970},
    {"year_min": 2100},
    {"runtime_min": 29, "runtime_max": 90},
    {"runtime_min": 2000},
    {"runtime_max": 1, "kind": ["series"]},
]


async def test_every_filter_and_order_finds_just_what_fits_page_by_page(
    world: World, seller: Caller, buyer: Caller
) -> None:
    at = random.Random(7)  # data, not secrets
    titles = {str(number): made_up(number, at) for number in range(240)}
    await upsert(world, seller, *titles.values(), publish=True)
    for asked in QUESTIONS:
        expected = {reference for reference, title in titles.items() if fits(title, asked)}
        counted = await seller.get("/titles/facets", params=asked)
        assert counted.json()["total"] == {"count": len(expected), "capped": False}
        for sort in ("newest", "year", "-year", "title"):
            for mine in (False, True):
                read = await pages(seller, 30, sort=sort, mine=mine, **asked)
                rows = [row for page in read for row in page]
                references = [await _reference(seller, row["id"]) for row in rows[:3]]
                assert all(reference in expected for reference in references)
                assert len({row["id"] for row in rows}) == len(rows) == len(expected)
                _require_order(sort, rows)
    assert await found(buyer, **QUESTIONS[3]) == await found(seller, **QUESTIONS[3])


async def _reference(seller: Caller, id_: str) -> str:
    reference: str = (await seller.get(f"/titles/{id_}")).json()["reference"]
    return reference


def _require_order(sort: str, rows: list[Json]) -> None:
    keys: dict[str, Callable[[Json], Any]] = {
        "newest": lambda row: -int(row["id"]),
        "year": lambda row: (row["year"], int(row["id"])),
        "-year": lambda row: (-row["year"], -int(row["id"])),
        "title": lambda row: (latin_order(row["original_title"]), int(row["id"])),
    }
    if sort == "newest" and len({row["published_at"] for row in rows}) > 1:
        return
    assert rows == sorted(rows, key=keys[sort])


@pytest.mark.parametrize("q", ["stalker", "Зона", "s", "地球 mirror", "zhang", "zone so"])
async def test_a_search_is_one_list_from_the_nearest_to_the_farthest(
    world: World, seller: Caller, q: str
) -> None:
    at = random.Random(11)
    await upsert(world, seller, *(made_up(n, at) for n in range(300)), publish=True)
    once = [row["id"] for page in await pages(seller, 100, q=q) for row in page]
    assert once
    assert len(set(once)) == len(once)
    by_fives = [row["id"] for page in await pages(seller, 7, q=q) for row in page]
    assert by_fives == once
    for others in ({"sort": "title"}, {"sort": "year"}, {"mine": True}):
        again = [row["id"] for page in await pages(seller, 50, q=q, **others) for row in page]
        assert set(again) == set(once)
    narrowed = [row for page in await pages(seller, 50, q=q, kind="series") for row in page]
    everything = {row["id"]: row for page in await pages(seller, 100) for row in page}
    assert [row["id"] for row in narrowed] == [
        id_ for id_ in once if everything[id_]["kind"] == "series"
    ]
    counted = (await seller.get("/titles/facets", params={"q": q})).json()
    assert counted["total"] == {"count": len(once), "capped": False}


async def test_the_nearest_title_comes_before_newer_ones(seller: Caller, buyer: Caller) -> None:
    for name in ("Stalker", "The Stalker Returns", "Stalkers", "Solaris"):
        await publish(seller, original_title=name)
    told = {"en": {"title": "Zone", "logline": "A film about Stalker."}}
    await publish(seller, original_title="Zone", texts=told)
    assert await found(buyer, q="stalker") == [
        "Stalker",
        "The Stalker Returns",
        "Stalkers",
        "Zone",
    ]
    assert await found(buyer, q="stalker", sort="newest") == [
        "Zone",
        "Stalkers",
        "The Stalker Returns",
        "Stalker",
    ]
    assert await found(buyer, q="stalker nothing") == []
    assert await found(buyer, q="?!") == []
    assert len(await found(buyer, q="  ")) == 5


async def test_titles_that_come_while_pages_are_read_change_none_of_them(
    world: World, seller: Caller, buyer: Caller
) -> None:
    at = random.Random(3)
    await upsert(world, seller, *(made_up(n, at) for n in range(90)), publish=True)
    numbers = count(1000)
    for params in ({}, {"q": "zone"}, {"sort": "title"}, {"sort": "-year", "kind": "feature"}):
        before = [row["id"] for page in await pages(buyer, 100, **params) for row in page]
        read: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await buyer.get("/titles", params=params | {"limit": 10} | cursor)).json()
            read += [row["id"] for row in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
            await upsert(world, seller, made_up(next(numbers), at), publish=True)
        assert len(set(read)) == len(read)
        assert [id_ for id_ in read if id_ in set(before)] == before


async def test_a_title_is_read_in_the_best_language_it_has(seller: Caller, buyer: Caller) -> None:
    title = await publish(seller, **STALKER)
    address = f"/titles/{title['id']}"
    guide, synopsis = STALKER["texts"]["en"]["logline"], STALKER["texts"]["zh-Hans"]["synopsis"]
    for wanted, expected in {
        "zh-Hans": ("潜行者", "zh-Hans"),
        "zh-Hans-CN, en": ("潜行者", "zh-Hans"),
        "zh": ("潜行者", "zh-Hans"),
        "fa, EN;q=0.5": ("Stalker", "en"),
        "en;q=0.5, zh;q=0.9": ("潜行者", "zh-Hans"),
        "en-US, zh": ("Stalker", "en"),
        # Better its own than a translation, even without a text.
        "ru, en": ("Сталкер", "ru"),
        "fa": ("Сталкер", "ru"),
        "*": ("Сталкер", "ru"),
        "nonsense;;;": ("Сталкер", "ru"),
    }.items():
        header = {"Accept-Language": wanted}
        answer = await buyer.get(address, headers=header)
        read = answer.json()
        assert (read["title"], read["title_language"]) == expected, wanted
        assert answer.headers["Content-Language"] == expected[1]
        assert answer.headers["Vary"] == "Accept-Language"
        (listed,) = (await buyer.get("/titles", headers=header)).json()["items"]
        assert (listed["title"], listed["title_language"]) == expected, wanted
        assert listed["logline"] == read["logline"]
    assert (await buyer.get(address, headers={"Accept-Language": "en"})).json()["logline"] == guide
    chinese = (await buyer.get(address, headers={"Accept-Language": "zh"})).json()
    assert chinese["synopsis"] == synopsis
    (bare,) = (await buyer.get("/titles")).json()["items"]
    assert (bare["title"], bare["logline"]) == ("Сталкер", None)


async def test_who_sends_no_language_reads_in_their_own(seller: Caller, buyer: Caller) -> None:
    await publish(seller, **STALKER)
    await buyer.patch("/me", {"language": "zh"})
    answers = [await buyer.get("/titles") for _ in range(2)]
    assert answers[-1].json()["items"][0]["title"] in {"潜行者", "Сталкер"}


async def test_titles_of_a_suspended_seller_vanish_and_come_back(
    world: World, seller: Caller, buyer: Caller
) -> None:
    organiser = await world.organiser()
    title = await publish(seller, original_title="Stalker")
    company = f"/organisations/{seller.organisation_id}"
    for act, left in (("suspend", 0), ("approve", 1)):
        assert (await organiser.post(f"{company}/{act}")).status_code == 200
        for params in ({}, {"q": "stalker"}, {"kind": "feature"}, {"sort": "year"}):
            assert len(await found(buyer, **params)) == left
        counted = (await buyer.get("/titles/facets?kind=feature")).json()
        assert counted["total"]["count"] == left
        answer = await buyer.get(f"/titles/{title['id']}")
        assert answer.status_code == (200 if left else 404)


async def test_ones_own_list_has_every_state_and_nobody_elses(world: World, seller: Caller) -> None:
    rival = await world.seller()
    await publish(rival, original_title="Theirs")
    await create(seller, original_title="Draft")
    await publish(seller, original_title="Published")
    gone = await publish(seller, original_title="Withdrawn")
    await seller.post(f"/titles/{gone['id']}/withdraw")
    assert await found(seller, mine=True) == ["Withdrawn", "Published", "Draft"]
    assert await found(seller, mine=True, state=["draft", "withdrawn"]) == ["Withdrawn", "Draft"]
    assert await found(seller, mine=True, q="draft") == ["Draft"]
    assert await found(seller, mine=True, q="theirs") == []
    assert await found(seller, seller_id=rival.organisation_id) == ["Theirs"]
    assert await found(seller, seller_id=seller.organisation_id) == ["Published"]
    own = (await seller.get("/titles/facets?mine=true")).json()
    assert own["total"] == {"count": 3, "capped": False}


async def test_facets_count_what_the_titles_are(seller: Caller, buyer: Caller) -> None:
    await publish(seller, **STALKER)
    await publish(seller, genres=["drama"], countries=["KZ", "SU"], year=1985)
    await create(seller, genres=["war"])
    counted = (await buyer.get("/titles/facets", params={"country": "SU"})).json()
    assert counted == {
        "total": {"count": 2, "capped": False},
        "sampled": 2,
        "kind": [{"value": "feature", "count": 2}],
        "stage": [{"value": "completed", "count": 2}],
        "genre": [{"value": "drama", "count": 2}, {"value": "science_fiction", "count": 1}],
        "country": [{"value": "SU", "count": 2}, {"value": "KZ", "count": 1}],
        "language": [
            {"value": "en", "count": 1},
            {"value": "ru", "count": 1},
            {"value": "zh", "count": 1},
            {"value": "zh-Hans", "count": 1},
        ],
        "decade": [{"value": "1970", "count": 1}, {"value": "1980", "count": 1}],
    }
    nothing = (await buyer.get("/titles/facets", params={"q": "…"})).json()
    assert nothing["total"]["count"] == 0


async def test_more_than_a_thousand_are_not_counted(world: World, seller: Caller) -> None:
    titles = [
        {
            "reference": str(number),
            "kind": "feature" if number % 2 else "short",
            "original_title": f"Title {number}",
            "year": 2000,
            "texts": {"en": {"title": "Same words"}},
        }
        for number in range(2100)
    ]
    await upsert(world, seller, *titles, publish=True)
    for params, capped in (
        ({}, True),
        ({"kind": "feature"}, True),
        ({"q": "same"}, True),
        ({"mine": "true"}, True),
        ({"q": "title 77"}, False),
    ):
        counted = (await seller.get("/titles/facets", params=params)).json()
        assert counted["total"]["capped"] is capped, params
        assert not capped or counted["total"]["count"] == 1000


async def test_the_answer_is_what_the_documentation_promises(seller: Caller, buyer: Caller) -> None:
    financing = {"budget": {"amount": "12500", "currency": "USD"}, "note": "Half is there."}
    project = {"kind": "project", "seeks": ["financing"], "financing": financing, "year": None}
    for told in (STALKER, project, {"reference": None}):
        title = await publish(seller, **told)
        for header in ({}, {"Accept-Language": "zh, fa"}):
            read = (await buyer.get(f"/titles/{title['id']}", headers=header)).json()
            assert set(read) == set(TitleOut.model_fields)
            TitleOut.model_validate(read)
            listed = (await buyer.get("/titles", headers=header)).json()
            assert set(listed["items"][0]) == set(TitleItem.model_fields)
            ItemPage[TitleItem].model_validate(listed)
    Facets.model_validate((await buyer.get("/titles/facets")).json())


async def test_what_was_read_before_is_not_sent_again(seller: Caller, buyer: Caller) -> None:
    title = await publish(seller, **STALKER)
    address = f"/titles/{title['id']}"
    first = await buyer.get(address)
    had = {"If-None-Match": first.headers["ETag"]}
    again = await buyer.get(address, headers=had)
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (await buyer.get(address, headers=had | {"Accept-Language": "zh"})).status_code == 200
    await seller.patch(address, {"year": 1980})
    assert (await buyer.get(address, headers=had)).status_code == 200


SENSELESS: list[Json] = [
    {"limit": "0"},
    {"limit": "many"},
    {"cursor": "abc"},
    {"cursor": "🎬"},
    {"cursor": "A" * 3000},
    {"kind": "film"},
    {"genre": "weepie"},
    {"country": "XX"},
    {"country": "Russia"},
    {"language": "klingonish"},
    {"year_min": "1"},
    {"year_max": "9" * 30},
    {"runtime_min": "0"},
    {"seller_id": "abc"},
    {"seller_id": "9" * 30},
    {"sort": "age"},
    {"state": "draft"},
    {"state": "sold", "mine": "true"},
    {"mine": "perhaps"},
    {"q": "x" * 201},
]


async def test_a_question_that_makes_no_sense_is_refused(buyer: Caller) -> None:
    for params in SENSELESS:
        for path in ("/titles", "/titles/facets"):
            answer = await buyer.get(path, params=params)
            known = path == "/titles" or not params.keys() & {"limit", "cursor", "sort"}
            assert answer.status_code == (422 if known else 200), (path, params)
            assert not known or answer.json()["errors"]


FORGED: list[tuple[str, tuple[object, ...]]] = [
    ("newest", (1, "2026-01-01T00:00:00Z", 1)),
    ("relevance", (1, "yesterday", 1)),
    ("year", (1, 10**6, 1)),
    ("year", (1, "A", 1)),
    ("title", (1, 7, 1)),
    ("title", (1, "A\x00", 1)),
    ("-year", (1, 1979, 2**64)),
    ("-year", (1, 1979)),
    ("-year", (True, 1979, 1)),
    ("newest", (None, None, None)),
]


async def test_a_forged_cursor_is_refused_or_gives_a_page(buyer: Caller) -> None:
    for sort, values in FORGED:
        asked = {"sort": sort, "cursor": encode_cursor(sort, *values)}
        for params in (asked, asked | {"q": "a"}):
            answer = await buyer.get("/titles", params=params)
            assert answer.status_code in {200, 422}, (params, answer.text)
    other = encode_cursor("newest", 1, "2026-01-01T00:00:00Z", 1)
    refused = await buyer.get("/titles", params={"sort": "title", "cursor": other})
    assert refused.json()["code"] == "invalid_cursor"


async def test_a_page_of_too_many_rows_has_a_hundred(world: World, seller: Caller) -> None:
    at = random.Random(5)
    await upsert(world, seller, *(made_up(n, at) for n in range(120)), publish=True)
    answer = await seller.get("/titles", params={"limit": 5000})
    assert len(answer.json()["items"]) == 100


def test_a_range_of_runtimes_reaches_into_all_its_steps() -> None:
    for least in range(1, 200):
        for most in (least, least + 1, least + 37, 60_000):
            steps = runtime_steps(least, most)
            within = (least, (least + most) // 2, most)
            for minutes in (*within, *(edge for edge in RUNTIMES if least <= edge <= most)):
                assert sum(edge <= minutes for edge in RUNTIMES) in steps


def test_nothing_is_relevant_where_nothing_is_looked_for() -> None:
    assert TitleQuery.model_validate({"sort": "relevance"}).order == "newest"
    assert TitleQuery.model_validate({"q": "a"}).order == "relevance"
    assert TitleQuery.model_validate({"q": "a", "sort": "year"}).order == "year"
