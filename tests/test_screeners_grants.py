"""Who may watch: the seller, and whom the seller lets, until when."""

from typing import Any

import anyio
import pytest

from app.models import Standing
from tests import screeners as films
from tests.grants import UNTIL, watch
from tests.screeners import SHORT_FILM
from tests.world import Caller, World


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await films.make_title(world, seller)


@pytest.fixture
async def screener(world: World, seller: Caller, title: str) -> str:
    ready = await films.ready_screener(world, seller, title)
    return str(ready["id"])


async def test_a_grant_lets_one_organisation_watch_until_it_is_revoked(
    world: World, seller: Caller, buyer: Caller, title: str, screener: str
) -> None:
    path, rival = f"/screeners/{screener}", await world.buyer()
    listing = f"/titles/{title}/screeners"
    assert (await buyer.post(f"{path}/playback")).status_code == 404
    assert (await buyer.get(listing)).json()["items"] == []

    answer = await seller.post(
        f"{path}/grants",
        {"organisation_id": buyer.organisation_id, "expires_at": "2027-06-30T17:30:00+05:30"},
    )
    assert answer.status_code == 201
    grant = answer.json()
    assert grant == {
        "id": grant["id"],
        "screener_id": screener,
        "organisation": {
            "id": buyer.organisation_id,
            "name": grant["organisation"]["name"],
            "country": "KZ",
        },
        "person": None,
        "recipient_name": None,
        "link": None,
        "starts_at": grant["created_at"],
        "expires_at": UNTIL,
        "revoked_at": None,
        "max_views": None,
        "views": 0,
        "territories": None,
        "may_download": False,
        "granted_by_id": seller.person_id,
        "created_at": grant["created_at"],
    }
    address = f"/v1{path}/grants/{grant['id']}"
    assert answer.headers["Location"] == address
    one = await seller.get(address)
    assert (one.json(), one.headers["ETag"]) == (grant, answer.headers["ETag"])
    known = await seller.get(address, headers={"If-None-Match": one.headers["ETag"]})
    assert known.status_code == 304

    colleague = await world.person(buyer.organisation_id)
    for viewer in (buyer, colleague):
        assert await watch(viewer, screener) == "allowed"
    assert [row["id"] for row in (await buyer.get(listing)).json()["items"]] == [screener]
    assert (await buyer.get(path)).json()["state"] == "ready"
    assert (await rival.get(path)).status_code == 404
    assert (await rival.post(f"{path}/playback")).status_code == 404
    assert (await rival.get(listing)).json()["items"] == []

    assert (await seller.delete(f"{path}/grants/{grant['id']}")).status_code == 204
    assert (await seller.delete(f"{path}/grants/{grant['id']}")).status_code == 204
    assert (await buyer.post(f"{path}/playback")).status_code == 404
    (revoked,) = (await seller.get(f"{path}/grants")).json()["items"]
    assert revoked["revoked_at"] is not None
    facts = await films.facts(world, screener)
    assert [fact for fact in facts if "grant" in fact] == [
        "screener.granted",
        "screener.grant_revoked",
    ]


async def test_who_may_watch_may_do_no_more(seller: Caller, buyer: Caller, screener: str) -> None:
    grant = await films.granted(seller, screener, buyer)
    path = f"/screeners/{screener}"
    answers = [
        await buyer.delete(path),
        await buyer.get(f"{path}/upload"),
        await buyer.post(f"{path}/part-urls", {"parts": [{"number": 1}]}),
        await buyer.post(f"{path}/complete", SHORT_FILM.stated),
        await buyer.get(f"{path}/grants"),
        await buyer.get(f"{path}/grants/{grant['id']}"),
        await buyer.patch(f"{path}/grants/{grant['id']}", {"max_views": 9}),
        await buyer.delete(f"{path}/grants/{grant['id']}"),
        await buyer.get(f"{path}/administrator"),
        await buyer.put(f"{path}/administrator", {"organisation_id": buyer.organisation_id}),
        await buyer.delete(f"{path}/administrator"),
        await buyer.post(
            f"{path}/grants", {"organisation_id": buyer.organisation_id, "expires_at": UNTIL}
        ),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert {answer.json()["code"] for answer in answers} == {"not_the_seller"}


async def test_to_everybody_else_a_screener_is_not_there(
    world: World, organiser: Caller, title: str, screener: str
) -> None:
    rival = await world.seller()
    path = f"/screeners/{screener}"
    for caller in (rival, organiser):
        answers = [
            await caller.get(path),
            await caller.delete(path),
            await caller.get(f"{path}/upload"),
            await caller.post(f"{path}/part-urls", {"parts": [{"number": 1}]}),
            await caller.post(f"{path}/complete", SHORT_FILM.stated),
            await caller.post(f"{path}/playback"),
            await caller.get(f"{path}/grants"),
            await caller.post(
                f"{path}/grants", {"organisation_id": rival.organisation_id, "expires_at": UNTIL}
            ),
            await caller.get(f"{path}/grants/1"),
            await caller.patch(f"{path}/grants/1", {"max_views": 9}),
            await caller.delete(f"{path}/grants/1"),
            await caller.get(f"{path}/administrator"),
            await caller.delete(f"{path}/administrator"),
            await caller.post(f"{path}/download"),
        ]
        assert {answer.status_code for answer in answers} == {404}
    started = await rival.post(f"/titles/{title}/screeners", SHORT_FILM.described())
    assert started.status_code == 403
    assert started.json()["code"] == "not_the_seller"


async def test_a_grant_ends_when_it_was_said_to(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    await films.granted(seller, screener, buyer)
    assert await watch(buyer, screener) == "allowed"
    await films.execute(
        world,
        "UPDATE screener_grants SET starts_at = now() - interval '2 days',"
        " expires_at = now() - interval '1 second'",
    )
    assert await watch(buyer, screener) == "not_found"
    await films.granted(seller, screener, buyer)  # the one before does not stand in the way
    assert await watch(buyer, screener) == "allowed"


async def test_an_organisation_has_one_open_grant_of_a_screener(
    seller: Caller, buyer: Caller, screener: str
) -> None:
    wanted = {"organisation_id": buyer.organisation_id, "expires_at": UNTIL}
    path = f"/screeners/{screener}/grants"
    answers = []

    async def grant() -> None:
        answers.append(await seller.post(path, wanted))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(grant)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    (made,) = (answer.json() for answer in answers if answer.status_code == 201)
    again = (await seller.post(path, wanted)).json()
    assert (again["code"], again["grant_id"]) == ("already_granted", made["id"])

    await seller.delete(f"{path}/{made['id']}")
    assert (await seller.post(path, wanted)).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2036-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-23:59"}, "/expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+23:59"}, "/expires_at"),
        ({"expires_at": "2027-01-01T00:00:00"}, "/expires_at"),
        ({"expires_at": 1e30}, "/expires_at"),
        ({"organisation_id": "1"}, "/organisation_id"),
        ({"organisation_id": "9223372036854775808"}, "/organisation_id"),
        ({"organisation_id": None}, ""),
        ({"person_id": "1"}, ""),
        ({"organisation_id": None, "person_id": "1"}, "/person_id"),
        ({"organisation_id": None, "link": {}}, "/link/recipient_name"),
        ({"organisation_id": None, "link": {"recipient_name": " "}}, "/link/recipient_name"),
        ({"organisation_id": None, "link": {"recipient_name": "a\x00b"}}, ""),
        ({"starts_at": UNTIL}, "/starts_at"),
        ({"starts_at": "9999-12-31T23:59:59Z"}, "/starts_at"),
        ({"max_views": 0}, "/max_views"),
        ({"max_views": 2**70}, "/max_views"),
        ({"max_views": True}, "/max_views"),
        ({"max_views": "3"}, "/max_views"),
        ({"territories": []}, "/territories"),
        ({"territories": ["ATLANTIS"]}, "/territories"),
        ({"territories": ["KZ", "-SCO"]}, "/territories"),
        ({"territories": ["SCO@0001-01-01"]}, "/territories"),
        ({"territories": ["KZ"] * 100_000}, "/territories"),
        ({"territories": ["K" * 100]}, "/territories/0"),
        ({"territories": "KZ"}, "/territories"),
        ({"may_download": "yes"}, "/may_download"),
        ({"views": 0}, "/views"),
    ],
)
async def test_impossible_grants_are_refused(
    seller: Caller, buyer: Caller, screener: str, wrong: dict[str, Any], pointer: str
) -> None:
    wanted = {"organisation_id": buyer.organisation_id, "expires_at": UNTIL} | wrong
    answer = await seller.post(f"/screeners/{screener}/grants", wanted)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("standing", [Standing.PENDING, Standing.SUSPENDED])
async def test_only_companies_of_the_market_are_granted(
    world: World, seller: Caller, screener: str, standing: Standing
) -> None:
    outsider = await world.buyer(standing=standing)
    for organisation_id in (outsider.organisation_id, seller.organisation_id):
        answer = await seller.post(
            f"/screeners/{screener}/grants",
            {"organisation_id": organisation_id, "expires_at": UNTIL},
        )
        assert answer.status_code == 422


async def test_only_a_ready_screener_of_a_published_title_is_granted(
    world: World, seller: Caller, buyer: Caller, title: str, screener: str
) -> None:
    wanted = {"organisation_id": buyer.organisation_id, "expires_at": UNTIL}
    unfinished = await films.started(seller, title)
    early = await seller.post(f"/screeners/{unfinished['id']}/grants", wanted)
    assert early.json()["code"] == "screener_not_ready"

    await films.execute(world, "UPDATE titles SET state = 'withdrawn'")
    unseen = await seller.post(f"/screeners/{screener}/grants", wanted)
    assert unseen.json()["code"] == "title_not_published"


async def test_with_its_title_or_seller_a_screener_leaves_the_market(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    await films.granted(seller, screener, buyer)
    await films.execute(world, "UPDATE titles SET state = 'withdrawn'")
    assert await watch(buyer, screener) == "not_found"
    await films.execute(world, "UPDATE titles SET state = 'published'")
    assert await watch(buyer, screener) == "allowed"
    await films.execute(
        world,
        "UPDATE organisations SET standing = 'suspended' WHERE id = :id",
        id=int(seller.organisation_id),
    )
    assert await watch(buyer, screener) == "not_found"


async def test_a_grant_of_another_screener_is_not_there(
    world: World, seller: Caller, buyer: Caller, title: str, screener: str
) -> None:
    other = await films.ready_screener(world, seller, title)
    grant = await films.granted(seller, other["id"], buyer)
    answer = await seller.delete(f"/screeners/{screener}/grants/{grant['id']}")
    assert answer.status_code == 404


async def test_grants_are_paged_newest_first(world: World, seller: Caller, screener: str) -> None:
    made = [(await films.granted(seller, screener, await world.buyer()))["id"] for _ in range(3)]
    path = f"/screeners/{screener}/grants"
    first = (await seller.get(f"{path}?limit=2")).json()
    second = (await seller.get(path, params={"cursor": first["next_cursor"]})).json()
    assert [row["id"] for row in first["items"] + second["items"]] == made[::-1]
