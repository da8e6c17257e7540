"""Answers a second of the API, beside raw asyncpg and our own ORM endpoints, in the same rounds."""

import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack

from app.catalogue.details import READ, binds
from app.catalogue.filters import TitleQuery
from app.catalogue.reads import ask as ask_for_page
from benchmarks import raw
from benchmarks.client import Outcome, ask, get_requests
from benchmarks.market import CALLER_ORGANISATION, Market, api

IDS = 5_000
# Kept answers would answer for the statement: they are off where the statement is measured.
NO_ANSWERS_KEPT = {"FILMMART_ANSWER_CACHE_ENTRIES": "0"}

Kinds = dict[str, Callable[[], float]]


def measure(market: Market, seconds: float, rounds: int) -> dict[str, float]:
    """Give the median answers a second of each kind."""
    ids = market.sample(IDS)
    with ExitStack() as stack:
        kinds = _kinds(market, ids, seconds, stack)
        for kind in kinds.values():  # once for the caches of PostgreSQL and the plans of asyncpg
            kind()
        measured: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(rounds):
            for name, kind in kinds.items():
                measured[name].append(kind())
                print(f"  {name}: {measured[name][-1]:,.0f} a second", file=sys.stderr)
    return {name: statistics.median(values) for name, values in measured.items()}


def _kinds(market: Market, ids: list[int], seconds: float, stack: ExitStack) -> Kinds:
    fresh = stack.enter_context(api(market, settings=NO_ANSWERS_KEPT)).port
    keeping = stack.enter_context(api(market)).port
    ordinary = stack.enter_context(api(market, "benchmarks.orm:app")).port
    gets = [f"/v1/titles/{id_}" for id_ in ids]

    def asked(port: int, paths: list[str]) -> Callable[[], float]:
        requests = get_requests(paths, market.token)
        return lambda: _answers(ask(port, requests, seconds=seconds))

    page = ask_for_page(CALLER_ORGANISATION, TitleQuery(), ())
    if page is None:
        raise LookupError
    read, values = page

    def raw_answers(sql: str, arguments: list[tuple[object, ...]]) -> Callable[[], float]:
        return lambda: raw.per_second(market.url, sql, arguments, seconds=seconds)

    return {
        "raw_page": raw_answers(read.sql, [tuple(read.arguments(values))]),
        "raw_page_of_columns": raw_answers(raw.PAGE_OF_COLUMNS, [()]),
        "page": asked(fresh, ["/v1/titles"]),
        "page_kept": asked(keeping, ["/v1/titles"]),
        "orm_page": asked(ordinary, ["/v1/titles"]),
        "raw_get": raw_answers(
            READ.sql, [tuple(READ.arguments(binds(CALLER_ORGANISATION, id_, ()))) for id_ in ids]
        ),
        "raw_get_of_columns": raw_answers(raw.GET_OF_COLUMNS, [(id_,) for id_ in ids]),
        "get": asked(fresh, gets),
        "orm_get": asked(ordinary, gets),
        "facets": asked(fresh, ["/v1/titles/facets"]),
    }


def _answers(outcome: Outcome) -> float:
    if outcome.failures:
        raise RuntimeError(f"{outcome.failures} answers were no 200")
    return outcome.per_second
