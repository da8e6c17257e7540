"""What questions about rights take on one connection: p50 and p95, in milliseconds."""

import random
from collections.abc import Iterable
from datetime import date, timedelta

import uvloop

from app.catalogue.filters import TitleQuery
from app.catalogue.reads import list_titles
from app.db import Reads, open_database
from app.rights.availability_reads import ledgers_of
from app.rights.availability_schemas import AvailabilityOut, AvailabilityQuery
from app.rights.rules.availability import availability
from app.settings import Settings
from benchmarks.market import CALLER_ORGANISATION, Market
from benchmarks.sql import CALLS, SEED, Call, percentiles

COUNTRIES = ("KZ", "UZ", "RU", "CN", "IN", "IR", "PK", "DE", "FR", "JP", "BR", "MN", "KE")
GROUPS = ("SCO", "CIS", "CENTRAL_ASIA", "MENA", "EU", "SOUTH_ASIA", "LATIN_AMERICA", "WORLD")
MEDIA = ("SVOD", "AVOD", "FREE_TV", "PAY_TV", "THEATRICAL", "EST", "AIRLINE", "REMAKE")
FIRST = date(2027, 1, 1)


def measure(market: Market) -> dict[str, tuple[float, float]]:
    """Time each kind of question, one after the other."""
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


def _kinds(market: Market, reads: Reads) -> dict[str, Iterable[Call]]:
    draw = random.Random(SEED)  # noqa: S311  # the same questions for every size

    def told(title_id: int, **asked: object) -> Call:
        async def tell() -> str:
            query = AvailabilityQuery.model_validate(asked)
            question = query.question
            ledgers = await ledgers_of(reads, CALLER_ORGANISATION, title_id, question.box)
            answer = availability(question, ledgers)
            return AvailabilityOut.of(title_id, question, query.match, answer).model_dump_json()

        return tell

    def page(**asked: object) -> Call:
        query = TitleQuery.model_validate(asked)
        return lambda: list_titles(reads, CALLER_ORGANISATION, query, ())

    ids = market.sample(CALLS)
    return {
        "one title, SCO x SVOD x two years": [
            told(id_, territories=["SCO"], media=["SVOD"], **_term(draw, 730)) for id_ in ids
        ],
        "one title, everything": [told(id_) for id_ in ids],
        "market, SCO x SVOD x two years, exclusive": [
            page(**_wish(["SCO"], ["SVOD"], draw, 730), exclusive=True) for _ in range(CALLS)
        ],
        "market, one territory x one medium x one week": [
            page(**_wish([draw.choice(COUNTRIES)], [draw.choice(MEDIA)], draw, 7))
            for _ in range(CALLS)
        ],
        "market, any group x any media x any term": [
            page(
                **_wish([draw.choice(GROUPS)], draw.sample(MEDIA, draw.randint(1, 4)), draw, 1825),
                exclusive=draw.random() < 1 / 2,
            )
            for _ in range(CALLS)
        ],
        "market, SCO x SVOD x two years, by title": [
            page(**_wish(["SCO"], ["SVOD"], draw, 730), exclusive=True, sort="title")
            for _ in range(CALLS)
        ],
    }


def _term(draw: random.Random, days: int) -> dict[str, object]:
    first = FIRST + timedelta(days=draw.randrange(365))
    return {"from": first, "until": first + timedelta(days=days - 1)}


def _wish(
    territories: list[str], media: list[str], draw: random.Random, days: int
) -> dict[str, object]:
    term = _term(draw, days)
    return {
        "available_in": territories,
        "available_media": media,
        "available_from": term["from"],
        "available_until": term["until"],
    }
