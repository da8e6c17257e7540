"""A seller's film goes straight to the store, is held to what it should be, and ends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import text

from app.local import local_s3
from app.local.s3 import S3Server
from app.main import create_app
from app.models import TitleState
from app.s3 import Store
from app.screeners import jobs as work
from app.screeners.objects import KEY_PREFIX, segment_key
from app.screeners.uploads import MAX_UNFINISHED
from app.settings import Settings
from app.stored import PartToSign
from app.worker import Means
from tests import screeners as films
from tests.screeners import LONG_FILM, PART, SHORT_FILM, Film, md5
from tests.servers import make_settings
from tests.world import Caller, World, world_of

LIES = Film(b"?" * len(SHORT_FILM.content))


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await films.make_title(world, seller)


def store_of(world: World) -> Store:
    store: Store = world.app.state.store
    return store


def means_of(world: World) -> Means:
    return Means(world.app.state.database, store_of(world))


async def work_through(world: World, *tasks: str) -> None:
    """Do what waits for the worker."""
    means = means_of(world)
    for name, arguments in await films.jobs(world):
        if name in tasks and name == "expire_upload":
            async with means.transaction() as session:
                await work.expire_upload(session, int(arguments["screener_id"]))
        elif name in tasks:
            await work.remove_screener(means, int(arguments["screener_id"]))


async def key_of(world: World, screener_id: str) -> tuple[str, str]:
    async with world.app.state.database.session() as session:
        found = await session.execute(
            text("SELECT object_key, upload_id FROM screeners WHERE id = :id"),
            {"id": int(screener_id)},
        )
        key, upload_id = found.one()
        return key, upload_id


# Uploading ------------------------------------------------------------------------------------


async def test_a_film_goes_straight_to_the_store_and_waits_to_be_processed(
    world: World, seller: Caller, title: str
) -> None:
    answer = await seller.post(f"/titles/{title}/screeners", LONG_FILM.described())
    assert answer.status_code == 201
    started = answer.json()
    parts = started["part_urls"].pop("parts")
    assert answer.headers["Location"] == f"/v1/screeners/{started['id']}"
    assert started == {
        "id": started["id"],
        "title_id": title,
        "organisation_id": seller.organisation_id,
        "state": "uploading",
        "reason": None,
        "file_name": "Сталкер.mp4",
        "content_type": "video/mp4",
        "size_bytes": 2 * PART + 12_345,
        "audio_language": "ru",
        "subtitle_language": None,
        "processing": None,
        "duration_seconds": None,
        "renditions": [],
        "subtitles": [],
        "checksum": None,
        "completed_at": None,
        "created_at": started["created_at"],
        "upload": {
            "part_bytes": PART,
            "part_count": 3,
            "expires_at": started["upload"]["expires_at"],
        },
        "part_urls": {"expires_at": started["part_urls"]["expires_at"]},
    }
    assert [(part["number"], part["size_bytes"], part["headers"]) for part in parts] == [
        (1, PART, {"Content-Length": str(PART)}),
        (2, PART, {"Content-Length": str(PART)}),
        (3, 12_345, {"Content-Length": "12345"}),
    ]

    async with anyio.create_task_group() as tasks:  # all at once, as fast clients do
        for part, content in zip(parts, LONG_FILM.parts, strict=True):
            tasks.start_soon(films.put, part, content)

    path = f"/screeners/{started['id']}"
    answer = await seller.post(f"{path}/complete", LONG_FILM.stated)
    assert answer.status_code == 200
    complete = answer.json()
    assert complete["state"] == "processing"
    assert complete["processing"] == {"stage": "queued", "progress": 0, "waiting": None}
    assert complete["checksum"] == LONG_FILM.checksum
    assert complete["completed_at"] > complete["created_at"]
    assert (await seller.get(path)).json() == complete
    assert (await seller.get(f"/titles/{title}/screeners")).json()["items"] == [complete]

    found = await store_of(world).find_object((await key_of(world, started["id"]))[0])
    assert found is not None
    assert found.size_bytes == 2 * PART + 12_345
    assert (await seller.post(f"{path}/playback")).json()["code"] == "screener_not_ready"
    assert await films.facts(world, started["id"]) == ["screener.created", "screener.completed"]
    assert ("process_screener", {"screener_id": started["id"]}) in await films.jobs(world)


async def test_part_urls_are_signed_as_often_as_asked(seller: Caller, title: str) -> None:
    screener = await films.started(seller, title, LONG_FILM)
    path = f"/screeners/{screener['id']}"
    wanted = {"parts": [{"number": 3, "md5": LONG_FILM.md5s[2]}, {"number": 1}, {"number": 1}]}
    answer = await seller.post(f"{path}/part-urls", wanted)
    assert answer.status_code == 200
    signed = answer.json()
    assert signed["expires_at"] >= screener["part_urls"]["expires_at"]
    assert [part["number"] for part in signed["parts"]] == [3, 1, 1]
    assert set(signed["parts"][0]["headers"]) == {"Content-Length", "Content-MD5"}
    for part in signed["parts"]:  # one of them twice
        content = LONG_FILM.parts[part["number"] - 1]
        assert (await films.put(part, content)).status_code == 200

    arrived = (await seller.get(f"{path}/upload")).json()
    assert arrived == screener["upload"] | {
        "parts": [
            {"number": 1, "size_bytes": PART, "md5": LONG_FILM.md5s[0]},
            {"number": 3, "size_bytes": 12_345, "md5": LONG_FILM.md5s[2]},
        ]
    }


async def test_a_large_film_gets_its_first_two_hundred_urls_and_asks_for_the_rest(
    seller: Caller, title: str
) -> None:
    hundred_gib = 100 << 30
    screener = await films.started(seller, title, size_bytes=hundred_gib)
    assert screener["upload"]["part_count"] == 800
    assert [part["number"] for part in screener["part_urls"]["parts"]] == [*range(1, 201)]
    answer = await seller.post(
        f"/screeners/{screener['id']}/part-urls",
        {"parts": [{"number": number} for number in range(601, 801)]},
    )
    assert sum(part["size_bytes"] for part in answer.json()["parts"]) == 200 * (128 << 20)
    await seller.delete(f"/screeners/{screener['id']}")


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ([], "/parts"),
        ([{"number": 1}] * 201, "/parts"),
        ([{"number": 0}], "/parts/0/number"),
        ([{"number": 1}, {"number": 2}], "/parts/1/number"),
        ([{"number": 10**30}], "/parts/0/number"),
        ([{"number": 1, "md5": "no MD5"}], "/parts/0/md5"),
    ],
)
async def test_urls_are_signed_for_parts_of_the_file_alone(
    seller: Caller, title: str, parts: list[dict[str, Any]], pointer: str
) -> None:
    screener = await films.started(seller, title)
    answer = await seller.post(f"/screeners/{screener['id']}/part-urls", {"parts": parts})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "wrong",
    [
        {"file_name": "../etc/passwd"},
        {"file_name": "line\nbreak.mp4"},
        {"file_name": "nul\x00.mp4"},
        {"file_name": "lone \ud800.mp4"},
        {"file_name": ""},
        {"file_name": "x" * 201},
        {"size_bytes": 0},
        {"size_bytes": (100 << 30) + 1},
        {"size_bytes": 10**40},
        {"content_type": "text/html"},
        {"audio_language": "not a language"},
        {"object_key": "elsewhere"},
    ],
)
async def test_what_no_screener_can_be_is_refused(
    seller: Caller, title: str, wrong: dict[str, Any]
) -> None:
    body = films.as_json(SHORT_FILM.described(**wrong))
    answer = await seller.request(
        "POST",
        f"/titles/{title}/screeners",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_company_has_only_so_many_unfinished_uploads(
    world: World, seller: Caller, title: str
) -> None:
    await films.execute(
        world,
        "INSERT INTO screeners (title_id, organisation_id, file_name, content_type, size_bytes,"
        " part_bytes, object_key, upload_id, upload_expires_at) SELECT :title, :seller, 'film.mp4',"
        " 'video/mp4', 1, 16777216, 'key ' || n, 'upload', now() + interval '1 day'"
        " FROM generate_series(1, :count) n",
        title=int(title),
        seller=int(seller.organisation_id),
        count=MAX_UNFINISHED,
    )
    answer = await seller.post(f"/titles/{title}/screeners", SHORT_FILM.described())
    assert answer.status_code == 409
    assert answer.json()["code"] == "too_many_uploads"


@pytest.mark.parametrize("state", [TitleState.DRAFT, TitleState.WITHDRAWN])
async def test_a_draft_takes_screeners_and_a_withdrawn_title_none(
    world: World, seller: Caller, state: TitleState
) -> None:
    title = await films.make_title(world, seller, state)
    answer = await seller.post(f"/titles/{title}/screeners", SHORT_FILM.described())
    if state is TitleState.DRAFT:
        assert answer.status_code == 201
    else:
        assert answer.json()["code"] == "title_withdrawn"


async def test_a_screener_started_twice_with_one_key_is_one(seller: Caller, title: str) -> None:
    headers = {"Idempotency-Key": "the-same"}
    answers = [
        await seller.post(f"/titles/{title}/screeners", SHORT_FILM.described(), headers=headers)
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len((await seller.get(f"/titles/{title}/screeners")).json()["items"]) == 1


async def test_screeners_are_paged_newest_first(seller: Caller, title: str) -> None:
    made = [(await films.started(seller, title))["id"] for _ in range(3)]
    first = await seller.get(f"/titles/{title}/screeners?limit=2")
    assert 'rel="next"' in first.headers["Link"]
    cursor = first.json()["next_cursor"]
    second = await seller.get(f"/titles/{title}/screeners", params={"cursor": cursor})
    listed = [row["id"] for row in first.json()["items"] + second.json()["items"]]
    assert listed == made[::-1]
    assert second.json()["next_cursor"] is None
    bad = await seller.get(f"/titles/{title}/screeners?cursor=nonsense")
    assert bad.json()["code"] == "invalid_cursor"


# Completing -----------------------------------------------------------------------------------


async def test_a_completion_names_what_is_missing_or_wrong_and_leaves_the_upload_open(
    seller: Caller, title: str
) -> None:
    screener = await films.started(seller, title, LONG_FILM)
    first, second, third = screener["part_urls"]["parts"]
    complete = f"/screeners/{screener['id']}/complete"
    await films.put(second, LONG_FILM.parts[0])
    await films.put(third, LONG_FILM.parts[2])

    answer = await seller.post(complete, LONG_FILM.stated)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "parts_do_not_match"
    assert problem["parts"] == [
        {"number": 1, "reason": "has not arrived"},
        {"number": 2, "reason": "has another MD5 than you stated"},
    ]

    assert (await films.put(second, LONG_FILM.parts[1])).status_code == 200
    assert (await films.put(first, LONG_FILM.parts[0])).status_code == 200
    assert (await seller.post(complete, LONG_FILM.stated)).json()["state"] == "processing"


async def test_the_checksum_of_the_whole_will_do(seller: Caller, title: str) -> None:
    screener = await films.started(seller, title)
    await films.sent(screener)
    complete = f"/screeners/{screener['id']}/complete"
    other = await seller.post(complete, {"checksum": LIES.checksum})
    assert other.status_code == 409
    assert other.json()["code"] == "checksum_mismatch"
    answer = await seller.post(complete, {"checksum": SHORT_FILM.checksum})
    assert answer.json()["state"] == "processing"


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"parts": []},
        {"parts": [{"number": 2, "md5": md5(b"")}]},
        {"parts": [{"number": 1, "md5": md5(b"")}] * 2},
        {"parts": [{"number": 1, "md5": md5(b"")}, {"number": 2, "md5": md5(b"")}]},
        {"checksum": md5(b"")},
        {"checksum": md5(b"") + "-2"},
        {"checksum": md5(b"") + "-1", "parts": SHORT_FILM.stated["parts"]},
    ],
)
async def test_a_completion_must_be_of_every_part(
    seller: Caller, title: str, stated: dict[str, Any]
) -> None:
    screener = await films.started(seller, title)
    await films.sent(screener)
    answer = await seller.post(f"/screeners/{screener['id']}/complete", stated)
    assert answer.status_code == 422, answer.text


async def test_completing_again_is_harmless_and_completing_otherwise_refused(
    world: World, seller: Caller, title: str
) -> None:
    ready = await films.uploaded(seller, title)
    complete = f"/screeners/{ready['id']}/complete"
    assert (await seller.post(complete, SHORT_FILM.stated)).json() == ready
    answer = await seller.post(complete, LIES.stated)
    assert answer.status_code == 409
    assert answer.json()["code"] == "upload_over"
    assert answer.json()["state"] == "processing"
    for path in ("upload", "part-urls"):
        options = {"json": {"parts": [{"number": 1}]}} if path == "part-urls" else {}
        method = "POST" if options else "GET"
        over = await seller.request(method, f"/screeners/{ready['id']}/{path}", **options)
        assert over.json()["code"] == "upload_over"
    assert (await films.facts(world, ready["id"])).count("screener.completed") == 1


async def test_of_racing_completions_one_completes_and_all_succeed(
    world: World, seller: Caller, title: str
) -> None:
    screener = await films.started(seller, title)
    await films.sent(screener)
    answers = []

    async def complete() -> None:
        answers.append(
            await seller.post(f"/screeners/{screener['id']}/complete", SHORT_FILM.stated)
        )

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(complete)
    assert {answer.status_code for answer in answers} == {200}
    assert (await films.facts(world, screener["id"])).count("screener.completed") == 1


async def test_a_completion_whose_answer_was_lost_is_found_by_its_repetition(
    world: World, seller: Caller, title: str
) -> None:
    screener = await films.started(seller, title)
    await films.sent(screener)
    store, (key, upload_id) = store_of(world), await key_of(world, screener["id"])
    parts = await store.list_parts(key, upload_id)
    await store.complete_upload(key, upload_id, list(parts.values()))  # and then the power went

    seen = await seller.get(f"/screeners/{screener['id']}/upload")
    assert seen.json()["code"] == "upload_lost"
    answer = await seller.post(f"/screeners/{screener['id']}/complete", SHORT_FILM.stated)
    assert answer.json()["state"] == "processing"


async def test_an_object_of_another_length_is_never_served(
    world: World, seller: Caller, title: str
) -> None:
    screener = await films.started(seller, title)
    store, (key, upload_id) = store_of(world), await key_of(world, screener["id"])
    other = await store.start_upload(key, "video/mp4")
    (url,) = store.sign_parts(key, other, [PartToSign(1, 5)], timedelta(minutes=1))
    await films.put({"url": url, "headers": {}}, b"other")
    await store.complete_upload(key, other, list((await store.list_parts(key, other)).values()))
    await store.abort_upload(key, upload_id)

    answer = await seller.post(f"/screeners/{screener['id']}/complete", SHORT_FILM.stated)
    assert answer.status_code == 409
    assert answer.json()["code"] == "checksum_mismatch"
    playback = await seller.post(f"/screeners/{screener['id']}/playback")
    assert playback.json()["code"] == "screener_not_ready"


async def test_a_lost_upload_says_so_and_is_over(world: World, seller: Caller, title: str) -> None:
    screener = await films.started(seller, title)
    await films.sent(screener)
    await store_of(world).abort_upload(*await key_of(world, screener["id"]))

    path = f"/screeners/{screener['id']}"
    assert (await seller.get(f"{path}/upload")).json()["code"] == "upload_lost"
    answer = await seller.post(f"{path}/complete", SHORT_FILM.stated)
    assert answer.status_code == 409
    assert answer.json()["code"] == "upload_lost"
    over = (await seller.get(path)).json()
    assert over["state"] == "expired"
    assert over["reason"] == "The store lost the upload before it was complete."
    again = await seller.post(f"{path}/complete", SHORT_FILM.stated)
    assert again.json()["code"] == "upload_over"
    assert await films.facts(world, screener["id"]) == ["screener.created", "screener.expired"]


# A store of one's own -------------------------------------------------------------------------


async def test_while_the_store_is_away_nothing_changes_and_everybody_is_told(
    database_url: str, tmp_path: Path
) -> None:
    with local_s3(tmp_path) as server:
        async with world_of(create_app(own_settings(database_url, server))) as world:
            await store_of(world).ensure_bucket()
            seller = await world.seller()
            title = await films.make_title(world, seller)
            ready = await films.uploaded(seller, title)
            screener = await films.started(seller, title, LONG_FILM)
            await films.sent(screener, LONG_FILM)
            server.kill()

            path = f"/screeners/{screener['id']}"
            answers = [
                await seller.post(f"/titles/{title}/screeners", SHORT_FILM.described()),
                await seller.get(f"{path}/upload"),
                await seller.post(f"{path}/complete", LONG_FILM.stated),
            ]
            for answer in answers:
                assert answer.status_code == 503
                assert answer.json()["code"] == "storage_unavailable"
                assert answer.headers["Retry-After"] == "10"
            assert (await seller.get(f"/screeners/{ready['id']}")).status_code == 200
            assert len((await seller.get(f"/titles/{title}/screeners")).json()["items"]) == 2

            assert half_written(tmp_path)
            server.start()
            # rclone keeps unfinished uploads in its memory, and finished films on disk.
            assert not half_written(tmp_path)
            lost = await seller.post(f"{path}/complete", LONG_FILM.stated)
            assert lost.json()["code"] == "upload_lost"
            key, _ = await key_of(world, ready["id"])
            assert await store_of(world).find_object(key) is not None
            assert (await films.uploaded(seller, title))["state"] == "processing"


def half_written(folder: Path) -> list[Path]:
    return [*folder.rglob(".rclone_temp_*")]


def own_settings(database_url: str, server: S3Server) -> Settings:
    return make_settings(
        database_url,
        {
            "s3_endpoint_url": server.endpoint_url,
            "s3_access_key_id": server.access_key_id,
            "s3_secret_access_key": server.secret_access_key,
        },
    )


# Ending ---------------------------------------------------------------------------------------


async def test_a_withdrawn_screener_is_taken_from_everybody_and_from_the_store(
    world: World, seller: Caller, buyer: Caller, title: str
) -> None:
    ready = await films.ready_screener(world, seller, title)
    path = f"/screeners/{ready['id']}"
    await films.granted(seller, ready["id"], buyer)
    key, _ = await key_of(world, ready["id"])
    segment = segment_key(int(ready["id"]), "360p", 0)
    for each in (key, segment):
        await store_of(world).put_bytes(each, b"film", "video/mp4")

    assert (await seller.delete(path)).status_code == 204
    assert (await seller.delete(path)).status_code == 204
    assert (await buyer.get(path)).status_code == 404
    assert (await buyer.post(f"{path}/playback")).status_code == 404
    refused = await seller.post(f"{path}/playback")
    assert refused.json()["code"] == "screener_not_ready"
    assert (await seller.get(path)).json()["state"] == "withdrawn"

    await work_through(world, "remove_screener")
    for each in (key, segment):
        assert await store_of(world).find_object(each) is None
    await work_through(world, "remove_screener")  # a job may come twice
    assert (await films.facts(world, ready["id"])).count("screener.withdrawn") == 1


async def test_an_upload_given_up_leaves_nothing_at_the_store(
    world: World, seller: Caller, title: str
) -> None:
    screener = await films.started(seller, title, LONG_FILM)
    await films.put(screener["part_urls"]["parts"][0], LONG_FILM.parts[0])
    assert (await seller.delete(f"/screeners/{screener['id']}")).status_code == 204
    await work_through(world, "remove_screener")

    key, upload_id = await key_of(world, screener["id"])
    open_uploads = await store_of(world).list_uploads(KEY_PREFIX)
    assert upload_id not in [upload.upload_id for upload in open_uploads]
    late = await films.put(screener["part_urls"]["parts"][2], LONG_FILM.parts[2])
    assert late.status_code == 404
    assert await store_of(world).find_object(key) is None


async def test_an_unfinished_upload_expires(world: World, seller: Caller, title: str) -> None:
    screener = await films.started(seller, title)
    ready = await films.uploaded(seller, title)
    await work_through(world, "expire_upload")  # too early: nothing happens
    path = f"/screeners/{screener['id']}"
    assert (await seller.get(path)).json()["state"] == "uploading"

    await films.execute(world, "UPDATE screeners SET upload_expires_at = now()")
    late = await seller.post(f"{path}/complete", SHORT_FILM.stated)
    assert late.json()["code"] == "upload_over"
    assert late.json()["state"] == "expired"
    await work_through(world, "expire_upload")
    await work_through(world, "expire_upload", "remove_screener")

    over = (await seller.get(path)).json()
    assert over["state"] == "expired"
    assert over["reason"] == "The upload was not completed in time."
    assert (await seller.get(f"/screeners/{ready['id']}")).json()["state"] == "processing"
    assert await films.facts(world, screener["id"]) == ["screener.created", "screener.expired"]
    (part,) = screener["part_urls"]["parts"]
    assert (await films.put(part, SHORT_FILM.content)).status_code == 404


async def test_jobs_are_deferred_with_what_makes_them_necessary(
    world: World, seller: Caller, title: str
) -> None:
    screener = await films.started(seller, title)
    await seller.delete(f"/screeners/{screener['id']}")
    assert await films.jobs(world) == [
        ("expire_upload", {"screener_id": screener["id"]}),
        ("remove_screener", {"screener_id": screener["id"]}),
    ]


async def test_the_broom_removes_what_was_left_and_uploads_nobody_knows(
    world: World, seller: Caller, title: str
) -> None:
    store = store_of(world)
    running = await films.started(seller, title)
    ready = await films.uploaded(seller, title)
    await seller.delete(f"/screeners/{ready['id']}")
    orphan = await store.start_upload(f"{KEY_PREFIX}0/original", "video/mp4")
    key, _ = await key_of(world, ready["id"])
    _, running_upload = await key_of(world, running["id"])

    await work.tidy_store(means_of(world))
    assert await store.find_object(key) is None
    # A young upload may have its row still uncommitted.
    assert orphan in [upload.upload_id for upload in await store.list_uploads(KEY_PREFIX)]

    late, unknown = segment_key(int(ready["id"]), "360p", 7), segment_key(1, "360p", 0)
    for each in (late, unknown):
        await store.put_bytes(each, b"film", "video/mp2t")
    await work.tidy_store(means_of(world))
    assert await store.find_object(unknown) is not None

    await work.tidy_store(means_of(world), datetime.now(UTC) + timedelta(days=1))
    for each in (late, unknown):
        assert await store.find_object(each) is None
    left = [upload.upload_id for upload in await store.list_uploads(KEY_PREFIX)]
    assert orphan not in left
    assert running_upload in left
