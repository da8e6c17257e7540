"""Avails over HTTP: a file posted, imported by the worker, and given back."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from app.main import create_app
from app.models import Standing
from app.partners.avails import jobs
from app.partners.avails.exports import Export, Format
from app.partners.avails.files import open_avails
from app.partners.avails.offered import Fate
from app.partners.avails.runs import Progress, Run
from app.partners.avails.uploads import PREFIX, XLSX, XML
from app.partners.imports.alone import AnotherImportRuns
from app.partners.imports.findings import Finding
from app.settings import Settings
from app.worker import Means, make_worker
from tests.avails import (
    MOVIE,
    NAMES,
    avail,
    read,
    real_file,
    require_valid,
    sheet_of,
    transaction,
    workbook,
    xml,
)
from tests.meetings import execute
from tests.operations import findings, shown
from tests.rights import box, days, done, offered, refused, title_of
from tests.world import Caller, World, world_of

Json = dict[str, Any]
PATH = "/avails/imports"
LITTLE = 4096


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """Start an app with a bucket of its own."""
    own = settings.model_copy(update={"s3_bucket": f"test-{uuid4()}"})
    async with world_of(create_app(own)) as world:
        await world.app.state.store.ensure_bucket()
        yield world


async def post(
    caller: Caller, content: Any, media_type: str = XML, query: str = "", **headers: str
) -> httpx2.Response:
    """Post a file."""
    named = {"Content-Type": media_type} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return await caller.post(f"{PATH}{query}", content=content, headers=named)


async def work(world: World) -> None:
    """Do what is due, and stop."""
    state = world.app.state
    worker = make_worker(state.settings, Means(state.database, state.store))
    async with worker.open_async():
        await worker.run_worker_async(
            wait=False, delete_jobs="successful", install_signal_handlers=False
        )


async def bring(
    world: World, caller: Caller, content: Any, media_type: str = XML, query: str = ""
) -> Json:
    """Post a file, have it imported, and give the operation."""
    begun = done(await post(caller, content, media_type, query), 202)
    await work(world)
    return await shown(caller, begun["id"])


async def found_in(caller: Caller, id_: str, severity: str) -> list[Json]:
    """Read the findings of one severity."""
    return [each for each in await findings(caller, id_) if each["severity"] == severity]


async def taken_back(caller: Caller, folder: Path, kind: str) -> Path:
    """Export a file."""
    answer = await caller.get("/avails/exports", params={"format": kind})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == {"xlsx": XLSX, "xml": XML}[kind]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="avails.{kind}"'
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    path = folder / f"exported.{kind}"
    path.write_bytes(answer.content)
    return path


async def ledger(world: World) -> list[Any]:
    """Give all that is held and offered."""
    return [
        *await execute(world, "SELECT o::text FROM offerings o ORDER BY id"),
        *await execute(world, "SELECT h::text FROM holdings h ORDER BY id"),
    ]


async def kept(world: World) -> list[str]:
    """Name what waits in the store."""
    return list(await world.app.state.store.list_objects(PREFIX))


# In -------------------------------------------------------------------------------------------


async def test_posted_file_is_imported_by_the_worker(world: World, seller: Caller) -> None:
    wrong = transaction().replace("SVOD", "Streaming")
    content = xml(avail(transaction(), alid="dance"), avail(wrong, alid="walk"))
    answer = await post(seller, content)
    begun = done(answer, 202)
    assert (begun["kind"], begun["state"]) == ("avails.import", "queued")
    assert answer.headers["Location"] == f"/v1/operations/{begun['id']}"
    await work(world)
    ended = await shown(seller, begun["id"])
    assert (ended["state"], ended["progress"]) == ("succeeded", 1)
    counts = {"rows": 2, "titles": 1, "created": 1, "refused": 1, "repeated": 0, "unchanged": 0}
    assert ended["counts"].items() >= counts.items()
    assert ended["result"].items() >= {"version": "2.4", "dry_run": False, **counts}.items()
    [found] = await found_in(seller, begun["id"], "error")
    assert (found["column"], found["value"], found["done"]) == (
        "LicenseType",
        "Streaming",
        "row refused",
    )
    assert found["row"] == content.count("\n", 0, content.rindex("<avails:Transaction ")) + 1
    [title] = done(await seller.get("/titles", params={"mine": True}))["items"]
    assert (title["original_title"], title["state"]) == ("The First Dance", "draft")
    [offering] = done(await seller.get(f"/titles/{title['id']}/offerings"))["items"]
    assert (offering["territories"], offering["source"]) == (["KZ"], "avails")


@pytest.mark.parametrize("media_type", [XML, "text/xml; charset=utf-8", "Application/XML"])
async def test_media_types_of_xml(world: World, seller: Caller, media_type: str) -> None:
    ended = await bring(world, seller, xml(avail(transaction())), media_type)
    assert (ended["state"], ended["counts"]["created"]) == ("succeeded", 1)


async def test_workbook_goes_in(world: World, seller: Caller, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"Avails": sheet_of(MOVIE, MOVIE | {"Start": "soon"})})
    ended = await bring(world, seller, path.read_bytes(), XLSX)
    assert (ended["counts"]["created"], ended["counts"]["refused"]) == (1, 1)
    [found] = await found_in(seller, ended["id"], "error")
    place = (found["sheet"], found["row"], found["column"], found["value"])
    assert place == ("Avails", 5, "Start", "soon")


async def test_titles_are_published_when_that_is_asked(
    world: World, seller: Caller, tmp_path: Path
) -> None:
    film = MOVIE | {"ReleaseYear": "2020", "TitleDisplayUnlimited": "The First Dance"}
    nameless = MOVIE | {
        "ContentID": "walk",
        "ALID": "walk",
        "TitleDisplayUnlimited": "",
        "AllowedLanguages": "",
    }
    path = workbook(tmp_path / "a.xlsx", {"Avails": sheet_of(film, nameless)})
    ended = await bring(world, seller, path.read_bytes(), XLSX, "?publish=true")
    states = await execute(world, "SELECT reference, state::text FROM titles ORDER BY id")
    assert [tuple(each) for each in states] == [
        (MOVIE["ContentID"], "published"),
        ("walk", "draft"),
    ]
    told = await found_in(seller, ended["id"], "warning")
    assert ("texts", "left a draft") in {(each["column"], each["done"]) for each in told}


async def test_dry_run_keeps_nothing(world: World, seller: Caller) -> None:
    ended = await bring(world, seller, xml(avail(transaction())), query="?dry_run=true")
    assert (ended["counts"]["created"], ended["result"]["dry_run"]) == (1, True)
    assert await ledger(world) == []
    assert done(await seller.get("/titles"))["items"] == []


async def test_repeated_request_begins_one_import(world: World, seller: Caller) -> None:
    content = xml(avail(transaction()))
    first = await post(seller, content, Idempotency_Key="one")
    again = await post(seller, content, Idempotency_Key="one")
    assert done(first, 202) == done(again, 202)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(await kept(world)) == 1
    other = await post(seller, xml(avail(transaction(), alid="x")), Idempotency_Key="one")
    refused(other, "idempotency_key_reused", 422)
    assert len(await kept(world)) == 1


async def test_cancelled_import_ends_before_it_begins(world: World, seller: Caller) -> None:
    begun = done(await post(seller, xml(avail(transaction()))), 202)
    done(await seller.post(f"/operations/{begun['id']}/cancel"))
    await work(world)
    assert (await shown(seller, begun["id"]))["state"] == "cancelled"
    assert await ledger(world) == []


async def test_import_is_cancelled_after_a_batch(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.partners.avails.batches.BATCH_ROWS", 1)
    begun = done(await post(seller, xml(*_avails(5))), 202)
    put_in = Run._put  # noqa: SLF001  # nothing else stands between two batches

    async def cancel_then_put(*given: Any) -> Any:
        if (await shown(seller, begun["id"]))["cancel_requested_at"] is None:
            done(await seller.post(f"/operations/{begun['id']}/cancel"))
        return await put_in(*given)

    monkeypatch.setattr(Run, "_put", cancel_then_put)
    await work(world)
    ended = await shown(seller, begun["id"])
    assert (ended["state"], ended["counts"]["created"]) == ("cancelled", 1)
    assert (ended["result"]["rows"], ended["result"]["created"]) == (1, 1)


def _avails(many: int) -> Iterator[str]:
    return (avail(transaction(), alid=f"dance{number}") for number in range(many))


async def test_import_waits_for_another_of_the_same_seller(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = count(1)
    import_ = Run.import_

    async def import_third_time(*given: Any) -> Any:
        if next(tries) <= 2:
            raise AnotherImportRuns
        return await import_(*given)

    monkeypatch.setattr(jobs, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(Run, "import_", import_third_time)
    ended = await bring(world, seller, xml(avail(transaction())))
    assert (ended["state"], ended["counts"]["created"]) == ("succeeded", 1)


async def test_waiting_import_can_be_cancelled(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = done(await post(seller, xml(avail(transaction()))), 202)

    async def never(*given: Any) -> None:
        del given
        done(await seller.post(f"/operations/{begun['id']}/cancel"))
        raise AnotherImportRuns

    monkeypatch.setattr(Run, "import_", never)
    await work(world)
    ended = await shown(seller, begun["id"])
    assert (ended["state"], ended["result"]["rows"]) == ("cancelled", 0)


# What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", ["text/csv", "application/json", "multipart/form-data", ""])
async def test_other_media_types_are_refused(world: World, seller: Caller, media_type: str) -> None:
    answer = await post(seller, xml(), media_type)
    document = refused(answer, "unsupported_media_type", 415)
    assert "application/xml" in document["detail"]
    assert await kept(world) == []


async def test_compressed_bodies_are_refused(seller: Caller) -> None:
    answer = await post(seller, xml(), Content_Encoding="gzip")
    refused(answer, "unsupported_media_type", 415)
    assert answer.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"%PDF-1.7\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)]
)
async def test_other_files_are_refused_at_once(
    world: World, seller: Caller, content: bytes
) -> None:
    refused(await post(seller, content, XLSX), "unsupported_media_type", 415)
    assert await kept(world) == []


async def test_what_is_no_avails_after_all_fails(world: World, seller: Caller) -> None:
    for content, media_type in (
        ("<html/>", XML),
        ("<avails", XML),
        (b"PK\x03\x04 and no more", XLSX),
    ):
        ended = await bring(world, seller, content, media_type)
        assert (ended["state"], ended["problem"]["status"]) == ("failed", 422), content
        assert ended["problem"]["detail"]
    assert len(await ledger(world)) == 0


async def test_file_that_is_gone_is_said(world: World, seller: Caller) -> None:
    begun = done(await post(seller, xml(avail(transaction()))), 202)
    [key] = await kept(world)
    await world.app.state.store.delete_object(key)
    await work(world)
    ended = await shown(seller, begun["id"])
    assert (ended["state"], ended["problem"]["status"]) == ("failed", 404)


async def test_too_large_files_are_refused(world: World, seller: Caller) -> None:
    world.app.state.settings = world.app.state.settings.model_copy(
        update={"avails_max_bytes": LITTLE}
    )
    content = xml(*_avails(10)).encode()
    assert len(content) > LITTLE
    refused(await post(seller, content), "too_large", 413)

    async def trickled() -> AsyncIterator[bytes]:
        for at in range(0, len(content), 100):
            yield content[at : at + 100]

    refused(await post(seller, trickled()), "too_large", 413)
    assert await kept(world) == []
    done(await post(seller, xml(avail(transaction()))), 202)


async def test_more_than_a_megabyte_goes_in(world: World, seller: Caller) -> None:
    content = xml(avail(transaction()) + " " * 2_000_000)
    assert (await bring(world, seller, content))["counts"]["created"] == 1


@pytest.mark.parametrize("who", ["buyer", "anonymous", "pending"])
async def test_nothing_is_read_of_who_may_not(world: World, who: str) -> None:
    asker = {
        "anonymous": world.anonymous,
        "buyer": await world.buyer(),
        "pending": await world.seller(standing=Standing.PENDING),
    }[who]
    was_read = []

    async def body() -> AsyncIterator[bytes]:
        was_read.append(True)
        yield b"<"

    answer = await post(asker, body())
    assert (answer.status_code, was_read) == (401 if who == "anonymous" else 403, [])


async def test_file_goes_when_the_transaction_fails(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operations.service.MAX_UNENDED", 1)
    done(await post(seller, xml()), 202)
    refused(await post(seller, xml()), "too_many_operations")
    assert len(await kept(world)) == 1


async def test_files_that_nobody_waits_for_are_thrown_away(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, database = world.app.state.store, world.app.state.database
    await bring(world, seller, xml(avail(transaction())))
    waiting = done(await post(seller, xml()), 202)
    both = await kept(world)

    async def tidy() -> list[str]:
        async with database.session() as session, session.begin():
            await jobs.tidy(session, store)
        return await kept(world)

    assert await tidy() == both
    monkeypatch.setattr(jobs, "UNCLAIMED_FOR", timedelta(seconds=-5))
    [left] = await tidy()
    [(key,)] = await execute(
        world, "SELECT input ->> 'key' FROM operations WHERE id = :id", id=int(waiting["id"])
    )
    assert left == key
    assert datetime.now(UTC) - (await store.list_objects(PREFIX))[left] < timedelta(minutes=1)


# Out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Format.XLSX, Format.XML])
@pytest.mark.parametrize("name", NAMES)
async def test_what_came_in_goes_out_and_comes_in_elsewhere(
    world: World, seller: Caller, tmp_path: Path, name: str, kind: Format
) -> None:
    engine = world.app.state.database.engine
    await imported(world, seller, real_file(name))
    out = tmp_path / f"exported.{kind}"
    with out.open("wb") as file:
        await Export(engine, int(seller.organisation_id)).write(file, kind)
    if kind is Format.XML:
        require_valid(out)
    other = await world.seller()
    assert (await imported(world, other, out))[Fate.REFUSED] == 0
    assert await said_by(world, other) == await said_by(world, seller)
    before = await ledger(world)
    again = await imported(world, seller, out)
    updated = updated_by(name, kind)
    unchanged = MADE[name] - updated
    assert again == +Counter({Fate.UNCHANGED: unchanged, Fate.UPDATED: updated})
    if not updated:
        assert await ledger(world) == before


# How many offerings each real file makes
MADE = dict(zip(NAMES, (9, 24, 24, 3, 60, 26, 24, 26, 38), strict=True))


def updated_by(name: str, kind: Format) -> int:
    """Count what changes by coming back: the sheets say less than XML, and 1.6 had no ALID."""
    has_changed = "1.6" in name or (name.endswith("xml") and kind is Format.XLSX)
    return MADE[name] if has_changed else 0


async def imported(world: World, seller: Caller, path: Path) -> Counter[Fate]:
    """Import a file as the worker does, and count what became of its rows."""

    async def tell(progress: Progress, findings: list[Finding]) -> None:
        del progress, findings

    run = Run(world.app.state.database.engine, None, int(seller.organisation_id))
    with open_avails(path) as file:
        return +(await run.import_(file, tell)).fates


async def said_by(world: World, seller: Caller) -> list[Any]:
    """Give what a seller offers, however it is told apart."""
    return await execute(
        world,
        "SELECT o.territories::text, o.media::text, o.languages::text, o.term::text, "
        "o.exclusivity::text, o.price::text, o.note, t.original_title, t.kind::text "
        "FROM offerings o JOIN titles t ON t.id = o.title_id WHERE t.seller_id = :seller_id "
        "ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9",
        seller_id=int(seller.organisation_id),
    )


async def test_nothing_offered_is_an_empty_file(
    world: World, seller: Caller, tmp_path: Path
) -> None:
    assert read(await taken_back(seller, tmp_path, "xlsx")) == []
    assert read(await taken_back(seller, tmp_path, "xml")) == []
    ended = await bring(world, seller, (tmp_path / "exported.xml").read_bytes())
    assert (ended["state"], ended["counts"]["rows"]) == ("succeeded", 0)


async def test_format_is_one_of_two(seller: Caller) -> None:
    assert (await seller.get("/avails/exports")).status_code == 422
    assert (await seller.get("/avails/exports", params={"format": "csv"})).status_code == 422


PRICE: Json = {"amount": "1500.00", "currency": "USD"}


@pytest.mark.parametrize("kind", ["xlsx", "xml"])
async def test_people_s_own_offerings_go_out(
    world: World, seller: Caller, tmp_path: Path, kind: str
) -> None:
    buyer = await world.buyer("Qazaq Stream")
    title_id = await title_of(world, seller)
    first = await offered(
        seller, title_id, "KZ UZ", "SVOD TVOD", "ru kk", price=PRICE, exclusivity="exclusive",
        visible_to=[buyer.organisation_id],
    )  # fmt: skip
    second = await offered(
        seller,
        title_id,
        "KZ",
        "AVOD FAST",
        "ALL -en",
        term=days("2027-05-01", None),
        exclusivity="non_exclusive",
    )
    rows = read(await taken_back(seller, tmp_path, kind))
    told = {(row.get("LicenseType"), row.get("Territory"), row.get("AvailID")) for row in rows}
    one, other = (f"filmmart:offering:{each['id']}" for each in (first, second))
    assert told == {
        ("SVOD", "KZ", one),
        ("SVOD", "UZ", one),
        ("VOD", "KZ", one),
        ("VOD", "UZ", one),
        ("AVOD", "KZ", other),
    }
    row = next(row for row in rows if row.get("AvailID") == one)
    assert (row.get("Start"), row.get("End"), row.get("Licensee")) == (
        "2027-01-01",
        "2028-12-31",
        "Qazaq Stream",
    )
    assert (row.get("PriceType"), row.get("PriceValue"), row.get("PriceCurrency")) == (
        "LicenseFee",
        "1500.00",
        "USD",
    )
    row = next(row for row in rows if row.get("AvailID") == other)
    assert (row.get("End"), row.get("HoldbackLanguage")) == ("Open", "en")
    if kind == "xml":
        require_valid(tmp_path / "exported.xml")
    assert done(await seller.get("/avails/unsaid"))["items"] == []


@pytest.mark.parametrize("kind", ["xlsx", "xml"])
async def test_people_s_own_offerings_come_back_and_change_nothing(
    world: World, seller: Caller, tmp_path: Path, kind: str
) -> None:
    title_id = await title_of(world, seller)
    offering = await offered(seller, title_id, "KZ UZ", "SVOD", "ru kk")
    content = (await taken_back(seller, tmp_path, kind)).read_bytes()
    media_type = {"xlsx": XLSX, "xml": XML}[kind]
    before = await ledger(world)
    ended = await bring(world, seller, content, media_type)
    assert (ended["counts"]["unchanged"], ended["counts"]["titles"]) == (2, 0)
    found = [each for each in await findings(seller, ended["id"]) if each["column"]]
    assert [(each["severity"], each["column"]) for each in found] == [("info", "AvailID")]
    assert await ledger(world) == before
    # What is here no longer comes back as avails, of the same title.
    gone = await seller.delete(
        f"/titles/{title_id}/offerings/{offering['id']}", headers={"If-Match": "*"}
    )
    assert gone.status_code == 204, gone.text
    ended = await bring(world, seller, content, media_type)
    assert (ended["counts"]["created"], ended["counts"]["titles"]) == (2, 0)
    # And is new to others.
    other = await world.seller()
    ended = await bring(world, other, content, media_type)
    assert (ended["counts"]["created"], ended["counts"]["titles"]) == (2, 1)


# What can't be said ---------------------------------------------------------------------------


async def test_what_avails_have_no_words_for_is_listed(
    world: World, seller: Caller, tmp_path: Path
) -> None:
    title_id = await title_of(world, seller)
    every = await offered(
        seller, title_id, "KZ", min_days=365, exclusivity="either",
        holdbacks=[box("KZ", "SVOD", hard=True, term=days("2027-01-01", "2027-03-31"))],
    )  # fmt: skip
    spoken = await offered(
        seller, title_id, "UZ", "SVOD AVOD_ON_DEMAND", "fr -fr-CA", exclusivity="exclusive"
    )
    items = done(await seller.get("/avails/unsaid"))["items"]
    assert [each["offering_id"] for each in items] == [every["id"], spoken["id"]]
    told = items[0]["unsaid"]
    assert {"THEATRICAL", "REMAKE", "at least 365 days", "1 holdbacks"} < set(told)
    assert "exclusive or not, as the buyer likes" in told
    assert items[1]["unsaid"] == ["AVOD_ON_DEMAND", "the languages fr -fr-CA"]
    rows = read(await taken_back(seller, tmp_path, "xml"))
    assert {row.get("LicenseType") for row in rows} == {"EST", "VOD", "SVOD", "AVOD"}


async def test_the_unsaid_is_paged(world: World, seller: Caller) -> None:
    ids = []
    for _ in range(3):
        title_id = await title_of(world, seller)
        ids += [(await offered(seller, title_id, "KZ", "REMAKE"))["id"] for _ in range(2)]
    found: list[str] = []
    answer = await seller.get("/avails/unsaid", params={"limit": 4})
    found += [each["offering_id"] for each in done(answer)["items"]]
    assert len(found) == 4
    answer = await seller.get(
        "/avails/unsaid", params={"limit": 4, "cursor": done(answer)["next_cursor"]}
    )
    found += [each["offering_id"] for each in done(answer)["items"]]
    assert (found, done(answer)["next_cursor"]) == (ids, None)
    assert done(await (await world.seller()).get("/avails/unsaid"))["items"] == []


async def test_what_a_format_can_not_say_is_listed(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "Avails_noErrors_v2.4.xml"
    await imported(world, seller, real_file(name))
    assert done(await seller.get("/avails/unsaid"))["items"] == []
    assert done(await seller.get("/avails/unsaid", params={"format": "xml"}))["items"] == []
    asked = {"format": "xlsx", "limit": 100}
    items = done(await seller.get("/avails/unsaid", params=asked))["items"]
    assert len(items) == MADE[name]
    names = Counter(each for item in items for each in item["unsaid"])
    assert names == {
        "Avail/ShortDescription": 24,
        "AltID@scope": 2,
        "SRP@currency": 2,
        "RatingRegion": 2,
    }
    # So many are looked at, and no more: the pages are the shorter, and all is told.
    monkeypatch.setattr("app.partners.avails.exports.LOOKED_AT", 10)
    paged, pages = [], 0
    while True:
        page = done(await seller.get("/avails/unsaid", params=asked))
        paged += page["items"]
        pages += 1
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert (paged, pages) == (items, 3)
