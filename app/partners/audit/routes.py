"""The audit trail, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.deps import MarketActor, PageDep, SessionDep
from app.ids import Id
from app.incoming import Instant, QueryText
from app.pagination import ItemPage
from app.partners.audit import service
from app.partners.audit.schemas import AuditEntryOut
from app.partners.audit.service import Sought
from app.scopes import PEOPLE_ONLY
from app.sequencing.sequencer import Sequencer
from app.transaction import TransactionRoute

router = APIRouter(tags=["audit"], route_class=TransactionRoute, dependencies=[PEOPLE_ONLY])


def _sought(
    person_id: Annotated[Id | None, Query(description="What this person did.")] = None,
    client_id: Annotated[Id | None, Query(description="What was done with this client.")] = None,
    subject_id: Annotated[Id | None, Query(description="What was done to this.")] = None,
    type: Annotated[QueryText | None, Query(examples=["licence.created"])] = None,  # noqa: A002
    since: Annotated[Instant | None, Query(description="Not before this instant.")] = None,
    until: Annotated[Instant | None, Query(description="Before this instant.")] = None,
) -> Sought:
    return Sought(person_id, client_id, subject_id, type, since, until)


SoughtDep = Annotated[Sought, Depends(_sought)]


@router.get("/audit", summary="Read the audit trail")
async def list_audit_entries(
    request: Request,
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    page: PageDep,
    sought: SoughtDep,
) -> ItemPage[AuditEntryOut]:
    """List who did what, from where and with which client, newest first.

    Admins read what their own organisation did, organisers what anybody did. Entries are written in
    the transaction that does what they tell of, and never changed: `hash` chains each to the one
    before, and `filmmart verify audit` holds all of them to it. People who left the market are
    numbers.
    """
    sequencer: Sequencer = request.app.state.sequencer
    await sequencer.catch_up()
    rows, cursor = await service.list_entries(session, actor, page, sought)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[AuditEntryOut.model_validate(row) for row in rows], next_cursor=cursor)
