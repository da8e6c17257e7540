"""Administrators over HTTP: a second company that looks after a screener for its seller."""

from fastapi import APIRouter

from app.deps import MarketActor, SessionDep
from app.ids import Id
from app.openapi import problems
from app.scopes import scoped
from app.screeners.grants import administrators
from app.screeners.grants.schemas import AdministratorIn, AdministratorOut
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/screeners/{screener_id}/administrator",
    tags=["screeners"],
    route_class=TransactionRoute,
    dependencies=[scoped("screeners")],
)


@router.get("", summary="Get a screener's administrator")
async def get_administrator(
    session: SessionDep, actor: MarketActor, screener_id: Id
) -> AdministratorOut:
    """Give who looks after a screener; 404 where its seller does. Those two only."""
    found = await administrators.get_administrator(session, actor, screener_id)
    return AdministratorOut.model_validate({"organisation": found})


@router.put("", summary="Hand a screener to an administrator", responses=problems(409))
async def put_administrator(
    session: SessionDep, actor: MarketActor, screener_id: Id, wanted: AdministratorIn
) -> AdministratorOut:
    """Let a second company grant and revoke, answer requests, read reports and watch.

    It may not withdraw the screener, upload, or hand it on. Whoever administered it before no
    longer does. 409 with `screener_over` where nobody can watch it any more. The title's seller
    only.
    """
    found = await administrators.put_administrator(
        session, actor, screener_id, wanted.organisation_id
    )
    return AdministratorOut.model_validate({"organisation": found})


@router.delete("", summary="Take a screener back from its administrator", status_code=204)
async def delete_administrator(session: SessionDep, actor: MarketActor, screener_id: Id) -> None:
    """End what a second company may do with a screener, at once, also watch.

    The grants that it gave stay, until you revoke them. The title's seller only.
    """
    await administrators.delete_administrator(session, actor, screener_id)
