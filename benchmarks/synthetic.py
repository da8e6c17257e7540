"""A made-up market of any size: `python -m benchmarks.synthetic --titles 1000000 --url postgresql://…`.

Organisations, seller profiles, titles and their texts as a platform of many markets would hold
them, the same for the same seed, loaded by COPY with the columns that search reads filled by the
code that fills them in production. The database must be migrated and may hold other rows.
"""

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Index
from sqlalchemy.schema import CreateIndex

from app.catalogue.indexing import indexed
from app.db import DIALECT
from app.models import Base, CreditRole, Genre, Kind, Sought, Stage
from benchmarks.vocabulary import SPEECHES, Voice, voices

SEED = 2026
SELLERS = 2_000
SUSPENDED_EACH = 200
BLOCK = 5_000
# The first title was listed then; the last one a little before END.
BEGIN = datetime(2021, 1, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)

KINDS = {
    Kind.FEATURE: 38, Kind.DOCUMENTARY: 14, Kind.ANIMATION: 6, Kind.SHORT: 8, Kind.SERIES: 18,
    Kind.MICRODRAMA: 10, Kind.FORMAT: 2, Kind.PROJECT: 4,
}  # fmt: skip
COUNTRIES = {
    "CN": 20, "US": 14, "IN": 13, "RU": 12, "IR": 8, "KZ": 5, "PK": 4, "UZ": 4, "GB": 3, "FR": 3,
    "KG": 2, "BY": 2, "HK": 2, "TJ": 1.5, "TW": 1, "KR": 1, "JP": 1, "TR": 1, "SU": 1, "DE": 1,
    "MN": 0.3, "AZ": 0.3, "AM": 0.2, "GE": 0.2, "AF": 0.1, "YU": 0.1, "DD": 0.05, "BT": 0.02,
}  # fmt: skip
GENRES = {
    genre.value: 30 / (rank + 1)
    for rank, genre in enumerate(sorted(Genre, key=lambda g: g.value[::-1]))
}
TITLE_COLUMNS = [
    "id",
    "seller_id",
    "reference",
    "state",
    "kind",
    "stage",
    "original_title",
    "original_language",
    "year",
    "runtime_minutes",
    "seasons",
    "episodes",
    "episode_minutes",
    "countries",
    "audio_languages",
    "subtitle_languages",
    "genres",
    "keywords",
    "credits",
    "awards",
    "seeks",
    "published_at",
    "created_at",
    "updated_at",
    "languages",
    "sort_title",
    "search",
]
TEXT_COLUMNS = ("title_id", "language", "title", "logline", "synopsis")

Record = dict[str, Any]


class Maker:
    """Makes titles by their number, each the same whoever asks."""

    def __init__(self, titles: int, seed: int, voice_of: dict[str, Voice]) -> None:
        self.titles = titles
        self.seed = seed
        self.voice_of = voice_of
        self.languages = list(SPEECHES)
        self.shares = [speech.share for speech in SPEECHES.values()]

    def block(self, first: int, last: int) -> tuple[str, str]:
        """Give a run of titles and their texts as COPY wants them."""
        titles, texts = [], []
        for number in range(first, last):
            row, said = self.title(number)
            titles.append(_line(row[column] for column in TITLE_COLUMNS))
            texts += [_line(text[column] for column in TEXT_COLUMNS) for text in said]
        return "".join(titles), "".join(texts)

    def title(self, number: int) -> tuple[Record, list[Record]]:
        """Make one title and what is said of it."""
        at = random.Random(f"{self.seed}:{number}")  # noqa: S311  # data, not secrets
        language = at.choices(self.languages, self.shares)[0]
        row = _facts(at, number, self.titles) | self._described(at, language)
        row["seller_id"] = seller_id(int(at.random() ** 1.7 * SELLERS))
        texts = self._texts(at, row, language)
        return row | indexed(row, texts), texts

    def _described(self, at: random.Random, language: str) -> Record:
        voice = self.voice_of[language]
        roles = [CreditRole.DIRECTOR, CreditRole.WRITER, *[CreditRole.CAST] * at.randint(2, 9)]
        latin = self.voice_of["en"]
        return {
            "original_language": language,
            "original_title": voice.say(at, at.randint(1, 5)),
            "audio_languages": sorted({language, *at.choices(self.languages, k=at.randint(0, 1))}),
            "subtitle_languages": sorted(set(at.choices(self.languages, k=at.randint(0, 2)))),
            "keywords": [latin.say(at, 1) for _ in range(at.randint(0, 4))],
            "credits": [
                {"role": role.value, "name": (latin if _happens(at, 0.3) else voice).name(at)}
                for role in roles
            ],
        }

    def _texts(self, at: random.Random, row: Record, language: str) -> list[Record]:
        spoken = [language]
        if language != "en" and _happens(at, 0.6):
            spoken.append("en")
        if _happens(at, 0.25):
            spoken.append("ru" if language == "zh" else "zh")
        return [
            {
                "title_id": row["id"],
                "language": tongue,
                "title": row["original_title"]
                if tongue == language
                else self._say(at, tongue, 1, 5),
                "logline": self._say(at, tongue, 8, 16),
                "synopsis": self._say(at, tongue, 20, 60),
            }
            for tongue in dict.fromkeys(spoken)
        ]

    def _say(self, at: random.Random, language: str, least: int, most: int) -> str:
        return self.voice_of[language].say(at, at.randint(least, most))


def _facts(at: random.Random, number: int, titles: int) -> Record:
    kind = at.choices(list(KINDS), list(KINDS.values()))[0]
    serial = kind in {Kind.SERIES, Kind.MICRODRAMA}
    created = BEGIN + (END - BEGIN) * (number / titles)
    state = at.choices(("published", "draft", "withdrawn"), (92, 5, 3))[0]
    return {
        "id": (int(created.timestamp() * 1000) << 16) + number % 65536,
        "reference": f"S-{number}",
        "state": state,
        "kind": kind.value,
        "stage": at.choice(list(Stage)).value if kind is Kind.PROJECT else Stage.COMPLETED.value,
        "year": None if _happens(at, 0.02) else 2026 - min(100, int(at.expovariate(1 / 9))),
        "runtime_minutes": None if serial else max(1, int(at.gauss(100, 25))),
        "seasons": at.randint(1, 5) if kind is Kind.SERIES else None,
        "episodes": at.randint(6, 100) if serial else None,
        "episode_minutes": at.choice((1, 2, 25, 45)) if serial else None,
        "countries": _some(at, COUNTRIES, 1, 2),
        "genres": _some(at, GENRES, 1, 3),
        "awards": [],
        "seeks": [at.choice(list(Sought)).value] if kind is Kind.PROJECT else [],
        "published_at": None if state == "draft" else created + timedelta(hours=at.random() * 200),
        "created_at": created,
        "updated_at": created,
    }


def _happens(at: random.Random, chance: float) -> bool:
    return at.random() < chance


def _some(at: random.Random, weighted: dict[str, float], least: int, most: int) -> list[str]:
    found = at.choices(list(weighted), list(weighted.values()), k=at.randint(least, most))
    return list(dict.fromkeys(found))


def seller_id(number: int) -> int:
    """Give the id of a made-up seller."""
    return (int(BEGIN.timestamp() * 1000) << 16) - SELLERS + number


def _line(values: Iterable[Any]) -> str:
    return "\t".join(map(_field, values)) + "\n"


def _field(value: object) -> str:
    """Write a value as COPY's text format has it; nothing made up here needs escaping."""
    if value is None:
        return r"\N"
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return json.dumps(value, ensure_ascii=False)
        return "{" + ",".join(f'"{item}"' for item in value) + "}"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


# Loading --------------------------------------------------------------------------------------

_maker: Maker


def _prepare(titles: int, seed: int) -> None:
    global _maker  # noqa: PLW0603  # one maker for each process of the pool
    _maker = Maker(titles, seed, voices(seed))


def _block(bounds: tuple[int, int]) -> tuple[str, str]:
    return _maker.block(*bounds)


def load(url: str, titles: int, seed: int = SEED, processes: int = 2) -> Iterator[int]:
    """Fill the database; yield how many titles are in after each block.

    The secondary indexes of `titles` are dropped first and made again at the end: but for the
    unique ones, on which foreign keys lean.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        secondary = [each for each in Base.metadata.tables["titles"].indexes if not each.unique]
        indexes = sorted(secondary, key=lambda index: str(index.name))
        for index in indexes:
            connection.execute(f'DROP INDEX IF EXISTS "{index.name}"')
        _load_sellers(connection)
        bounds = [(at, min(at + BLOCK, titles)) for at in range(0, titles, BLOCK)]
        with multiprocessing.Pool(processes, _prepare, (titles, seed)) as pool:
            for (_, last), (rows, texts) in zip(bounds, pool.imap(_block, bounds), strict=True):
                _copy(connection, "titles", TITLE_COLUMNS, rows)
                _copy(connection, "title_texts", TEXT_COLUMNS, texts)
                yield last
        _index(connection, indexes)


def _load_sellers(connection: psycopg.Connection) -> None:
    rows = "".join(
        _line(
            [
                seller_id(n),
                f"Synthetic Pictures {n}",
                "CN",
                "approved" if (n + 1) % SUSPENDED_EACH else "suspended",
            ]
        )
        for n in range(SELLERS)
    )
    _copy(connection, "organisations", ("id", "name", "country", "standing"), rows)
    profiles = "".join(_line([seller_id(n)]) for n in range(SELLERS))
    _copy(connection, "seller_profiles", ("organisation_id",), profiles)


def _copy(connection: psycopg.Connection, table: str, columns: Iterable[str], lines: str) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(lines)


def _index(connection: psycopg.Connection, indexes: list[Index]) -> None:
    connection.execute("SET maintenance_work_mem = '1GB'")
    for index in indexes:
        connection.execute(str(CreateIndex(index).compile(dialect=DIALECT)).encode())
    for table in ("titles", "title_texts", "organisations", "seller_profiles"):
        connection.execute(f"VACUUM (ANALYZE) {table}".encode())


def main() -> None:
    """Read the command line and load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--titles", type=int, default=10_000)
    parser.add_argument("--url", required=True, help="a migrated database, as postgresql://…")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    began = time.monotonic()
    for done in load(arguments.url, arguments.titles, arguments.seed, arguments.processes):
        sys.stderr.write(f"\r{done} titles, {time.monotonic() - began:.0f} s")
    sys.stderr.write(f"\rIndexed {arguments.titles} titles in {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
