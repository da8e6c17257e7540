"""Exports over HTTP: what one may list comes out, all of it, once, and nothing else."""

import asyncio
import csv
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
import python_calamine

from app.main import create_app
from app.models import Standing
from app.operations.handling import Progress
from app.operations.running import rescue_operations
from app.partners.bulk import encoding, exporting, jobs, title_source
from app.partners.bulk import sources as lists
from app.partners.bulk.files import EXPORTS
from app.partners.bulk.rules import cells_of, shortened
from app.s3 import Store
from app.settings import Settings
from app.stored import UploadGone
from tests.bulk import Json, brought, exported, file_of, film, imported, lines_of, work
from tests.meetings import execute
from tests.operations import make_due, shown
from tests.rights import box, done, offered, refused, title_of
from tests.world import Caller, World, world_of

LITTLE_PART = 5 * 2**20
AGAIN = """
UPDATE operations SET state = 'queued', ended_at = NULL, started_at = NULL, result = NULL,
attempts = 0 WHERE kind = 'titles.export'
"""


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """Start an app with a bucket of its own."""
    own = settings.model_copy(update={"s3_bucket": f"test-{uuid4()}"})
    async with world_of(create_app(own)) as world:
        await world.app.state.store.ensure_bucket()
        yield world


async def market(world: World, seller: Caller, count: int = 5) -> None:
    """Publish films, and keep one back."""
    items = [film(number) for number in range(count)]
    await imported(world, seller, items=items, publish=True)
    draft = {"reference": "draft", "kind": "feature", "original_title": "Hidden"}
    await imported(world, seller, items=[draft])


async def all_of(caller: Caller, path: str, **params: Any) -> list[Json]:
    """Read a list to its end, page by page."""
    items: list[Json] = []
    while True:
        page = done(await caller.get(path, params={"limit": 2, **params}))
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        params["cursor"] = page["next_cursor"]


# Titles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mine", [False, True])
async def test_titles_are_those_of_the_list_each_as_a_get_shows_it(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch, *, mine: bool
) -> None:
    monkeypatch.setattr(title_source, "SIZE", 2)
    await market(world, seller)
    other = await world.seller()
    await imported(world, other, items=[film(9)], publish=True)
    operation = await exported(world, seller, "titles", titles={"mine": mine})
    assert (operation["kind"], operation["progress"]) == ("titles.export", 1)
    lines = await lines_of(seller, operation)
    listed = await all_of(seller, "/titles", mine=mine)
    assert [line["id"] for line in lines] == sorted(each["id"] for each in listed)
    assert lines == [done(await seller.get(f"/titles/{line['id']}")) for line in lines]
    assert operation["result"]["rows"] == operation["counts"]["rows"] == len(lines) == 6


async def test_buyer_gets_what_the_market_shows_and_no_references(
    world: World, seller: Caller, buyer: Caller
) -> None:
    await market(world, seller)
    suspended = await world.seller()
    await imported(world, suspended, items=[film(8)], publish=True)
    await execute(
        world,
        "UPDATE organisations SET standing = 'suspended' WHERE id = :id",
        id=int(suspended.organisation_id),
    )
    lines = await lines_of(buyer, await exported(world, buyer, "titles"))
    assert [line["original_title"] for line in lines] == [f"Film {number}" for number in range(5)]
    assert {line["reference"] for line in lines} == {None}


async def test_titles_are_narrowed(world: World, seller: Caller) -> None:
    items = [film(1), film(2, kind="documentary", countries=["RU"]), film(3)]
    await imported(world, seller, items=items)
    for wanted, found in (
        ({"kind": ["documentary"]}, ["f2"]),
        ({"country": ["KZ"], "year_min": 1952}, ["f3"]),
        ({"state": ["published"]}, []),
        ({"seller_id": seller.organisation_id, "year_max": 1951}, ["f1"]),
    ):
        operation = await exported(world, seller, "titles", titles={"mine": True, **wanted})
        lines = await lines_of(seller, operation)
        assert [line["reference"] for line in lines] == found


async def test_titles_made_after_the_export_was_asked_for_are_not_in_it(
    world: World, seller: Caller
) -> None:
    begun = done(await seller.post("/exports", {"of": "titles", "titles": {"mine": True}}), 202)
    done(await seller.post("/titles", {"kind": "feature", "original_title": "Late"}), 201)
    await work(world)
    assert await lines_of(seller, await shown(seller, begun["id"])) == []


async def test_what_is_shown_of_a_title_is_in_its_row_and_the_words_of_the_index_are_not(
    world: World, seller: Caller
) -> None:
    # Or an export of a million titles reads all that lies beside the rows: decision 0004.
    credits_ = [{"role": "cast", "name": uuid4().hex[:20]} for _ in range(10)]
    text = " ".join(f"word{number}" for number in range(100))
    texts = {"en": {"title": "Film", "synopsis": text}}
    await imported(world, seller, items=[film(1, credits=credits_, texts=texts)])
    lies_beside = (
        "SELECT pg_column_toast_chunk_id(credits) IS NOT NULL, "
        "pg_column_toast_chunk_id(search) IS NOT NULL FROM titles"
    )
    assert await execute(world, lies_beside) == [(False, True)]


async def test_csv_comes_back_as_it_went_out(world: World, seller: Caller) -> None:
    odd = {"original_title": "=cmd()|'x'", "keywords": ["a", "b"], "synopsis": None}
    await imported(world, seller, items=[film(1), film(2, keywords=["a", "b"])])
    operation = await exported(world, seller, "titles", format="csv", titles={"mine": True})
    content = (await file_of(seller, operation)).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(content)))
    assert [row["reference"] for row in rows] == ["f1", "f2"]
    assert (rows[1]["keywords"], rows[1]["countries"]) == ("a; b", "KZ; UZ")
    again = await brought(world, seller, content.encode(), "text/csv")
    assert again["counts"]["unchanged"] == 2
    await imported(world, seller, items=[film(3, original_title=odd["original_title"])])
    operation = await exported(world, seller, "titles", format="csv", titles={"mine": True})
    last = list(csv.DictReader(StringIO((await file_of(seller, operation)).decode("utf-8-sig"))))[2]
    assert last["original_title"].startswith("'=")


async def test_workbook_has_a_row_for_each_and_a_further_sheet_where_one_is_full(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "MAX_ROWS", 2)
    monkeypatch.setattr(exporting, "TOLD", 1)
    long = [{"role": "cast", "name": "N" * 190, "character": "C" * 190}] * 100
    await imported(world, seller, items=[film(1, credits=long), film(2), film(3)])
    operation = await exported(world, seller, "titles", format="xlsx", titles={"mine": True})
    book = python_calamine.load_workbook(BytesIO(await file_of(seller, operation)))
    assert book.sheet_names == ["titles", "titles 2"]
    first, second = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    place = first[0].index("reference")
    assert [row[place] for row in first[1:] + second[1:]] == ["f1", "f2", "f3"]
    assert first[1][first[0].index("year")] == 1951
    assert operation["result"]["shortened"] == 1


def test_cells_hold_words_and_parts() -> None:
    item = {"a": None, "b": [], "c": ["x", "y"], "d": {"e": 1}, "f": True, "g": [1], "h": "text"}
    assert cells_of(item, [*item, "i"]) == [
        *(None, None, "x; y", '{"e":1}', True, "[1]", "text", None)
    ]
    assert shortened("x" * 32_767)[1]
    assert shortened("x" * 32_768) == ("x" * 32_766 + "…", False)


# Other lists ------------------------------------------------------------------------------------


async def test_other_lists_come_out_as_they_are_shown(
    world: World, seller: Caller, buyer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 2)
    for _ in range(3):
        await world.buyer()
        await world.person(seller.organisation_id)
    await world.seller(standing=Standing.PENDING)
    for of, path in (
        ("organisations", "/organisations"),
        ("people", f"/organisations/{seller.organisation_id}/people"),
        ("meeting-requests", "/meeting-requests"),
        ("licences", "/licences"),
    ):
        lines = await lines_of(seller, await exported(world, seller, of))
        assert lines == await all_of(seller, path), of
    for of in ("sellers", "buyers"):
        lines = await lines_of(seller, await exported(world, seller, of))
        listed = await all_of(seller, f"/{of}")
        assert [line["organisation_id"] for line in lines] == [
            each["organisation_id"] for each in listed
        ]
        assert all(listed[at].items() <= lines[at].items() for at in range(len(listed)))
    assert len(await lines_of(buyer, await exported(world, buyer, "people"))) == 1


async def test_ledgers_of_one_s_own_titles_come_out(world: World, seller: Caller) -> None:
    title_id = await title_of(world, seller)
    await offered(seller, title_id, "KZ", "SVOD", "ru")
    listed = done(await seller.get(f"/titles/{title_id}/offerings"))["items"]
    other = await world.seller()
    await offered(other, await title_of(world, other), "KZ", "SVOD", "ru")
    assert await lines_of(seller, await exported(world, seller, "offerings")) == listed
    [holding] = await lines_of(seller, await exported(world, seller, "holdings"))
    assert holding["title_id"] == title_id
    sale = box("KZ", "SVOD", licensee_name="Tashkent TV", exclusive=True)
    done(await seller.post(f"/titles/{title_id}/licences", sale), 201)
    operation = await exported(world, seller, "licences", format="csv")
    text = (await file_of(seller, operation)).decode("utf-8-sig")
    [row] = csv.DictReader(StringIO(text))
    assert "Tashkent TV" in row["licensee"]


async def test_lists_that_are_not_for_the_caller_are_refused(buyer: Caller) -> None:
    refused(await buyer.post("/exports", {"of": "buyers"}), "forbidden", 403)


@pytest.mark.parametrize(
    "wanted",
    [
        {"of": "sessions"},
        {"of": "titles", "format": "pdf"},
        {"of": "people", "titles": {}},
        {"of": "titles", "titles": {"state": ["draft"]}},
        {"of": "titles", "titles": {"q": "x"}},
        {"of": "titles", "titles": {"year_min": 10**30}},
    ],
)
async def test_impossible_exports_are_refused(seller: Caller, wanted: Json) -> None:
    refused(await seller.post("/exports", wanted), "invalid", 422)


async def test_file_is_for_its_company_once_there_is_one(world: World, seller: Caller) -> None:
    begun = done(await seller.post("/exports", {"of": "titles"}), 202)
    path = f"/exports/{begun['id']}/file"
    refused(await seller.get(path), "no_file", 409)
    await work(world)
    assert done(await seller.get(path))["file_name"] == f"titles-{begun['id']}.ndjson"
    refused(await (await world.seller()).get(path), "not_found", 404)
    refused(await seller.get(f"/imports/{begun['id']}/report"), "not_found", 404)


# Cut off ----------------------------------------------------------------------------------------


async def many(world: World, seller: Caller) -> list[str]:
    """Make titles of more than two parts of a file."""
    text = "a synopsis " * 900
    for first in range(0, 1200, 90):
        items = [
            film(number, texts={"en": {"title": "x", "synopsis": text}})
            for number in range(first, min(first + 90, 1200))
        ]
        await imported(world, seller, items=items)
    rows = await execute(world, "SELECT reference FROM titles ORDER BY id")
    return [reference for (reference,) in rows]


@pytest.mark.slow
async def test_export_that_was_cut_off_goes_on_behind_its_last_part(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PART_BYTES", LITTLE_PART)
    monkeypatch.setattr(title_source, "SIZE", 50)
    references = await many(world, seller)
    wanted = {"of": "titles", "titles": {"mine": True}}
    begun = done(await seller.post("/exports", wanted), 202)
    put_part, parts = Store.put_part, []

    async def cut_off(self: Store, key: str, upload_id: str, number: int, content: bytes) -> Any:
        if number in {2, 3} and number not in parts:
            parts.append(number)
            raise ConnectionError
        return await put_part(self, key, upload_id, number, content)

    monkeypatch.setattr(Store, "put_part", cut_off)
    for _ in range(3):
        await work(world)
        await make_due(world)
    operation = await shown(seller, begun["id"])
    assert [line["reference"] for line in await lines_of(seller, operation)] == references
    assert (operation["result"]["rows"], parts) == (len(references), [2, 3])
    # Killed right after the store had put all together, it finds that done.
    await execute(
        world,
        AGAIN,
    )
    await jobs_again(world)
    again = await shown(seller, begun["id"])
    assert (again["state"], again["result"]["rows"]) == ("succeeded", len(references))
    # What the store lost is made anew.
    await execute(
        world,
        AGAIN,
    )
    await world.app.state.store.delete_prefix(EXPORTS)
    await jobs_again(world)
    assert (await shown(seller, begun["id"]))["state"] == "queued"
    await make_due(world)
    await work(world)
    lines = await lines_of(seller, await shown(seller, begun["id"]))
    assert [line["reference"] for line in lines] == references


async def jobs_again(world: World) -> None:
    """Have the worker take up operations that wait, as after its death."""
    async with world.app.state.database.session() as session, session.begin():
        await rescue_operations(session)
    await work(world)


@pytest.mark.parametrize("format_", ["ndjson", "xlsx"])
async def test_cancelled_export_leaves_nothing(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    await market(world, seller)
    begun = done(await seller.post("/exports", {"of": "titles", "format": format_}), 202)
    is_cancelled = Progress.is_cancelled

    async def cancel(self: Progress) -> bool:
        await seller.post(f"/operations/{begun['id']}/cancel")
        return await is_cancelled(self)

    monkeypatch.setattr(Progress, "is_cancelled", cancel)
    await work(world)
    assert (await shown(seller, begun["id"]))["state"] == "cancelled"
    refused(await seller.get(f"/exports/{begun['id']}/file"), "no_file", 409)
    assert await world.app.state.store.list_objects(EXPORTS) == {}


async def test_cancelled_export_takes_back_the_part_that_is_on_its_way(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PART_BYTES", 1)
    monkeypatch.setattr(title_source, "SIZE", 2)
    await market(world, seller)
    begun = done(await seller.post("/exports", {"of": "titles"}), 202)
    put_part, is_cancelled = Store.put_part, Progress.is_cancelled
    uploads: list[tuple[str, str]] = []

    async def put_slowly(self: Store, key: str, upload_id: str, *part: Any) -> Any:
        stored = await put_part(self, key, upload_id, *part)
        await asyncio.sleep(0.3)
        uploads.append((key, upload_id))
        return stored

    async def cancel(self: Progress) -> bool:
        assert uploads == []  # it is asked while the first part is on its way
        await seller.post(f"/operations/{begun['id']}/cancel")
        return await is_cancelled(self)

    monkeypatch.setattr(Store, "put_part", put_slowly)
    monkeypatch.setattr(Progress, "is_cancelled", cancel)
    await work(world)
    assert (await shown(seller, begun["id"]))["state"] == "cancelled"
    [upload] = uploads
    with pytest.raises(UploadGone):
        await world.app.state.store.list_parts(*upload)


async def test_old_files_and_uploads_of_the_dead_are_thrown_away(
    world: World, seller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, database = world.app.state.store, world.app.state.database
    operation = await exported(world, seller, "titles")
    upload_id = await store.start_upload(f"{EXPORTS}1/2.csv", "text/csv")

    async def tidy() -> None:
        async with database.session() as session, session.begin():
            await jobs.tidy(session, store)

    await tidy()
    with pytest.raises(UploadGone):
        await store.put_part(f"{EXPORTS}1/2.csv", upload_id, 1, b"x")
    await file_of(seller, operation)
    monkeypatch.setattr(jobs, "KEPT_FOR", timedelta(seconds=-5))
    await tidy()
    refused(await seller.get(f"/exports/{operation['id']}/file"), "not_found", 404)
