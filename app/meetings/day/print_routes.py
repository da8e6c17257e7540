"""Agendas to print, over HTTP."""

from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Response

from app.deps import MarketActor, OrganiserActor, SessionDep
from app.ids import Id
from app.markets import places, service
from app.markets.schemas import Day
from app.meetings.day import sheet_reads
from app.meetings.day.printing import pdf_of
from app.meetings.day.sheets import Sheet
from app.meetings.routes import ReadingDep
from app.openapi import problems
from app.scopes import PEOPLE_ONLY, scoped
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["meetings"], route_class=TransactionRoute, dependencies=[scoped("meetings")]
)
PDF = "application/pdf"
# Printing is work of the processor: one sheet after the other, beside what else is asked.
_AT_ONCE = CapacityLimiter(1)
OneDay = Annotated[Day | None, Query(description="Of this day alone.")]


class Print(Response):
    """A page to print."""

    media_type = PDF


AS_PDF: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A4, with its own fonts.",
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
        "content": {PDF: {"schema": {"type": "string"}, "example": "%PDF-1.3 …"}},
    }
}


@router.get(
    "/agenda.pdf",
    summary="My agenda to print",
    dependencies=[PEOPLE_ONLY],
    response_class=Print,
    responses={**AS_PDF, **problems(404)},
)
async def print_agenda(
    session: SessionDep,
    actor: MarketActor,
    languages: ReadingDep,
    market_id: Annotated[
        Id | None,
        Query(description="The days of this market, on its clock; else your next 31, on yours."),
    ] = None,
) -> Response:
    """Print the caller's own agenda: meetings, sessions, and what they keep for themselves."""
    market = await service.get_market(session, actor, market_id) if market_id else None
    sheet = await sheet_reads.own_sheet(session, actor, market, languages)
    return await _printed(sheet, "agenda")


@router.get(
    "/markets/{market_id}/people/{person_id}/agenda.pdf",
    summary="Somebody's agenda to print",
    response_class=Print,
    responses=AS_PDF,
)
async def print_agenda_of_person(
    session: SessionDep,
    actor: OrganiserActor,
    languages: ReadingDep,
    market_id: Id,
    person_id: Id,
    day: OneDay = None,
) -> Response:
    """Print what somebody who attends a market has then, on its clock; organisers only.

    What their blocks are for is not told.
    """
    market = await service.get_market(session, actor, market_id)
    clock = sheet_reads.clock_of(market, day)
    sheet = await sheet_reads.sheet_of_person(session, market, person_id, clock, languages)
    return await _printed(sheet, f"agenda-{person_id}")


@router.get(
    "/places/{place_id}/agenda.pdf",
    summary="A place's agenda to print",
    response_class=Print,
    responses=AS_PDF,
)
async def print_agenda_of_place(
    session: SessionDep,
    actor: OrganiserActor,
    languages: ReadingDep,
    place_id: Id,
    day: OneDay = None,
) -> Response:
    """Print who meets at a table, stand or room, on the market's clock; organisers only."""
    place = await places.get_place(session, actor, place_id)
    market = await service.get_market(session, actor, place.market_id)
    clock = sheet_reads.clock_of(market, day)
    sheet = await sheet_reads.sheet_of_place(session, market, place, clock, languages)
    return await _printed(sheet, f"place-{place_id}")


async def _printed(sheet: Sheet, name: str) -> Response:
    content = await to_thread.run_sync(pdf_of, sheet, limiter=_AT_ONCE)
    return Print(content, headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})
