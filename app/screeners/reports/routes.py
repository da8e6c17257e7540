"""Reports over HTTP: for who sells a title, or administers a screener of it."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.deps import MarketActor, PageDep, ReadsDep, SessionDep
from app.ids import Id
from app.pagination import ItemPage
from app.scopes import scoped
from app.screeners.reports import listing, service
from app.screeners.reports.answers import csv_of, report_out
from app.screeners.reports.drawing import svg_of
from app.screeners.reports.schemas import (
    LedgerEntryOut,
    ReportQuery,
    ScreenerViewing,
    ViewingReport,
)
from app.screeners.viewings.schemas import ViewingOut
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["viewings"], route_class=TransactionRoute, dependencies=[scoped("screeners")]
)
CSV, SVG = "text/csv", "image/svg+xml"
# Opened by itself, a picture may load nothing and run nothing.
_POLICY = "default-src 'none'; sandbox"
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
ReportOf = Annotated[ReportQuery, Query()]


class Table(Response):
    """Lines of a spreadsheet."""

    media_type = CSV


class Drawing(Response):
    """A picture of lines and letters."""

    media_type = SVG


@router.get("/titles/{title_id}/viewing-report", summary="Report who watched a title")
async def get_viewing_report(
    session: SessionDep, reads: ReadsDep, actor: MarketActor, title_id: Id, query: ReportOf
) -> ViewingReport:
    """Tell who watched a title's screeners and how much, and the curve of who was still there.

    From the ledger of viewings, as it is now. What players can't have seen is not counted, and the
    seller's and administrator's own people are left out. The title's seller, and who administers a
    screener of it: of that one.
    """
    return report_out(await service.report_of(session, reads, actor, title_id, query))


@router.get(
    "/titles/{title_id}/viewing-report.csv",
    summary="Report who watched a title, as a table",
    response_class=Table,
    responses={
        200: {
            "description": "A line for each viewer; UTF-8, with a byte order mark.",
            "headers": {"Content-Disposition": _TEXT},
            "content": {CSV: _TEXT | {"example": "viewer,by_link,organisation,…"}},
        }
    },
)
async def get_viewing_report_table(
    session: SessionDep, reads: ReadsDep, actor: MarketActor, title_id: Id, query: ReportOf
) -> Response:
    """Give every viewer's line of the report, for a spreadsheet."""
    report = await service.report_of(session, reads, actor, title_id, query)
    return Table(csv_of(report), headers=_named(f'attachment; filename="viewings-{title_id}.csv"'))


@router.get(
    "/titles/{title_id}/viewing-report.svg",
    summary="Draw who watched a title",
    response_class=Drawing,
    responses={
        200: {
            "description": "A page of A4, landscape; the same in words in its `<desc>`.",
            "headers": {"Content-Disposition": _TEXT, "Content-Security-Policy": _TEXT},
            "content": {SVG: _TEXT | {"example": '<svg xmlns="http://www.w3.org/2000/svg" …>'}},
        }
    },
)
async def draw_viewing_report(
    session: SessionDep, reads: ReadsDep, actor: MarketActor, title_id: Id, query: ReportOf
) -> Response:
    """Draw what share of viewings saw each stretch of the film, and what was gone back to."""
    report = await service.report_of(session, reads, actor, title_id, query)
    named = _named(f'inline; filename="viewings-{title_id}.svg"')
    drawn = svg_of(report, datetime.now(UTC))
    return Drawing(drawn, headers=named | {"Content-Security-Policy": _POLICY})


def _named(disposition: str) -> dict[str, str]:
    return {"Content-Disposition": disposition}


@router.get("/screeners/{screener_id}/viewings", summary="List a screener's viewings")
async def list_screener_viewings(
    session: SessionDep, actor: MarketActor, response: Response, screener_id: Id, page: PageDep
) -> ItemPage[ScreenerViewing]:
    """List who watched a screener, when and from where, newest first.

    Of addresses you learn the network alone. The seller and the administrator only.
    """
    rows, cursor = await listing.list_viewings(session, actor, screener_id, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=rows, next_cursor=cursor)


@router.get("/viewings", summary="List my viewings")
async def list_viewings(
    session: SessionDep, actor: MarketActor, response: Response, page: PageDep
) -> ItemPage[ViewingOut]:
    """List what you watched yourself, newest first, and where you stopped."""
    rows, cursor = await listing.list_own_viewings(session, actor, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=rows, next_cursor=cursor)


@router.get("/viewings/{viewing_id}/ledger", summary="Read a viewing's record")
async def list_ledger_entries(
    session: SessionDep, actor: MarketActor, response: Response, viewing_id: Id, page: PageDep
) -> ItemPage[LedgerEntryOut]:
    """List what happened in a viewing, in its order; nothing of it can be changed.

    The screener's seller and administrator only.
    """
    rows, cursor = await listing.list_entries(session, actor, viewing_id, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=rows, next_cursor=cursor)
