"""One's own references: titles put one by one, companies and people brought by the register."""

from typing import Any

import anyio
import pytest

from tests.bulk import Json, film, imported, report_of
from tests.meetings import execute
from tests.rights import done, refused
from tests.world import PASSWORD, Caller, World

FILM = {"kind": "feature", "original_title": "Сталкер", "year": 1979, "countries": ["SU"]}
PATH = "/titles/by-reference"


# Titles -----------------------------------------------------------------------------------------


async def test_title_is_made_then_left_alone_then_changed(world: World, seller: Caller) -> None:
    made = await seller.put(f"{PATH}/MF/1979 03", FILM)
    title = done(made, 201)
    assert (title["reference"], title["state"]) == ("MF/1979 03", "draft")
    assert made.headers["Location"] == f"/v1/titles/{title['id']}"
    again = await seller.put(f"{PATH}/MF/1979 03", FILM | {"reference": "MF/1979 03"})
    assert (done(again), again.headers["ETag"]) == (title, made.headers["ETag"])
    less = {"kind": "feature", "original_title": "Сталкер"}
    changed = await seller.put(f"{PATH}/MF/1979 03", less)
    assert (done(changed)["year"], done(changed)["countries"]) == (None, [])
    assert changed.headers["ETag"] != made.headers["ETag"]
    read = await seller.get(f"{PATH}/MF/1979 03")
    assert (done(read), read.headers["ETag"]) == (done(changed), changed.headers["ETag"])
    facts = await execute(world, "SELECT type FROM events WHERE type LIKE 'title.%' ORDER BY id")
    assert [type_ for (type_,) in facts] == ["title.created", "title.updated"]


async def test_texts_in_other_languages_stay(seller: Caller) -> None:
    await seller.put(f"{PATH}/a", FILM | {"texts": {"en": {"title": "Stalker"}}})
    put = await seller.put(f"{PATH}/a", FILM | {"texts": {"kk": {"title": "Сталкер"}}})
    assert done(put)["texts"].keys() == {"en", "kk"}


async def test_edit_of_what_has_changed_is_refused(seller: Caller) -> None:
    refused(
        await seller.put(f"{PATH}/a", FILM, headers={"If-Match": "*"}), "precondition_failed", 412
    )
    first = (await seller.put(f"{PATH}/a", FILM)).headers["ETag"]
    done(await seller.put(f"{PATH}/a", FILM | {"year": 1980}, headers={"If-Match": first}))
    late = await seller.put(f"{PATH}/a", FILM | {"year": 1981}, headers={"If-Match": first})
    refused(late, "precondition_failed", 412)


async def test_title_is_published_or_refused_as_a_whole(world: World, seller: Caller) -> None:
    answer = await seller.put(f"{PATH}/a?publish=true", FILM)
    document = refused(answer, "invalid", 422)
    assert [error["pointer"] for error in document["errors"]] == ["/texts"]
    assert await execute(world, "SELECT 1 FROM titles") == []
    whole = FILM | {"texts": {"en": {"title": "Stalker"}}}
    assert done(await seller.put(f"{PATH}/a?publish=true", whole), 201)["state"] == "published"
    refused(await seller.put(f"{PATH}/a", FILM | {"reference": "b"}), "invalid", 422)
    refused(await seller.put(f"{PATH}/a", whole | {"year": None}), "invalid", 422)


async def test_racing_requests_make_one_title(world: World, seller: Caller) -> None:
    answers = []

    async def put() -> None:
        answers.append(await seller.put(f"{PATH}/a", FILM))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(put)
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len(await execute(world, "SELECT 1 FROM titles")) == 1
    assert len(await execute(world, "SELECT 1 FROM events WHERE type LIKE 'title.%'")) == 1


async def test_references_are_one_s_own(world: World, seller: Caller) -> None:
    done(await seller.put(f"{PATH}/a", FILM), 201)
    other = await world.seller()
    refused(await other.get(f"{PATH}/a"), "not_found", 404)
    done(await other.put(f"{PATH}/a", FILM), 201)
    long = "x" * 201
    assert (await seller.put(f"{PATH}/{long}", FILM)).status_code == 422
    await imported(world, seller, items=[film(1, reference="a")])
    assert done(await seller.get(f"{PATH}/a"))["original_title"] == "Film 1"


# Companies --------------------------------------------------------------------------------------


def company(number: int, **others: Any) -> Json:
    return {"reference": f"c{number}", "name": f"Company {number}", "country": "UZ"} | others


async def test_register_of_companies_goes_in(world: World, organiser: Caller) -> None:
    rows = [company(1), company(2, country="Uzbekistan"), company(3, stand="A7"), company(1)]
    operation = await imported(world, organiser, "companies", items=rows)
    report = await report_of(organiser, operation)
    assert [(line["reference"], line["outcome"]) for line in report] == [
        ("c1", "created"),
        ("c2", "refused"),
        ("c3", "created"),
        ("c1", "refused"),
    ]
    found = done(await organiser.get(f"/organisations/{report[0]['id']}"))
    assert (found["name"], found["standing"]) == ("Company 1", "approved")
    again = await imported(
        world, organiser, "companies", items=[company(1), company(3, name="Other")]
    )
    assert (again["counts"]["unchanged"], again["counts"]["updated"]) == (1, 1)


async def test_company_describes_itself_once_somebody_has_joined(
    world: World, organiser: Caller
) -> None:
    path = "/organisations/by-reference/c1"
    facts = {"name": "Samarkand Film", "country": "UZ"}
    made = await organiser.put(path, facts)
    id_ = done(made, 201)["id"]
    again = await organiser.put(path, facts, headers={"If-Match": made.headers["ETag"]})
    assert (done(again)["id"], again.headers["ETag"]) == (id_, made.headers["ETag"])
    assert done(await organiser.put(path, facts | {"website": "https://film.example"}))["website"]
    await world.person(id_)
    refused(await organiser.put(path, facts | {"name": "Another"}), "describes_itself")
    row = company(1, name="Another", website="https://film.example/")
    operation = await imported(world, organiser, "companies", items=[row])
    [line] = await report_of(organiser, operation)
    assert line["outcome"] == "unchanged"
    assert [problem["field"] for problem in line["problems"]] == ["name"]


async def test_only_organisers_bring_companies(seller: Caller) -> None:
    refused(
        await seller.post("/imports", {"of": "companies", "items": [company(1)]}), "forbidden", 403
    )
    refused(
        await seller.post("/imports", {"of": "companies", "items": [company(1)], "publish": True}),
        "invalid",
        422,
    )


# People -----------------------------------------------------------------------------------------


def person(number: int, **others: Any) -> Json:
    return {"reference": f"p{number}", "email": f"p{number}@brought.example"} | others


async def test_colleagues_are_invited_by_the_list_and_join(world: World, seller: Caller) -> None:
    rows = [person(1), person(2, email="no address"), person(3, email=seller.email)]
    operation = await imported(world, seller, "people", items=rows)
    report = await report_of(seller, operation)
    assert [line["outcome"] for line in report] == ["created", "refused", "refused"]
    joined = {"token": report[0]["token"], "name": "One", "password": PASSWORD}
    accepted = await world.anonymous.post("/invitations/accept", joined)
    assert accepted.status_code == 201, accepted.text
    again = await imported(world, seller, "people", items=[person(1), person(1, role="admin")])
    assert [line["outcome"] for line in await report_of(seller, again)] == ["unchanged", "refused"]
    other = await imported(world, seller, "people", items=[person(1, role="admin")])
    [line] = await report_of(seller, other)
    assert (line["outcome"], line["token"]) == ("unchanged", None)
    assert line["problems"][0]["done"] == "left out"


async def test_organisers_invite_the_first_of_a_company_they_brought(
    world: World, organiser: Caller
) -> None:
    await imported(world, organiser, "companies", items=[company(1)])
    rows = [
        person(1, role="admin", company_reference="c1"),
        person(2, company_reference="nobody's"),
    ]
    operation = await imported(world, organiser, "people", items=rows)
    first, second = await report_of(organiser, operation)
    assert (first["outcome"], second["outcome"]) == ("created", "refused")
    joined = {"token": first["token"], "name": "First", "password": PASSWORD}
    made = (await world.anonymous.post("/invitations/accept", joined)).json()
    assert made["role"] == "admin"
    late = await imported(world, organiser, "people", items=[person(3, company_reference="c1")])
    [line] = await report_of(organiser, late)
    assert line["problems"][0]["problem"].startswith("has people of its own")


async def test_invitation_is_put_anew_where_it_says_something_else(
    world: World, seller: Caller
) -> None:
    path = "/people/by-reference/p1"
    first = done(await seller.put(path, {"email": "one@brought.example"}), 201)
    same = done(await seller.put(path, {"email": "one@brought.example"}))
    assert (same["id"], same["token"]) == (first["id"], None)
    other = done(await seller.put(path, {"email": "two@brought.example"}))
    assert other["id"] == first["id"]
    stale = {"token": first["token"], "name": "One", "password": PASSWORD}
    assert (await world.anonymous.post("/invitations/accept", stale)).status_code == 404
    assert other["token"] not in (None, first["token"])
    refused(await seller.put(path, {"email": seller.email}), "invalid", 422)
    await execute(world, "UPDATE invitations SET expires_at = now()")
    assert done(await seller.put(path, {"email": "two@brought.example"}))["token"]


async def test_dry_run_of_people_has_no_way_in(world: World, seller: Caller) -> None:
    operation = await imported(world, seller, "people", items=[person(1)], dry_run=True)
    [line] = await report_of(seller, operation)
    assert (line["outcome"], line.get("token")) == ("created", None)
    assert await execute(world, "SELECT 1 FROM invitations") == []


@pytest.mark.parametrize("of", ["companies", "people"])
async def test_rows_that_cannot_be_are_told(world: World, organiser: Caller, of: str) -> None:
    items: list[Json] = [{}, {"reference": "", "name": []}, {"reference": "x" * 300, "email": 3}]
    operation = await imported(world, organiser, of, items=items)
    assert operation["counts"]["refused"] == 3


async def test_members_invite_nobody(world: World, seller: Caller) -> None:
    member = await world.person(seller.organisation_id)
    refused(await member.post("/imports", {"of": "people", "items": [person(1)]}), "forbidden", 403)
    refused(await member.put("/people/by-reference/p1", {"email": "a@b.example"}), "forbidden", 403)
