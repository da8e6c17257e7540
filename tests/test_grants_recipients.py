"""To whom a screener is granted: one person of a company, or whoever has a link."""

import hashlib

import pytest
from sqlalchemy import select

from app.errors import NotFound
from app.models import ScreenerGrant, Standing
from app.models.viewings import ViewingEnd
from app.screeners.grants.access import Allowed, WatchingRefused, may_watch_by_link, take_view
from tests import screeners as films
from tests.grants import (
    LATER,
    UNTIL,
    end_of,
    give,
    last_fact,
    sitting,
    to,
    to_link,
    to_person,
    watch,
)
from tests.world import Caller, World


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await films.make_title(world, seller)


@pytest.fixture
async def screener(world: World, seller: Caller, title: str) -> str:
    return str((await films.ready_screener(world, seller, title))["id"])


# A person -------------------------------------------------------------------------------------


async def test_a_grant_to_a_person_lets_nobody_else_of_their_company_watch(
    world: World, seller: Caller, buyer: Caller, title: str, screener: str
) -> None:
    colleague = await world.person(buyer.organisation_id)
    grant = await give(seller, screener, to_person(buyer))
    assert (grant["organisation"], grant["recipient_name"]) == (None, None)
    assert grant["person"]["id"] == buyer.person_id
    assert grant["person"]["organisation"]["id"] == buyer.organisation_id
    assert await watch(buyer, screener) == "allowed"
    assert (await buyer.get(f"/titles/{title}/screeners")).json()["items"] != []
    assert await watch(colleague, screener) == "not_found"
    assert (await colleague.get(f"/titles/{title}/screeners")).json()["items"] == []
    listed = (await seller.get(f"/screeners/{screener}/grants")).json()["items"]
    assert [row["person"] for row in listed] == [grant["person"]]

    fact = await last_fact(world, "screener.granted")
    assert fact.data["person_id"] == buyer.person_id
    assert int(buyer.organisation_id) in fact.organisation_ids

    again = await seller.post(f"/screeners/{screener}/grants", to_person(buyer))
    assert again.json()["grant_id"] == grant["id"]
    # Another recipient, though the same people may watch.
    await give(seller, screener, to(buyer))
    await seller.delete(f"/screeners/{screener}/grants/{grant['id']}")
    assert await watch(buyer, screener) == "allowed"


async def test_whoever_may_not_be_seen_looks_like_nobody(
    world: World, seller: Caller, screener: str
) -> None:
    pending = await world.buyer(standing=Standing.PENDING)
    suspended = await world.buyer(standing=Standing.SUSPENDED)
    removed = await world.buyer()
    await films.execute(
        world, "UPDATE people SET removed_at = now() WHERE id = :id", id=int(removed.person_id)
    )
    told = []
    for person_id in ("1", pending.person_id, suspended.person_id, removed.person_id):
        wanted = {"person_id": person_id, "expires_at": UNTIL}
        answer = await seller.post(f"/screeners/{screener}/grants", wanted)
        told.append((answer.status_code, answer.json()["errors"]))
    detail = "must be a person of another company of the market"
    assert told == [(422, [{"pointer": "/person_id", "detail": detail}])] * 4
    own = await seller.post(f"/screeners/{screener}/grants", to_person(seller))
    assert own.json()["errors"][0]["detail"] == detail


# A link ---------------------------------------------------------------------------------------


async def by_link(world: World, grant: dict[str, object], country: str | None = None) -> Allowed:
    async with world.app.state.database.session() as session, session.begin():
        allowed = await may_watch_by_link(session, token_of(grant), country)
        if allowed.viewing_id is None:
            await take_view(session, allowed)
        return allowed


def token_of(grant: dict[str, object]) -> str:
    return str(grant["link"]).partition("#")[2]


async def test_a_link_is_shown_once_and_kept_hashed(
    world: World, seller: Caller, screener: str
) -> None:
    headers = {"Idempotency-Key": "a-link"}
    answers = [
        await seller.post(f"/screeners/{screener}/grants", to_link(), headers=headers)
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()  # lost on its way, it can be had again
    grant = answers[0].json()
    assert grant["link"].startswith("http://127.0.0.1:8000/watch/link#")
    assert (grant["recipient_name"], grant["organisation"], grant["person"]) == (
        "Дилноза, жюри",
        None,
        None,
    )
    (listed,) = (await seller.get(f"/screeners/{screener}/grants")).json()["items"]
    assert listed == grant | {"link": None}
    async with world.app.state.database.session() as session:
        kept = await session.scalar(select(ScreenerGrant.token_hash))
    assert kept == hashlib.sha256(token_of(grant).encode()).digest()
    assert token_of(grant) not in str((await last_fact(world, "screener.granted")).data)

    second = await give(seller, screener, to_link())  # any number of them
    assert token_of(second) != token_of(grant)


async def test_whoever_has_a_link_may_watch_on_its_terms(
    world: World, seller: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to_link(max_views=1, territories=["KZ"]))
    with pytest.raises(WatchingRefused, match="can't be told"):
        await by_link(world, grant)
    allowed = await by_link(world, grant, "KZ")
    assert allowed.screener.id == int(screener)
    assert allowed.recipient_name == "Дилноза, жюри"
    with pytest.raises(WatchingRefused, match="as often as it was granted"):
        await by_link(world, grant, "KZ")
    watching = await sitting(world, screener, None, grant)
    assert (await by_link(world, grant, "KZ")).viewing_id == watching

    await seller.delete(f"/screeners/{screener}/grants/{grant['id']}")
    assert await end_of(world, watching) == ViewingEnd.REVOKED
    with pytest.raises(NotFound):
        await by_link(world, grant, "KZ")


async def test_a_link_leads_nowhere_once_its_screener_left_the_market(
    world: World, seller: Caller, screener: str
) -> None:
    later = await give(seller, screener, to_link(starts_at=LATER))
    with pytest.raises(WatchingRefused, match="later"):
        await by_link(world, later)
    grant = await give(seller, screener, to_link())
    await by_link(world, grant)
    await films.execute(world, "UPDATE titles SET state = 'withdrawn'")
    with pytest.raises(NotFound):
        await by_link(world, grant)
    await films.execute(world, "UPDATE titles SET state = 'published'")
    await films.execute(
        world,
        "UPDATE screener_grants SET starts_at = now() - interval '2 days',"
        " expires_at = now() - interval '1 day' WHERE id = :id",
        id=int(grant["id"]),
    )
    with pytest.raises(NotFound):
        await by_link(world, grant)
    with pytest.raises(NotFound):
        await by_link(world, {"link": "#made-up"})


async def test_a_view_is_not_taken_of_what_was_revoked_meanwhile(
    world: World, seller: Caller, screener: str
) -> None:
    grant = await give(seller, screener, to_link())
    async with world.app.state.database.session() as session, session.begin():
        allowed = await may_watch_by_link(session, token_of(grant), None)
        await seller.delete(f"/screeners/{screener}/grants/{grant['id']}")
        with pytest.raises(NotFound):
            await take_view(session, allowed)
