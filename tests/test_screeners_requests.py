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

    screener = await films.ready_screener(world, seller, title)
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


# Granted in one step --------------------------------------------------------------------------

UNTIL = "2027-06-30T12:00:00Z"


async def test_a_request_is_granted_in_one_step_on_the_terms_that_are_said(
    world: World, seller: Caller, buyer: Caller, title: str
) -> None:
    request = await asked(buyer, title)
    path = f"/screener-requests/{request['id']}/grant"
    terms = {"expires_at": UNTIL, "max_views": 2, "territories": ["SCO"], "may_download": True}
    early = await seller.post(path, terms)
    assert (early.status_code, early.json()["code"]) == (409, "screener_not_ready")
    screener = await films.ready_screener(world, seller, title)
    assert (await buyer.post(path, terms)).json()["code"] == "not_the_seller"

    answer = await seller.post(path, terms)
    assert answer.status_code == 201
    grant = answer.json()
    assert grant | terms == grant
    assert (grant["screener_id"], grant["organisation"]["id"]) == (
        screener["id"],
        buyer.organisation_id,
    )
    assert (await seller.get(answer.headers["Location"])).json() == grant
    assert (await buyer.get(f"/screener-requests/{request['id']}")).json()["state"] == "granted"
    assert (await seller.post(path, terms)).json()["code"] == "already_answered"


async def test_a_request_is_granted_to_the_one_who_asked(
    world: World, seller: Caller, buyer: Caller, title: str
) -> None:
    screeners = [await films.ready_screener(world, seller, title) for _ in range(2)]
    request = await asked(buyer, title)
    path = f"/screener-requests/{request['id']}/grant"
    wanted = {"expires_at": UNTIL, "recipient": "person"}
    elsewhere = await films.ready_screener(world, seller, await films.make_title(world, seller))
    for screener_id in (None, elsewhere["id"], "1"):
        wrong = await seller.post(path, wanted | {"screener_id": screener_id})
        assert wrong.status_code == 422
        assert wrong.json()["errors"][0]["pointer"] == "/screener_id"
    grant = (await seller.post(path, wanted | {"screener_id": screeners[0]["id"]})).json()
    assert (grant["screener_id"], grant["person"]["id"]) == (screeners[0]["id"], buyer.person_id)

    again = await asked(await world.person(buyer.organisation_id), title)
    await films.execute(
        world, "UPDATE people SET removed_at = now() WHERE id = :id", id=int(again["person_id"])
    )
    wanted["screener_id"] = screeners[1]["id"]
    gone = await seller.post(f"/screener-requests/{again['id']}/grant", wanted)
    assert (gone.status_code, gone.json()["code"]) == (409, "asker_gone")


async def test_a_request_is_granted_once_by_however_many(
    world: World, seller: Caller, buyer: Caller, title: str
) -> None:
    screener = await films.ready_screener(world, seller, title)
    path = f"/screener-requests/{(await asked(buyer, title))['id']}"
    answers = []

    async def grant(address: str, wanted: dict[str, Any]) -> None:
        answers.append(await seller.post(address, wanted))

    to_company = {"organisation_id": buyer.organisation_id, "expires_at": UNTIL}
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(grant, f"{path}/grant", {"expires_at": UNTIL})
            tasks.start_soon(grant, f"/screeners/{screener['id']}/grants", to_company)
        tasks.start_soon(grant, f"{path}/decline", {})
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert [answer.status_code for answer in answers].count(201) <= 1
    grants = (await seller.get(f"/screeners/{screener['id']}/grants")).json()["items"]
    state = (await buyer.get(path)).json()["state"]
    assert (state, len(grants)) in {("granted", 1), ("declined", 0), ("declined", 1)}


async def test_a_grant_to_a_person_answers_what_they_asked_and_no_colleague(
    world: World, seller: Caller, buyer: Caller, title: str
) -> None:
    screener = await films.ready_screener(world, seller, title)
    colleague = await world.person(buyer.organisation_id)
    request = await asked(buyer, title)
    path = f"/screener-requests/{request['id']}"
    for person, then in ((colleague, "pending"), (buyer, "granted")):
        wanted = {"person_id": person.person_id, "expires_at": UNTIL}
        assert (await seller.post(f"/screeners/{screener['id']}/grants", wanted)).is_success
        assert (await buyer.get(path)).json()["state"] == then


async def test_who_has_watched_as_often_as_they_may_asks_for_more(
    world: World, seller: Caller, buyer: Caller, title: str
) -> None:
    screener = await films.ready_screener(world, seller, title)
    wanted = {"organisation_id": buyer.organisation_id, "expires_at": UNTIL, "max_views": 1}
    grant = (await seller.post(f"/screeners/{screener['id']}/grants", wanted)).json()
    again = await buyer.post("/screener-requests", {"title_id": title})
    assert again.json()["code"] == "already_granted"
    await films.execute(world, "UPDATE screener_grants SET views = 1")
    request = await asked(buyer, title)
    path = f"/screener-requests/{request['id']}"
    second = await seller.post(f"{path}/grant", {"expires_at": UNTIL})
    assert second.json()["grant_id"] == grant["id"]
    address = f"/screeners/{screener['id']}/grants/{grant['id']}"
    assert (await seller.patch(address, {"max_views": 3})).is_success
    assert (await buyer.get(path)).json()["state"] == "granted"
