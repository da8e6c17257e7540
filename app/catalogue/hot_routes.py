"""Reading titles: each answer is one statement's text, and is kept until something changes."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.actors import Actor
from app.answers import Answers
from app.catalogue.answers import Facets, TitleItem, TitleOut
from app.catalogue.details import show_title
from app.catalogue.facets import count_titles
from app.catalogue.filters import TitleFilters, TitleQuery
from app.catalogue.reads import list_titles as list_page
from app.deps import (
    MAX_ACCEPT_LANGUAGE,
    IfNoneMatchDep,
    LanguagesDep,
    MarketActor,
    admit_to_market,
    preferred_languages,
    reads_of,
)
from app.errors import NotFound
from app.etags import NOT_MODIFIED, not_modified
from app.hot import MAX_REMEMBERED, HotRoute, QueryReader
from app.ids import Id, parse_id
from app.pagination import ItemPage, link_next
from app.profiles.answers import languages_for
from app.scopes import scoped

router = APIRouter(tags=["titles"], route_class=HotRoute, dependencies=[scoped("titles")])

read_query = QueryReader(TitleQuery)
read_filters = QueryReader(TitleFilters)
read_languages = lru_cache(maxsize=4096)(preferred_languages)

JSON = "application/json"
# No organisation's id
NOBODY = 0
VARY = {"Vary": "Accept-Language"}


def _page(_: MarketActor, query: Annotated[TitleQuery, Query()], languages: LanguagesDep) -> None:
    """Document what a page depends on."""


def _counts(_: MarketActor, filters: Annotated[TitleFilters, Query()]) -> None:
    """Document what the facets depend on."""


def _one(
    _: MarketActor, title_id: Id, languages: LanguagesDep, if_none_match: IfNoneMatchDep
) -> None:
    """Document what a title depends on."""


@router.get(
    "/titles",
    summary="List titles",
    response_model=ItemPage[TitleItem],
    dependencies=[Depends(_page)],
)
async def list_titles(request: Request) -> Response:
    """List or search the titles on the market, or with `mine=true` your own in any state.

    Seasons, episodes, volumes and supplements are listed with `part_of_id`, the title that they are
    part of; of your own also by their `kind`.

    `q` finds titles by what they are called in any language, by credits and keywords, and by what
    is said of them. By relevance come first those that are called just that, then those whose
    title has all the words, then those whose title begins a word with the last one or sounds like
    it, then those where credits and keywords help, then the rest; the newest first in each.

    `title` and `logline` are in the first language of `Accept-Language` (else of your account)
    that the title has a text in, else in the original one. Where neither names a language, `title`
    is the original title and `logline` is null.
    """
    actor = await admit_to_market(request)
    query = read_query(request)
    languages = _languages(request, actor)
    owner = actor.organisation_id if query.mine else None
    key = _key(query, "titles", request.scope["query_string"], languages, owner)
    if (kept := _answers(request).find(key)) is not None:
        return kept
    generation = _answers(request).generation
    page, cursor = await list_page(reads_of(request), actor.organisation_id, query, languages)
    headers = dict(VARY)
    if cursor is not None:
        scope = request.scope
        headers["Link"] = link_next(scope["path"], scope["query_string"], cursor)
    return _keep(request, key, generation, Response(page, headers=headers, media_type=JSON))


@router.get(
    "/titles/facets",
    summary="Count titles by kind, genre, country …",
    response_model=Facets,
    dependencies=[Depends(_counts)],
)
async def get_facets(request: Request) -> Response:
    """Count the titles that meet the same filters as a list by what they are.

    `total` counts up to 1,000, and says `capped` when there are more. The other counts are of the
    newest 2,000 at most: `sampled` says of how many. A title of two genres counts in both.
    """
    actor = await admit_to_market(request)
    filters = read_filters(request)
    owner = actor.organisation_id if filters.mine else None
    key = _key(filters, "facets", request.scope["query_string"], owner)
    if (kept := _answers(request).find(key)) is not None:
        return kept
    generation = _answers(request).generation
    counts = await count_titles(reads_of(request), actor.organisation_id, filters)
    return _keep(request, key, generation, Response(counts, media_type=JSON))


@router.get(
    "/titles/{title_id}",  # noqa: FAST003  # a hot endpoint takes the request alone
    summary="Get a title",
    response_model=TitleOut,
    responses=NOT_MODIFIED,
    dependencies=[Depends(_one)],
)
async def get_title(request: Request) -> Response:
    """Give a title as a whole: one on the market, or one of your own in any state.

    A part is on the market while what it is part of is, too.

    `title`, `logline` and `synopsis` are in the language that `Content-Language` names; `texts`
    has all of them. `reference` is shown to the title's seller alone.
    """
    actor = await admit_to_market(request)
    title_id = _title_id(request)
    languages = _languages(request, actor)
    if_none_match = request.headers.get("if-none-match")
    # Who sells nothing has no title of their own, and is shown what everybody sees: by nobody's
    # eyes, since `sells` may be seconds old, and the answer is kept for everybody.
    owner_id = actor.organisation_id if actor.sells else NOBODY
    key = ("title", title_id, languages, owner_id)
    kept = _answers(request).find(key)
    if kept is None:
        generation = _answers(request).generation
        shown = await show_title(reads_of(request), owner_id, title_id, languages)
        answer = Response(shown.item, headers=shown.headers(), media_type=JSON)
        kept = _keep(request, key, generation, answer)
    if if_none_match is not None and not_modified(if_none_match, kept.headers["ETag"]):
        return Response(status_code=304, headers=_headers_of(kept))
    return kept


def _title_id(request: Request) -> int:
    try:
        return parse_id(request.path_params["title_id"])
    except ValueError:
        raise NotFound("title") from None


def _languages(request: Request, actor: Actor) -> tuple[str, ...]:
    asked_for = request.headers.get("accept-language", "")[:MAX_ACCEPT_LANGUAGE]
    return languages_for(actor, read_languages(asked_for))


def _answers(request: Request) -> Answers:
    answers: Answers = request.app.state.answers
    return answers


def _key(filters: TitleFilters, *depends_on: Hashable) -> Hashable:
    """Give what an answer is kept under; None for what is free, which is of the moment it is asked.

    And of who asks: an offering may be for some alone.
    """
    return None if filters.way else depends_on


def _keep(request: Request, key: Hashable, generation: int, answer: Response) -> Response:
    if key is not None and len(request.scope["query_string"]) <= MAX_REMEMBERED:
        _answers(request).keep(key, generation, answer)
    return answer


def _headers_of(answer: Response) -> dict[str, str]:
    """Give the headers that a 304 repeats (RFC 9110, 15.4.5)."""
    return {
        name: value
        for name, value in answer.headers.items()
        if name in {"etag", "vary", "content-language"}
    }
