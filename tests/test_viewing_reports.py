"""Reports of viewings over HTTP: who reads them, and that they are what the ledger says."""

import csv
import io
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from tests import screeners as films
from tests.players import link_grant, player_of, row_of, screener_of, sought, viewing_of, watched
from tests.world import Caller, World

UNTIL = "2027-06-30T12:00:00Z"


@pytest.fixture
async def film(world: World, seller: Caller) -> tuple[str, str]:
    """Give a title's id and its screener's, of two minutes."""
    return await screener_of(world, seller)


async def report(caller: Caller, title: str, query: str = "") -> dict[str, Any]:
    answer = await caller.get(f"/titles/{title}/viewing-report{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_report_tells_who_watched_how_much(
    world: World, seller: Caller, buyer: Caller, film: tuple[str, str]
) -> None:
    title, screener = film
    grant = (await films.granted(seller, screener, buyer, UNTIL))["id"]
    first = await viewing_of(world, screener, grant, buyer)
    await first.say(watched(0, 60), sought(60, 30), watched(30, 60), sought(60, 90))
    await films.execute(world, "UPDATE viewings SET ended_at = now(), end_reason = 'expired'")
    second = await viewing_of(world, screener, grant, buyer, country="IR")
    await second.say(watched(55, 120), {"kind": "tampered", "detail": "watermark_removed"})
    link = await link_grant(world, seller, screener, "评审团")
    jury = await viewing_of(world, screener, link, country=None)
    await jury.say(watched(0, 120), watched(0, 60_000))  # the latter can't be
    own = await viewing_of(world, screener, None, seller)
    await own.say(watched(0, 10))

    found = await report(seller, title)
    by_link, by_buyer = sorted(found["viewers"], key=lambda line: line["person"] is not None)
    assert {key: found[key] for key in found if key not in {"viewers", "curve"}} == {
        "title_id": title,
        "duration_seconds": 120,
        "viewer_count": 2,
        "viewings": 3,
        "completions": 1,
        "watched_seconds": 275,
        "mean_seen_share": round((0.5 + 65 / 120 + 1) / 3, 4),
    }
    row = await row_of(world, second.viewing_id)
    assert by_buyer == {
        "person": {"id": buyer.person_id, "name": by_buyer["person"]["name"]},
        "recipient_name": None,
        "grant_id": None,
        "organisation": {
            "id": buyer.organisation_id,
            "name": by_buyer["organisation"]["name"],
            "country": "KZ",
        },
        "first_at": by_buyer["first_at"],
        "last_at": row.last_seen_at.isoformat().replace("+00:00", "Z"),
        "viewings": 2,
        "completions": 0,
        "watched_seconds": 155,
        "seen_share": 1,
        "furthest_share": 1,
        "rewinds": 1,
        "skips": 1,
        "tamperings": 1,
        "countries": ["IR", "KZ"],
    }
    assert (by_link["recipient_name"], by_link["grant_id"]) == ("评审团", link)
    assert (by_link["watched_seconds"], by_link["countries"]) == (120, [])
    curve = found["curve"]
    assert len(curve) == 120
    seen = {at: curve[at]["seen"] for at in (0, 54, 57, 60, 119)}
    assert seen == {0: 0.6667, 54: 0.6667, 57: 1, 60: 0.6667, 119: 0.6667}
    assert [at for at, point in enumerate(curve) if point["rewinds"]] == [30]


async def test_a_report_is_narrowed(
    world: World, seller: Caller, buyer: Caller, film: tuple[str, str]
) -> None:
    title, screener = film
    other = str((await films.ready_screener(world, seller, title))["id"])
    grant = (await films.granted(seller, screener, buyer, UNTIL))["id"]
    link = await link_grant(world, seller, other, "A jury")
    await viewing_of(world, screener, grant, buyer, ago=timedelta(days=3))
    await viewing_of(world, other, link)

    async def count(query: str) -> int:
        return int((await report(seller, title, query))["viewings"])

    assert await count("") == 2
    assert await count(f"?screener_id={other}") == 1
    assert await count(f"?organisation_id={buyer.organisation_id}") == 1
    assert await count(f"?organisation_id={seller.organisation_id}") == 0
    assert await count(f"?grant_id={link}") == 1
    assert await count(f"?grant_id={link}&screener_id={screener}") == 0
    row = await films_row(world, grant)
    assert await count(f"?from={row}") == 2
    assert await count(f"?until={row}") == 0
    assert await count("?from=9999-12-31T23:59:59Z") == 0
    assert await count("?until=0001-01-01T00:00:00Z") == 0
    for query in ("from=today", "screener_id=x", "grant_id=", "until=2026-01-01"):
        answer = await seller.get(f"/titles/{title}/viewing-report?{query}")
        assert answer.status_code == 422, query


async def films_row(world: World, grant: str) -> str:
    async with world.app.state.database.engine.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT opened_at FROM viewings WHERE grant_id = $1", (int(grant),)
        )
        opened = found.scalar_one()
    return str(opened.isoformat().replace("+00:00", "Z"))


async def test_who_administers_a_screener_reads_of_that_one(
    world: World, seller: Caller, film: tuple[str, str]
) -> None:
    title, screener = film
    agent = await world.seller()
    assert (await agent.get(f"/titles/{title}/viewing-report")).status_code == 403
    handed = await seller.put(
        f"/screeners/{screener}/administrator", {"organisation_id": agent.organisation_id}
    )
    assert handed.status_code == 200, handed.text
    other = str((await films.ready_screener(world, seller, title))["id"])
    for id_ in (screener, other):
        await viewing_of(world, id_, await link_grant(world, seller, id_, "A jury"))
    assert (await report(agent, title))["viewings"] == 1
    assert (await report(agent, title, f"?screener_id={other}"))["viewings"] == 0
    assert (await report(seller, title))["viewings"] == 2
    assert (await agent.get(f"/screeners/{other}/viewings")).status_code == 404
    assert len((await agent.get(f"/screeners/{screener}/viewings")).json()["items"]) == 1


async def test_a_title_that_nobody_watched_has_a_report(
    seller: Caller, film: tuple[str, str]
) -> None:
    found = await report(seller, film[0])
    assert (found["viewings"], found["viewers"], found["duration_seconds"]) == (0, [], None)
    assert found["curve"] == [{"begins": 0, "seen": 0, "rewinds": 0}]


async def test_a_report_is_a_table_and_a_picture_too(
    world: World, seller: Caller, film: tuple[str, str]
) -> None:
    title, screener = film
    link = await link_grant(world, seller, screener, "=1+1")
    player = await viewing_of(world, screener, link)
    await player.say(watched(0, 90))

    answer = await seller.get(f"/titles/{title}/viewing-report.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    named = f'attachment; filename="viewings-{title}.csv"'
    assert answer.headers["Content-Disposition"] == named
    (line,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (line["viewer"], line["by_link"], line["organisation"]) == ("'=1+1", "yes", "")
    assert (line["watched_minutes"], line["seen_percent"]) == ("1.5", "75.0")
    assert (line["furthest"], line["countries"]) == ("0:01:30", "KZ")

    answer = await seller.get(f"/titles/{title}/viewing-report.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    drawing = fromstring(answer.content)  # noqa: S314  # our own
    description = drawing.findtext("{http://www.w3.org/2000/svg}desc") or ""
    assert "At 0:01:30: 0 % of viewings." in description
    narrowed = await seller.get(f"/titles/{title}/viewing-report.svg?grant_id=1")
    assert "Nobody has watched it." in narrowed.text


async def test_a_seller_lists_viewings_and_reads_their_records(
    world: World, seller: Caller, buyer: Caller
) -> None:
    player = await player_of(world, seller, buyer)
    await player.say(watched(0, 5), {"kind": "paused", "at_ms": 5000})
    row = await row_of(world, player.viewing_id)
    link = await link_grant(world, seller, str(row.screener_id), "A jury")
    by_link = await viewing_of(world, str(row.screener_id), link)

    path = f"/screeners/{row.screener_id}/viewings"
    page = (await seller.get(f"{path}?limit=1")).json()
    assert [item["id"] for item in page["items"]] == [by_link.viewing_id]
    assert page["items"][0]["recipient_name"] == "A jury"
    last = await seller.get(f"{path}?limit=1&cursor={page['next_cursor']}")
    (item,) = last.json()["items"]
    assert last.json()["next_cursor"] is None
    shown = {"id": item["id"], "address": item["address"], "country": item["country"]}
    assert shown == {"id": player.viewing_id, "address": "192.0.2.0/24", "country": "KZ"}
    assert (item["person"]["id"], item["recipient_name"]) == (buyer.person_id, None)
    assert (item["watched_seconds"], item["position_seconds"]) == (5, 5)
    assert item["entry_count"] == 3

    path = f"/viewings/{player.viewing_id}/ledger"
    page = (await seller.get(f"{path}?limit=2")).json()
    opened, saw = page["items"]
    assert opened["kind"] == "opened"
    assert opened["data"] == {"address": "192.0.2.0/24", "country": "KZ"}
    assert (saw["from_ms"], saw["to_ms"], len(saw["hash"])) == (0, 5000, 64)
    last = await seller.get(f"{path}?limit=2&cursor={page['next_cursor']}")
    assert [entry["kind"] for entry in last.json()["items"]] == ["paused"]
    for text in (last.text, str(page)):
        assert "192.0.2.77" not in text
        assert "A player of the tests" not in text
        assert player.token not in text


async def test_a_buyer_lists_what_they_watched_and_reads_no_record(
    world: World, seller: Caller, buyer: Caller
) -> None:
    player = await player_of(world, seller, buyer)
    await player.say(watched(0, 5))
    (mine,) = (await buyer.get("/viewings")).json()["items"]
    assert (mine["id"], mine["title"], mine["position_seconds"]) == (
        player.viewing_id,
        "Сталкер",
        5,
    )
    assert mine["end_reason"] is None
    colleague = await world.person(buyer.organisation_id)
    assert (await colleague.get("/viewings")).json()["items"] == []
    again = await player_of(world, seller, buyer)
    page = (await buyer.get("/viewings?limit=1")).json()
    assert [item["id"] for item in page["items"]] == [again.viewing_id]
    last = await buyer.get(f"/viewings?limit=1&cursor={page['next_cursor']}")
    assert [item["id"] for item in last.json()["items"]] == [player.viewing_id]
    assert (await buyer.get(f"/viewings/{player.viewing_id}/ledger")).status_code == 403
    assert (await colleague.get(f"/viewings/{player.viewing_id}/ledger")).status_code == 404
    await films.execute(world, "UPDATE screener_grants SET revoked_at = now()")
    (_, over) = (await buyer.get("/viewings")).json()["items"]
    assert over["end_reason"] == "revoked"
