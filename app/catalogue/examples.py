"""The film that the documentation tells of."""

from pydantic import JsonValue

Example = dict[str, JsonValue]

TEXTS: Example = {
    "en": {"title": "Stalker", "logline": "A guide leads two men into the Zone.", "synopsis": None},
    "zh": {"title": "潜行者", "logline": "向导带领两人进入禁区。", "synopsis": None},
}
_SHOWN: Example = {
    "kind": "feature",
    "stage": "completed",
    "original_title": "Сталкер",
    "original_language": "ru",
    "year": 1979,
    "runtime_minutes": 163,
    "countries": ["SU"],
    "genres": ["science_fiction", "drama"],
}
_DESCRIBED: Example = {
    "reference": "MF-1979-03",
    "audio_languages": ["ru"],
    "subtitle_languages": ["en", "zh"],
    "keywords": ["zone"],
    "credits": [
        {"role": "director", "name": "Андрей Тарковский"},
        {"role": "cast", "name": "Александр Кайдановский", "character": "Сталкер"},
    ],
    "awards": [{"name": "Cannes", "category": "Ecumenical Jury", "year": 1980, "result": "won"}],
    "eidr": "10.5240/7791-8534-2C23-9030-8610-5",
}

TOLD: Example = _SHOWN | _DESCRIBED | {"texts": TEXTS}
PATCH: Example = {"year": 1980, "keywords": ["zone", "guide"], "eidr": None}
ITEM: Example = _SHOWN | {
    "id": "116823110451200001",
    "state": "published",
    "title": "Stalker",
    "title_language": "en",
    "logline": "A guide leads two men into the Zone.",
    "part_of_id": None,
    "season_number": None,
    "volume_number": None,
    "episode_number": None,
    "seasons": None,
    "episodes": None,
    "episode_minutes": None,
    "seller": {"id": "116823110451200000", "name": "Mosfilm"},
    "published_at": "2026-11-20T12:05:00.000000Z",
}
WHOLE: Example = (
    ITEM
    | _DESCRIBED
    | {
        "reference": None,
        "synopsis": None,
        "texts": TEXTS,
        "isan": None,
        "seeks": [],
        "financing": None,
        "created_at": "2026-11-20T12:00:00.000000Z",
        "updated_at": "2026-11-20T12:05:00.000000Z",
    }
)
FACETS: Example = {
    "total": {"count": 1, "capped": False},
    "sampled": 1,
    "kind": [{"value": "feature", "count": 1}],
    "stage": [{"value": "completed", "count": 1}],
    "genre": [{"value": "drama", "count": 1}, {"value": "science_fiction", "count": 1}],
    "country": [{"value": "SU", "count": 1}],
    "language": [{"value": "en", "count": 1}, {"value": "ru", "count": 1}],
    "decade": [{"value": "1970", "count": 1}],
}
