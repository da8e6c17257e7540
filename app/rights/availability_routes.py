"""What of a title is free: exactly, at the moment of asking."""

import hashlib
import json
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.catalogue.details import show_title
from app.deps import IfNoneMatchDep, LanguagesDep, MarketActor, ReadsDep
from app.etags import NOT_MODIFIED, not_modified
from app.ids import Id
from app.rights.availability_answers import availability_json, availability_svg
from app.rights.availability_reads import ledgers_of
from app.rights.availability_schemas import AvailabilityOut, AvailabilityQuery
from app.rights.picture_drawing import Named
from app.scopes import scoped
from app.trees.names import language_of_names, names_in

SVG = "image/svg+xml"
# Opened by itself, a picture may load nothing and run nothing.
_POLICY = "default-src 'none'; sandbox"
router = APIRouter(tags=["rights"], dependencies=[scoped("rights")])


class Drawing(Response):
    """A picture of lines and letters."""

    media_type = SVG


@router.get(
    "/titles/{title_id}/availability",
    summary="Ask what is free of a title",
    response_model=AvailabilityOut,
)
async def get_availability(
    reads: ReadsDep, actor: MarketActor, title_id: Id, query: Annotated[AvailabilityQuery, Query()]
) -> Response:
    """Tell what is free of some territories × media × languages × term, what is not, and why.

    The answer is exact and of this moment. `free` and `unavailable` are in as few boxes as they
    can be said in; 422 with `too_many_boxes` where they still are thousands. Nobody learns here
    who bought.
    """
    box = query.question.box
    ledgers = await ledgers_of(reads, actor.organisation_id, title_id, box)
    content = await availability_json(title_id, query, ledgers)
    return Response(content, media_type="application/json")


@router.get(
    "/titles/{title_id}/availability.svg",
    summary="Draw what is free of a title",
    response_class=Drawing,
    responses={
        200: {
            "description": "A page of A4, landscape; the same in words in its `<desc>`.",
            "headers": {
                "Content-Disposition": {"schema": {"type": "string"}},
                "ETag": {"$ref": "#/components/headers/ETag"},
                "Content-Security-Policy": {"schema": {"type": "string"}},
            },
            "content": {
                SVG: {
                    "schema": {"type": "string"},
                    "example": '<svg xmlns="http://www.w3.org/2000/svg" …>…</svg>',
                }
            },
        },
        **NOT_MODIFIED,
    },
)
async def get_availability_picture(
    reads: ReadsDep,
    actor: MarketActor,
    languages: LanguagesDep,
    if_none_match: IfNoneMatchDep,
    title_id: Id,
    query: Annotated[AvailabilityQuery, Query()],
) -> Response:
    """Draw territories × time, a panel for each medium, to look at and to print.

    The parameters are those of `GET …/availability`, and so is what it says; `match` changes
    nothing. What looks alike is one row: where there are too many, the last one joins the others.
    A day on which only some of the languages are free is `free_in_part`. `Accept-Language` chooses
    what titles and territories are called.
    """
    question = query.question
    shown = await show_title(reads, actor.organisation_id, title_id, languages)
    ledgers = await ledgers_of(reads, actor.organisation_id, title_id, question.box)
    title, language = json.loads(shown.item), language_of_names(languages)
    tag = title["title_language"] or "und"
    named = Named(title["title"], tag, names_in(language), language)
    return _drawn(title_id, await availability_svg(question, ledgers, named), named, if_none_match)


def _drawn(title_id: int, content: bytes, named: Named, if_none_match: str | None) -> Response:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Vary": "Accept-Language", "Content-Language": named.language}
    if not_modified(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    name = f'inline; filename="availability-{title_id}.svg"'
    safe = {"Content-Disposition": name, "Content-Security-Policy": _POLICY}
    return Drawing(content, headers=headers | safe)
