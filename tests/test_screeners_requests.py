"""A buyer asks to watch a title; the seller answers."""

from typing import Any

import anyio
import pytest

from app.models import TitleState
from tests import screeners as films
from tests.world import Caller, World


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await films.make_title(world, seller)


async def asked(buyer: Caller, title_id: str, message: str = "") -> dict[str, Any]:
    answer = await buyer.post("/screener-requests", {"title_id": title_id, "message": message})
    assert answer.status_code == 201, answer.text
    request: dict[str, Any] = answer.json()
    return request


async def test_a_grant_answers_a_buyers_request(
    world: World, seller: Caller, buyer: Caller, title: str
) -> None:
    answer = await buyer.post(
        "/screener-requests", {"title_id": title, "message": "For our spring season."}
    )
    assert answer.status_code == 201
    request = answer.json()
    assert answer.headers["Location"] == f"/v1/screener-requests/{request['id']}"
    assert request == {
        "id": request["id"],
        "title_id": title,
        "seller_id": seller.organisation_id,
        "organisation": {
            "id": buyer.organisation_id,
            "name": request["organisation"]["name"],
            "country": "KZ",
        },
        "person_id": buyer.person_id,
        "message": "For our spring season.",
        "state": "pending",
        "answer": None,
        "answered_at": None,
        "created_at": request["created_at"],
    }
    received = (await seller.get("/screener-requests?direction=in&state=pending")).json()
    assert received["items"] == [request]

    screener = await films.uploaded(seller, title)
    await films.granted(seller, screener["id"], buyer)
    answered = (await buyer.get(f"/screener-requests/{request['id']}")).json()
    assert answered["state"] == "granted"
    assert answered["answered_at"] is not None
    assert await films.facts(world, request["id"]) == [
        "screener_request.created",
        "screener_request.granted",
    ]
    again = await buyer.post("/screener-requests", {"title_id": title})
    assert again.status_code == 409
    assert again.json()["code"] == "already_granted"
    assert again.json()["screener_id"] == screener["id"]


async def test_a_request_is_declined_with_a_word_of_why(
    seller: Caller, buyer: Caller, title: str
) -> None:
    request = await asked(buyer, title)
    path = f"/screener-requests/{request['id']}"
    assert (await buyer.post(f"{path}/decline", {})).json()["code"] == "not_the_seller"
    declined = (await seller.post(f"{path}/decline", {"answer": "Sold, sorry."})).json()
    assert (declined["state"], declined["answer"]) == ("declined", "Sold, sorry.")
    late = await buyer.post(f"{path}/cancel")
    assert late.status_code == 409
    assert late.json()["code"] == "already_answered"
    second = await asked(buyer, title)  # one may ask again
    answer = await seller.post(f"/screener-requests/{second['id']}/decline")
    assert answer.json()["answer"] is None


async def test_a_request_is_cancelled_by_those_who_made_it(
    world: World, seller: Caller, buyer: Caller, title: str
) -> None:
    request = await asked(buyer, title)
    path = f"/screener-requests/{request['id']}"
    assert (await seller.post(f"{path}/cancel")).json()["code"] == "not_the_asker"
    colleague = await world.person(buyer.organisation_id)
    assert (await colleague.post(f"{path}/cancel")).json()["state"] == "cancelled"
    assert (await seller.post(f"{path}/decline", {})).json()["code"] == "already_answered"


async def test_one_request_of_an_organisation_waits_at_a_time(
    world: World, buyer: Caller, title: str
) -> None:
    answers = []

    async def ask() -> None:
        answers.append(await buyer.post("/screener-requests", {"title_id": title}))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(ask)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused == {"request_pending"}
    await asked(await world.buyer(), title)


async def test_one_asks_only_for_what_one_sees_and_does_not_sell(
    world: World, seller: Caller, buyer: Caller
) -> None:
    draft = await films.make_title(world, seller, TitleState.DRAFT)
    assert (await buyer.post("/screener-requests", {"title_id": draft})).status_code == 404
    assert (await buyer.post("/screener-requests", {"title_id": "1"})).status_code == 404
    both = await world.company(sells=True, buys=True)
    own = await films.make_title(world, both)
    assert (await both.post("/screener-requests", {"title_id": own})).json()["code"] == "own_title"
    assert (await seller.post("/screener-requests", {"title_id": own})).status_code == 403


async def test_requests_are_seen_by_their_two_sides_alone(
    world: World, seller: Caller, buyer: Caller, organiser: Caller, title: str
) -> None:
    request = await asked(buyer, title)
    path = f"/screener-requests/{request['id']}"
    for caller in (await world.buyer(), await world.seller(), organiser):
        assert (await caller.get("/screener-requests")).json()["items"] == []
        answers = [
            await caller.get(path),
            await caller.post(f"{path}/decline", {}),
            await caller.post(f"{path}/cancel"),
        ]
        assert {answer.status_code for answer in answers} == {404}
    assert (await seller.get(path)).json() == (await buyer.get(path)).json() == request


async def test_requests_are_listed_by_direction_and_state_and_paged(
    world: World, buyer: Caller
) -> None:
    trader = await world.company(sells=True, buys=True)
    own, others = await films.make_title(world, trader), await world.seller()
    received = await asked(buyer, own)
    made = [await asked(trader, await films.make_title(world, others)) for _ in range(2)]
    await trader.post(f"/screener-requests/{made[0]['id']}/cancel")

    async def ids(**params: Any) -> list[str]:
        answer = await trader.get("/screener-requests", params=params)
        return [row["id"] for row in answer.json()["items"]]

    assert await ids() == [made[1]["id"], made[0]["id"], received["id"]]
    assert await ids(direction="in") == [received["id"]]
    assert await ids(direction="out") == [made[1]["id"], made[0]["id"]]
    assert await ids(direction="out", state="cancelled") == [made[0]["id"]]
    first = await trader.get("/screener-requests?limit=2")
    assert 'rel="next"' in first.headers["Link"]
    assert await ids(cursor=first.json()["next_cursor"]) == [received["id"]]
    bad = await trader.get("/screener-requests?direction=sideways")
    assert bad.status_code == 422
