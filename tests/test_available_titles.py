"""What the market says is free, for titles with random ledgers, against the model of them all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import facets, free_listing
from app.catalogue.listing import page_read
from app.catalogue.visibility import constant
from app.models import Holdback, Holding, Licence, Offering
from app.rights.freeing import refresh_free_boxes
from app.rights.rows import columns_of
from app.rights.rules.availability import Question
from app.rights.rules.boxes import Box, Term
from app.rights.rules.ledgers import Ledgers
from app.trees import LANGUAGES, MEDIA, TERRITORIES, Multirange, Tree
from app.trees.multiranges import covers, union
from tests.catalogue import publish
from tests.ledgers import FIRST, cells, random_ledgers, random_question, verdict
from tests.world import Caller, World

# The leaves of the small world, by their codes in the real one
CODES = {
    TERRITORIES: ["KZ", "UZ", "RU", "CN", "IN"],
    MEDIA: ["SVOD", "THEATRICAL", "FREE_TV"],
    LANGUAGES: ["kk", "ru"],
}
EVERYTHING = Box(
    TERRITORIES.everything, MEDIA.everything, LANGUAGES.everything, Term(date(2000, 1, 1))
)
TITLES = 25


def _real_set(tree: Tree, found: Multirange) -> Multirange:
    return union(*(tree.parse([CODES[tree][leaf]]) for leaf in _leaves(found)))


def _leaves(found: Multirange) -> list[int]:
    return [leaf for low, high in found for leaf in range(low, high)]


def _real(box: Box) -> Box:
    return Box(
        _real_set(TERRITORIES, box.territories),
        _real_set(MEDIA, box.media),
        _real_set(LANGUAGES, box.languages),
        box.term,
    )


@dataclass
class Stocked:
    """A title of the market, and its ledgers in the small world."""

    id: str
    ledgers: Ledgers


async def _stock(session: AsyncSession, seller: Caller, title_id: int, drawn: Ledgers) -> Ledgers:
    """Write drawn ledgers; licences that can't be honoured beside others are refused, and gone."""
    await session.execute(insert(Holding).values(title_id=title_id, **columns_of(EVERYTHING)))
    offering_id = 0
    for offer in drawn.offers:
        row = {
            "title_id": title_id,
            "exclusivity": offer.exclusivity,
            "min_days": offer.min_days,
            "visible_to": None if offer.visible_to is None else sorted(offer.visible_to),
            **columns_of(_real(offer.box)),
        }
        statement = insert(Offering).values(**row).returning(Offering.id)
        offering_id = (await session.execute(statement)).scalar_one()
    holdbacks = drawn.holdbacks if drawn.offers else []
    for held in holdbacks:
        row = {"title_id": title_id, "offering_id": offering_id, "is_hard": held.is_hard}
        await session.execute(insert(Holdback).values(**row, **columns_of(_real(held.box))))
    sold = []
    for taken in drawn.taken:
        row = {
            "title_id": title_id,
            "seller_id": int(seller.organisation_id),
            "licensee_name": "Somebody",
            "exclusive": taken.exclusive,
            **columns_of(_real(taken.box)),
        }
        try:
            async with session.begin_nested():
                await session.execute(insert(Licence).values(**row))
        except IntegrityError:
            continue
        sold.append(taken)
    await refresh_free_boxes(session, [title_id])
    return replace(drawn, holdbacks=holdbacks, taken=sold)


async def _market(world: World, seller: Caller, random: Random, buyers: list[int]) -> list[Stocked]:
    stocked = []
    for _ in range(TITLES):
        title = await publish(seller)
        drawn = random_ledgers(random)
        # The model's buyers 1, 2 and 3 are the ones of this market.
        offers = [
            offer
            if offer.visible_to is None
            else replace(offer, visible_to=frozenset(buyers[one - 1] for one in offer.visible_to))
            for offer in drawn.offers
        ]
        async with world.app.state.database.session() as session:
            kept = await _stock(session, seller, int(title["id"]), replace(drawn, offers=offers))
            await session.commit()
        stocked.append(Stocked(title["id"], kept))
    return stocked


def _is_free(question: Question, ledgers: Ledgers, buyer: int) -> bool:
    seen = [o for o in ledgers.offers if o.visible_to is None or buyer in o.visible_to]
    known = replace(ledgers, offers=seen, holdings=[question.box])
    return all(verdict(cell, question, known) is None for cell in cells(question.box))


def _asked(question: Question) -> dict[str, Any]:
    box = question.box
    return {
        "available_in": [CODES[TERRITORIES][leaf] for leaf in _leaves(box.territories)],
        "available_media": [CODES[MEDIA][leaf] for leaf in _leaves(box.media)],
        "available_languages": [CODES[LANGUAGES][leaf] for leaf in _leaves(box.languages)],
        "available_from": box.term.start.isoformat(),
        "available_until": box.term.until.isoformat() if box.term.until else None,
        "exclusive": str(question.exclusive).lower(),
    }


@pytest.mark.parametrize("seed", range(4))
async def test_the_market_lists_what_is_free_and_nothing_else(
    world: World, seller: Caller, seed: int
) -> None:
    random = Random(seed)
    callers = [await world.buyer() for _ in range(3)]
    buyers = [int(caller.organisation_id) for caller in callers]
    stocked = await _market(world, seller, random, buyers)
    found_some = False
    for number in range(60):
        question = random_question(random)
        place = random.randrange(3)
        expected = {one.id for one in stocked if _is_free(question, one.ledgers, buyers[place])}
        sort = random.choice(["newest", "title", "-year"])
        wish = _asked(question)
        params = wish | {"sort": sort, "limit": 100}
        answer = await callers[place].get("/titles", params=params)
        assert answer.status_code == 200, answer.text
        found = [item["id"] for item in answer.json()["items"]]
        assert len(found) == len(set(found))
        assert set(found) == expected, (seed, number, params)
        counts = (await callers[place].get("/titles/facets", params=wish)).json()
        assert counts["total"] == {"count": len(expected), "capped": False}
        searched = await callers[place].get("/titles", params=params | {"q": "a title"})
        assert {item["id"] for item in searched.json()["items"]} == expected
        found_some |= bool(found)
    assert found_some


async def _told_of(caller: Caller, title_id: str, question: Question) -> dict[str, Any]:
    asked = _asked(question)
    params = {name.removeprefix("available_"): value for name, value in asked.items()}
    params["territories"] = params.pop("in")
    params["min_days"] = question.min_days
    answer = await caller.get(f"/titles/{title_id}/availability", params=params)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _cells_of(told: dict[str, Any]) -> set[tuple[int, int, int, int]]:
    """Read a box of an answer back into the small world."""
    sets = [
        [
            leaf
            for leaf, code in enumerate(CODES[tree])
            if covers(tree.parse(told[name]), tree.parse([code]))
        ]
        for tree, name in (
            (TERRITORIES, "territories"),
            (MEDIA, "media"),
            (LANGUAGES, "languages"),
        )
    ]
    first = date.fromisoformat(told["term"]["from"]).toordinal()
    last = date.fromisoformat(told["term"]["until"]).toordinal()
    territories, media, languages = sets
    return set(product(territories, media, languages, range(first, last + 1)))


@pytest.mark.parametrize("seed", range(2))
async def test_a_title_tells_of_every_combination_whether_it_is_free_and_why_not(
    world: World, seller: Caller, seed: int
) -> None:
    random = Random(seed)
    callers = [await world.buyer() for _ in range(3)]
    buyers = [int(caller.organisation_id) for caller in callers]
    stocked = await _market(world, seller, random, buyers)
    for one in stocked:
        question = random_question(random)
        place = random.randrange(3)
        seen = [
            offer
            for offer in one.ledgers.offers
            if offer.visible_to is None or buyers[place] in offer.visible_to
        ]
        known = replace(one.ledgers, offers=seen, holdings=[question.box])
        told = await _told_of(callers[place], one.id, question)
        verdicts = {cell: verdict(cell, question, known) for cell in cells(question.box)}
        free = {cell for box in told["free"] for cell in _cells_of(box)}
        assert free == {cell for cell, reason in verdicts.items() if reason is None}
        for part in told["unavailable"]:
            found = {cell for box in part["boxes"] for cell in _cells_of(box)}
            assert found == {cell for cell, reason in verdicts.items() if reason == part["reason"]}
        assert told["matches"]["covers_all"] == told["is_available"]


@pytest.fixture(params=["usual", "short"])
def walks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Walk as far as is usual; or so short a way that each page goes further or has to be found."""
    if request.param == "short":
        budget = free_listing.Budget(constant(4), constant(10), constant(1))
        monkeypatch.setattr(free_listing, "BOXES", budget)
        monkeypatch.setattr(free_listing, "TITLES", budget)
    page_read.cache_clear()
    yield
    page_read.cache_clear()


async def _half_free(world: World, seller: Caller) -> list[str]:
    """Publish fourteen titles, each second free for SVOD in the SCO; give those."""
    titles = [await publish(seller) for _ in range(14)]
    offered = [EVERYTHING, replace(EVERYTHING, media=MEDIA.parse(["THEATRICAL"]))] * 7
    async with world.app.state.database.session() as session:
        for title, box in zip(titles, offered, strict=True):
            id_ = int(title["id"])
            await session.execute(insert(Holding).values(title_id=id_, **columns_of(EVERYTHING)))
            await session.execute(insert(Offering).values(title_id=id_, **columns_of(box)))
        await refresh_free_boxes(session, [int(title["id"]) for title in titles])
        await session.commit()
    return [title["id"] for title in titles[::2]]


@pytest.mark.usefixtures("walks")
async def test_pages_of_free_titles_follow_each_other(world: World, seller: Caller) -> None:
    buyer = await world.buyer()
    free = await _half_free(world, seller)
    for sort in ("newest", "title", "year"):
        params: dict[str, Any] = {"available_in": "SCO", "available_media": "SVOD", "sort": sort}
        found: list[str] = []
        path: str | None = "/titles"
        while path:
            answer = await buyer.get(path, params=params | {"limit": 3})
            found += [item["id"] for item in answer.json()["items"]]
            cursor = answer.json()["next_cursor"]
            path = "/titles" if cursor else None
            params["cursor"] = cursor
        assert sorted(found) == sorted(free)


@pytest.mark.parametrize(
    ("boxes", "worth_it", "sampled"),
    [
        (120_000, 50, 7),  # by the index
        (120_000, 7, 7),  # along all boxes
        (13, 1, 6),  # along some
        (4, 2, 2),
        (4, 3, 7),  # too few met
    ],
)
async def test_what_is_free_is_counted_along_the_boxes_or_by_their_index(
    world: World,
    seller: Caller,
    monkeypatch: pytest.MonkeyPatch,
    boxes: int,
    worth_it: int,
    sampled: int,
) -> None:
    monkeypatch.setattr(facets, "WALK_BY_BOXES", constant(boxes))
    monkeypatch.setattr(facets, "FREE_WORTH_IT", constant(worth_it))
    free = await _half_free(world, seller)
    facets.facets_read.cache_clear()
    buyer = await world.buyer()
    wish = {"available_in": "SCO", "available_media": "SVOD"}
    told = (await buyer.get("/titles/facets", params=wish)).json()
    facets.facets_read.cache_clear()
    assert len(free) == 7
    assert told["total"] == {"count": 7, "capped": False}
    assert told["sampled"] == sampled
    assert told["kind"] == [{"value": "feature", "count": sampled}]
    none = wish | {"kind": "series"}
    told = (await buyer.get("/titles/facets", params=none)).json()
    assert (told["total"], told["kind"]) == ({"count": 0, "capped": False}, [])


async def test_an_offering_for_one_buyer_is_free_for_nobody_else(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title, rival = await publish(seller), await world.buyer()
    row = {"title_id": int(title["id"]), **columns_of(EVERYTHING)}
    async with world.app.state.database.session() as session:
        await session.execute(insert(Holding).values(**row))
        for_one = {"visible_to": [int(buyer.organisation_id)]}
        await session.execute(insert(Offering).values(**row, **for_one))
        await refresh_free_boxes(session, [int(title["id"])])
        await session.commit()
    wish = {"available_in": "KZ", "available_media": "SVOD"}
    for path in ("/titles", "/titles/facets"):
        for _ in range(2):
            seen = await buyer.get(path, params=wish)
            unseen = await rival.get(path, params=wish)
            found = '"sampled" : 1' if "facets" in path else title["id"]
            assert found in seen.text
            assert found not in unseen.text


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"available_in": "KZ"}, "go together"),
        ({"available_media": "SVOD"}, "go together"),
        ({"available_from": "2027-01-01"}, "available_in and available_media"),
        ({"exclusive": "true"}, "available_in and available_media"),
        ({"available_in": "Kazakhstan", "available_media": "SVOD"}, "Kazakhstan"),
        ({"available_in": ["KZ", "-KZ"], "available_media": "SVOD"}, "left"),
        ({"available_in": "KZ", "available_media": "VHS"}, "VHS"),
        (
            {
                "available_in": "KZ",
                "available_media": "SVOD",
                "available_from": "2027-01-02",
                "available_until": "2027-01-01",
            },
            "before",
        ),
        ({"available_in": "KZ", "available_media": "SVOD", "available_from": "soon"}, "date"),
    ],
)
async def test_a_wish_that_says_something_impossible_is_told(
    buyer: Caller, params: dict[str, Any], told: str
) -> None:
    answer = await buyer.get("/titles", params=params)
    assert answer.status_code == 422
    assert told in answer.text


async def test_a_title_that_leaves_the_market_is_no_longer_free(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await publish(seller)
    id_ = int(title["id"])
    async with world.app.state.database.session() as session:
        await session.execute(insert(Holding).values(title_id=id_, **columns_of(EVERYTHING)))
        await session.execute(insert(Offering).values(title_id=id_, **columns_of(EVERYTHING)))
        await refresh_free_boxes(session, [id_])
        await session.commit()
    params = {"available_in": "WORLD", "available_media": "ALL", "exclusive": "true"}

    async def found() -> list[str]:
        answer = await buyer.get("/titles", params=params)
        return [item["id"] for item in answer.json()["items"]]

    assert await found() == [title["id"]]
    await seller.post(f"/titles/{title['id']}/withdraw")
    assert await found() == []
    await seller.post(f"/titles/{title['id']}/publish")
    assert await found() == [title["id"]]


def test_the_small_world_is_where_the_model_thinks_it_is() -> None:
    assert date.fromordinal(FIRST) == date(2027, 1, 1)
    assert _real_set(TERRITORIES, ((0, 1),)) == TERRITORIES.parse(["KZ"])
