"""Sellers sell what they hold, and nothing twice; the two sides see a licence, nobody else."""

from typing import Any

import pytest

from tests.meetings import events_of, execute
from tests.rights import ALWAYS, Json, box, box_in, days, done, refused, sell, sold, title_of
from tests.world import Caller, World

FEE = {"amount": "12500.00", "currency": "USD"}


async def test_a_licence_is_sold_and_both_sides_see_it(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await title_of(world, seller, name="Сталкер")
    wanted = box(
        "KZ", "SVOD", licensee_id=buyer.organisation_id, exclusive=True, fee=FEE, note="Signed"
    )
    answer = await seller.post(f"/titles/{title}/licences", wanted)
    licence = done(answer, 201)
    assert licence == {
        **box("KZ", "SVOD"),
        "id": licence["id"],
        "state": "active",
        "title": {"id": title, "original_title": "Сталкер"},
        "seller": {
            "id": seller.organisation_id,
            "name": licence["seller"]["name"],
            "country": "KZ",
        },
        "licensee": {"id": buyer.organisation_id, "name": licence["licensee"]["name"]},
        "exclusive": True,
        "fee": FEE,
        "terminated_on": None,
        "note": "Signed",
        "created_at": licence["created_at"],
        "updated_at": licence["created_at"],
        "warnings": [],
    }
    address = f"/v1/licences/{licence['id']}"
    assert answer.headers["Location"] == address
    del licence["warnings"]
    assert done(await seller.get(address)) == licence
    assert done(await buyer.get(address)) == licence | {"note": None}
    (event,) = await events_of(world, licence["id"])
    sides = sorted([int(seller.organisation_id), int(buyer.organisation_id)])
    assert (event.type, event.organisation_ids) == ("licence.created", sides)


async def test_a_licence_may_be_sold_to_somebody_outside(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    licence = await sold(seller, title, licensee_name=" Qazaq Stream ", exclusive=False)
    assert licence["licensee"] == {"id": None, "name": "Qazaq Stream"}
    assert licence["fee"] is None
    (event,) = await events_of(world, licence["id"])
    assert event.organisation_ids == [int(seller.organisation_id)]


BAD: list[tuple[Json, str, str]] = [
    ({"licensee_name": "N" * 501}, "/licensee_name", "at most 500"),
    ({"licensee_id": "1"}, "", "and not both"),
    ({"licensee_name": None}, "", "licensee_id or licensee_name"),
    ({"licensee_name": None, "licensee_id": "1"}, "/licensee_id", "another company of the market"),
    ({"licensee_name": None, "licensee_id": "x"}, "/licensee_id", "must be an id"),
    ({"exclusive": "yes"}, "/exclusive", "valid boolean"),
    ({"exclusive": None}, "/exclusive", "valid boolean"),
    ({"fee": {"amount": "1e30", "currency": "USD"}}, "/fee/amount", "less than or equal"),
    ({"territories": ["XX"]}, "/territories", "no territory"),
    ({"state": "active"}, "/state", "not permitted"),
]


async def test_what_can_not_be_sold_is_refused_and_pointed_at(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    own = {"licensee_name": None, "licensee_id": seller.organisation_id}
    pending = await world.company()
    await execute(
        world,
        "UPDATE organisations SET standing = 'suspended' WHERE id = :id",
        id=int(pending.organisation_id),
    )
    gone = {"licensee_name": None, "licensee_id": pending.organisation_id}
    bad = [*BAD, *((one, "/licensee_id", "another company of the market") for one in (own, gone))]
    for change, pointer, told in bad:
        wanted = box(licensee_name="Qazaq Stream", exclusive=True) | change
        answer = await seller.post(f"/titles/{title}/licences", wanted)
        (error,) = refused(answer, "invalid", 422)["errors"]
        assert error["pointer"] == pointer, (change, error)
        assert told in error["detail"], (change, error)


async def test_nothing_is_sold_twice_and_the_clash_is_told(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await title_of(world, seller)
    first = await sold(seller, title, "KZ UZ", "SVOD AVOD", licensee_id=buyer.organisation_id)
    second = await sold(seller, title, "RU", "SVOD", "ru", exclusive=False)
    wanted = {"term": days("2028-01-01", "2030-12-31")}
    problem = refused(await sell(seller, title, "SCO", "SVOD", **wanted), "already_licensed")
    both = days("2028-01-01", "2028-12-31")
    assert problem["clashes"] == [
        {
            "licence_id": first["id"],
            "licensee": first["licensee"],
            "exclusive": True,
            "box": box("KZ UZ", "SVOD", term=both),
        },
        {
            "licence_id": second["id"],
            "licensee": second["licensee"],
            "exclusive": False,
            "box": box("RU", "SVOD", "ru", term=both),
        },
    ]
    problem = refused(
        await sell(seller, title, "SCO", "SVOD", exclusive=False, **wanted), "already_licensed"
    )
    assert [clash["licence_id"] for clash in problem["clashes"]] == [first["id"]]
    # What is left of it, can be had.
    await sold(seller, title, "SCO -KZ -UZ", "SVOD", exclusive=False, **wanted)
    await sold(seller, title, "KZ", "SVOD", term=days("2029-01-01", None))


async def test_licences_that_are_not_exclusive_share(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    for _ in range(3):
        await sold(seller, title, "KZ", "SVOD", exclusive=False)
    problem = refused(await sell(seller, title, "WORLD"), "already_licensed")
    assert len(problem["clashes"]) == 3


async def test_a_licence_lies_inside_what_is_held(world: World, seller: Caller) -> None:
    title = await title_of(world, seller, box("SCO", "SVOD"), box("TR", "SVOD"))
    wanted = {"term": days("2026-07-01", "2028-12-31")}
    problem = refused(await sell(seller, title, "SCO TR", "SVOD", **wanted), "outside_holdings")
    early = days("2026-07-01", "2026-12-31")
    assert problem["outside"] == [box("SCO TR", "SVOD", term=early)]
    await sold(seller, title, "SCO TR", "SVOD")
    nothing = await title_of(world, seller, box("KZ", "SVOD"))
    problem = refused(await sell(seller, nothing, "KZ", "AVOD"), "outside_holdings")
    assert problem["outside"] == [box("KZ", "AVOD")]


async def test_a_licence_is_amended_under_its_etag(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await title_of(world, seller)
    wanted = {"licensee_id": buyer.organisation_id, "fee": FEE}
    made = await sell(seller, title, "KZ", "SVOD", **wanted)
    address, etag = made.headers["Location"], made.headers["ETag"]
    read = await seller.get(address)
    known = await seller.get(address, headers={"If-None-Match": read.headers["ETag"]})
    assert known.status_code == 304

    longer = days("2027-01-01", "2029-12-31")
    patch = {"territories": ["KZ", "UZ"], "term": longer, "fee": None, "note": "Addendum 1"}
    changed = await seller.patch(address, patch, headers={"If-Match": etag})
    licence = done(changed)
    assert box_in(licence) == box("KZ UZ", "SVOD", term=longer)
    assert (licence["fee"], licence["note"]) == (None, "Addendum 1")
    refused(
        await seller.patch(address, {"fee": FEE}, headers={"If-Match": etag}),
        "precondition_failed",
        412,
    )
    same = await seller.patch(address, patch, headers={"If-Match": changed.headers["ETag"]})
    assert same.headers["ETag"] == changed.headers["ETag"], "nothing changed"
    refused(await buyer.patch(address, {"fee": FEE}), "not_the_seller", 403)
    refused(await seller.patch(address, {"licensee_name": "Another"}), "invalid", 422)
    created, updated = await events_of(world, licence["id"])
    assert updated.type == "licence.updated"
    assert updated.organisation_ids == created.organisation_ids
    (data,) = await execute(world, "SELECT data FROM events WHERE type = 'licence.updated'")
    assert data[0] == {
        "title_id": title,
        "seller_id": seller.organisation_id,
        "changed": ["fee", "term", "territories"],
    }


async def test_an_amendment_is_refused_as_a_sale_is(world: World, seller: Caller) -> None:
    title = await title_of(world, seller, box("SCO", "SVOD", term=ALWAYS))
    taken = await sold(seller, title, "UZ", "SVOD")
    shared = await sold(seller, title, "KZ", "SVOD", exclusive=False)
    await sold(seller, title, "KZ RU", "SVOD", exclusive=False)
    address = f"/licences/{shared['id']}"
    problem = refused(
        await seller.patch(address, {"territories": ["KZ", "UZ"]}), "already_licensed"
    )
    (clash,) = problem["clashes"]
    assert (clash["licence_id"], clash["box"]) == (taken["id"], box("UZ", "SVOD"))
    problem = refused(await seller.patch(address, {"exclusive": True}), "already_licensed")
    assert [clash["box"] for clash in problem["clashes"]] == [box("KZ", "SVOD")]
    problem = refused(await seller.patch(address, {"media": ["SVOD", "AVOD"]}), "outside_holdings")
    assert problem["outside"] == [box("KZ", "AVOD")]
    shown = done(await seller.get(address))
    assert shown == {name: shared[name] for name in shown}, "a refusal changes nothing"
    done(await seller.patch(address, {"territories": ["TJ"], "exclusive": True}))


async def test_a_terminated_licence_frees_what_is_left_of_it(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title = await title_of(world, seller)
    term = days("2019-01-01", "2030-12-31")
    title_old = await title_of(world, seller, box(term=days("2019-01-01", None)))
    licence = await sold(seller, title_old, "KZ", "SVOD", term=term, note="Signed")
    address = f"/licences/{licence['id']}"
    for outside in ("2018-12-31", "2031-01-01"):
        (error,) = refused(
            await seller.post(f"{address}/terminate", {"on": outside}), "invalid", 422
        )["errors"]
        assert error == {"pointer": "/on", "detail": "must be a day of the licence's term"}
    ended = done(await seller.post(f"{address}/terminate", {"on": "2020-07-01"}))
    assert (ended["state"], ended["terminated_on"]) == ("terminated", "2020-07-01")
    assert (ended["term"], ended["note"]) == (term, "Signed"), "as it was agreed"
    assert done(await seller.post(f"{address}/terminate", {"on": "2020-07-01"})) == ended
    refused(await seller.post(f"{address}/terminate", {"on": "2020-07-02"}), "licence_terminated")
    refused(await seller.patch(address, {"term": term | {"until": None}}), "licence_terminated")
    refused(await seller.patch(address, {"exclusive": False}), "licence_terminated")
    assert done(await seller.patch(address, {"note": "Over"}))["note"] == "Over"

    after = days("2020-07-01", "2030-12-31")
    refused(
        await sell(seller, title_old, "KZ", "SVOD", term=days("2020-06-30", None)),
        "already_licensed",
    )
    await sold(seller, title_old, "KZ", "SVOD", term=after)
    types = [event.type for event in await events_of(world, licence["id"])]
    assert types == ["licence.created", "licence.terminated", "licence.updated"]

    # For a day to come, it holds until then; and the note may be another.
    later = await sold(seller, title, "KZ", "SVOD", term=days("2026-01-01", None))
    told = {"on": "2099-01-01", "note": "Not renewed"}
    ended = done(await seller.post(f"/licences/{later['id']}/terminate", told))
    assert (ended["state"], ended["note"]) == ("active", "Not renewed")
    refused(
        await buyer.post(f"/licences/{later['id']}/terminate", {"on": "2099-01-01"}),
        "not_found",
        404,
    )


@pytest.fixture
async def ledger(world: World, seller: Caller, buyer: Caller) -> dict[str, str]:
    """Sell one licence of each state, one of another title, and buy one."""
    old = box(term=days("2019-01-01", None))
    title, other = await title_of(world, seller, old), await title_of(world, seller, old)
    both = await world.company(sells=True, buys=True)
    foreign = await title_of(world, both, old)
    to_buyer = {"licensee_id": buyer.organisation_id}
    past, now = days("2019-01-01", "2020-12-31"), days("2019-01-01", "2098-12-31")
    expired = await sold(seller, title, "KZ", term=past, **to_buyer)
    active = await sold(seller, title, "RU", term=now, **to_buyer)
    ended = await sold(seller, title, "UZ", term=now, **to_buyer)
    done(await seller.post(f"/licences/{ended['id']}/terminate", {"on": "2020-01-01"}))
    elsewhere = await sold(seller, other, "KZ", term=now)
    bought = await sold(both, foreign, "KZ", term=now, licensee_id=seller.organisation_id)
    return {
        "title": title,
        "expired": expired["id"],
        "active": active["id"],
        "terminated": ended["id"],
        "elsewhere": elsewhere["id"],
        "bought": bought["id"],
    }


async def test_licences_are_listed_by_side_title_and_state(
    ledger: dict[str, str], seller: Caller, buyer: Caller
) -> None:
    async def listed(caller: Caller, path: str = "/licences", **params: Any) -> list[str]:
        items = done(await caller.get(path, params=params))["items"]
        names = {id_: name for name, id_ in ledger.items()}
        return [names[item["id"]] for item in items]

    everything = ["bought", "elsewhere", "terminated", "active", "expired"]
    assert await listed(seller) == everything
    assert await listed(seller, side="sold") == everything[1:]
    assert await listed(seller, side="bought") == ["bought"]
    assert await listed(seller, title_id=ledger["title"]) == everything[2:]
    for state in ("expired", "terminated"):
        assert await listed(seller, state=state) == [state]
    assert await listed(seller, state="active") == ["bought", "elsewhere", "active"]
    assert await listed(seller, f"/titles/{ledger['title']}/licences") == everything[2:]
    assert await listed(seller, f"/titles/{ledger['title']}/licences", state="expired") == [
        "expired"
    ]
    assert await listed(buyer) == everything[2:]
    assert await listed(buyer, side="sold") == []

    found, params = [], {"limit": 2}
    while True:
        page = done(await seller.get("/licences", params=params))
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert found == [ledger[name] for name in everything]


async def test_a_sale_repeated_with_its_key_is_one_sale(world: World, seller: Caller) -> None:
    title = await title_of(world, seller)
    key = {"Idempotency-Key": "one-sale"}
    wanted = box("KZ", "SVOD", licensee_name="Qazaq Stream", exclusive=True)
    answers = [
        await seller.post(f"/titles/{title}/licences", wanted, headers=key) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(done(await seller.get(f"/titles/{title}/licences"))["items"]) == 1
