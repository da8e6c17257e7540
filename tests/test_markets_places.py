"""Halls, the walks between them, and the places where people meet."""

import asyncio
from typing import Any

from tests.manners import pointers, refused
from tests.markets import Json, draft, hall, made, opened, place
from tests.meetings import events_of
from tests.world import Caller, World


async def listed(caller: Caller, path: str) -> list[str]:
    """Name what a list has."""
    answer = await caller.get(path)
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["items"]]


# Halls ----------------------------------------------------------------------------------------


async def test_halls_are_added_renamed_and_deleted(
    world: World, organiser: Caller, buyer: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    first = await hall(organiser, market_id, "Hall 1")
    await hall(organiser, market_id, "Hall 2")
    address = f"/halls/{first['id']}"
    read = await buyer.get(address)
    assert read.json() == first
    tag = read.headers["ETag"]
    assert (await buyer.get(address, headers={"If-None-Match": tag})).status_code == 304
    renamed = await organiser.patch(address, {"name": "The Old Hall"}, headers={"If-Match": tag})
    assert renamed.json()["name"] == "The Old Hall"
    same = await organiser.patch(address, {"name": "The Old Hall"})
    assert same.headers["ETag"] == renamed.headers["ETag"]
    stale = await organiser.delete(address, headers={"If-Match": tag})
    refused(stale, 412, "precondition_failed")
    path = f"/markets/{market_id}/halls"
    assert await listed(buyer, path) == ["The Old Hall", "Hall 2"]
    assert await listed(buyer, f"{path}?limit=1") == ["The Old Hall"]
    cursor = (await buyer.get(f"{path}?limit=1")).json()["next_cursor"]
    assert await listed(buyer, f"{path}?cursor={cursor}") == ["Hall 2"]
    assert (await organiser.delete(address)).status_code == 204
    refused(await organiser.delete(address), 404, "not_found")
    assert await listed(buyer, path) == ["Hall 2"]
    assert [event.type for event in await events_of(world, first["id"])] == [
        "hall.created",
        "hall.updated",
        "hall.deleted",
    ]


async def test_no_two_halls_of_a_market_have_one_name(organiser: Caller) -> None:
    market_id = (await draft(organiser))["id"]
    first = await hall(organiser, market_id)
    second = await hall(organiser, market_id, "Hall 2")
    taken = await organiser.post(f"/markets/{market_id}/halls", {"name": "HALL 2"})
    refused(taken, 409, "name_taken")
    refused(
        await organiser.patch(f"/halls/{second['id']}", {"name": first["name"]}), 409, "name_taken"
    )
    await hall(organiser, (await draft(organiser))["id"], first["name"])


async def test_a_market_has_fifty_halls_at_most(organiser: Caller) -> None:
    market_id = (await draft(organiser))["id"]
    for number in range(50):
        await hall(organiser, market_id, f"Hall {number}")
    one_more = await organiser.post(f"/markets/{market_id}/halls", {"name": "One more"})
    refused(one_more, 409, "too_many_halls")


async def test_a_hall_stays_while_places_stand_in_it(organiser: Caller) -> None:
    market_id = (await draft(organiser))["id"]
    used = await hall(organiser, market_id)
    table = await place(organiser, used)
    refused(await organiser.delete(f"/halls/{used['id']}"), 409, "hall_in_use")
    await organiser.delete(f"/places/{table['id']}")
    assert (await organiser.delete(f"/halls/{used['id']}")).status_code == 204


# Walks ----------------------------------------------------------------------------------------


async def test_walks_are_said_once_for_both_ways(organiser: Caller, buyer: Caller) -> None:
    market_id = (await opened(organiser))["id"]
    ids = [(await hall(organiser, market_id, f"Hall {number}"))["id"] for number in range(3)]
    address = f"/markets/{market_id}/walks"
    none_yet = await buyer.get(address)
    assert none_yet.json() == {"walk_minutes": 10, "walks": []}
    walks = [
        {"hall_ids": [ids[2], ids[0]], "minutes": 12},
        {"hall_ids": [ids[0], ids[1]], "minutes": 0},
    ]
    tag = none_yet.headers["ETag"]
    answer = await organiser.put(address, {"walks": walks}, headers={"If-Match": tag})
    assert answer.json() == {
        "walk_minutes": 10,
        "walks": [
            {"hall_ids": [ids[0], ids[1]], "minutes": 0},
            {"hall_ids": [ids[0], ids[2]], "minutes": 12},
        ],
    }
    refused(
        await organiser.put(address, {"walks": []}, headers={"If-Match": tag}),
        412,
        "precondition_failed",
    )
    await organiser.patch(f"/markets/{market_id}", {"walk_minutes": 5})
    await organiser.delete(f"/halls/{ids[1]}")
    read = await buyer.get(address)
    assert read.json() == {
        "walk_minutes": 5,
        "walks": [{"hall_ids": [ids[0], ids[2]], "minutes": 12}],
    }
    known = await buyer.get(address, headers={"If-None-Match": read.headers["ETag"]})
    assert known.status_code == 304
    assert (await organiser.put(address, {"walks": []})).json()["walks"] == []


async def test_walks_that_cannot_be_are_refused(organiser: Caller) -> None:
    market_id, other = [(await draft(organiser))["id"] for _ in range(2)]
    one = (await hall(organiser, market_id, "Hall 1"))["id"]
    two = (await hall(organiser, market_id, "Hall 2"))["id"]
    foreign = (await hall(organiser, other))["id"]
    cases: list[tuple[Any, list[str]]] = [
        ([{"hall_ids": [one, one], "minutes": 1}], ["/walks/0/hall_ids"]),
        ([{"hall_ids": [one], "minutes": 1}], ["/walks/0/hall_ids"]),
        ([{"hall_ids": [one, two], "minutes": 241}], ["/walks/0/minutes"]),
        ([{"hall_ids": [one, two], "minutes": 1}, {"hall_ids": [two, one], "minutes": 2}], [""]),
        (
            [{"hall_ids": [one, two], "minutes": 1}, {"hall_ids": [foreign, one], "minutes": 1}],
            ["/walks/1/hall_ids"],
        ),
        ([{"hall_ids": [one, two], "minutes": 1}] * 2000, ["/walks"]),
    ]
    for walks, expected in cases:
        answer = await organiser.put(f"/markets/{market_id}/walks", {"walks": walks})
        assert pointers(refused(answer, 422, "invalid")) == expected, walks


# Places ---------------------------------------------------------------------------------------


async def test_places_are_added_changed_closed_and_deleted(
    world: World, organiser: Caller, seller: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    one, two = [await hall(organiser, market_id, f"Hall {number}") for number in (1, 2)]
    table = await place(organiser, one, "B12")
    assert table == {
        "id": table["id"],
        "market_id": market_id,
        "name": "B12",
        "kind": "table",
        "hall_id": one["id"],
        "seller": None,
        "closed_at": None,
        "created_at": table["created_at"],
        "updated_at": table["updated_at"],
    }
    address = f"/places/{table['id']}"
    read = await seller.get(address)
    tag = read.headers["ETag"]
    assert read.json() == table
    assert (await seller.get(address, headers={"If-None-Match": tag})).status_code == 304

    patch = {"kind": "stand", "hall_id": two["id"], "seller_id": seller.organisation_id}
    answer = await organiser.patch(address, patch, headers={"If-Match": tag})
    changed = answer.json()
    assert (changed["kind"], changed["hall_id"]) == ("stand", two["id"])
    assert changed["seller"]["id"] == seller.organisation_id
    refused(
        await organiser.patch(address, {}, headers={"If-Match": tag}), 412, "precondition_failed"
    )
    closed = (await organiser.patch(address, {"closed": True})).json()
    assert closed["closed_at"] is not None
    assert (await organiser.patch(address, {"closed": True})).json() == closed
    assert (await organiser.patch(address, {"closed": False})).json()["closed_at"] is None
    online = await organiser.patch(address, {"kind": "online", "hall_id": None, "seller_id": None})
    assert (online.json()["hall_id"], online.json()["seller"]) == (None, None)

    assert (await organiser.delete(address)).status_code == 204
    refused(await organiser.get(address), 404, "not_found")
    types = [event.type for event in await events_of(world, table["id"])]
    assert types == ["place.created", *["place.updated"] * 4, "place.deleted"]


async def test_hundreds_of_tables_are_added_at_once_or_none_of_them(
    world: World, organiser: Caller, buyer: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    standing = await hall(organiser, market_id)
    path = f"/markets/{market_id}/places"
    tables = [
        {"name": f"T{number}", "kind": "table", "hall_id": standing["id"]}
        for number in range(1, 501)
    ]
    answer = await organiser.post(f"{path}/bulk", {"places": tables})
    assert answer.status_code == 201, answer.text
    assert [row["name"] for row in answer.json()["places"]] == [row["name"] for row in tables]
    assert await listed(buyer, f"{path}?limit=3") == ["T1", "T2", "T3"]

    more = [{**tables[0], "name": name} for name in ("T501", "t7", "t9")]
    document = refused(await organiser.post(f"{path}/bulk", {"places": more}), 409, "name_taken")
    assert document["names"] == ["T7", "T9"]
    twice = [{**tables[0], "name": name} for name in ("U1", "u1")]
    document = refused(await organiser.post(f"{path}/bulk", {"places": twice}), 422, "invalid")
    assert pointers(document) == ["/places/1/name"]
    refused(await organiser.post(f"{path}/bulk", {"places": tables[:1] * 501}), 422, "invalid")
    refused(await organiser.post(f"{path}/bulk", {"places": []}), 422, "invalid")
    pool = world.app.state.database.reads.pool
    assert await pool.fetchval("SELECT count(*) FROM places") == 500


async def test_places_are_found_by_hall_seller_and_kind(organiser: Caller, seller: Caller) -> None:
    market_id = (await opened(organiser))["id"]
    one, two = [await hall(organiser, market_id, f"Hall {number}") for number in (1, 2)]
    await place(organiser, one, "T1")
    await place(organiser, two, "T2", seller_id=seller.organisation_id)
    await place(organiser, two, "R1", kind="room")
    path = f"/markets/{market_id}/places"
    await made(organiser, path, {"name": "Online 1", "kind": "online"})
    assert await listed(seller, path) == ["T1", "T2", "R1", "Online 1"]
    assert await listed(seller, f"{path}?hall_id={two['id']}") == ["T2", "R1"]
    assert await listed(seller, f"{path}?seller_id={seller.organisation_id}") == ["T2"]
    assert await listed(seller, f"{path}?kind=online") == ["Online 1"]
    assert await listed(seller, f"{path}?kind=table&hall_id={one['id']}") == ["T1"]


async def test_places_that_cannot_be_are_refused(
    organiser: Caller, buyer: Caller, seller: Caller
) -> None:
    market_id = (await draft(organiser))["id"]
    own = await hall(organiser, market_id)
    foreign = await hall(organiser, (await draft(organiser))["id"])
    table: Json = {"name": "T1", "kind": "table", "hall_id": own["id"]}
    path = f"/markets/{market_id}/places"
    cases: list[tuple[Json, str]] = [
        ({"hall_id": None}, ""),
        ({"kind": "online"}, ""),
        ({"kind": "sofa"}, "/kind"),
        ({"hall_id": foreign["id"]}, "/hall_id"),
        ({"hall_id": 10**18}, "/hall_id"),
        ({"seller_id": buyer.organisation_id}, "/seller_id"),
        ({"seller_id": "404"}, "/seller_id"),
        ({"name": " "}, "/name"),
        ({"closed": True}, "/closed"),
    ]
    for wrong, pointer in cases:
        answer = await organiser.post(path, table | wrong)
        assert pointers(refused(answer, 422, "invalid")) == [pointer], wrong
        answer = await organiser.post(f"{path}/bulk", {"places": [table | wrong]})
        assert pointers(refused(answer, 422, "invalid")) == [f"/places/0{pointer}"], wrong
    refused(await organiser.post("/markets/404/places", table), 404, "not_found")

    made_ = await place(organiser, own, "T1", seller_id=seller.organisation_id)
    await place(organiser, own, "T2")
    address = f"/places/{made_['id']}"
    for patch, pointer in (
        ({"hall_id": None}, "/hall_id"),
        ({"kind": "online"}, "/hall_id"),
        ({"hall_id": foreign["id"]}, "/hall_id"),
        ({"seller_id": buyer.organisation_id}, "/seller_id"),
        ({"closed": None}, "/closed"),
        ({"name": None}, "/name"),
    ):
        answer = await organiser.patch(address, patch)
        assert pointers(refused(answer, 422, "invalid")) == [pointer], patch
    refused(await organiser.patch(address, {"name": "t2"}), 409, "name_taken")
    refused(await organiser.post(path, table), 409, "name_taken")


# All at once ----------------------------------------------------------------------------------


async def test_who_changes_a_market_at_once_takes_turns(world: World, organiser: Caller) -> None:
    market_id = (await opened(organiser))["id"]
    first = await hall(organiser, market_id)
    path = f"/markets/{market_id}"

    async def busy(number: int) -> list[int]:
        answers = [
            await organiser.post(f"{path}/halls", {"name": f"Hall {number % 4}"}),
            await organiser.patch(path, {"ends_on": f"2027-06-{17 + number % 3}"}),
            await organiser.post(f"{path}/places", table_of(first, number % 5)),
            await organiser.delete(f"/halls/{first['id']}"),
            await organiser.put(f"{path}/walks", {"walks": []}),
        ]
        return [answer.status_code for answer in answers]

    codes = [code for row in await asyncio.gather(*map(busy, range(16))) for code in row]
    assert set(codes) <= {200, 201, 409, 404, 422, 204}
    pool = world.app.state.database.reads.pool
    hanging = await pool.fetchval(
        "SELECT count(*) FROM places WHERE hall_id NOT IN (SELECT id FROM halls)"
    )
    assert hanging == 0
    halls = await pool.fetchval("SELECT count(*) FROM halls WHERE name <> 'Hall 1'")
    assert halls == 3


def table_of(hall: Json, number: int) -> Json:
    return {"name": f"T{number}", "kind": "table", "hall_id": hall["id"]}
