"""The organisers' grid and figures, over HTTP."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Response
from pydantic_core import to_json

from app.deps import IfNoneMatchDep, OrganiserActor, SessionDep
from app.etags import NOT_MODIFIED, not_modified
from app.ids import Id
from app.markets import service
from app.markets.schemas import Day as DayParameter
from app.meetings.day.counts import counts_of
from app.meetings.day.grid import Day, day_of, read_places
from app.meetings.day.grid_drawing import svg_of
from app.meetings.day.grid_schemas import CountsOut, GridOut
from app.models.markets import Market
from app.scopes import scoped
from app.transaction import TransactionRoute

SVG = "image/svg+xml"
# Opened by itself, a picture may load nothing and run nothing.
_POLICY = "default-src 'none'; sandbox"
# Drawing is work of the processor: one after the other, beside what else is asked.
_AT_ONCE = CapacityLimiter(1)
router = APIRouter(
    prefix="/markets/{market_id}",
    tags=["meetings"],
    route_class=TransactionRoute,
    dependencies=[scoped("meetings")],
)


async def _asked_for(
    session: SessionDep,
    actor: OrganiserActor,
    market_id: Id,
    day: Annotated[
        DayParameter | None,
        Query(description="A day of the market; today, or else its first one, if left out."),
    ] = None,
) -> tuple[Market, Day]:
    market = await service.get_market(session, actor, market_id)
    return market, await day_of(session, market, day, datetime.now(UTC))


class Drawing(Response):
    """A picture of lines and letters."""

    media_type = SVG


AS_SVG: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A picture.",
        "headers": {
            "Content-Disposition": {"schema": {"type": "string"}},
            "Content-Security-Policy": {"schema": {"type": "string"}},
        },
        "content": {
            SVG: {
                "schema": {"type": "string"},
                "example": '<svg xmlns="http://www.w3.org/2000/svg" …>…</svg>',
            }
        },
    }
}
AskedFor = Annotated[tuple[Market, Day], Depends(_asked_for)]


@router.get("/grid", summary="The grid of a day", response_model=GridOut, responses=NOT_MODIFIED)
async def get_grid(session: SessionDep, asked: AskedFor, if_none_match: IfNoneMatchDep) -> Response:
    """Give all places of a market by all slots of a day, and what is held there; organisers only.

    A meeting with its companies, people and state, a session, or a block; what touches no slot is
    there, too. `free` are the slots that nothing touches.
    """
    market, day = asked
    content = grid_json(market, day, await read_places(session, market, day))
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if not_modified(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(content, media_type="application/json", headers={"ETag": etag})


@router.get("/counts", summary="The figures of a day")
async def get_counts(session: SessionDep, asked: AskedFor) -> CountsOut:
    """Count a day's meetings by what became of them, all in all and by the hour; organisers only.

    With it the market's requests by state, the people who may come in and those who did, and the
    places that are in use at this moment.
    """
    market, day = asked
    counts = await counts_of(session, market, day)
    return CountsOut(market_id=market.id, day=day.day, as_of=datetime.now(UTC), **counts)


@router.get(
    "/grid.svg",
    summary="The grid of a day as a picture",
    response_class=Drawing,
    responses={**AS_SVG, **NOT_MODIFIED},
)
async def draw_grid(
    session: SessionDep, asked: AskedFor, if_none_match: IfNoneMatchDep
) -> Response:
    """Draw what `GET …/grid` tells, to look at and to print; organisers only.

    It says the same in words, to those who can't see it.
    """
    market, day = asked
    grid = grid_json(market, day, await read_places(session, market, day))
    etag = f'"{hashlib.sha256(grid + market.name.encode()).hexdigest()[:32]}"'
    if not_modified(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    name = market.name
    content = await to_thread.run_sync(lambda: svg_of(json.loads(grid), name), limiter=_AT_ONCE)
    disposition = f'inline; filename="grid-{market.id}-{day.day}.svg"'
    safe = {"Content-Disposition": disposition, "Content-Security-Policy": _POLICY}
    return Drawing(content, headers={"ETag": etag, **safe})


def grid_json(market: Market, day: Day, places: str) -> bytes:
    """Put the grid together: the places are the database's own words."""
    head = {
        "market_id": str(market.id),
        "day": day.day,
        "time_zone": market.time_zone,
        "slots": [
            {"index": slot.index, "starts_at": slot.starts_at, "ends_at": slot.ends_at}
            for slot in day.slots
        ],
    }
    return to_json(head).removesuffix(b"}") + b',"places":' + places.encode() + b"}"
