"""A market with one of everything, for tests that ask who may do what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker

from app.db import Database
from app.models import Operation, OperationFinding, OperationState, Severity, Standing
from app.partners.bulk.files import export_key, report_key
from app.scopes import SCOPES
from tests import (
    api_clients,
    day,
    grants,
    markets,
    meetings,
    operations,
    players,
    schedules,
    screeners,
)
from tests.rights import ALWAYS, box, offered, sold
from tests.world import Caller, World

NEXT_MONTH = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"

# Words that stand in what only some may read: found in an answer to anybody else, they are a leak.
OF_THE_SELLER = "heard by the seller alone"
OF_THE_TWO = "heard by the seller and the buyer"
OF_A_MEETING = "heard by the two who meet and the organisers"
OF_A_BUYER = "heard by no other buyer"
OF_THE_ORGANISERS = "heard by the organisers alone"
OF_THE_KEEPERS = "heard by the seller and who administers for them"
READERS = {
    OF_THE_SELLER: {"seller"},
    OF_THE_KEEPERS: {"seller", "rival"},
    OF_THE_TWO: {"seller", "buyer"},
    OF_A_MEETING: {"seller", "buyer", "organiser"},
    OF_A_BUYER: {"buyer", "seller", "rival", "organiser"},
    OF_THE_ORGANISERS: {"organiser"},
}


@dataclass(frozen=True)
class Scene:
    """Those who call, and the ids of what they call about."""

    app: FastAPI
    callers: dict[str, Caller]
    ids: dict[str, str]
    # Words, and who may read them
    readers: dict[str, set[str]]


async def build_scene(world: World) -> Scene:
    """Make a seller and a buyer with business between them, and everybody who must not see it."""
    both: dict[str, Any] = {"sells": True, "buys": True}
    callers = {
        "anonymous": world.anonymous,
        "pending": await world.company(standing=Standing.PENDING, **both),
        "buyer": await world.buyer(),
        "seller": await world.seller(),
        "rival": await world.company(**both),
        "suspended": await world.company(standing=Standing.SUSPENDED, **both),
        "organiser": await world.organiser(),
    }
    seller, buyer = callers["seller"], callers["buyer"]
    colleague = await world.person(seller.organisation_id)
    other_buyer = await world.buyer()
    for company in (buyer, other_buyer):
        await _put_buyer(company)
    ids = {
        "organisation": seller.organisation_id,
        "seller": seller.organisation_id,
        "colleague": colleague.person_id,
        "buyer": buyer.organisation_id,
        "other buyer": other_buyer.organisation_id,
        "pending": callers["pending"].organisation_id,
        "rival": callers["rival"].organisation_id,
        "language": "ru",
        "reference": f"{OF_THE_SELLER}: 1",
        "new reference": "a reference of nothing yet",
        **await _titles(world, seller),
    }
    ids |= await _screeners(world, seller, buyer, ids)
    ids |= await _administered(world, seller, buyer, ids)
    ids |= await _viewings(world, seller, buyer, ids)
    ids |= await _meetings(world, seller, buyer)
    ids |= await _calendars(seller, callers["organiser"])
    ids |= await _rights(seller, buyer, ids["title"])
    ids |= await _markets(callers["organiser"], seller, colleague)
    ids |= await _waiting(callers["organiser"], buyer, colleague, ids["market"])
    ids |= await _blocks(callers["organiser"], seller, ids["place"])
    ids |= await _busy(callers["organiser"], buyer, colleague)
    ids |= await _schedule(world, callers["organiser"], ids["market"])
    ids |= await _operation(world, seller)
    ids |= await _clients(callers)
    ids |= await _webhooks(seller)
    invitation = await seller.post(
        f"/organisations/{seller.organisation_id}/people", {"email": "invited@company.example"}
    )
    ids["invitation token"] = invitation.json()["token"]
    readers = READERS | {colleague.email: {"seller", "organiser"}}
    for side in ("seller", "buyer", "rival", "organiser"):
        callers[f"client of the {side}"] = await api_clients.signed_in(callers[side], *SCOPES)
    callers |= await _fenced(seller)
    return Scene(world.app, callers, ids, readers)


async def _clients(callers: dict[str, Caller]) -> dict[str, str]:
    """Make a client of the seller's, for others to ask about."""
    own = await api_clients.made(callers["seller"], name=OF_THE_SELLER)
    return {"client": own["id"], "secret": own["secrets"][0]["id"]}


async def _fenced(seller: Caller) -> dict[str, Caller]:
    """Make clients of the seller's that may do nothing now: one was revoked, one is elsewhere."""
    revoked = await api_clients.signed_in(seller, *SCOPES)
    await seller.delete(f"/api-clients/{revoked.id}")
    elsewhere = await api_clients.signed_in(seller, *SCOPES)
    away = {"allowed_networks": api_clients.ELSEWHERE}
    await seller.patch(f"/api-clients/{elsewhere.id}", away)
    return {"revoked client": revoked, "client elsewhere": elsewhere}


async def _put_buyer(buyer: Caller) -> None:
    text = {"name": OF_A_BUYER, "about": None}
    answer = await buyer.put(f"/buyers/{buyer.organisation_id}", {"texts": {"en": text}})
    assert answer.status_code == 200, answer.text


async def _titles(world: World, seller: Caller) -> dict[str, str]:
    title = await _title(seller, "A title", f"{OF_THE_SELLER}: 1")
    published = await seller.post(f"/titles/{title}/publish")
    assert published.status_code == 200, published.text
    return {
        "title": title,
        "draft": await _title(seller, OF_THE_SELLER, f"{OF_THE_SELLER}: 2"),
        "hidden part": await _hidden_part(seller),
        "asked title": await meetings.make_title(world, seller),
        "unasked title": await meetings.make_title(world, seller),
    }


async def _title(seller: Caller, name: str, reference: str) -> str:
    said = {"title": name, "logline": None}
    wanted = {
        "kind": "feature",
        "original_title": name,
        "year": 2026,
        "reference": reference,
        "texts": {"en": said, "ru": said},
    }
    answer = await seller.post("/titles", wanted)
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def _hidden_part(seller: Caller) -> str:
    """Make a season that is published, of a series that no longer is."""
    text = {"texts": {"en": {"title": OF_THE_SELLER}}, "original_title": OF_THE_SELLER}
    series = (await seller.post("/titles", text | {"kind": "series", "year": 2026})).json()["id"]
    wanted = text | {"kind": "season", "part_of_id": series}
    season: str = (await seller.post("/titles", wanted)).json()["id"]
    for address in (f"{series}/publish", f"{season}/publish", f"{series}/withdraw"):
        answer = await seller.post(f"/titles/{address}")
        assert answer.status_code == 200, answer.text
    return season


async def _operation(world: World, seller: Caller) -> dict[str, str]:
    id_ = await operations.begun(world, seller)
    async with world.app.state.database.session() as session, session.begin():
        session.add(
            OperationFinding(
                operation_id=int(id_), number=1, severity=Severity.INFO, problem=OF_THE_SELLER
            )
        )
    return {"operation": id_} | await _bulk(world, seller)


async def _bulk(world: World, seller: Caller) -> dict[str, str]:
    """Give an import and an export of the seller's that have ended well."""
    kinds = {"import": ("titles.import", {}), "export": ("titles.export", {"format": "csv"})}
    ids = {}
    now = datetime.now(UTC)
    async with world.app.state.database.session() as session, session.begin():
        for name, (kind, wanted) in kinds.items():
            operation = Operation(
                organisation_id=int(seller.organisation_id),
                person_id=int(seller.person_id),
                kind=kind,
                state=OperationState.SUCCEEDED,
                started_at=now,
                ended_at=now,
                input={"of": "titles", **wanted},
            )
            session.add(operation)
            await session.flush()
            ids[name] = str(operation.id)
    store, company = world.app.state.store, int(seller.organisation_id)
    await store.put_bytes(report_key(company, int(ids["import"])), b"{}\n", "text/plain")
    await store.put_bytes(export_key(company, int(ids["export"]), "csv"), b"a\n", "text/plain")
    return ids


async def _screeners(
    world: World, seller: Caller, buyer: Caller, ids: dict[str, str]
) -> dict[str, str]:
    film = screeners.SHORT_FILM
    ready = await screeners.ready_screener(world, seller, ids["title"], OF_THE_TWO)
    vtt = {"Content-Type": "text/vtt"}
    path = f"/screeners/{ready['id']}/subtitles/ru"
    read = await seller.request("PUT", path, content=screeners.SUBTITLES, headers=vtt)
    assert read.status_code == 201, read.text
    upload = await screeners.started(seller, ids["title"], film, file_name=OF_THE_SELLER)
    await screeners.sent(upload, film)
    grant = await screeners.granted(seller, ready["id"], buyer, NEXT_MONTH)
    asked = await buyer.post(
        "/screener-requests", {"title_id": ids["asked title"], "message": OF_THE_TWO}
    )
    return {
        "screener": ready["id"],
        "upload": upload["id"],
        "grant": grant["id"],
        "screener request": asked.json()["id"],
    }


async def _administered(
    world: World, seller: Caller, buyer: Caller, ids: dict[str, str]
) -> dict[str, str]:
    """Make a screener of the seller's that the rival administers, a grant, a link and a request."""
    title = await meetings.make_title(world, seller)
    screener = (await screeners.ready_screener(world, seller, title))["id"]
    handed = await seller.put(
        f"/screeners/{screener}/administrator", {"organisation_id": ids["rival"]}
    )
    assert handed.status_code == 200, handed.text
    to_other = {"organisation_id": ids["other buyer"], "expires_at": NEXT_MONTH}
    grant = await grants.give(seller, screener, to_other)
    to_link = {"link": {"recipient_name": "A jury"}, "expires_at": NEXT_MONTH}
    link = await grants.give(seller, screener, to_link | {"may_download": True})
    await screeners.ready_screener(world, seller, ids["asked title"])
    asked = await buyer.post("/screener-requests", {"title_id": title})
    return {
        "administered": screener,
        "administered grant": grant["id"],
        "administered request": asked.json()["id"],
        "link token": link["link"].partition("#")[2],
    }


async def _viewings(
    world: World, seller: Caller, buyer: Caller, ids: dict[str, str]
) -> dict[str, str]:
    """Have the buyer watch a film, and a link's holder one that the rival administers."""
    title = await meetings.make_title(world, seller)
    screener = (await screeners.ready_screener(world, seller, title))["id"]
    vtt = {"Content-Type": "text/vtt"}
    path = f"/screeners/{screener}/subtitles/ru"
    read = await seller.request("PUT", path, content=screeners.SUBTITLES, headers=vtt)
    assert read.status_code == 201, read.text
    grant = await screeners.granted(seller, screener, buyer, NEXT_MONTH)
    watched = await players.viewing_of(world, screener, grant["id"], buyer)
    await watched.say({"kind": "tampered", "detail": OF_THE_SELLER})
    link = await players.link_grant(world, seller, ids["administered"], OF_THE_KEEPERS)
    by_link = await players.viewing_of(world, ids["administered"], link)
    administered = (await seller.get(f"/screeners/{ids['administered']}")).json()
    return {
        "administered title": administered["title_id"],
        "watched title": title,
        "watched screener": screener,
        "watched": watched.viewing_id,
        "watched token": watched.token,
        "rendition": "360p",
        "first": "0",
        "administered viewing": by_link.viewing_id,
        "administered token": by_link.token,
    }


async def _meetings(world: World, seller: Caller, buyer: Caller) -> dict[str, str]:
    met = await meetings.meet(buyer, seller, 1, 2, message=OF_A_MEETING)
    begun = await day.meeting_in(world, buyer, seller, -20)
    asked = await meetings.ask(buyer, seller, message=OF_A_MEETING)
    noted = await seller.put(f"/meetings/{met['meeting']['id']}/notes", {"text": OF_THE_SELLER})
    assert noted.status_code == 200, noted.text
    return {
        "meeting request": asked["id"],
        "accepted request": met["id"],
        "meeting": met["meeting"]["id"],
        "begun meeting": begun,
    }


async def _calendars(seller: Caller, organiser: Caller) -> dict[str, str]:
    """Make private addresses: one of the seller's, and one of an agenda that holds no secret."""
    feed = (await seller.post("/agenda/calendar-feeds", {"name": OF_THE_SELLER})).json()
    other = (await organiser.post("/agenda/calendar-feeds")).json()
    return {"calendar feed": feed["id"], "calendar token": other["url"].partition("token=")[2]}


async def _webhooks(seller: Caller) -> dict[str, str]:
    """Have the seller's facts sent somewhere, and something on its way there."""
    wanted = {"url": "https://seller.example/hooks", "description": OF_THE_SELLER}
    endpoint = await markets.made(seller, "/webhook-endpoints", wanted)
    pinged = await seller.post(f"/webhook-endpoints/{endpoint['id']}/ping")
    return {"webhook endpoint": endpoint["id"], "webhook delivery": pinged.json()["id"]}


async def _rights(seller: Caller, buyer: Caller, title: str) -> dict[str, str]:
    """Hold everything, twice, so that one may go; offer and sell something to all and to one."""
    held = box(term=ALWAYS, licensor=OF_THE_SELLER)
    first = await seller.post(f"/titles/{title}/holdings", held)
    assert first.status_code == 201, first.text
    holding = await seller.post(f"/titles/{title}/holdings", held)
    offering = await offered(seller, title, "SCO", "SVOD")
    named = await offered(
        seller, title, "SCO", "AVOD", visible_to=[buyer.organisation_id], note=OF_THE_TWO
    )
    sale = {"licensee_id": buyer.organisation_id, "note": OF_THE_SELLER}
    licence = await sold(seller, title, "KZ", "SVOD", **sale)
    outside = await sold(seller, title, "RU", "SVOD", licensee_name=OF_THE_SELLER)
    return {
        "holding": holding.json()["id"],
        "offering": offering["id"],
        "named offering": named["id"],
        "licence": licence["id"],
        "outside licence": outside["id"],
    }


async def _markets(organiser: Caller, seller: Caller, colleague: Caller) -> dict[str, str]:
    """Make an open market with a hall and an empty one; and a draft with the same."""
    market = await markets.opened(organiser)
    hall = await markets.hall(organiser, market["id"])
    empty = await markets.hall(organiser, market["id"], "Hall 2")
    place = await markets.place(organiser, hall, seller_id=seller.organisation_id)
    accreditation = await markets.accredited(seller, market["id"], colleague)
    draft = await markets.draft(organiser, name=OF_THE_ORGANISERS)
    hidden_hall = await markets.hall(organiser, draft["id"], OF_THE_ORGANISERS)
    hidden_place = await markets.place(organiser, hidden_hall, OF_THE_ORGANISERS)
    return {
        "market": market["id"],
        "hall": hall["id"],
        "empty hall": empty["id"],
        "place": place["id"],
        "accreditation": accreditation["id"],
        "draft market": draft["id"],
        "hidden hall": hidden_hall["id"],
        "hidden place": hidden_place["id"],
    }


async def _busy(organiser: Caller, buyer: Caller, colleague: Caller) -> dict[str, str]:
    """Let a buyer and a seller's colleague meet at a table of another market."""
    market = (await markets.opened(organiser))["id"]
    hall = await markets.hall(organiser, market)
    table = await markets.place(organiser, hall)
    await markets.accredited(organiser, market, buyer, "buyer")
    await markets.accredited(organiser, market, colleague)
    to = {"to_person_id": colleague.person_id, "message": OF_A_MEETING}
    request = await meetings.ask(buyer, colleague, market_id=market, **to)
    slot = {"starts_at": f"{markets.DAYS[0]}T06:30:00Z"}
    met = (await meetings.respond(colleague, request, "accept", slot)).json()
    return {
        "busy market": market,
        "busy place": table["id"],
        "meeting at a market": met["meeting"]["id"],
    }


async def _waiting(
    organiser: Caller, buyer: Caller, colleague: Caller, market: str
) -> dict[str, str]:
    """Let a buyer and a seller's colleague agree to meet at a market, whenever it says."""
    await markets.accredited(organiser, market, buyer, "buyer")
    to = {"to_person_id": colleague.person_id, "message": OF_A_MEETING}
    request = await meetings.ask(buyer, colleague, market_id=market, **to)
    answer = await meetings.respond(colleague, request, "accept", {})
    assert answer.status_code == 200, answer.text
    return {"waiting request": request["id"]}


async def _blocks(organiser: Caller, seller: Caller, place: str) -> dict[str, str]:
    """Keep some time of the seller's, and of a place."""
    own = meetings.period(8, 9) | {"label": OF_THE_SELLER}
    block = await markets.made(seller, "/agenda/blocks", own)
    kept = meetings.period(8, 9) | {"label": OF_THE_ORGANISERS}
    of_place = await markets.made(organiser, f"/places/{place}/blocks", kept)
    return {"block": block["id"], "place block": of_place["id"]}


async def _schedule(world: World, organiser: Caller, market_id: str) -> dict[str, str]:
    """Plan a market in which nothing is to be planned."""
    answer = await organiser.post(f"/markets/{market_id}/schedule-runs", {})
    assert answer.status_code == 202, answer.text
    await schedules.work(world)
    return {"schedule run": answer.json()["id"]}


@asynccontextmanager
async def undone(app: FastAPI) -> AsyncIterator[None]:
    """Run the app inside one transaction, and roll it back: what a probe changes is not kept."""
    database: Database = app.state.database
    async with database.engine.connect() as connection:
        transaction = await connection.begin()
        app.state.database = replace(
            database,
            session=async_sessionmaker(
                connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
            ),
        )
        try:
            yield
        finally:
            app.state.database = database
            await transaction.rollback()
