"""Screener requests: a buyer asks to watch, the seller answers."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.deps import BuyerActor, MarketActor, PageDep, SessionDep
from app.etags import tagged
from app.ids import Id
from app.models.screener_grants import ScreenerRequestState
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import scoped
from app.screeners.grants import requests
from app.screeners.grants.schemas import (
    Direction,
    GrantOut,
    ScreenerRequestDecline,
    ScreenerRequestGrant,
    ScreenerRequestIn,
    ScreenerRequestOut,
)
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["screeners"], route_class=TransactionRoute, dependencies=[scoped("screeners")]
)


@router.post(
    "/screener-requests",
    summary="Ask to watch a title",
    status_code=201,
    responses=problems(404),
)
async def create_screener_request(
    session: SessionDep, actor: BuyerActor, response: Response, wanted: ScreenerRequestIn
) -> ScreenerRequestOut:
    """Ask a title's seller for leave to watch it; a grant of one of its screeners answers.

    409 with `request_pending` while one waits for its answer, with `already_granted` where your
    organisation may watch already, with `own_title` for a title of your own. Buyers only.
    """
    request = await requests.create_request(session, actor, wanted)
    response.headers["Location"] = f"/v1/screener-requests/{request.id}"
    return ScreenerRequestOut.model_validate(request)


@router.get("/screener-requests", summary="List screener requests")
async def list_screener_requests(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    page: PageDep,
    direction: Annotated[
        Direction | None, Query(description="`in`: those you are to answer; `out`: those you made.")
    ] = None,
    state: Annotated[ScreenerRequestState | None, Query()] = None,
) -> ItemPage[ScreenerRequestOut]:
    """List the requests that your organisation made or is to answer, newest first.

    Those for titles that you sell, and for titles of which you administer a screener.
    """
    rows, cursor = await requests.list_requests(session, actor, page, direction, state)
    response.headers.update(page.link(cursor))
    items = [ScreenerRequestOut.model_validate(row) for row in rows]
    return ItemPage(items=items, next_cursor=cursor)


@router.get("/screener-requests/{request_id}", summary="Get a screener request")
async def get_screener_request(
    session: SessionDep, actor: MarketActor, request_id: Id
) -> ScreenerRequestOut:
    """Give a request that your organisation made or received."""
    return ScreenerRequestOut.model_validate(await requests.get_request(session, actor, request_id))


@router.post(
    "/screener-requests/{request_id}/grant", summary="Grant a screener request", status_code=201
)
async def grant_screener_request(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    request_id: Id,
    wanted: ScreenerRequestGrant,
) -> GrantOut:
    """Grant a screener to those who asked for its title, in one step.

    Name the screener where several of the title are ready. 409 with `already_answered`, with
    `already_granted` where they have such a grant, with `asker_gone` where they left the market.
    Those who received it only.
    """
    grant = await requests.grant_request(session, actor, request_id, wanted)
    response.headers["Location"] = f"/v1/screeners/{grant.screener_id}/grants/{grant.id}"
    return tagged(response, GrantOut.model_validate(grant), grant.version)


@router.post("/screener-requests/{request_id}/decline", summary="Decline a screener request")
async def decline_screener_request(
    session: SessionDep,
    actor: MarketActor,
    request_id: Id,
    wanted: ScreenerRequestDecline | None = None,
) -> ScreenerRequestOut:
    """Refuse a pending request, with a word of why. Those who received it only."""
    return ScreenerRequestOut.model_validate(
        await requests.decline_request(
            session, actor, request_id, wanted.answer if wanted else None
        )
    )


@router.post("/screener-requests/{request_id}/cancel", summary="Cancel a screener request")
async def cancel_screener_request(
    session: SessionDep, actor: MarketActor, request_id: Id
) -> ScreenerRequestOut:
    """Take a pending request back. Those who made it only."""
    return ScreenerRequestOut.model_validate(
        await requests.cancel_request(session, actor, request_id)
    )
