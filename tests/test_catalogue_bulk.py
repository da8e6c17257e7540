"""Many titles at once: what is new goes in, what changed changes, the same is left alone."""

import asyncio

import pytest

from app.catalogue.bulk import BATCH, Outcome
from app.catalogue.reindexing import BATCH as AT_ONCE
from app.catalogue.reindexing import begin_anew, count_left, is_behind, reindex_next
from tests.catalogue import STALKER, Json, events_of, found, upsert
from tests.world import Caller, World

SOLARIS: Json = {
    "reference": "MF-1972",
    "kind": "feature",
    "original_title": "Солярис",
    "year": 1972,
    "texts": {"en": {"title": "Solaris"}},
}


async def test_what_is_put_in_at_once_is_as_if_told_one_by_one(
    world: World, seller: Caller, buyer: Caller
) -> None:
    stalker, solaris = await upsert(world, seller, STALKER, SOLARIS, publish=True)
    assert [stalker.outcome, solaris.outcome] == [Outcome.CREATED, Outcome.CREATED]
    read = (await seller.get(f"/titles/{stalker.title_id}")).json()
    alone = (await seller.post("/titles", STALKER | {"reference": "other"})).json()
    own = {"id", "reference", "state", "published_at", "created_at", "updated_at"}
    assert {name: read[name] for name in read.keys() - own} == {
        name: alone[name] for name in alone.keys() - own
    }
    for q in ("stalker", "潜行者", "Tarkovsky", "Сталкер"):
        assert await found(buyer, q=q) == ["Сталкер"]
    happened = await events_of(world, str(stalker.title_id))
    assert sorted(happened) == ["title.created", "title.published"]


async def test_texts_go_in_whatever_letters_they_have(
    world: World, seller: Caller, buyer: Caller
) -> None:
    awkward = ['"quoted"', "back\\slash\\", "{a,b}", "NULL", "it's", "  ж", "\\N", '\\"', "a,b"]
    words = [word.strip() for word in awkward]
    strange: Json = SOLARIS | {
        "reference": '{"MF",\\1972}',
        "original_title": "!!!",
        "keywords": words,
        "credits": [{"role": "cast", "name": word, "character": "NULL"} for word in words],
        "texts": {"en": {"title": "!!!", "synopsis": 'Said "{no}":\n\t\\ twice.'}},
    }
    (told,) = await upsert(world, seller, strange, publish=True)
    read = (await seller.get(f"/titles/{told.title_id}")).json()
    given = ("reference", "original_title", "keywords", "credits")
    assert {name: read[name] for name in given} == {name: strange[name] for name in given}
    assert read["texts"]["en"]["synopsis"] == strange["texts"]["en"]["synopsis"]
    assert await found(buyer, q="slash") == ["!!!"]
    (again,) = await upsert(world, seller, strange)
    assert again.outcome is Outcome.UNCHANGED


async def test_the_same_again_changes_nothing(world: World, seller: Caller) -> None:
    first = await upsert(world, seller, STALKER, SOLARIS, publish=True)
    address = f"/titles/{first[0].title_id}"
    before = await seller.get(address)
    again = await upsert(world, seller, SOLARIS, STALKER, publish=True)
    assert [told.outcome for told in again] == [Outcome.UNCHANGED] * 2
    assert [told.title_id for told in again] == [first[1].title_id, first[0].title_id]
    after = await seller.get(address)
    assert after.json() == before.json()
    assert after.headers["ETag"] == before.headers["ETag"]
    assert len(await events_of(world, str(first[0].title_id))) == 2


async def test_only_what_is_said_changes(world: World, seller: Caller, buyer: Caller) -> None:
    (first,) = await upsert(world, seller, STALKER)
    address = f"/titles/{first.title_id}"
    before = (await seller.get(address)).json()
    partly = {"reference": "MF-1979", "kind": "feature", "original_title": "Сталкер"}
    (told,) = await upsert(
        world, seller, partly | {"year": 1980, "texts": {"fa": {"title": "استاکر"}}}, publish=True
    )
    assert told.outcome is Outcome.UPDATED
    after = (await seller.get(address)).json()
    assert after["year"] == 1980
    assert set(after["texts"]) == {"en", "zh-Hans", "fa"}
    assert after["credits"] == before["credits"]
    assert after["state"] == "published"
    assert await found(buyer, q="استاکر") == ["Сталкер"]
    assert sorted(await events_of(world, str(first.title_id))) == [
        "title.created",
        "title.published",
        "title.updated",
    ]


async def test_drafts_that_lack_something_stay_drafts_and_say_why(
    world: World, seller: Caller
) -> None:
    bare = {"reference": "1", "kind": "feature", "original_title": "Bare"}
    (told,) = await upsert(world, seller, bare, publish=True)
    assert told.outcome is Outcome.CREATED
    assert [field for field, _ in told.complaints] == ["texts", "year"]
    (again,) = await upsert(world, seller, bare, publish=True)
    assert again.outcome is Outcome.UNCHANGED
    full = bare | {"year": 2000, "texts": {"en": {"title": "Bare"}}}
    (told,) = await upsert(world, seller, full)
    assert told.outcome is Outcome.UPDATED
    (told,) = await upsert(world, seller, full, publish=True)
    assert told.outcome is Outcome.UPDATED
    assert (await seller.get(f"/titles/{told.title_id}")).json()["state"] == "published"


async def test_what_was_withdrawn_stays_withdrawn(world: World, seller: Caller) -> None:
    (told,) = await upsert(world, seller, SOLARIS, publish=True)
    await seller.post(f"/titles/{told.title_id}/withdraw")
    (again,) = await upsert(world, seller, SOLARIS | {"year": 1973}, publish=True)
    assert again.outcome is Outcome.UPDATED
    assert (await seller.get(f"/titles/{told.title_id}")).json()["state"] == "withdrawn"


async def test_what_would_contradict_what_is_kept_is_refused(world: World, seller: Caller) -> None:
    series = {"reference": "1", "kind": "series", "original_title": "A", "episodes": 8}
    (made,) = await upsert(world, seller, series)
    short = {"reference": "1", "kind": "short", "original_title": "A"}
    (told,) = await upsert(world, seller, short)
    assert told.outcome is Outcome.REFUSED
    assert told.complaints[0][0] == "episodes"
    assert (await seller.get(f"/titles/{made.title_id}")).json()["kind"] == "series"


async def test_each_seller_has_references_of_their_own(world: World, seller: Caller) -> None:
    rival = await world.seller()
    (ours,) = await upsert(world, seller, SOLARIS)
    (theirs,) = await upsert(world, rival, SOLARIS)
    assert theirs.outcome is Outcome.CREATED
    assert ours.title_id != theirs.title_id


async def test_every_title_needs_a_reference_of_its_own(world: World, seller: Caller) -> None:
    nameless = {"kind": "feature", "original_title": "A"}
    for titles in ((nameless,), (SOLARIS, SOLARIS)):
        with pytest.raises(ValueError, match="reference"):
            await upsert(world, seller, *titles)


async def test_two_imports_of_the_same_at_once_make_it_once(world: World, seller: Caller) -> None:
    titles = [SOLARIS | {"reference": f"{number:03}"} for number in range(50)]
    both = await asyncio.gather(
        upsert(world, seller, *titles), upsert(world, seller, *titles), return_exceptions=True
    )
    assert any(isinstance(told, list) for told in both)
    assert len(await found(seller, mine=True)) == 50


async def test_more_than_a_batch_goes_in(world: World, seller: Caller) -> None:
    titles = [SOLARIS | {"reference": str(number)} for number in range(BATCH + 1)]
    told = await upsert(world, seller, *titles)
    assert {each.outcome for each in told} == {Outcome.CREATED}
    assert len({each.title_id for each in told}) == BATCH + 1


async def test_titles_can_be_indexed_anew_without_a_trace(
    world: World, seller: Caller, buyer: Caller
) -> None:
    stalker, _ = await upsert(world, seller, STALKER, SOLARIS, publish=True)
    address = f"/titles/{stalker.title_id}"
    before = await seller.get(address)
    pool = world.app.state.database.reads.pool
    await pool.fetch("UPDATE titles SET search = '', languages = '{}', sort_title = ''")
    assert await found(buyer, q="stalker", sort="newest") == []
    assert await indexed_anew(world) == [2, 0, None]
    world.app.state.answers.drop()
    assert await found(buyer, q="stalker") == ["Сталкер"]
    assert await found(buyer, language="zh", sort="title") == ["Сталкер"]
    after = await seller.get(address)
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])


async def indexed_anew(world: World) -> list[int | None]:
    """Index all titles anew; give the sizes of the batches."""
    sessions = world.app.state.database.session
    async with sessions() as session, session.begin():
        await begin_anew(session)
        assert await is_behind(session)
    sizes: list[int | None] = [0]
    while sizes[-1] is not None:
        async with sessions() as session, session.begin():
            sizes.append(await reindex_next(session))
    async with sessions() as session:
        assert not await is_behind(session)
    return sizes[1:]


async def test_indexing_anew_goes_on_where_it_was_stopped(world: World, seller: Caller) -> None:
    titles = [SOLARIS | {"reference": str(number)} for number in range(AT_ONCE + 1)]
    await upsert(world, seller, *titles)
    sessions = world.app.state.database.session
    async with sessions() as session, session.begin():
        await begin_anew(session)
        assert await count_left(session) == AT_ONCE + 1
    async with sessions() as session, session.begin():
        assert await reindex_next(session) == AT_ONCE
    async with sessions() as session, session.begin():
        assert await count_left(session) == 1
        assert await is_behind(session)
        assert await reindex_next(session) == 1
    async with sessions() as session:
        assert await reindex_next(session) == 0
        await session.rollback()  # killed before it was kept
        assert await is_behind(session)
        assert await reindex_next(session) == 0
        assert await reindex_next(session) is None
        assert await count_left(session) == 0
