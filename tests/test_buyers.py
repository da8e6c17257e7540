"""Buyers say what they seek: to sellers and organisers, not to each other."""

from typing import Any

import pytest

from app.models import Standing
from tests.world import Caller, World

SILK_ROAD: dict[str, Any] = {
    "texts": {
        "en": {"name": "Silk Road TV", "about": "Free television for Tashkent."},
        "uz": {"name": "Ipak yoʻli TV", "about": None},
    },
    "kinds": ["series", "animation"],
    "genres": ["family"],
    "territories": ["UZ", "TJ"],
    "media": ["FREE_TV"],
    "languages": ["uz", "ru"],
    "budget": {
        "min": {"amount": "5000", "currency": "USD"},
        "max": {"amount": "40000.50", "currency": "USD"},
    },
    "contacts": [{"name": "Dilnoza Karimova", "email": "dilnoza@silkroad.example"}],
}
IN_FULL = {
    "min": {"amount": "5000.00", "currency": "USD"},
    "max": {"amount": "40000.50", "currency": "USD"},
}


async def put(company: Caller, profile: dict[str, Any] = SILK_ROAD) -> str:
    """Write a profile, and give its address."""
    own = f"/buyers/{company.organisation_id}"
    answer = await company.put(own, profile)
    assert answer.status_code in {200, 201}, answer.text
    return own


async def names(caller: Caller, **filters: str) -> list[str]:
    answer = await caller.get("/buyers", params=filters)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def test_a_company_becomes_a_buyer_and_sellers_read_what_it_seeks(
    world: World, seller: Caller
) -> None:
    company = await world.company("Silk Road", country="UZ")
    own = f"/buyers/{company.organisation_id}"
    made = await company.put(own, SILK_ROAD)
    assert made.status_code == 201
    assert made.headers["Location"] == f"/v1{own}"
    assert (await company.get("/me")).json()["buys"] is True

    read = await seller.get(own)
    body = read.json()
    assert body == made.json()
    assert body.pop("created_at").endswith("Z")
    assert body.pop("updated_at").endswith("Z")
    assert body == {
        "organisation_id": company.organisation_id,
        "name": "Silk Road TV",
        "about": "Free television for Tashkent.",
        "language": "en",
        "country": "UZ",
        "website": None,
        "kinds": ["series", "animation"],
        "genres": ["family"],
        "territories": ["UZ", "TJ"],
        "media": ["FREE_TV"],
        "languages": ["uz", "ru"],
        "budget": IN_FULL,
        "texts": SILK_ROAD["texts"],
        "contacts": [
            {**SILK_ROAD["contacts"][0], "position": None, "phone": None},
        ],
    }
    known = await seller.get(own, headers={"If-None-Match": read.headers["ETag"]})
    assert known.status_code == 304


async def test_buyers_do_not_see_each_other(world: World, buyer: Caller) -> None:
    rival = await world.buyer()
    rivals = await put(rival)
    assert (await buyer.get(rivals)).status_code == 404
    listed = await buyer.get("/buyers")
    assert listed.status_code == 403
    assert listed.json()["code"] == "forbidden"
    assert "PUT /v1/sellers" in listed.json()["detail"]
    # Nor does a refusal to write tell whether it buys.
    nobody = await world.company()
    for organisation_id in (rival.organisation_id, nobody.organisation_id):
        refused = await buyer.put(f"/buyers/{organisation_id}", SILK_ROAD)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_your_own")


async def test_a_company_that_sells_and_buys_sees_buyers_at_once(
    world: World, buyer: Caller
) -> None:
    rivals = await put(await world.buyer())
    assert (await buyer.get(rivals)).status_code == 404
    await buyer.put(f"/sellers/{buyer.organisation_id}", {"texts": {"en": {"name": "Both"}}})
    assert (await buyer.get(rivals)).status_code == 200
    assert "Silk Road TV" in await names(buyer)


async def test_organisers_see_buyers_and_a_company_that_neither_sells_nor_buys_does_not(
    world: World, organiser: Caller
) -> None:
    own = await put(await world.buyer())
    assert await names(organiser) == ["Silk Road TV"]
    assert (await organiser.get(own)).status_code == 200
    bystander = await world.company()
    assert (await bystander.get("/buyers")).status_code == 403
    assert (await bystander.get(own)).status_code == 404


async def test_a_pending_buyer_sees_its_own_profile_and_is_in_no_list(
    world: World, seller: Caller
) -> None:
    others = await put(await world.buyer())
    pending = await world.company(standing=Standing.PENDING, sells=True)
    own = await put(pending, {**SILK_ROAD, "texts": {"en": {"name": "Newcomers"}}})
    assert (await pending.get(own)).json()["name"] == "Newcomers"
    assert (await pending.get(others)).status_code == 404
    refused = await pending.get("/buyers")
    assert (refused.status_code, refused.json()["code"]) == (403, "organisation_pending")
    assert await names(seller) == ["Silk Road TV"]
    assert (await seller.get(own)).status_code == 404


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"q": "Карим"}, ["Silk Road TV"]),
        ({"q": "ipak"}, ["Silk Road TV"]),
        ({"q": "bollywood"}, []),
        ({"country": "UZ"}, ["Silk Road TV"]),
        ({"kind": "animation", "medium": "free_tv"}, ["Silk Road TV"]),
        ({"territory": "UZ"}, ["Silk Road TV"]),
        ({"territory": "IN"}, []),
    ],
)
async def test_sellers_look_for_buyers(
    world: World, seller: Caller, filters: dict[str, str], found: list[str]
) -> None:
    await put(await world.buyer(country="UZ"))
    assert await names(seller, **filters) == found


@pytest.mark.parametrize(
    ("budget", "shown"),
    [
        (None, None),
        ({"min": {"amount": "1", "currency": "KWD"}}, {"min": "1.000", "max": None}),
        ({"max": {"amount": "2000000", "currency": "JPY"}}, {"min": None, "max": "2000000"}),
        (
            {
                "min": {"amount": "0", "currency": "CNY"},
                "max": {"amount": "9999999999999.99", "currency": "CNY"},
            },
            {"min": "0.00", "max": "9999999999999.99"},
        ),
    ],
)
async def test_a_budget_may_be_open_at_either_end(
    buyer: Caller, budget: dict[str, Any] | None, shown: dict[str, Any] | None
) -> None:
    own = await put(buyer, {**SILK_ROAD, "budget": budget})
    read = (await buyer.get(own)).json()["budget"]
    amounts = read and {end: money and money["amount"] for end, money in read.items()}
    assert amounts == shown


def usd(amount: object) -> dict[str, object]:
    return {"amount": amount, "currency": "USD"}


@pytest.mark.parametrize(
    ("budget", "pointer"),
    [
        ({}, "/budget"),
        ({"min": usd("2"), "max": usd("1")}, "/budget"),
        ({"min": usd("1"), "max": {"amount": "2", "currency": "EUR"}}, "/budget"),
        ({"min": usd("1.234")}, "/budget/min"),
        ({"min": usd("-1")}, "/budget/min/amount"),
        ({"min": usd("NaN")}, "/budget/min/amount"),
        ({"min": usd("1e400")}, "/budget/min/amount"),
        ({"min": {"amount": "1", "currency": "XYZ"}}, "/budget/min/currency"),
        ({"min": usd("1"), "on": "a Tuesday"}, "/budget/on"),
    ],
)
async def test_a_budget_that_is_no_range_of_money_is_told_where(
    buyer: Caller, budget: dict[str, Any], pointer: str
) -> None:
    answer = await buyer.put(f"/buyers/{buyer.organisation_id}", {**SILK_ROAD, "budget": budget})
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_the_same_budget_again_changes_nothing(buyer: Caller) -> None:
    own = await put(buyer)
    etag = (await buyer.get(own)).headers["ETag"]
    again = await buyer.put(own, SILK_ROAD, headers={"If-Match": etag})
    assert again.headers["ETag"] == etag
    assert again.json()["budget"] == IN_FULL
