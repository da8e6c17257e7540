"""Buyers ask sellers to meet, and sellers buyers; a request holds nobody's time."""

from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest
from sqlalchemy import event

from app.main import create_app
from app.meetings import service
from app.meetings.asking import MAX_PENDING
from app.models import Standing, TitleState
from app.worker import Means, make_worker
from tests.meetings import (
    TOMORROW,
    ask,
    at,
    events_of,
    execute,
    let_expire,
    make_title,
    meet,
    period,
    respond,
)
from tests.servers import S3Settings, make_settings
from tests.world import Caller, World, world_of

TEHRAN = "+03:30"


async def test_a_buyer_asks_a_seller_about_a_title(world: World) -> None:
    seller = await world.seller("Mosfilm", country="RU")
    buyer = await world.buyer("Farabi", country="IR")
    title = await make_title(world, seller, "Сталкер", texts={"zh": "潜行者"})
    local = (TOMORROW + timedelta(hours=3.5)).strftime(f"%Y-%m-%dT%H:%M:%S{TEHRAN}")
    later = (TOMORROW + timedelta(hours=4.5)).strftime(f"%Y-%m-%dT%H:%M:%S{TEHRAN}")

    answer = await buyer.post(
        "/meeting-requests",
        {
            "to_organisation_id": seller.organisation_id,
            "to_person_id": seller.person_id,
            "title_ids": [title],
            "message": "  We look for classics. ",
            "proposed_times": [{"starts_at": local, "ends_at": later}, period(48, 49)],
        },
        headers={"Accept-Language": "zh-Hans, en"},
    )

    assert answer.status_code == 201
    request = answer.json()
    assert answer.headers["Location"] == f"/v1/meeting-requests/{request['id']}"
    created_at = request.pop("created_at")
    assert request == {
        "id": request["id"],
        "market_id": None,
        "state": "pending",
        "awaits": "asked",
        "from_organisation": {"id": buyer.organisation_id, "name": "Farabi", "country": "IR"},
        "from_person": {"id": buyer.person_id, "name": request["from_person"]["name"]},
        "to_organisation": {"id": seller.organisation_id, "name": "Mosfilm", "country": "RU"},
        "to_person": {"id": seller.person_id, "name": request["to_person"]["name"]},
        "taker": None,
        "titles": [{"id": title, "title": "潜行者", "language": "zh"}],
        "topics": [],
        "priority": 2,
        "message": "We look for classics.",
        "proposed_times": [period(0, 1), period(48, 49)],
        "counter_proposals": [],
        "expires_at": at(49),
        "answer": None,
        "answered_at": None,
        "answered_by": None,
        "meeting": None,
    }
    assert datetime.fromisoformat(created_at) < TOMORROW
    assert await execute(world, "SELECT 1 FROM agenda_entries") == []


async def test_both_sides_and_the_organisers_see_a_request_and_nobody_else(
    world: World, seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    request = await ask(buyer, seller)
    address = f"/meeting-requests/{request['id']}"
    colleague = await world.person(seller.organisation_id)
    for caller in (seller, colleague, buyer, organiser):
        assert (await caller.get(address)).json() == request
    for stranger in (await world.seller(), await world.buyer()):
        answer = await stranger.get(address)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        for verb in ("accept", "decline", "cancel"):
            answer = await respond(
                stranger, request, verb, period(0, 1) if verb == "accept" else {}
            )
            assert answer.status_code == 404
        assert (await stranger.get("/meeting-requests")).json()["items"] == []
    for verb in ("accept", "decline", "cancel"):
        answer = await respond(organiser, request, verb, period(0, 1) if verb == "accept" else {})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_a_side")


async def test_a_request_is_told_apart_by_its_etag(
    world: World, seller: Caller, buyer: Caller
) -> None:
    request = await ask(buyer, seller)
    address = f"/meeting-requests/{request['id']}"
    etag = (await buyer.get(address)).headers["ETag"]
    answer = await buyer.get(address, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
    await let_expire(world, request)
    answer = await buyer.get(address, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.json()["state"]) == (200, "expired")


async def test_requests_are_listed_by_direction_and_state_newest_first(
    world: World, seller: Caller, buyer: Caller, organiser: Caller
) -> None:
    both = await world.company(sells=True, buys=True)
    first = await ask(buyer, both)
    second = await ask(both, seller)
    third = await ask(both, buyer)
    await respond(both, first, "decline", {"answer": "No."})
    await let_expire(world, third)

    async def listed(caller: Caller, query: str = "") -> list[str]:
        answer = await caller.get(f"/meeting-requests{query}")
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert await listed(both) == [third["id"], second["id"], first["id"]]
    assert await listed(both, "?direction=in") == [first["id"]]
    assert await listed(both, "?direction=out") == [third["id"], second["id"]]
    assert await listed(both, "?state=pending") == [second["id"]]
    assert await listed(both, "?state=declined") == [first["id"]]
    assert await listed(both, "?state=expired&direction=out") == [third["id"]]
    assert await listed(organiser) == [third["id"], second["id"], first["id"]]
    assert await listed(organiser, "?direction=in") == []
    assert (await both.get("/meeting-requests?state=lost")).status_code == 422
    assert (await both.get("/meeting-requests?cursor=nonsense")).json()["code"] == "invalid_cursor"

    page = await both.get("/meeting-requests?limit=2")
    following = page.headers["Link"].removeprefix("<").partition(">")[0]
    assert [item["id"] for item in page.json()["items"]] == [third["id"], second["id"]]
    page = await both.get(following)
    assert [item["id"] for item in page.json()["items"]] == [first["id"]]
    assert page.json()["next_cursor"] is None


async def test_a_list_takes_as_many_statements_for_many_requests_as_for_few(
    world: World, seller: Caller
) -> None:
    buyers = [await world.buyer() for _ in range(4)]
    titles = [await make_title(world, seller) for _ in range(3)]
    for hour, buyer in enumerate(buyers):
        await meet(buyer, seller, hour, hour + 1, title_ids=titles)
    few, many = [await _statements(world, seller, limit) for limit in (1, 4)]
    assert few == many


async def _statements(world: World, caller: Caller, limit: int) -> int:
    counted: list[str] = []
    engine = world.app.state.database.engine.sync_engine

    def count(*arguments: Any) -> None:
        counted.append(arguments[2])

    event.listen(engine, "before_cursor_execute", count)
    answer = await caller.get(f"/meeting-requests?limit={limit}")
    event.remove(engine, "before_cursor_execute", count)
    assert len(answer.json()["items"]) == limit
    return len([statement for statement in counted if statement.startswith("SELECT")])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"to_organisation_id": "116823110451200001"}, "/to_organisation_id"),
        ({"to_organisation_id": 0}, "/to_organisation_id"),
        ({"to_organisation_id": None}, "/to_organisation_id"),
        ({"to_person_id": "116823110451200001"}, "/to_person_id"),
        ({"title_ids": ["116823110451200001"]}, "/title_ids/0"),
        ({"title_ids": ["99999999999999999999"]}, "/title_ids/0"),
        ({"title_ids": ["7", "7"]}, "/title_ids"),
        ({"title_ids": [str(n) for n in range(1, 52)]}, "/title_ids"),
        ({"message": "x" * 4001}, "/message"),
        ({"message": "a\x00b"}, ""),
        ({"proposed_times": [period(n, n + 1) for n in range(11)]}, "/proposed_times"),
        ({"proposed_times": [period(0, 1), period(3, 2)]}, "/proposed_times/1"),
        ({"proposed_times": [period(0, 8.1)]}, "/proposed_times/0"),
        ({"proposed_times": [period(0, 0.05)]}, "/proposed_times/0"),
        ({"proposed_times": [period(-48, -47)]}, "/proposed_times/0/starts_at"),
        ({"proposed_times": [period(24 * 800, 24 * 800 + 1)]}, "/proposed_times/0/starts_at"),
        ({"proposed_times": [{**period(0, 1), "starts_at": "tomorrow"}]}, ".../starts_at"),
        ({"proposed_times": [{**period(0, 1), "starts_at": 1_900_000_000}]}, ".../starts_at"),
        ({"proposed_times": [{**period(0, 1), "starts_at": at(0)[:-1]}]}, ".../starts_at"),
        ({"proposed_times": [{**period(0, 1), "starts_at": at(0)[:10]}]}, ".../starts_at"),
        (
            {"proposed_times": [{**period(0, 1), "starts_at": "0001-01-01T00:00:00+23:59"}]},
            ".../starts_at",
        ),
        (
            {"proposed_times": [{**period(0, 1), "ends_at": "9999-12-31T23:59:59-23:59"}]},
            ".../ends_at",
        ),
        ({"surprise": True}, "/surprise"),
    ],
)
async def test_a_request_that_says_something_impossible_is_told_where(
    seller: Caller, buyer: Caller, change: dict[str, Any], pointer: str
) -> None:
    body = {"to_organisation_id": seller.organisation_id} | change
    answer = await buyer.post("/meeting-requests", body)
    assert answer.status_code == 422
    expected = pointer.replace("...", "/proposed_times/0")
    assert [error["pointer"] for error in answer.json()["errors"]] == [expected]


async def test_a_lone_surrogate_is_refused(seller: Caller, buyer: Caller) -> None:
    answer = await buyer.post(
        "/meeting-requests",
        content=f'{{"to_organisation_id": "{seller.organisation_id}", "message": "\\ud800"}}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422


async def test_only_published_titles_of_the_selling_side_are_talked_about(
    world: World, seller: Caller, buyer: Caller
) -> None:
    fine = await make_title(world, seller)
    draft = await make_title(world, seller, state=TitleState.DRAFT)
    withdrawn = await make_title(world, seller, state=TitleState.WITHDRAWN)
    foreign = await make_title(world, await world.seller())
    answer = await buyer.post(
        "/meeting-requests",
        {
            "to_organisation_id": seller.organisation_id,
            "title_ids": [draft, fine, withdrawn, foreign],
        },
    )
    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["/title_ids/0", "/title_ids/2", "/title_ids/3"]
    request = await ask(seller, buyer, title_ids=[fine])
    assert [title["id"] for title in request["titles"]] == [fine]


async def test_titles_of_both_may_be_talked_about_where_both_sell_and_buy(world: World) -> None:
    one = await world.company(sells=True, buys=True)
    other = await world.company(sells=True, buys=True)
    titles = [await make_title(world, one, "A"), await make_title(world, other, "B")]
    request = await ask(one, other, title_ids=titles)
    assert [title["title"] for title in request["titles"]] == ["A", "B"]


async def test_a_title_is_named_as_the_reader_reads(world: World, seller: Caller) -> None:
    buyer = await world.buyer()
    await buyer.patch("/me", {"language": "fa"})
    texts = {"en": "The Stalker", "fa": "استاکر", "zh-Hant": "潛行者"}
    title = await make_title(world, seller, "Сталкер", texts=texts)
    request = await ask(buyer, seller, title_ids=[title])
    address = f"/meeting-requests/{request['id']}"

    async def named(**headers: str) -> tuple[str, str | None]:
        (shown,) = (await buyer.get(address, headers=headers)).json()["titles"]
        return shown["title"], shown["language"]

    languages = {"zh-Hant-TW, en;q=0.9": "zh-Hant", "kk, en-GB;q=0.5, fa;q=0.4": "en"}
    for asked, given in languages.items():
        assert await named(**{"Accept-Language": asked}) == (texts[given], given)
    assert await named(**{"Accept-Language": "kk"}) == ("Сталкер", None)


@pytest.mark.parametrize("verb", ["sells", "buys"])
async def test_a_seller_does_not_ask_a_seller_nor_a_buyer_a_buyer(world: World, verb: str) -> None:
    one, other = [await world.company(**{verb: True}) for _ in range(2)]  # type: ignore[arg-type]
    answer = await one.post("/meeting-requests", {"to_organisation_id": other.organisation_id})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_counterpart")


@pytest.mark.parametrize("standing", [Standing.PENDING, Standing.SUSPENDED])
async def test_nobody_asks_a_company_that_is_not_of_the_market(
    world: World, buyer: Caller, standing: Standing
) -> None:
    outsider = await world.seller(standing=standing)
    wanted = {"to_organisation_id": outsider.organisation_id}
    answer = await buyer.post("/meeting-requests", wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_organisation")
    answer = await outsider.post("/meeting-requests", {"to_organisation_id": buyer.organisation_id})
    assert answer.status_code == 403


async def test_neither_organisers_nor_those_without_a_profile_ask_or_are_asked(
    world: World, seller: Caller, organiser: Caller
) -> None:
    newcomer = await world.company()
    for caller, code in ((organiser, "unknown_organisation"), (newcomer, "not_a_counterpart")):
        wanted = {"to_organisation_id": seller.organisation_id}
        answer = await caller.post("/meeting-requests", wanted)
        assert (answer.status_code, answer.json()["code"]) == (403, "no_profile")
        wanted = {"to_organisation_id": caller.organisation_id}
        answer = await seller.post("/meeting-requests", wanted)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_nobody_asks_themselves(world: World) -> None:
    both = await world.company(sells=True, buys=True)
    answer = await both.post("/meeting-requests", {"to_organisation_id": both.organisation_id})
    assert (answer.status_code, answer.json()["code"]) == (422, "own_organisation")


async def test_somebody_who_left_is_not_asked(world: World, seller: Caller, buyer: Caller) -> None:
    leaver = await world.person(seller.organisation_id)
    await seller.delete(f"/organisations/{seller.organisation_id}/people/{leaver.person_id}")
    answer = await buyer.post(
        "/meeting-requests",
        {"to_organisation_id": seller.organisation_id, "to_person_id": leaver.person_id},
    )
    assert answer.json()["errors"][0]["pointer"] == "/to_person_id"


async def test_nobody_asks_the_same_again_while_it_waits_for_an_answer(
    world: World, seller: Caller, buyer: Caller
) -> None:
    first = await ask(buyer, seller)
    wanted = {"to_organisation_id": seller.organisation_id}
    again = await buyer.post("/meeting-requests", wanted)
    assert (again.status_code, again.json()["code"]) == (409, "already_asked")
    assert again.json()["meeting_request_id"] == first["id"]

    # Another of them, a colleague of one's own, the other direction: each is something else.
    await ask(buyer, seller, to_person_id=seller.person_id)
    await ask(await world.person(buyer.organisation_id), seller)
    await ask(seller, buyer)

    await respond(seller, first, "decline", {"answer": "In the afternoon, please."})
    second = await ask(buyer, seller, proposed_times=[period(4, 5)])
    await let_expire(world, second)
    third = await ask(buyer, seller)
    assert third["id"] != second["id"]
    assert [row.type for row in await events_of(world, second["id"])] == [
        "meeting_request.created",
        "meeting_request.expired",
    ]


async def test_nobody_asks_everybody_at_once(world: World, seller: Caller, buyer: Caller) -> None:
    colleague = await world.person(buyer.organisation_id)
    await execute(
        world,
        "WITH other AS (INSERT INTO organisations (name, country, standing) "
        "SELECT 'S' || n, 'KZ', 'approved' FROM generate_series(1, :many) n RETURNING id) "
        "INSERT INTO meeting_requests "
        "(from_organisation_id, from_person_id, to_organisation_id, expires_at) "
        "SELECT :organisation, :person, id, now() + interval '1 day' FROM other",
        many=MAX_PENDING,
        organisation=int(buyer.organisation_id),
        person=int(buyer.person_id),
    )
    wanted = {"to_organisation_id": seller.organisation_id}
    answer = await buyer.post("/meeting-requests", wanted)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_pending")
    assert (await colleague.post("/meeting-requests", wanted)).status_code == 201
    newest = (await buyer.get("/meeting-requests?limit=2")).json()["items"][1]
    assert (await respond(buyer, newest, "cancel")).status_code == 200
    assert (await buyer.post("/meeting-requests", wanted)).status_code == 201


async def test_a_request_sent_twice_is_made_once(
    world: World, seller: Caller, buyer: Caller
) -> None:
    wanted = {"to_organisation_id": seller.organisation_id}
    key = {"Idempotency-Key": "one-request"}
    first, second = [await buyer.post("/meeting-requests", wanted, headers=key) for _ in range(2)]
    assert first.json() == second.json()
    assert len(await execute(world, "SELECT 1 FROM meeting_requests")) == 1


async def test_an_unanswered_request_expires_and_then_cannot_be_answered(
    world: World, seller: Caller, buyer: Caller
) -> None:
    request = await ask(buyer, seller)
    jobs = await execute(world, "SELECT task_name, args, scheduled_at FROM procrastinate_jobs")
    assert [(job.task_name, job.args) for job in jobs] == [
        ("expire_meeting_request", {"request_id": request["id"]})
    ]
    assert jobs[0].scheduled_at == datetime.fromisoformat(request["expires_at"])
    assert datetime.fromisoformat(request["expires_at"]) - datetime.fromisoformat(
        request["created_at"]
    ) == pytest.approx(timedelta(days=7), abs=timedelta(minutes=1))

    await _expire(world, request)
    assert (await buyer.get(f"/meeting-requests/{request['id']}")).json() == request

    await let_expire(world, request)
    overdue = (await buyer.get(f"/meeting-requests/{request['id']}")).json()
    assert (overdue["state"], overdue["answered_at"]) == ("expired", overdue["expires_at"])
    for verb, caller in (("accept", seller), ("decline", seller), ("cancel", buyer)):
        answer = await respond(caller, request, verb, period(0, 1) if verb == "accept" else None)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_pending")
        assert answer.json()["state"] == "expired"

    for _ in range(2):
        await _expire(world, request)
    assert (await buyer.get(f"/meeting-requests/{request['id']}")).json() == overdue
    told = await events_of(world, request["id"])
    assert [(row.type, row.person_id) for row in told] == [
        ("meeting_request.created", int(buyer.person_id)),
        ("meeting_request.expired", None),
    ]


async def _expire(world: World, request: dict[str, Any]) -> None:
    async with world.app.state.database.session() as session, session.begin():
        await service.expire_request(session, int(request["id"]))


async def test_the_worker_lets_an_unanswered_request_expire(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(
        database_url, s3_settings, meeting_request_lifetime=timedelta(seconds=1)
    )
    async with world_of(create_app(settings)) as world:
        seller, buyer = await world.seller(), await world.buyer()
        request = await ask(buyer, seller)
        means = Means(world.app.state.database, world.app.state.store)
        await anyio.sleep(1.1)
        async with make_worker(settings, means).open_async() as worker:
            await worker.run_worker_async(wait=False, install_signal_handlers=False)
        told = [row.type for row in await events_of(world, request["id"])]
        assert told == ["meeting_request.created", "meeting_request.expired"]
        # Nothing changes for a reader, who saw it expire in time.
        shown = (await seller.get(f"/meeting-requests/{request['id']}")).json()
        assert (shown["state"], shown["answered_at"]) == ("expired", request["expires_at"])
