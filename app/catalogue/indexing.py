"""What a title is found, filtered and sorted by: made here, kept in its row."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.catalogue.schemas import Credit, TitleIn, TitlePatch
from app.search import document, latin_order

# The columns people fill, and those that are made of them.
FACTS = tuple(name for name in TitleIn.model_fields if name != "texts")
DERIVED = ("languages", "sort_title", "search")
# Which words are made, and how. Count on when that changes what a title is found by: what is there
# is then indexed anew by `filmmart reindex`.
ANALYSIS = 2

DECADE = 10
# A runtime is indexed by the step it falls into: single minutes would make a range too many words.
RUNTIMES = [5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 85, 90, 95, 100, 105, 110, 120, 130, 140]
RUNTIMES += [150, 165, 180, 210, 240, 300, 360, 480, 600, 1200]

# Columns as they are stored: the ORM's attributes, or a row on its way to COPY.
Row = Mapping[str, Any]


def row_of(title: TitleIn) -> dict[str, Any]:
    """Give the columns people fill, as JSON has them; inside credits and awards without nulls."""
    row = dict(title.__dict__)
    del row["texts"]
    row["credits"] = list(map(_person, title.credits))
    row["awards"] = [award.model_dump(mode="json", exclude_none=True) for award in title.awards]
    if title.financing is not None:
        row["financing"] = title.financing.model_dump(mode="json", exclude_none=True)
    return row


def _person(credit: Credit) -> dict[str, str]:
    """Give somebody as `model_dump` does, sooner: most of what a title holds are people."""
    person = {"role": str(credit.role), "name": credit.name}
    return person if credit.character is None else person | {"character": credit.character}


def given_of(patch: TitlePatch) -> dict[str, Any]:
    """Give the columns that a patch changes."""
    told = patch.model_dump(mode="json", exclude_none=True) | {"part_of_id": patch.part_of_id}
    return {name: told.get(name) for name in patch.model_fields_set}


def texts_of(title: TitleIn) -> dict[str, dict[str, Any]]:
    """Give what is said of a title, by language."""
    return {language: dict(said.__dict__) for language, said in title.texts.items()}


def indexed(row: Row, texts: Iterable[Row]) -> dict[str, Any]:
    """Give the columns that are made of the others and of the texts."""
    languages = languages_of(row)
    return {
        "languages": languages,
        "sort_title": latin_order(row["original_title"]),
        "search": _search(row, list(texts), languages),
    }


def _search(row: Row, texts: list[Row], languages: list[str]) -> str:
    return document(
        titles=[row["original_title"], *(text["title"] for text in texts)],
        names=[*(credit["name"] for credit in row["credits"]), *row["keywords"]],
        texts=[said for text in texts for said in (text["logline"], text["synopsis"]) if said],
        facets=_facets(row, languages),
    )


def languages_of(row: Row) -> list[str]:
    """Give every language a title is heard or read in, with the shorter forms a filter may name."""
    tags = [row["original_language"], *row["audio_languages"], *row["subtitle_languages"]]
    found: dict[str, None] = {}
    for tag in filter(None, tags):
        subtags = tag.split("-")
        found |= dict.fromkeys("-".join(subtags[:length]) for length in range(len(subtags), 0, -1))
    return list(found)


def _facets(row: Row, languages: list[str]) -> Iterator[str]:
    yield facet("kind", row["kind"])
    yield facet("stage", row["stage"])
    yield facet("seller", row["seller_id"])
    for genre in row["genres"]:
        yield facet("genre", genre)
    for country in row["countries"]:
        yield facet("country", country)
    for language in languages:
        yield facet("language", language)
    if row["year"] is not None:
        yield facet("year", row["year"])
        yield facet("decade", row["year"] // DECADE)
    if row["runtime_minutes"] is not None:
        yield facet("runtime", bisect_right(RUNTIMES, row["runtime_minutes"]))


def runtime_steps(least: int, most: int) -> range:
    """Give the steps that a range of runtimes reaches into."""
    return range(bisect_right(RUNTIMES, least), bisect_right(RUNTIMES, most) + 1)


def facet(name: str, value: object) -> str:
    """Write a filter's value as a word of the index."""
    return f"{name}={value}"
