"""What the tests of the ledgers share: titles with rights, and boxes as the API writes them."""

from typing import Any

import httpx2

from tests.meetings import make_title
from tests.world import Caller, World

Json = dict[str, Any]
ALWAYS: Json = {"from": "2026-01-01", "until": None}
TWO_YEARS: Json = {"from": "2027-01-01", "until": "2028-12-31"}


def box(
    territories: str = "WORLD",
    media: str = "ALL",
    languages: str = "ALL",
    *,
    term: Json = TWO_YEARS,
    **others: Any,
) -> Json:
    """Write a box, its codes between blanks, and what else a body has."""
    return {
        "territories": territories.split(),
        "media": media.split(),
        "languages": languages.split(),
        "term": term,
        **others,
    }


def days(first: str, last: str | None) -> Json:
    """Write a term."""
    return {"from": first, "until": last}


def box_in(document: Json) -> Json:
    """Give the box that a document tells."""
    return {name: document[name] for name in ("territories", "media", "languages", "term")}


async def title_of(world: World, seller: Caller, *held: Json, **others: Any) -> str:
    """Make a title, of which the seller holds some boxes; everything, where none is told."""
    title_id = await make_title(world, seller, **others)
    for holding in held or (box(term=ALWAYS),):
        done(await seller.post(f"/titles/{title_id}/holdings", holding), 201)
    return title_id


async def sell(seller: Caller, title_id: str, *codes: str, **others: Any) -> httpx2.Response:
    """Sell a box: to somebody outside, and exclusively, unless told."""
    wanted = {"exclusive": True} | others
    if "licensee_id" not in wanted:
        wanted.setdefault("licensee_name", "Qazaq Stream")
    return await seller.post(f"/titles/{title_id}/licences", box(*codes, **wanted))


async def sold(seller: Caller, title_id: str, *codes: str, **others: Any) -> Json:
    """Sell a box, and give the licence."""
    return done(await sell(seller, title_id, *codes, **others), 201)


async def offered(seller: Caller, title_id: str, *codes: str, **others: Any) -> Json:
    """Offer a box, and give the offering."""
    answer = await seller.post(f"/titles/{title_id}/offerings", box(*codes, **others))
    return done(answer, 201)


def done(answer: httpx2.Response, status: int = 200) -> Json:
    """Give what a request that succeeded answered."""
    assert answer.status_code == status, answer.text
    document: Json = answer.json()
    return document


def refused(answer: httpx2.Response, code: str, status: int = 409) -> Json:
    """Give the problem document of a request that was refused as expected."""
    document: Json = answer.json()
    assert (answer.status_code, document.get("code")) == (status, code), answer.text
    return document
