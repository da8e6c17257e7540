"""The file itself, for the seller's own people and where a grant says so."""

from datetime import datetime, timedelta

import pytest

from app.settings import Settings
from tests import screeners as films
from tests.grants import (
    COUNTRY,
    LATER,
    give,
    last_fact,
    to,
    to_link,
    to_person,
    told,
    with_countries,
)
from tests.screeners import SHORT_FILM
from tests.servers import S3Settings
from tests.world import Caller, World


@pytest.fixture
def settings(database_url: str, s3_settings: S3Settings) -> Settings:
    return with_countries(database_url, s3_settings)


@pytest.fixture
async def screener(world: World, seller: Caller) -> str:
    """Give a ready screener whose file is in the store."""
    made = await films.uploaded(seller, await films.make_title(world, seller))
    await films.execute(
        world,
        "UPDATE screeners SET state = 'ready', stage = NULL, processed_at = now(),"
        " media_key = '\\x00', duration_milliseconds = 1000",
    )
    return str(made["id"])


async def test_who_may_download_gets_the_file_and_the_seller_knows(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    path = f"/screeners/{screener}/download"
    own = (await seller.post(path)).json()
    assert (await films.fetch(own["url"])).content == SHORT_FILM.content
    assert own["checksum"] == SHORT_FILM.checksum

    watched_only = await give(seller, screener, to(buyer))
    refused = await buyer.post(path)
    assert (refused.status_code, told(refused)) == (403, "download_not_granted")
    # Whose views are used up has the file still to get: how often one watches is another thing.
    grant = await give(seller, screener, to_person(buyer, may_download=True, max_views=1))
    await films.execute(world, "UPDATE screener_grants SET views = 1 WHERE max_views = 1")
    answer = await buyer.post(path)
    assert answer.status_code == 200
    file = await films.fetch(answer.json()["url"])
    assert file.content == SHORT_FILM.content
    assert file.headers["Content-Disposition"].startswith("attachment; ")
    fact = await last_fact(world, "screener.downloaded")
    assert (fact.data["grant_id"], fact.person_id) == (grant["id"], int(buyer.person_id))
    assert int(seller.organisation_id) in fact.organisation_ids

    colleague = await world.person(buyer.organisation_id)
    assert told(await colleague.post(path)) == "download_not_granted"
    address = f"/screeners/{screener}/grants/{watched_only['id']}"
    await seller.patch(address, {"may_download": True})
    assert told(await colleague.post(path)) == "allowed"
    assert told(await (await world.buyer()).post(path)) == "not_found"


async def test_an_administrator_has_the_file_only_where_it_was_granted(
    world: World, seller: Caller, screener: str
) -> None:
    agent, path = await world.seller(), f"/screeners/{screener}/download"
    wanted = {"organisation_id": agent.organisation_id}
    await seller.put(f"/screeners/{screener}/administrator", wanted)
    assert told(await agent.post(path)) == "download_not_granted"


async def test_the_file_is_had_then_and_there_where_it_was_granted(
    world: World, seller: Caller, buyer: Caller, screener: str
) -> None:
    path = f"/screeners/{screener}/download"
    grant = await give(seller, screener, to(buyer, may_download=True, territories=["KZ"]))
    assert told(await buyer.post(path)) == "country_unknown"
    assert told(await buyer.post(path, headers={COUNTRY: "RU"})) == "not_in_territory"
    await films.execute(
        world, "UPDATE screener_grants SET expires_at = now() + interval '90 seconds'"
    )
    soon = (await buyer.post(path, headers={COUNTRY: "KZ"})).json()
    assert (await last_fact(world, "screener.downloaded")).data["country"] == "KZ"
    listed = (await seller.get(f"/screeners/{screener}/grants/{grant['id']}")).json()
    ends = datetime.fromisoformat(listed["expires_at"])
    assert timedelta(0) <= ends - datetime.fromisoformat(soon["expires_at"]) < timedelta(seconds=2)
    await seller.delete(f"/screeners/{screener}/grants/{grant['id']}")
    await give(seller, screener, to(buyer, may_download=True, starts_at=LATER))
    assert told(await buyer.post(path)) == "grant_not_begun"


async def test_only_what_was_processed_is_downloaded(
    world: World, seller: Caller, screener: str
) -> None:
    await films.execute(world, "UPDATE screeners SET state = 'processing', stage = 'queued'")
    answer = await seller.post(f"/screeners/{screener}/download")
    assert (answer.status_code, told(answer)) == (409, "screener_not_ready")


async def test_a_link_leads_to_the_file_where_it_allows_that(
    world: World, seller: Caller, screener: str
) -> None:
    path = "/screener-links/download"
    kinds = {"may": to_link(may_download=True), "may not": to_link()}
    links = {name: await give(seller, screener, wanted) for name, wanted in kinds.items()}
    tokens = {name: grant["link"].partition("#")[2] for name, grant in links.items()}
    answer = await world.anonymous.post(path, {"token": tokens["may"]})
    assert (await films.fetch(answer.json()["url"])).content == SHORT_FILM.content
    fact = await last_fact(world, "screener.downloaded")
    assert (fact.data["grant_id"], fact.person_id) == (links["may"]["id"], None)
    refused = await world.anonymous.post(path, {"token": tokens["may not"]})
    assert (refused.status_code, told(refused)) == (403, "download_not_granted")
    await seller.delete(f"/screeners/{screener}/grants/{links['may']['id']}")
    for token in (tokens["may"], "made-up"):
        assert told(await world.anonymous.post(path, {"token": token})) == "not_found"


@pytest.mark.parametrize("token", ["", "a\x00b", "\ud800", "t" * 201, 5, None])
async def test_what_is_no_secret_of_a_link_is_refused(world: World, token: object) -> None:
    answer = await world.anonymous.request(
        "POST",
        "/screener-links/download",
        content=films.as_json({"token": token}),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in (400, 422)
