"""A film from its upload to the screen: what the worker makes of it, and how it tells."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app import jobs
from app.models import RenditionKind, Screener
from app.screeners.objects import segment_key
from app.screeners.processing.scratch import kept_ids
from tests import processing
from tests.films import Films
from tests.meetings import execute
from tests.processing import frames_of, objects_of, renditions_of, sent, shown, times_of, work
from tests.screeners import facts, fetch, make_title
from tests.world import Caller, World

pytestmark = pytest.mark.slow


@pytest.fixture
async def title(world: World, seller: Caller) -> str:
    return await make_title(world, seller)


async def test_a_film_that_was_sent_is_ready_once_it_was_worked_on(
    world: World, seller: Caller, title: str, films: Films
) -> None:
    path = films.film(
        65, "64x36", rate="5", audio=("rus", "eng"), subtitles=("eng",), suffix=".mkv"
    )
    content = path.read_bytes()
    id_ = await sent(seller, title, content, content_type="video/x-matroska")
    before = await shown(seller, id_)
    assert before["processing"] == {"stage": "queued", "progress": 0, "waiting": None}
    assert (await seller.post(f"/screeners/{id_}/playback")).status_code == 409

    await work(world)
    ready = await shown(seller, id_)
    assert ready["state"] == "ready", ready
    assert ready["processing"] is None
    assert ready["duration_seconds"] == 65.0
    assert ready["subtitles"] == ["en"]
    sizes = [each for each in ready["renditions"] if each["kind"] == "video"]
    assert [(each["width"], each["height"]) for each in sizes] == [(64, 36)]
    sounds = [each for each in ready["renditions"] if each["kind"] == "audio"]
    assert [(each["name"], each["language"]) for each in sounds] == [
        ("audio-1", "ru"),
        ("audio-2", "en"),
    ]
    assert await facts(world, id_) == ["screener.created", "screener.completed", "screener.ready"]
    await holds_the_whole_film(world, id_, path)
    assert kept_ids(world.app.state.settings.scratch_dir) == []


async def holds_the_whole_film(world: World, id_: str, path: Path) -> None:
    """Look at every segment: no frame is missing, none doubled, nothing of it is in the clear."""
    made = await renditions_of(world, id_)
    assert {kind for _, kind, _ in made} == {"video", "audio"}
    keys = [f"screeners/{id_}/hls/poster.jpg", f"screeners/{id_}/hls/thumbnails.jpg"]
    keys.append(f"screeners/{id_}/original")
    for name, kind, lengths in made:
        assert len(lengths) == len(made[0][2])
        keys += [segment_key(int(id_), name, number) for number in range(len(lengths))]
        if kind == RenditionKind.VIDEO:
            assert await frames_of(world, id_, name) == times_of(path, RenditionKind.VIDEO)
        else:
            assert len(await frames_of(world, id_, name)) > sum(lengths) / 1000 * 40
    assert await objects_of(world, id_) == sorted(keys)


async def test_what_was_made_is_reached_by_nobody_without_a_signature(
    world: World, seller: Caller, title: str, films: Films
) -> None:
    id_ = await sent(seller, title, films.film(4, "64x36", rate="5").read_bytes())
    await work(world)
    settings = world.app.state.settings
    for key in await objects_of(world, id_):
        answer = await fetch(f"{settings.s3_endpoint_url}/{settings.s3_bucket}/{key}")
        assert answer.status_code in {400, 401, 403}, key  # as the store pleases


async def test_the_language_the_seller_named_is_that_of_the_only_soundtrack(
    world: World, seller: Caller, title: str, films: Films
) -> None:
    film = films.film(4, "64x36", rate="5", audio=("und",))
    id_ = await sent(seller, title, film.read_bytes(), audio_language="kk")
    await work(world)
    ready = await shown(seller, id_)
    assert [each["language"] for each in ready["renditions"]] == [None, "kk"]


async def test_a_film_without_sound_is_a_film(
    world: World, seller: Caller, title: str, films: Films
) -> None:
    film = films.film(4, "36x64", rate="5", audio=())
    id_ = await sent(seller, title, film.read_bytes())
    await work(world)
    ready = await shown(seller, id_)
    assert ready["state"] == "ready", ready
    assert [(each["width"], each["height"]) for each in ready["renditions"]] == [(36, 64)]


async def test_what_the_seller_sent_to_read_stays_when_the_file_has_texts_too(
    world: World, seller: Caller, title: str, films: Films
) -> None:
    film = films.film(4, "64x36", rate="5", subtitles=("eng", "kaz"))
    id_ = await sent(seller, title, film.read_bytes())
    own = {"content": "1\n00:00:01,000 --> 00:00:02,000\nOurs\n"}
    answer = await seller.request(
        "PUT",
        f"/screeners/{id_}/subtitles/en",
        **own,
        headers={"Content-Type": "application/x-subrip"},
    )
    assert answer.status_code == 201, answer.text
    await work(world)
    assert (await shown(seller, id_))["subtitles"] == ["en", "kk"]
    kept = await execute(world, "SELECT webvtt FROM screener_subtitles ORDER BY language")
    assert "Ours" in kept[0][0]
    assert "kaz 1" in kept[1][0]


async def test_poison_is_rejected_with_a_reason_and_the_next_film_gets_ready(
    world: World, seller: Caller, title: str, films: Films
) -> None:
    poison = await sent(seller, title, b"#EXTM3U\n#EXTINF:6,\nhttp://127.0.0.1:9/1.ts\n" * 40)
    good = await sent(seller, title, films.film(4, "64x36", rate="5").read_bytes())
    await work(world)
    rejected = await shown(seller, poison)
    assert rejected["state"] == "rejected"
    assert rejected["reason"]
    assert rejected["processing"] is None
    assert await objects_of(world, poison) == []
    assert (await facts(world, poison))[-1] == "screener.rejected"
    assert (await seller.post(f"/screeners/{poison}/playback")).status_code == 409
    assert (await shown(seller, good))["state"] == "ready"


async def test_a_film_withdrawn_while_it_is_processed_leaves_nothing_behind(
    world: World, seller: Caller, title: str, films: Films
) -> None:
    id_ = await sent(seller, title, films.film(4, "64x36", rate="5").read_bytes())
    assert (await seller.delete(f"/screeners/{id_}")).status_code == 204
    await work(world)
    assert (await shown(seller, id_))["state"] == "withdrawn"
    assert await objects_of(world, id_) == []
    assert await facts(world, id_) == [
        "screener.created",
        "screener.completed",
        "screener.withdrawn",
    ]


async def test_a_screener_that_no_job_is_about_is_found_and_processed(
    world: World, seller: Caller, title: str, films: Films
) -> None:
    id_ = await sent(seller, title, films.film(4, "64x36", rate="5").read_bytes())
    await execute(world, "DELETE FROM procrastinate_jobs WHERE task_name = 'process_screener'")
    await work(world, queues=[jobs.MEDIA])
    assert (await shown(seller, id_))["processing"]["stage"] == "queued"
    await processing.rescue(world)
    await work(world)
    assert (await shown(seller, id_))["state"] == "ready"


async def test_a_film_that_another_version_had_begun_is_made_anew(
    world: World, seller: Caller, title: str, films: Films
) -> None:
    path = films.film(4, "64x36", rate="5")
    id_ = await sent(seller, title, path.read_bytes())
    async with world.app.state.database.session() as session, session.begin():
        screener = await session.get_one(Screener, int(id_))
        screener.source, screener.media_key = {"of": "another version"}, bytes(32)
        await session.flush()
        await session.execute(
            text(
                "INSERT INTO screener_renditions (screener_id, name, kind, width, height,"
                " bandwidth, codecs, segment_milliseconds)"
                " VALUES (:id, '144p', 'video', 256, 144, 1000, 'avc1.4d401e', '{6000}')"
            ),
            {"id": int(id_)},
        )
    await world.app.state.store.put_bytes(segment_key(int(id_), "144p", 0), b"old", "video/mp2t")
    await work(world)
    assert (await shown(seller, id_))["state"] == "ready"
    await holds_the_whole_film(world, id_, path)
