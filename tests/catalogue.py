"""What the tests of the catalogue share: titles made over HTTP, and lists read to their end."""

from typing import Any

from app.catalogue.bulk import Upserted, upsert_many
from app.catalogue.schemas import TitleIn
from tests.world import Caller, World

Json = dict[str, Any]

STALKER: Json = {
    "reference": "MF-1979",
    "kind": "feature",
    "original_title": "Сталкер",
    "original_language": "ru",
    "year": 1979,
    "runtime_minutes": 163,
    "countries": ["SU"],
    "audio_languages": ["ru"],
    "subtitle_languages": ["zh-Hans", "en"],
    "genres": ["science_fiction", "drama"],
    "keywords": ["zone"],
    "credits": [
        {"role": "director", "name": "Андрей Тарковский"},
        {"role": "cast", "name": "Александр Кайдановский", "character": "Сталкер"},
    ],
    "awards": [{"name": "Cannes", "year": 1980, "result": "won"}],
    "eidr": "10.5240/7791-8534-2C23-9030-8610-5",
    "texts": {
        "en": {"title": "Stalker", "logline": "A guide leads two men into the Zone."},
        "zh-Hans": {
            "title": "潜行者",
            "logline": "向导带领两人进入禁区。",
            "synopsis": "很长的故事。",
        },
    },
}


def told(kind: str, name: str, part_of: Json | None = None, **more: Any) -> Json:
    """Describe a part, with a text, so that it can be published."""
    place = {"part_of_id": part_of["id"]} if part_of else {}
    texts = {"en": {"title": name}}
    return {"kind": kind, "original_title": name, "texts": texts, "year": None} | place | more


async def create(seller: Caller, **told: Any) -> Json:
    """Make a draft."""
    wanted = {"kind": "feature", "original_title": "A title", "year": 2020} | told
    answer = await seller.post("/titles", wanted)
    assert answer.status_code == 201, answer.text
    title: Json = answer.json()
    return title


async def publish(seller: Caller, **told: Any) -> Json:
    """Make a title that is on the market."""
    named = told.get("original_title", "A title")
    title = await create(seller, **({"texts": {"en": {"title": named}}} | told))
    answer = await seller.post(f"/titles/{title['id']}/publish")
    assert answer.status_code == 200, answer.text
    published: Json = answer.json()
    return published


async def pages(caller: Caller, limit: int = 20, **params: Any) -> list[list[Json]]:
    """Read a list to its end."""
    found, asked = [], params | {"limit": limit}
    while True:
        answer = await caller.get("/titles", params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found.append(page["items"])
        if page["next_cursor"] is None:
            assert "Link" not in answer.headers
            return found
        assert 'rel="next"' in answer.headers["Link"]
        asked["cursor"] = page["next_cursor"]


async def found(caller: Caller, **params: Any) -> list[str]:
    """Give the original titles of a list, in order."""
    read = await pages(caller, **params)
    return [title["original_title"] for page in read for title in page]


async def upsert(
    world: World, seller: Caller, *titles: Json, publish: bool = False
) -> list[Upserted]:
    """Put many titles in at once; kept answers are dropped at once too, as by a request."""
    wanted = [TitleIn.model_validate(title) for title in titles]
    async with world.app.state.database.session() as session, session.begin():
        done = await upsert_many(
            session, None, int(seller.organisation_id), wanted, publish=publish
        )
    world.app.state.answers.drop()
    return done


async def events_of(world: World, title_id: str) -> list[str]:
    """Give what the journal says of a title, first things first."""
    rows = await world.app.state.database.reads.pool.fetch(
        "SELECT type FROM events WHERE subject_id = $1 ORDER BY id", int(title_id)
    )
    return [row["type"] for row in rows]
