"""A second company looks after a screener for its seller."""

from typing import Any

import pytest

from app.models import Standing
from tests import screeners as films
from tests.grants import end_of, give, last_fact, sitting, to, to_link, told, watch
from tests.world import Caller, World


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await films.make_title(world, seller)


@pytest.fixture
async def screener(world: World, seller: Caller, title: str) -> str:
    return str((await films.ready_screener(world, seller, title))["id"])


@pytest.fixture
async def agent(world: World) -> Caller:
    return await world.seller("An agent")


async def hand(seller: Caller, screener: str, agent: Caller) -> dict[str, Any]:
    wanted = {"organisation_id": agent.organisation_id}
    answer = await seller.put(f"/screeners/{screener}/administrator", wanted)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_an_administrator_grants_changes_and_revokes_watches_and_does_no_more(
    world: World, seller: Caller, buyer: Caller, agent: Caller, title: str, screener: str
) -> None:
    path = f"/screeners/{screener}"
    assert (await agent.get(path)).status_code == 404
    assert (await seller.get(f"{path}/administrator")).status_code == 404
    shown = await hand(seller, screener, agent)
    assert shown["organisation"]["name"] == "An agent"
    for caller in (seller, agent):
        assert (await caller.get(f"{path}/administrator")).json() == shown

    assert (await agent.get(path)).json()["id"] == screener
    assert (await agent.get(f"/titles/{title}/screeners")).json()["items"] != []
    assert await watch(agent, screener) == "allowed"
    grant = await give(agent, screener, to(buyer))
    assert grant["granted_by_id"] == agent.person_id
    assert (await seller.get(f"{path}/grants")).json()["items"] == [grant]
    address = f"{path}/grants/{grant['id']}"
    assert (await agent.patch(address, {"max_views": 5})).status_code == 200
    assert (await agent.delete(address)).status_code == 204
    fact = await last_fact(world, "screener.grant_revoked")
    companies = (seller, buyer, agent)
    assert set(fact.organisation_ids) == {int(caller.organisation_id) for caller in companies}

    film = films.SHORT_FILM
    refused = [
        await agent.delete(path),
        await agent.get(f"{path}/upload"),
        await agent.post(f"{path}/part-urls", {"parts": [{"number": 1}]}),
        await agent.post(f"{path}/complete", film.stated),
        await agent.post(f"/titles/{title}/screeners", film.described()),
        await agent.put(f"{path}/administrator", {"organisation_id": buyer.organisation_id}),
        await agent.delete(f"{path}/administrator"),
    ]
    assert [(answer.status_code, told(answer)) for answer in refused] == [
        (403, "not_the_seller")
    ] * len(refused)


async def test_when_administration_ends_its_rights_do_and_its_grants_stay(
    world: World, seller: Caller, buyer: Caller, agent: Caller, screener: str
) -> None:
    path = f"/screeners/{screener}"
    await hand(seller, screener, agent)
    grant = await give(agent, screener, to(buyer))
    link = await give(agent, screener, to_link())
    watching = [
        await sitting(world, screener, agent),
        await sitting(world, screener, seller),
        await sitting(world, screener, buyer, grant),
    ]
    for _ in range(2):
        assert (await seller.delete(f"{path}/administrator")).status_code == 204
    answers = [
        await agent.get(path),
        await agent.get(f"{path}/grants"),
        await agent.delete(f"{path}/grants/{grant['id']}"),
        await agent.post(f"{path}/grants", to(buyer)),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert await watch(agent, screener) == "not_found"
    assert await watch(buyer, screener) == "allowed"
    assert [await end_of(world, viewing) for viewing in watching] == ["revoked", None, None]
    listed = (await seller.get(f"{path}/grants")).json()["items"]
    assert [row["id"] for row in listed] == [link["id"], grant["id"]]
    assert {row["revoked_at"] for row in listed} == {None}
    for type_ in ("screener.administrator_set", "screener.administrator_ended"):
        fact = await last_fact(world, type_)
        assert fact.data["administrator_id"] == agent.organisation_id
        both = {int(seller.organisation_id), int(agent.organisation_id)}
        assert set(fact.organisation_ids) == both
    facts = await films.facts(world, screener)
    assert facts.count("screener.administrator_ended") == 1


async def test_a_second_administrator_takes_the_place_of_the_first(
    world: World, seller: Caller, agent: Caller, screener: str
) -> None:
    await hand(seller, screener, agent)
    await hand(seller, screener, agent)
    other = await world.buyer()
    await hand(seller, screener, other)
    assert (await agent.get(f"/screeners/{screener}/grants")).status_code == 404
    assert (await other.get(f"/screeners/{screener}/grants")).status_code == 200
    facts = await films.facts(world, screener)
    assert [fact.partition(".")[2] for fact in facts] == [
        "administrator_set",
        "administrator_ended",
        "administrator_set",
    ]


async def test_only_another_company_that_sells_or_buys_may_administer(
    world: World, seller: Caller, screener: str
) -> None:
    neither = await world.company()
    pending = await world.seller(standing=Standing.PENDING)
    told_to = []
    for id_ in ("1", seller.organisation_id, neither.organisation_id, pending.organisation_id):
        wanted = {"organisation_id": id_}
        answer = await seller.put(f"/screeners/{screener}/administrator", wanted)
        told_to.append((answer.status_code, answer.json()["errors"][0]["detail"]))
    detail = "must be another company that sells or buys in the market"
    assert told_to == [(422, detail)] * 4


async def test_what_is_over_is_not_handed_to_anybody(
    seller: Caller, agent: Caller, screener: str
) -> None:
    await hand(seller, screener, agent)
    await seller.delete(f"/screeners/{screener}")
    answer = await seller.put(
        f"/screeners/{screener}/administrator", {"organisation_id": agent.organisation_id}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "screener_over")
    # Who administered it still reads what was.
    assert (await agent.get(f"/screeners/{screener}/grants")).status_code == 200


async def test_an_administrator_answers_requests_for_the_title(
    world: World, seller: Caller, buyer: Caller, agent: Caller, title: str, screener: str
) -> None:
    other = await world.buyer()
    asked = [
        (await caller.post("/screener-requests", {"title_id": title})).json()["id"]
        for caller in (buyer, other)
    ]
    paths = [f"/screener-requests/{id_}" for id_ in asked]
    assert (await agent.get(paths[0])).status_code == 404
    await hand(seller, screener, agent)
    received = (await agent.get("/screener-requests?direction=in")).json()["items"]
    assert [row["id"] for row in received] == asked[::-1]
    assert (await agent.get("/screener-requests?direction=out")).json()["items"] == []
    assert (await agent.post(f"{paths[0]}/cancel")).json()["code"] == "not_the_asker"

    declined = await agent.post(f"{paths[0]}/decline", {"answer": "Ask us in May."})
    assert declined.json()["state"] == "declined"
    await give(agent, screener, to(other))
    assert (await other.get(paths[1])).json()["state"] == "granted"
    fact = await last_fact(world, "screener_request.granted")
    companies = (seller, other, agent)
    assert set(fact.organisation_ids) == {int(caller.organisation_id) for caller in companies}
    mine = await agent.post("/screener-requests", {"title_id": title})
    assert mine.status_code == 403  # sells, and does not buy

    await seller.delete(f"/screeners/{screener}/administrator")
    assert (await agent.get(paths[0])).status_code == 404
