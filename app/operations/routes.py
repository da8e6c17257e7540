"""Long work: watched and cancelled by those who asked for it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.deps import MarketActor, PageDep, SessionDep
from app.ids import Id
from app.incoming import QueryText
from app.models.operations import OperationState
from app.operations import service
from app.operations.answers import SHOWN, shown
from app.operations.schemas import FindingOut, OperationOut
from app.pagination import ItemPage
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["operations"], route_class=TransactionRoute, dependencies=[scoped("operations")]
)


@router.get("/operations", summary="List operations")
async def list_operations(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    page: PageDep,
    kind: Annotated[QueryText | None, Query(examples=["avails.import"])] = None,
    state: Annotated[OperationState | None, Query()] = None,
) -> ItemPage[OperationOut]:
    """List the long work your organisation asked for, newest first; it is kept for 90 days."""
    rows, cursor = await service.list_operations(session, actor, page, kind, state)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[OperationOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/operations/{operation_id}", summary="Get an operation", responses=SHOWN)
async def get_operation(
    session: SessionDep, actor: MarketActor, response: Response, operation_id: Id
) -> OperationOut:
    """Tell how far an operation of your organisation's is.

    While it has not ended, `Retry-After` says in how many seconds to ask again.
    """
    return shown(await service.get_operation(session, actor, operation_id), response)


@router.get("/operations/{operation_id}/findings", summary="List what an operation found")
async def list_operation_findings(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    page: PageDep,
    operation_id: Id,
) -> ItemPage[FindingOut]:
    """List what an operation found in what it was given, in the order it was found.

    While it runs there are more with time; run again after a breakdown, it finds all of it anew.
    """
    rows, cursor = await service.list_findings(session, actor, operation_id, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[FindingOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("/operations/{operation_id}/cancel", summary="Cancel an operation", responses=SHOWN)
async def cancel_operation(
    session: SessionDep, actor: MarketActor, response: Response, operation_id: Id
) -> OperationOut:
    """Stop an operation: at once while it is `queued`, else at its next safe point.

    What it did before stays done. One that comes to its end first has `succeeded` or `failed` all
    the same. 409 `operation_ended` for one that has; cancelling twice is cancelling once.
    """
    operation = await service.cancel_operation(session, actor, operation_id)
    return shown(operation, response)
