"""The feed of facts, over HTTP."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.deps import MarketActor, admit_to_market, reads_of
from app.hot import HotRoute, QueryReader
from app.openapi import problems
from app.partners.feed import service
from app.partners.feed.schemas import FactPage, FeedQuery
from app.scopes import scoped
from app.sequencing.sequencer import Sequencer

router = APIRouter(tags=["events"], route_class=HotRoute, dependencies=[scoped("events")])
read_query = QueryReader(FeedQuery)


def _asked(_: MarketActor, query: Annotated[FeedQuery, Query()]) -> None:
    """Document what the feed depends on."""


@router.get(
    "/events",
    summary="Follow what happens",
    response_model=FactPage,
    responses=problems(410),
    dependencies=[Depends(_asked)],
)
async def list_events(request: Request) -> Response:
    """Give the facts that your organisation may know of, in the order in which they became known.

    Everybody sees the same order: positions 1, 2, 3 …, given once a fact is committed, never moved,
    never given twice. A fact that follows from another stands after it. You see those that concern
    your company, and what the whole market may know: published titles, profiles, markets.

    To follow, send each answer's `next_after` as `after`, and keep it together with what you made
    of the facts; `wait` holds the request until there is one. Whatever was answered to anybody
    before you ask is in the answer. To begin: take `next_after` of `after=latest`, read what you
    want to keep from the lists, then follow from there; a fact says what changed, the lists how it
    is now.

    The feed reaches back 90 days, unless the market says otherwise. Who comes from before that is
    told 410 `events_gone`, and begins as above.
    """
    actor = await admit_to_market(request)
    query = read_query(request)
    sequencer: Sequencer = request.app.state.sequencer
    began = time.monotonic()
    after = await service.start_of(sequencer, query)
    page = await service.read_page(reads_of(request), actor, query, after)
    while await service.wait_for_more(sequencer, page, began + query.wait):
        # A right that was taken away meanwhile ends the waiting.
        actor = await admit_to_market(request)
        page = await service.read_page(reads_of(request), actor, query, page.next_after)
    if query.wait:
        request.scope["waited_seconds"] = time.monotonic() - began
    return Response(page.json(), media_type="application/json")
