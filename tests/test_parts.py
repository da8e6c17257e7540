"""Parts of titles: seasons, episodes, volumes and supplements, and what they are part of."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.catalogue.bulk import Outcome, Upserted
from app.partners.imports.service import put_in
from tests.catalogue import Json, create, found, publish, told, upsert
from tests.imports import csv_text, judged, write
from tests.world import Caller, World


async def refused(seller: Caller, status: int, **wanted: Any) -> Json:
    answer = await seller.post("/titles", wanted)
    assert answer.status_code == status, answer.text
    problem: Json = answer.json()
    return problem


# Made one by one ------------------------------------------------------------------------------


async def test_a_series_has_seasons_and_they_have_episodes(seller: Caller) -> None:
    series = await publish(seller, kind="series", original_title="Dark Matter")
    season = await publish(seller, **told("season", "Season 1", series, season_number=1))
    episode = await publish(seller, **told("episode", "Pilot", season, episode_number=0))
    extra = await publish(seller, **told("supplement", "Meet the cast", episode))
    assert (season["part_of_id"], season["season_number"]) == (series["id"], 1)
    assert (episode["part_of_id"], episode["episode_number"]) == (season["id"], 0)
    assert (extra["part_of_id"], extra["episode_number"]) == (episode["id"], None)


async def test_what_can_be_no_part_of_something_is_refused(world: World, seller: Caller) -> None:
    rival = await world.seller()
    series = await create(seller, kind="series")
    season = await create(seller, **told("season", "1", series))
    theirs = await publish(rival, kind="series")
    film = await create(seller)
    senseless: list[tuple[Json, str]] = [
        (told("feature", "A", series), "/part_of_id"),
        (told("season", "A", film), "/part_of_id"),
        (told("season", "A", season), "/part_of_id"),
        (told("season", "A", theirs), "/part_of_id"),
        (told("season", "A", part_of_id="123"), "/part_of_id"),
        (told("episode", "A", season, season_number=1), "/season_number"),
        (told("episode", "A", season, volume_number=1), "/volume_number"),
        (told("season", "A", series, season_number=100_001), "/season_number"),
        (told("season", "A", series, season_number=-1), "/season_number"),
        (told("season", "A", series, seasons=2), "/seasons"),
        (told("season", "A", part_of_id="9" * 30), "/part_of_id"),
        (told("feature", "A", season_number=1), "/season_number"),
    ]
    for wanted, pointer in senseless:
        problem = await refused(seller, 422, **wanted)
        assert [error["pointer"] for error in problem["errors"]] == [pointer], wanted


async def test_a_number_is_had_once(seller: Caller) -> None:
    series = await create(seller, kind="series")
    await create(seller, **told("season", "One", series, season_number=1))
    two = await create(seller, **told("season", "Two", series, season_number=2))
    problem = await refused(seller, 409, **told("season", "Again", series, season_number=1))
    assert problem["code"] == "number_taken"
    answer = await seller.patch(f"/titles/{two['id']}", {"season_number": 1})
    assert answer.json()["code"] == "number_taken"
    # Of another season, of another kind, or without a number, nothing is taken.
    for number in (1, 2):
        wanted = told("episode", "Pilot", series, season_number=number, episode_number=1)
        await create(seller, **wanted)
    for _ in range(2):
        await create(seller, **told("episode", "Lost", series, season_number=1))
        await create(seller, **told("supplement", "Extra", series))


async def test_what_has_parts_stays_what_can_have_them(seller: Caller) -> None:
    series = await create(seller, kind="series")
    season = await create(seller, **told("season", "One", series))
    for kind in ("feature", "collection", "format"):
        answer = await seller.patch(f"/titles/{series['id']}", {"kind": kind})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == "/kind"
    assert (await seller.patch(f"/titles/{series['id']}", {"kind": "animation"})).status_code == 200
    itself = await seller.patch(f"/titles/{season['id']}", {"part_of_id": season["id"]})
    assert itself.status_code == 422
    free = {"part_of_id": None, "kind": "feature"}
    assert (await seller.patch(f"/titles/{season['id']}", free)).status_code == 200
    assert (await seller.patch(f"/titles/{series['id']}", {"kind": "feature"})).status_code == 200


async def test_a_part_is_published_after_its_whole(seller: Caller) -> None:
    series = await create(seller, kind="series", texts={"en": {"title": "A"}})
    season = await create(seller, **told("season", "One", series))
    alone = await create(seller, **told("season", "Alone"))
    answer = await seller.post(f"/titles/{season['id']}/publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "whole_not_published")
    answer = await seller.post(f"/titles/{alone['id']}/publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "incomplete")
    await seller.post(f"/titles/{series['id']}/publish")
    assert (await seller.post(f"/titles/{season['id']}/publish")).status_code == 200
    draft = await create(seller, kind="series")
    moved = await seller.patch(f"/titles/{season['id']}", {"part_of_id": draft["id"]})
    assert (moved.status_code, moved.json()["code"]) == (409, "whole_not_published")
    loose = await seller.patch(f"/titles/{season['id']}", {"part_of_id": None})
    assert loose.status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        "part_of_id = (SELECT max(id) FROM titles WHERE seller_id <> t.seller_id)",
        "kind = 'feature'",
        "part_of_id = NULL, state = 'published', published_at = now()",
        "season_number = 2",
        "season_number = -1",
        "episode_number = 1",
    ],
)
async def test_the_database_holds_the_laws_of_parts(
    world: World, seller: Caller, change: str
) -> None:
    series = await publish(seller, kind="series")
    one = await create(seller, **told("season", "One", series, season_number=1))
    await create(seller, **told("season", "Two", series, season_number=2))
    await create(await world.seller(), kind="series")
    pool = world.app.state.database.reads.pool
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await pool.fetch(f"UPDATE titles t SET {change} WHERE id = $1", int(one["id"]))  # noqa: S608


# Many at once ---------------------------------------------------------------------------------


async def test_parts_go_in_many_at_once_after_their_wholes(world: World, seller: Caller) -> None:
    (series,) = await upsert(world, seller, told("series", "S", reference="S", year=2020))
    of = str(series.title_id)
    seasons = [
        told("season", f"{n}", reference=f"S{n}", season_number=n, part_of_id=of) for n in (1, 2)
    ]
    done = await upsert(world, seller, *seasons)
    assert [each.outcome for each in done] == [Outcome.CREATED] * 2
    again = await upsert(world, seller, *seasons)
    assert [each.outcome for each in again] == [Outcome.UNCHANGED] * 2
    read = (await seller.get(f"/titles/{done[1].title_id}")).json()
    assert (read["part_of_id"], read["season_number"]) == (str(series.title_id), 2)


async def made(world: World, seller: Caller, count: int) -> tuple[str, list[Json]]:
    """Put a series of some seasons in; give its id and what was told of the seasons."""
    (series,) = await upsert(world, seller, told("series", "S", reference="S", year=2020))
    of = str(series.title_id)
    seasons = [
        told("season", f"{n}", reference=f"S{n}", season_number=n, part_of_id=of)
        for n in range(1, count + 1)
    ]
    await upsert(world, seller, *seasons)
    return of, seasons


def outcomes(done: list[Upserted]) -> list[tuple[str, list[str]]]:
    return [(each.outcome.value, [field for field, _ in each.complaints]) for each in done]


async def test_parts_can_exchange_their_numbers(world: World, seller: Caller) -> None:
    of, (one, two, three) = await made(world, seller, 3)
    new = told("season", "New", reference="new", season_number=1, part_of_id=of)
    moved = [one | {"season_number": 2}, two | {"season_number": 3}, three | {"season_number": 4}]
    done = await upsert(world, seller, new, *moved)
    assert outcomes(done) == [("created", []), *[("updated", [])] * 3]
    numbers = [await number(seller, each) for each in done]
    assert numbers == [1, 2, 3, 4]


async def number(seller: Caller, upserted: Upserted) -> int:
    found: int = (await seller.get(f"/titles/{upserted.title_id}")).json()["season_number"]
    return found


async def test_a_number_that_stays_somebody_elses_refuses_one_title_not_the_batch(
    world: World, seller: Caller
) -> None:
    of, (one, two, _) = await made(world, seller, 3)
    new = told("season", "New", reference="new", season_number=1, part_of_id=of)
    # Two wants what three keeps, so that it keeps what one wants, and one what the new one wants.
    done = await upsert(
        world,
        seller,
        new,
        one | {"season_number": 2},
        two | {"season_number": 3},
        new | {"reference": "other", "season_number": 9},
    )
    refusal = ("refused", ["season_number"])
    assert outcomes(done) == [refusal, refusal, refusal, ("created", [])]


async def test_a_part_that_has_no_place_is_refused_alone(world: World, seller: Caller) -> None:
    rival = await world.seller()
    theirs = await create(rival, kind="series")
    of, (one, _) = await made(world, seller, 2)
    batch = [
        told("season", "A", reference="a", part_of_id=theirs["id"]),
        told("season", "B", reference="b", part_of_id="123"),
        told("feature", "S", reference="S", year=2020),
        told("episode", "C", reference="c", part_of_id=of, episode_number=1),
        told("episode", "D", reference="d", part_of_id=of, episode_number=1),
        one | {"kind": "volume", "season_number": None, "volume_number": 1},
    ]
    assert outcomes(await upsert(world, seller, *batch)) == [
        ("refused", ["part_of_id"]),
        ("refused", ["part_of_id"]),
        ("refused", ["kind"]),
        ("created", []),
        ("refused", ["episode_number"]),
        ("updated", []),
    ]


async def test_parts_are_published_with_their_wholes(world: World, seller: Caller) -> None:
    of, (one, two) = await made(world, seller, 2)
    series = told("series", "S", reference="S", year=2020)
    early = await upsert(world, seller, one, publish=True)
    assert outcomes(early) == [("unchanged", ["part_of_id"])]
    done = await upsert(world, seller, series, one, two, publish=True)
    assert outcomes(done) == [("updated", [])] * 3
    loose = await upsert(world, seller, one | {"part_of_id": None})
    assert outcomes(loose) == [("refused", ["part_of_id"])]
    assert await found(seller, mine=True, part_of_id=of) == ["1", "2"]


async def test_a_file_says_by_its_columns_what_a_part_is_part_of(
    world: World, seller: Caller, tmp_path: Path
) -> None:
    of, _ = await made(world, seller, 0)
    header = ["reference", "kind", "original_title", "part_of_id", "season_number"]
    rows = [
        ["a", "Season", "One", of, "1"],
        ["b", "season", "Two", "no id", "2"],
        ["c", "season", "Three", of, "a lot"],
        ["d", "season", "Four", "17", "4"],
    ]
    candidates, findings = judged(write(tmp_path / "seasons.csv", csv_text(header, *rows)))
    assert [(each.row, each.field) for each in findings] == [
        (3, "part_of_id"),
        (4, "season_number"),
    ]
    async with world.app.state.database.session() as session, session.begin():
        seller_id = int(seller.organisation_id)
        done = await put_in(session, None, seller_id, candidates, publish=False)
    assert done.outcomes == ["created", "created", "created", "refused"]
    assert [(each.row, each.field) for each in done.findings] == [(5, "part_of_id")]
    assert await found(seller, mine=True, part_of_id=of) == ["One", "Three"]
