"""What the statements of the hot reads take on one connection: p50 and p95, in milliseconds."""

import random
import time
from collections.abc import Awaitable, Callable, Iterable

import psycopg
import uvloop

from app.catalogue.details import show_title
from app.catalogue.facets import count_titles
from app.catalogue.filters import Sort, TitleFilters, TitleQuery
from app.catalogue.reads import list_titles
from app.db import Reads, open_database
from app.models import Genre, Kind
from app.models.vocabulary import PARTS
from app.settings import Settings
from benchmarks.market import CALLER_ORGANISATION, Market

CALLS = 400
SEED = 7
COUNTRIES = ("CN", "RU", "IR", "KZ", "TJ", "SU", "BT", "DD")

Call = Callable[[], Awaitable[object]]


def measure(market: Market) -> dict[str, tuple[float, float]]:
    """Time each kind of read, one call after the other."""
    return uvloop.run(_measure(market))


async def _measure(market: Market) -> dict[str, tuple[float, float]]:
    settings = Settings.model_validate(
        {
            "database_url": market.url,
            "database_read_pool_size": 1,
            "s3_access_key_id": "none",
            "s3_secret_access_key": "none",
            "secret_key": "of no use here, since nobody signs in at all",
        }
    )
    database = await open_database(settings)
    found = {}
    for kind, calls in _kinds(market, database.reads).items():
        ready = list(calls)
        for call in ready[:20]:
            await call()
        found[kind] = await percentiles(ready)
    await database.close()
    return found


async def percentiles(calls: list[Call]) -> tuple[float, float]:
    """Time each call, and give the p50 and p95 in milliseconds."""
    taken = []
    for call in calls:
        began = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[int(len(taken) * 0.95)]


def _kinds(market: Market, reads: Reads) -> dict[str, Iterable[Call]]:
    draw = random.Random(SEED)  # noqa: S311  # the same questions for every size
    words = _words(market)

    def page(query: TitleQuery, languages: tuple[str, ...] = ()) -> Call:
        return lambda: list_titles(reads, CALLER_ORGANISATION, query, languages)

    def counted(filters: TitleFilters) -> Call:
        return lambda: count_titles(reads, CALLER_ORGANISATION, filters)

    def got(id_: int) -> Call:
        return lambda: show_title(reads, CALLER_ORGANISATION, id_, ())

    return {
        "page": [page(TitleQuery())] * CALLS,
        "page in Chinese": [page(TitleQuery(), ("zh", "en"))] * CALLS,
        "page by title": [page(TitleQuery(sort=Sort.TITLE))] * CALLS,
        "page, filtered": [page(_filtered(draw)) for _ in range(CALLS)],
        "get": [got(id_) for id_ in market.sample(CALLS)],
        "facets and capped count": [counted(TitleFilters())] * CALLS,
        "facets, filtered": [counted(_filtered(draw)) for _ in range(CALLS)],
        "ranked search": [page(TitleQuery(q=query)) for query in _queries(words, draw)],
        "ranked search, filtered": [
            page(_filtered(draw).model_copy(update={"q": query})) for query in _queries(words, draw)
        ],
    }


def _filtered(draw: random.Random) -> TitleQuery:
    """Ask for one to three facts, common or rare."""
    facts: dict[str, object] = {
        "country": [draw.choice(COUNTRIES)],
        "genre": [draw.choice(list(Genre))],
        "kind": [draw.choice([kind for kind in Kind if kind not in PARTS])],
        "year_min": draw.randint(1950, 2026),
        "runtime_max": draw.randint(40, 120),
    }
    chosen = draw.sample(sorted(facts), draw.randint(1, 3))
    return TitleQuery.model_validate({name: facts[name] for name in chosen})


def _words(market: Market) -> list[list[str]]:
    """Give the words of titles and people, from everywhere in the market."""
    with psycopg.connect(market.url) as connection:
        rows = connection.execute(
            "SELECT t.original_title, coalesce(t.credits -> 0 ->> 'name', '') "
            "FROM titles t WHERE t.id = ANY (%s)",
            (market.sample(CALLS),),
        ).fetchall()
    return [text.split() for row in rows for text in row if text.split()]


def _queries(words: list[list[str]], draw: random.Random) -> list[str]:
    """Type as people do: a word, two, a name, one to three letters, a word begun."""
    kinds: list[Callable[[], str]] = [
        lambda: draw.choice(draw.choice(words)),
        lambda: f"{draw.choice(draw.choice(words))} {draw.choice(draw.choice(words))}",
        lambda: " ".join(draw.choice(words)),
        lambda: draw.choice(draw.choice(words))[: draw.randint(1, 3)],
        lambda: (
            f"{draw.choice(draw.choice(words))} "
            f"{draw.choice(draw.choice(words))[: draw.randint(1, 5)]}"
        ),
    ]
    return [kinds[number % len(kinds)]() for number in range(CALLS)]
