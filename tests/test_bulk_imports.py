"""Imports over HTTP: items and files go in once, whatever happens on the way, and are told of."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import xlsxwriter

from app.main import create_app
from app.operations.handling import Progress
from app.partners.bulk import importing, jobs
from app.partners.bulk.files import INCOMING
from app.partners.bulk.importing import Import
from app.partners.bulk.uploads import TAKEN
from app.partners.imports.alone import AnotherImportRuns, alone
from app.settings import Settings
from tests.bulk import Json, brought, film, imported, report_of, work
from tests.imports import ndjson
from tests.meetings import execute
from tests.operations import findings, make_due, shown
from tests.rights import done, refused
from tests.world import Caller, World, world_of

CSV, NDJSON = "text/csv", "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """Start an app with a bucket of its own."""
    own = settings.model_copy(update={"s3_bucket": f"test-{uuid4()}"})
    async with world_of(create_app(own)) as world:
        await world.app.state.store.ensure_bucket()
        yield world


async def titles(world: World) -> list[tuple[Any, ...]]:
    rows = await execute(
        world, "SELECT reference, year, version, state::text FROM titles ORDER BY reference"
    )
    return [tuple(row) for row in rows]


# What goes in -----------------------------------------------------------------------------------


async def test_items_are_created_then_left_alone_then_changed(world: World, seller: Caller) -> None:
    first = await imported(world, seller, items=[film(1), film(2)])
    assert (first["kind"], first["state"], first["progress"]) == ("titles.import", "succeeded", 1)
    counts = {"rows": 2, "created": 2, "updated": 0, "unchanged": 0, "refused": 0}
    assert first["counts"] == counts
    assert first["result"] == {"dry_run": False, **counts}
    again = await imported(world, seller, items=[film(1), film(2, year=1999)])
    assert (again["counts"]["unchanged"], again["counts"]["updated"]) == (1, 1)
    assert await titles(world) == [("f1", 1951, 1, "draft"), ("f2", 1999, 2, "draft")]


async def test_members_that_are_not_named_stay(world: World, seller: Caller) -> None:
    await imported(world, seller, items=[film(1)])
    less = {"reference": "f1", "kind": "feature", "original_title": "Film 1", "year": 2001}
    assert (await imported(world, seller, items=[less]))["counts"]["updated"] == 1
    [title] = done(await seller.get("/titles", params={"mine": True}))["items"]
    assert (title["year"], title["countries"]) == (2001, ["KZ", "UZ"])


async def test_report_tells_of_every_row(world: World, seller: Caller) -> None:
    await imported(world, seller, items=[film(1)])
    items = [film(1), film(2, countries=["XX"]), {"reference": "f3"}, film(2), film(4, year=12)]
    operation = await imported(world, seller, items=items)
    report = await report_of(seller, operation)
    told = [(line["row"], line["reference"], line["outcome"]) for line in report]
    assert told == [
        (1, "f1", "unchanged"),
        (2, "f2", "created"),
        (3, "f3", "refused"),
        (4, "f2", "refused"),
        (5, "f4", "created"),
    ]
    ids = {str(id_) for (id_,) in await execute(world, "SELECT id FROM titles")}
    assert {line["id"] for line in report if line["id"]} == ids
    assert [problem["field"] for problem in report[1]["problems"]] == ["countries"]
    assert {problem["done"] for problem in report[2]["problems"]} == {"row refused"}
    found = await findings(seller, operation["id"])
    assert [each["row"] for each in found] == sorted(each["row"] for each in found)
    assert {each["row"] for each in found if each["severity"] == "error"} == {3, 4}


async def test_what_is_asked_for_is_published(world: World, seller: Caller) -> None:
    operation = await imported(world, seller, items=[film(1), film(2, year=None)], publish=True)
    assert [state for *_, state in await titles(world)] == ["published", "draft"]
    report = await report_of(seller, operation)
    assert [problem["done"] for problem in report[1]["problems"]] == ["left a draft"]


async def test_dry_run_tells_all_and_keeps_nothing(world: World, seller: Caller) -> None:
    operation = await imported(world, seller, items=[film(1), {"kind": "feature"}], dry_run=True)
    assert operation["result"].items() >= {"dry_run": True, "created": 1, "refused": 1}.items()
    assert [line["outcome"] for line in await report_of(seller, operation)] == [
        "created",
        "refused",
    ]
    assert await titles(world) == []


async def test_csv_goes_in_by_a_mapping(world: World, seller: Caller) -> None:
    content = "no;name;land\n1;Кино;Kazakhstan\n2;;KZ\n".encode()
    mapping = {
        "fields": {
            "reference": {"value": "x-{no}"},
            "kind": {"default": "feature"},
            "original_title": "name",
            "countries": {"column": "land", "translate": "@countries.en"},
        }
    }
    operation = await brought(world, seller, content, CSV, mapping=mapping)
    assert (operation["counts"]["created"], operation["counts"]["refused"]) == (1, 1)
    assert [row[0] for row in await titles(world)] == ["x-1"]
    report = await report_of(seller, operation)
    assert [(line["row"], line["outcome"]) for line in report] == [(2, "created"), (3, "refused")]


async def test_workbook_and_ndjson_go_in(world: World, seller: Caller) -> None:
    kept = BytesIO()
    book = xlsxwriter.Workbook(kept)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["reference", "kind", "original_title"])
    sheet.write_row(1, 0, ["a", "feature", "A film"])
    book.close()
    assert (await brought(world, seller, kept.getvalue(), XLSX))["counts"]["created"] == 1
    lines = ndjson(film(1), film(2)).encode() + b"no json\n"
    operation = await brought(world, seller, lines, NDJSON)
    assert (operation["counts"]["created"], operation["counts"]["refused"]) == (2, 1)


async def test_file_is_put_to_the_store_past_the_api(world: World, seller: Caller) -> None:
    content = ndjson(film(1)).encode()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    wanted = {"format": "ndjson", "size_bytes": len(content), "md5": md5}
    upload = done(await seller.post("/import-uploads", wanted), 201)
    not_yet = await seller.post("/imports", {"of": "titles", "file_id": upload["file_id"]})
    refused(not_yet, "no_such_file", 422)
    async with httpx2.AsyncClient() as http:
        other = b"x" * len(content)
        wrong = await http.put(upload["url"], content=other, headers=upload["headers"])
        assert wrong.status_code >= 400
        answer = await http.put(upload["url"], content=content, headers=upload["headers"])
        assert answer.status_code == 200, answer.text
    operation = await imported(world, seller, file_id=upload["file_id"])
    assert operation["counts"]["created"] == 1


async def test_facts_name_who_did_it(world: World, seller: Caller) -> None:
    await imported(world, seller, items=[film(1)])
    [row] = await execute(world, "SELECT person_id FROM events WHERE type = 'title.created'")
    assert row[0] == int(seller.person_id)


# What is refused --------------------------------------------------------------------------------


async def test_who_sells_nothing_imports_no_titles(buyer: Caller) -> None:
    refused(await buyer.post("/imports", {"of": "titles", "items": [film(1)]}), "forbidden", 403)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"items": []},
        {"items": [film(1)], "file_id": "csv-0"},
        {"items": [{}] * 1001},
        {"items": [film(1)], "mapping": {"fields": {"nonsense": "a"}}},
        {"items": [film(1)], "nonsense": 1},
        {"items": ["text"]},
    ],
)
async def test_impossible_imports_are_refused(seller: Caller, wanted: Json) -> None:
    refused(await seller.post("/imports", {"of": "titles", **wanted}), "invalid", 422)


@pytest.mark.parametrize("file_id", ["", "csv-0", "../avails/x", "csv-" + "0" * 32, "\ud800"])
async def test_files_that_nobody_sent_are_not_found(seller: Caller, file_id: str) -> None:
    answer = await seller.post(
        "/imports",
        content=('{"of": "titles", "file_id": ' + repr(file_id).replace("'", '"') + "}"),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422, answer.text


async def test_another_company_s_file_is_not_found(world: World, seller: Caller) -> None:
    sent = await seller.post("/import-files", content=b"a\n", headers={"Content-Type": CSV})
    file_id = done(sent, 201)["file_id"]
    other = await world.seller()
    answer = await other.post("/imports", {"of": "titles", "file_id": file_id})
    refused(answer, "no_such_file", 422)
    done(await seller.post("/imports", {"of": "titles", "file_id": file_id}), 202)


async def test_report_is_for_its_company_once_there_is_one(world: World, seller: Caller) -> None:
    begun = done(await seller.post("/imports", {"of": "titles", "items": [film(1)]}), 202)
    path = f"/imports/{begun['id']}/report"
    refused(await seller.get(path), "no_file", 409)
    await work(world)
    done(await seller.get(path))
    refused(await (await world.seller()).get(path), "not_found", 404)
    refused(await seller.get(f"/exports/{begun['id']}/file"), "not_found", 404)
    await world.app.state.store.delete_prefix("import-reports/")
    refused(await seller.get(path), "not_found", 404)


@pytest.mark.parametrize(
    ("content", "kind"), [(b"", CSV), (b"%PDF-", CSV), (b"\x1f\x8b\x08", CSV), (b"a", "text/html")]
)
async def test_what_is_no_table_is_refused_at_once(
    world: World, seller: Caller, content: bytes, kind: str
) -> None:
    answer = await seller.post("/import-files", content=content, headers={"Content-Type": kind})
    refused(answer, "unsupported_media_type", 415)
    assert TAKEN[0] in answer.headers["Accept"]
    assert await world.app.state.store.list_objects(INCOMING) == {}


async def test_file_of_too_many_bytes_is_refused(world: World, seller: Caller) -> None:
    little = {"import_max_bytes": 1024}
    world.app.state.settings = world.app.state.settings.model_copy(update=little)
    answer = await seller.post(
        "/import-files", content=b"a" * 1025, headers={"Content-Type": NDJSON}
    )
    refused(answer, "too_large", 413)


async def test_mapping_that_does_not_fit_the_file_is_said(world: World, seller: Caller) -> None:
    fields = {"reference": "id", "kind": "kind", "original_title": "title"}
    operation = await brought(world, seller, b"no,kind\n1,x\n", CSV, mapping={"fields": fields})
    assert (operation["state"], operation["problem"]["code"]) == ("failed", "invalid")
    assert "no column 'title'" in operation["problem"]["detail"]
    refused(await seller.get(f"/imports/{operation['id']}/report"), "no_file", 409)


async def test_file_that_is_gone_is_said(world: World, seller: Caller) -> None:
    begun = done(await seller.post("/imports", {"of": "titles", "items": [film(1)]}), 202)
    await world.app.state.store.delete_prefix(INCOMING)
    await work(world)
    assert (await shown(seller, begun["id"]))["problem"]["status"] == 404


async def test_odd_texts_are_told_of_and_break_nothing(world: World, seller: Caller) -> None:
    items = (
        r'[{"reference": "\ud800", "kind": "feature", "original_title": "x"},'
        r' {"reference": "b", "keywords": {"\ud800": 1}}, {"reference": "c", "year": 1e999},'
        r' {"reference": "d", "kind": "feature", "original_title": "ok", "keywords": ["\udfff"]}]'
    )
    body = f'{{"of": "titles", "items": {items}}}'
    answer = await seller.post(
        "/imports", content=body, headers={"Content-Type": "application/json"}
    )
    await work(world)
    operation = await shown(seller, done(answer, 202)["id"])
    assert (operation["state"], operation["counts"]["rows"]) == ("succeeded", 4)
    outcomes = [line["outcome"] for line in await report_of(seller, operation)]
    assert outcomes == ["refused", "refused", "refused", "created"]
    answer = await seller.post(
        "/imports",
        content=r'{"of": "titles", "items": [{"\ud800": 1}]}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422, answer.text


# Cut off ----------------------------------------------------------------------------------------


async def test_import_that_was_cut_off_goes_on_and_its_report_is_that_of_one(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.partners.imports.batches.BATCH_ROWS", 2)
    monkeypatch.setattr(importing, "IN_FLIGHT", 1)
    items = [film(number) for number in range(7)]
    begun = done(await seller.post("/imports", {"of": "titles", "items": items}), 202)
    tell, told = Progress.tell, []

    async def cut_off(self: Progress, share: float, counts: Any = None) -> None:
        await tell(self, share, counts)
        told.append(counts)
        if len(told) == 2:
            assert len(await titles(world)) == 4
            raise ConnectionError

    monkeypatch.setattr(Progress, "tell", cut_off)
    await work(world)
    await make_due(world)
    await work(world)
    assert await execute(world, "SELECT attempts FROM operations") == [(2,)]
    operation = await shown(seller, begun["id"])
    assert operation["state"] == "succeeded", operation
    assert (operation["counts"]["created"], operation["counts"]["unchanged"]) == (7, 0)
    report = await report_of(seller, operation)
    assert [(line["row"], line["outcome"]) for line in report] == [
        (row, "created") for row in range(1, 8)
    ]
    facts = await execute(world, "SELECT count(*) FROM events WHERE type = 'title.created'")
    assert facts[0][0] == 7


async def test_cancelled_import_stops_after_a_batch_and_reports_it(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.partners.imports.batches.BATCH_ROWS", 2)
    monkeypatch.setattr(importing, "IN_FLIGHT", 1)
    items = [film(number) for number in range(7)]
    begun = done(await seller.post("/imports", {"of": "titles", "items": items}), 202)
    tell = Progress.tell

    async def cancel(self: Progress, share: float, counts: Any = None) -> None:
        await seller.post(f"/operations/{begun['id']}/cancel")
        await tell(self, share, counts)

    monkeypatch.setattr(Progress, "tell", cancel)
    await work(world)
    operation = await shown(seller, begun["id"])
    assert (operation["state"], operation["result"]["created"]) == ("cancelled", 2)
    assert len(await report_of(seller, operation)) == len(await titles(world)) == 2


async def test_import_waits_for_another_and_can_be_cancelled(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Any] = []

    def busy(*given: Any) -> Any:
        tries.append(given)
        if len(tries) < 3:
            raise AnotherImportRuns
        return alone(*given)

    monkeypatch.setattr(importing, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(importing, "alone", busy)
    assert (await imported(world, seller, items=[film(1)]))["counts"]["created"] == 1
    tries.clear()
    begun = done(await seller.post("/imports", {"of": "titles", "items": [film(2)]}), 202)

    async def never(self: Import[Any]) -> bool:
        done(await seller.post(f"/operations/{begun['id']}/cancel"))
        return await is_cancelled(self.progress)

    is_cancelled = Progress.is_cancelled
    monkeypatch.setattr(
        Progress,
        "is_cancelled",
        lambda self: never(Import(None, None, self, None, dry=False)),  # type: ignore[arg-type]
    )
    await work(world)
    operation = await shown(seller, begun["id"])
    assert (operation["state"], operation["result"]["rows"]) == ("cancelled", 0)


async def test_old_files_are_thrown_away_and_waited_for_ones_kept(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, database = world.app.state.store, world.app.state.database
    operation = await imported(world, seller, items=[film(1)])
    done(await seller.post("/imports", {"of": "titles", "items": [film(2)]}), 202)

    async def tidy() -> tuple[int, int]:
        async with database.session() as session, session.begin():
            await jobs.tidy(session, store)
        kept = [len(await store.list_objects(each)) for each in (INCOMING, "import-reports/")]
        return kept[0], kept[1]

    assert await tidy() == (2, 1)
    assert await execute(world, "SELECT 1 FROM bulk_pieces") == []
    monkeypatch.setattr(jobs, "UNCLAIMED_FOR", timedelta(seconds=-5))
    assert await tidy() == (1, 1)
    done(await seller.get(f"/imports/{operation['id']}/report"))
    monkeypatch.setattr(jobs, "KEPT_FOR", timedelta(seconds=-5))
    assert await tidy() == (1, 0)
