"""Sellers offer some of what they hold, to everybody or to some; buyers see what is for them."""

from typing import Any

from app.models import TitleState
from tests.meetings import events_of, execute
from tests.rights import (
    ALWAYS,
    box,
    box_in,
    days,
    done,
    offered,
    refused,
    sell,
    sold,
    title_of,
)
from tests.world import Caller, World

PRICE = {"amount": "12500.00", "currency": "USD", "note": "For all of Central Asia."}


async def free_boxes(world: World, title: str) -> list[Any]:
    """Give what the market-wide search would look through."""
    return await execute(
        world,
        "SELECT territories::text, for_exclusive, for_shared, min_days, visible_to "
        "FROM free_boxes WHERE title_id = :id ORDER BY id",
        id=int(title),
    )


async def test_a_seller_offers_and_a_buyer_sees_what_is_for_them(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await title_of(world, seller)
    wanted = box(
        "WORLD -CN",
        "SVOD",
        exclusivity="exclusive",
        min_days=365,
        price=PRICE,
        holdbacks=[box("RU", "FREE_TV", hard=True, reason="Cinemas first")],
        visible_to=[buyer.organisation_id, buyer.organisation_id],
        note="Dubbing can be had.",
    )
    answer = await seller.post(f"/titles/{title}/offerings", wanted)
    offering = done(answer, 201)
    created_at = offering["created_at"]
    assert offering == {
        **box("WORLD -CN", "SVOD"),
        "id": offering["id"],
        "title_id": title,
        "exclusivity": "exclusive",
        "min_days": 365,
        "price": PRICE,
        "holdbacks": [box("RU", "FREE_TV", hard=True, reason="Cinemas first")],
        "note": "Dubbing can be had.",
        "visible_to": [buyer.organisation_id],
        "source": "manual",
        "created_at": created_at,
        "updated_at": created_at,
    }
    address = f"/v1/titles/{title}/offerings/{offering['id']}"
    assert answer.headers["Location"] == address
    assert done(await seller.get(address)) == offering

    seen = done(await buyer.get(address))
    assert seen == offering | {"visible_to": None, "source": None}
    assert done(await buyer.get(f"/titles/{title}/offerings"))["items"] == [seen]
    other = await world.buyer()
    assert done(await other.get(f"/titles/{title}/offerings"))["items"] == []
    refused(await other.get(address), "not_found", 404)
    events = await events_of(world, offering["id"])
    assert [(event.type, event.organisation_ids) for event in events] == [
        ("offering.created", [int(seller.organisation_id)])
    ]


async def test_nobody_sees_what_is_offered_of_a_title_they_do_not_see(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await title_of(world, seller, state=TitleState.DRAFT)
    offering = await offered(seller, title)
    for address in (f"/titles/{title}/offerings", f"/titles/{title}/offerings/{offering['id']}"):
        refused(await buyer.get(address), "not_found", 404)
        assert (await seller.get(address)).status_code == 200


async def test_an_offering_lies_inside_what_is_held(world: World, seller: Caller) -> None:
    held = box("SCO", "SVOD", term=days("2027-01-01", "2027-12-31"))
    title = await title_of(world, seller, held)
    wanted = box("SCO", "SVOD AVOD", term=days("2027-01-01", "2027-12-31"))
    answer = await seller.post(f"/titles/{title}/offerings", wanted)
    problem = refused(answer, "outside_holdings")
    assert problem["outside"] == [box("SCO", "AVOD", term=days("2027-01-01", "2027-12-31"))]

    offering = await offered(seller, title, "SCO", "SVOD", term=held["term"])
    address = f"/titles/{title}/offerings/{offering['id']}"
    problem = refused(
        await seller.patch(address, {"territories": ["SCO", "TR"]}), "outside_holdings"
    )
    assert problem["outside"] == [box("TR", "SVOD", term=held["term"])]
    assert done(await seller.get(address)) == offering, "a refusal changes nothing"
    assert len(await free_boxes(world, title)) == 1


async def test_an_offering_is_for_buyers_of_the_market(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await title_of(world, seller)
    address = f"/titles/{title}/offerings"
    rival = await world.seller()
    wanted = box(visible_to=[buyer.organisation_id, rival.organisation_id, "1"])
    problem = refused(await seller.post(address, wanted), "invalid", 422)
    assert [error["pointer"] for error in problem["errors"]] == ["/visible_to/1", "/visible_to/2"]
    offering = await offered(seller, title)
    one = f"{address}/{offering['id']}"
    refused(await seller.patch(one, {"visible_to": [rival.organisation_id]}), "invalid", 422)
    assert done(await seller.patch(one, {"visible_to": [buyer.organisation_id]}))
    assert (await free_boxes(world, title))[0].visible_to == [int(buyer.organisation_id)]
    assert done(await seller.patch(one, {"visible_to": None}))["visible_to"] is None


BAD: list[tuple[str, Any, str]] = [
    ("visible_to", [], "at least 1 item"),
    ("visible_to", ["x"], "must be an id"),
    ("visible_to", ["1"] * 501, "at most 500 items"),
    ("exclusivity", "maybe", "'exclusive'"),
    ("min_days", 0, "greater than or equal to 1"),
    ("min_days", 36501, "less than or equal to 36500"),
    ("min_days", 30.5, "valid integer"),
    ("min_days", 732, "is longer than the term of the offering"),
    ("price", {"amount": "-1", "currency": "USD"}, "greater than or equal to 0"),
    ("price", {"amount": "1.001", "currency": "USD"}, "decimals"),
    ("price", {"amount": "1", "currency": "XYZ"}, "ISO 4217"),
    ("holdbacks", [box(hard="yes")], "valid boolean"),
    ("holdbacks", [box()], "required"),
    ("holdbacks", [box("XX", hard=True)], "no territory"),
    ("holdbacks", [box(hard=True)] * 101, "at most 100 items"),
    ("avails", {"ALID": "x"}, "not permitted"),
]


async def test_what_can_not_be_offered_is_refused_and_pointed_at(
    world: World, seller: Caller
) -> None:
    title = await title_of(world, seller)
    address = f"/titles/{title}/offerings"
    offering = await offered(seller, title)
    for name, value, told in BAD:
        problem = refused(await seller.post(address, box() | {name: value}), "invalid", 422)
        (error,) = problem["errors"]
        assert told in error["detail"], (name, value, error)
        assert error["pointer"].startswith(f"/{name}")
        one = f"{address}/{offering['id']}"
        refused(await seller.patch(one, {name: value}), "invalid", 422)


async def test_an_offering_is_changed_under_its_etag(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    made = await seller.post(f"/titles/{title}/offerings", box("SCO", "SVOD", price=PRICE))
    address, etag = made.headers["Location"], made.headers["ETag"]
    assert (await seller.get(address, headers={"If-None-Match": etag})).status_code == 304

    same = {"media": ["svod"], "price": PRICE, "holdbacks": []}
    assert (await seller.patch(address, same)).headers["ETag"] == etag, "nothing changed"

    holdbacks = [box("RU", hard=True), box("KZ", hard=False, reason="A festival first")]
    changed = await seller.patch(address, {"holdbacks": holdbacks}, headers={"If-Match": etag})
    told = done(changed)["holdbacks"]
    assert [box_in(holdback) for holdback in told] == [box("RU"), box("KZ")]
    assert [holdback["hard"] for holdback in told] == [True, False]
    assert (await seller.get(address, headers={"If-None-Match": etag})).status_code == 200
    refused(
        await seller.patch(address, {"note": "x"}, headers={"If-Match": etag}),
        "precondition_failed",
        412,
    )

    patch = {
        "territories": ["SCO", "-RU"],
        "term": days("2027-01-01", None),
        "exclusivity": "non_exclusive",
        "min_days": 30,
        "price": None,
        "holdbacks": [],
        "note": "New terms",
    }
    offering = done(await seller.patch(address, patch))
    assert {name: offering[name] for name in patch} == patch
    (event,) = (await events_of(world, offering["id"]))[-1:]
    assert event.type == "offering.updated"
    refused(await seller.delete(address, headers={"If-Match": etag}), "precondition_failed", 412)
    assert (await seller.delete(address)).status_code == 204
    refused(await seller.get(address), "not_found", 404)
    assert await execute(world, "SELECT 1 FROM holdbacks") == []


async def test_what_is_free_follows_what_is_offered_and_sold(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    assert await free_boxes(world, title) == []
    offering = await offered(seller, title, "KZ RU", "SVOD")
    (free,) = await free_boxes(world, title)
    assert (free.for_exclusive, free.for_shared, free.min_days) == (True, True, 1)
    licence = await sold(seller, title, "KZ", "SVOD")
    (left,) = await free_boxes(world, title)
    assert left.territories != free.territories
    done(await seller.post(f"/licences/{licence['id']}/terminate", {"on": "2027-01-01"}))
    assert await free_boxes(world, title) == [free]
    assert (await seller.delete(f"/titles/{title}/offerings/{offering['id']}")).status_code == 204
    assert await free_boxes(world, title) == []


async def test_a_hard_holdback_blocks_the_whole_title_and_a_soft_one_warns(
    world: World, seller: Caller
) -> None:
    title = await title_of(world, seller)
    offering = await offered(
        seller,
        title,
        "SCO",
        "SVOD",
        holdbacks=[
            box("RU", "FREE_TV", hard=True, reason="Cinemas first"),
            box("KZ", "FREE_TV", hard=False, reason="A festival first"),
        ],
    )
    long = days("2028-12-01", "2030-12-31")
    problem = refused(await sell(seller, title, "RU KZ", "TV", term=long), "held_back")
    both = days("2028-12-01", "2028-12-31")
    assert problem["holdbacks"] == [
        {
            "offering_id": offering["id"],
            "reason": "Cinemas first",
            "boxes": [box("RU", "FREE_TV", term=both)],
        }
    ]
    licence = await sold(seller, title, "KZ", "TV", term=long)
    assert licence["warnings"] == [
        {
            "code": "held_back",
            "offering_id": offering["id"],
            "reason": "A festival first",
            "boxes": [box("KZ", "FREE_TV", term=both)],
        }
    ]
    assert (await sold(seller, title, "RU", "PAY_TV"))["warnings"] == []
    assert (await seller.delete(f"/titles/{title}/offerings/{offering['id']}")).status_code == 204
    assert (await sold(seller, title, "RU", "FREE_TV"))["warnings"] == []


async def test_what_was_sold_before_it_was_held_back_stays_sold(
    world: World, seller: Caller
) -> None:
    title = await title_of(world, seller)
    licence = await sold(seller, title, "RU KZ", "SVOD")
    await offered(
        seller, title, "SCO", "SVOD", holdbacks=[box("RU UZ", "SVOD", term=ALWAYS, hard=True)]
    )
    address = f"/licences/{licence['id']}"
    done(await seller.patch(address, {"note": "Late"}))
    done(await seller.patch(address, {"territories": ["RU"]}))
    problem = refused(await seller.patch(address, {"territories": ["RU", "UZ"]}), "held_back")
    (holdback,) = problem["holdbacks"]
    assert holdback["boxes"] == [box("UZ", "SVOD")], "what is new, alone"
    later = days("2027-01-01", "2029-12-31")
    problem = refused(await seller.patch(address, {"term": later}), "held_back")
    (holdback,) = problem["holdbacks"]
    assert holdback["boxes"] == [box("RU", "SVOD", term=days("2029-01-01", "2029-12-31"))]


async def test_a_ledger_has_an_end(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    await offered(seller, title)
    columns = "title_id, territories, media, languages, term"
    await execute(
        world,
        f"INSERT INTO offerings ({columns}) SELECT {columns} FROM offerings, "  # noqa: S608
        "generate_series(2, 500) WHERE title_id = :id",
        id=int(title),
    )
    refused(await seller.post(f"/titles/{title}/offerings", box()), "ledger_full")
