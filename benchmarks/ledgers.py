"""Made-up ledgers for a made-up market: `python -m benchmarks.ledgers --url postgresql://…`.

Every title gets what its seller holds, offers and has sold, and the free boxes that follow, as the
code computes them that does in production. Two shapes: *few* has 3 to 10 rows a title, as a
platform of many markets; *many* has 300, as the films of one market that sell everywhere.
"""

import argparse
import multiprocessing
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import psycopg
from sqlalchemy.schema import CreateIndex

from app.db import DIALECT
from app.models import Base
from app.models.vocabulary import Exclusivity
from app.rights.rows import literal_of
from app.rights.rules.boxes import Box, Term
from app.rights.rules.free import free_boxes
from app.rights.rules.ledgers import Ledgers, Offer, Taken
from app.trees import LANGUAGES, MEDIA, TERRITORIES, Multirange
from app.trees.multiranges import intersection

SEED = 2027
BLOCK = 2_000
MANY = 300
# How many licences are
EXCLUSIVE = 0.65
BEGIN = date(2024, 1, 1)
TABLES = ("holdings", "offerings", "licences", "free_boxes")
HELD_IN = [["WORLD"]] * 5 + [["WORLD", "-CN"], ["ASIA"], ["EUROPE"], ["SCO", "EU"], ["CIS"]]
OFFERED_IN = [
    *([["WORLD"]] * 4), ["SCO"], ["SCO", "-IN"], ["CIS"], ["CENTRAL_ASIA"], ["ASIA"], ["MENA"],
    ["EU"], ["SOUTH_ASIA"], ["EUROPE", "-RU"], ["LATIN_AMERICA"], ["WORLD", "-US", "-CA"],
]  # fmt: skip
OFFERED_FOR = [["ALL"], ["ALL"], ["SVOD", "AVOD"], ["SVOD"], ["TV"], ["HOME_ENTERTAINMENT", "SVOD"]]
SOLD_IN = [
    *(["KZ"], ["UZ"], ["RU"], ["CN"], ["IN"], ["IR"], ["PK"], ["DE"], ["FR"], ["JP"], ["BR"]),
    *(["CIS"], ["DACH"], ["SCO"], ["MENA"], ["NORDICS"], ["GREATER_CHINA"], ["LATIN_AMERICA"]),
]
SOLD_FOR = [
    ["SVOD"],
    ["FREE_TV"],
    ["PAY_TV"],
    ["THEATRICAL"],
    ["AVOD"],
    ["EST", "TVOD"],
    ["AIRLINE"],
]


def sets(choices: list[list[str]], parse: Callable[[list[str]], Multirange]) -> list[Multirange]:
    """Read the codes of each choice once."""
    return [parse(codes) for codes in choices]


HELD_SETS = sets(HELD_IN, TERRITORIES.parse)
OFFERED_SETS = sets(OFFERED_IN, TERRITORIES.parse)
OFFERED_MEDIA = sets(OFFERED_FOR, MEDIA.parse)
SOLD_SETS = sets(SOLD_IN, TERRITORIES.parse)
SOLD_MEDIA = sets(SOLD_FOR, MEDIA.parse)
COUNTRIES = [((low, high),) for low, high in TERRITORIES.leaves.values()]
LEAVES = [((low, high),) for low, high in MEDIA.leaves.values()]


def draw_few(at: random.Random) -> Ledgers:
    """Draw 3 to 10 rows: a holding, one to three offerings, one to six licences."""
    start = BEGIN + timedelta(days=at.randrange(700))
    held = Box(at.choice(HELD_SETS), MEDIA.everything, LANGUAGES.everything, Term(start))
    ledgers = Ledgers(holdings=[held])
    for _ in range(at.randint(1, 3)):
        territories = intersection(at.choice(OFFERED_SETS), held.territories)
        if territories:
            first = start + timedelta(days=at.randrange(900))
            end = first + timedelta(days=at.choice([365, 730, 1095, 1825, 3650]))
            box = Box(territories, at.choice(OFFERED_MEDIA), held.languages, Term(first, end))
            min_days = at.choice([1, 1, 1, 30, 365])
            ledgers.offers.append(Offer(box, at.choice(list(Exclusivity)), min_days))
    for _ in range(at.randint(1, 6)):
        territories = intersection(at.choice(SOLD_SETS), held.territories)
        if territories:
            first = start + timedelta(days=at.randrange(1500))
            end = first + timedelta(days=at.choice([365, 730, 1095, 1825]))
            box = Box(territories, at.choice(SOLD_MEDIA), held.languages, Term(first, end))
            _sell(ledgers, Taken(box, at.random() < EXCLUSIVE))
    return ledgers


def draw_many(at: random.Random) -> Ledgers:
    """Draw 300 rows: a holding, ten offerings, and what was sold country by country."""
    held = Box(TERRITORIES.everything, MEDIA.everything, LANGUAGES.everything, Term(BEGIN))
    ledgers = Ledgers(holdings=[held])
    for _ in range(10):
        first = BEGIN + timedelta(days=at.randrange(900))
        end = first + timedelta(days=at.choice([730, 1095, 1825, 3650]))
        box = Box(
            at.choice(OFFERED_SETS), at.choice(OFFERED_MEDIA), held.languages, Term(first, end)
        )
        ledgers.offers.append(Offer(box, at.choice(list(Exclusivity))))
    countries = at.sample(COUNTRIES, 30)
    cells = [(country, medium) for country in countries for medium in at.sample(LEAVES, 5)]
    for country, medium in cells:
        first = BEGIN + timedelta(days=at.randrange(700))
        for _ in range(2):
            end = first + timedelta(days=at.choice([180, 365, 730]))
            taken = Taken(
                Box(country, medium, held.languages, Term(first, end)), at.random() < EXCLUSIVE
            )
            ledgers.taken.append(taken)
            first = end + timedelta(days=at.randrange(200))
    del ledgers.taken[MANY - 11 :]
    return ledgers


def _sell(ledgers: Ledgers, new: Taken) -> None:
    """Sell what does not clash with what is sold."""
    if not any(
        (new.exclusive or old.exclusive) and _meet(new.box, old.box) for old in ledgers.taken
    ):
        ledgers.taken.append(new)


def _meet(one: Box, other: Box) -> bool:
    return bool(
        intersection(one.territories, other.territories)
        and intersection(one.media, other.media)
        and max(one.term.low, other.term.low) < min(one.term.high, other.term.high)
    )


SHAPES = {"few": draw_few, "many": draw_many}


def _rows(task: tuple[str, list[tuple[int, int, str | None]]]) -> dict[str, str]:
    """Give the rows of some titles in each table, as COPY's text."""
    shape, titles = task
    lines: dict[str, list[str]] = {table: [] for table in TABLES}
    for title_id, seller_id, published_at in titles:
        ledgers = SHAPES[shape](random.Random(SEED ^ title_id))  # noqa: S311  # the same for all
        lines["holdings"] += [_line(title_id, *_box(box)) for box in ledgers.holdings]
        lines["offerings"] += [
            _line(title_id, *_box(offer.box), offer.exclusivity.value, offer.min_days)
            for offer in ledgers.offers
        ]
        lines["licences"] += [
            _line(title_id, seller_id, "Somebody", *_box(taken.box), taken.exclusive)
            for taken in ledgers.taken
        ]
        for free in _merged(ledgers):
            lines["free_boxes"].append(_line(title_id, published_at, *free))
    return {table: "".join(rows) for table, rows in lines.items()}


def _merged(ledgers: Ledgers) -> Iterator[tuple[object, ...]]:
    """Make one row of a box that is free both ways, as `app.rights.freeing` does."""
    ways: dict[tuple[Box, int, bool], set[bool]] = {}
    for free in free_boxes(ledgers):
        ways.setdefault((free.box, free.min_days, free.is_rough), set()).add(free.exclusive)
    for (box, min_days, is_rough), exclusive in ways.items():
        yield *_box(box), True in exclusive, False in exclusive, min_days, is_rough


COLUMNS = {
    "holdings": "title_id, territories, media, languages, term",
    "offerings": "title_id, territories, media, languages, term, exclusivity, min_days",
    "licences": "title_id, seller_id, licensee_name, territories, media, languages, term, "
    "exclusive",
    "free_boxes": "title_id, published_at, territories, media, languages, term, for_exclusive, "
    "for_shared, min_days, is_rough",
}


def _box(box: Box) -> tuple[str, str, str, str]:
    end = "" if box.term.end is None else box.term.end.isoformat()
    return (
        literal_of(box.territories),
        literal_of(box.media),
        literal_of(box.languages),
        f"[{box.term.start.isoformat()},{end})",
    )


def _line(*values: object) -> str:
    return "\t".join("\\N" if value is None else str(value) for value in values) + "\n"


def load(
    url: str, shape: str = "few", limit: int | None = None, processes: int = 2
) -> Iterator[int]:
    """Fill the ledgers of every title, or of some; yield after each block how many are done.

    Laws and indexes are taken off first and put back at the end: they hold for all of it.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        titles = connection.execute(
            "SELECT id, seller_id, CASE WHEN state = 'published' THEN published_at::text END "
            "FROM titles ORDER BY id LIMIT %s",
            (limit,),
        ).fetchall()
        _lay_off(connection)
        blocks = [(shape, titles[at : at + BLOCK]) for at in range(0, len(titles), BLOCK)]
        done = 0
        with multiprocessing.Pool(processes) as pool:
            for (_, block), rows in zip(blocks, pool.imap(_rows, blocks), strict=True):
                for table, lines in rows.items():
                    _copy(connection, table, lines)
                done += len(block)
                yield done
        _put_back(connection)


def _copy(connection: psycopg.Connection, table: str, lines: str) -> None:
    statement = f"COPY {table} ({COLUMNS[table]}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(lines)


def _lay_off(connection: psycopg.Connection) -> None:
    for table in TABLES:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        for index in Base.metadata.tables[table].indexes:
            connection.execute(f'DROP INDEX IF EXISTS "{index.name}"'.encode())
    connection.execute("ALTER TABLE licences DROP CONSTRAINT ex_licences_nothing_is_sold_twice")


EXCLUDE = """
ALTER TABLE licences ADD CONSTRAINT ex_licences_nothing_is_sold_twice EXCLUDE USING gist (
    int8range(title_id, title_id, '[]') WITH &&, territories WITH &&, media WITH &&,
    languages WITH &&, taken WITH &&,
    (CASE WHEN exclusive THEN '(,)'::int8range ELSE int8range(id, id, '[]') END) WITH &&
)
"""


def _put_back(connection: psycopg.Connection) -> None:
    connection.execute("SET maintenance_work_mem = '1GB'")
    connection.execute(EXCLUDE)
    for table in TABLES:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
        for index in sorted(Base.metadata.tables[table].indexes, key=lambda one: str(one.name)):
            connection.execute(str(CreateIndex(index).compile(dialect=DIALECT)).encode())
        connection.execute(f"VACUUM (ANALYZE) {table}".encode())


def main() -> None:
    """Read the command line and load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="a database with titles, as postgresql://…")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="few")
    parser.add_argument("--limit", type=int, help="titles that get ledgers; left out, all")
    arguments = parser.parse_args()
    began = time.monotonic()
    for done in load(arguments.url, arguments.shape, arguments.limit):
        sys.stderr.write(f"\r{done} titles, {time.monotonic() - began:.0f} s")
    sys.stderr.write(f"\nDone in {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
