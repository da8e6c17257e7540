"""Requests: a buyer asks to watch a title; a grant, a refusal or a change of mind answers it."""

from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app import events
from app.actors import Actor
from app.db import constraint_of
from app.errors import Conflict, Forbidden, NotFound
from app.models.catalogue import Title
from app.models.screeners import (
    Screener,
    ScreenerRequest,
    ScreenerRequestState,
)
from app.pagination import PageRequest, bounded_int
from app.screeners import reads
from app.screeners.schemas import Direction, ScreenerRequestIn
from app.screeners.service import get_title, require_seller

ORDER = "id"


async def create_request(
    session: AsyncSession, actor: Actor, wanted: ScreenerRequestIn
) -> ScreenerRequest:
    """Ask a title's seller for leave to watch it.

    Raises:
        NotFound: there is no such title, or it is not the actor's to see.
        Conflict: it is the actor's own, asked for already, or theirs to watch already.
    """
    title = await get_title(session, actor, wanted.title_id)
    if actor.belongs_to(title.seller_id):
        raise Conflict("You sell this title yourself.", code="own_title")
    await _require_nothing_open(session, actor, title)
    request = ScreenerRequest(
        title_id=title.id,
        seller_id=title.seller_id,
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        message=wanted.message,
    )
    session.add(request)
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint_of(error) != "uq_screener_requests_open":
            raise
        raise Conflict(
            "Your organisation has asked for this title; the seller has not answered yet.",
            code="request_pending",
        ) from None
    record(session, actor, "screener_request.created", request)
    return await get_request(session, actor, request.id)


async def _require_nothing_open(session: AsyncSession, actor: Actor, title: Title) -> None:
    screener_id = await session.scalar(
        reads.visible_screeners(actor)
        .with_only_columns(Screener.id)
        .where(Screener.title_id == title.id)
        .limit(1)
    )
    if screener_id is not None:
        raise Conflict(
            "You may watch a screener of this title already.",
            code="already_granted",
            screener_id=str(screener_id),
        )


async def get_request(
    session: AsyncSession, actor: Actor, id_: int, *, lock: bool = False
) -> ScreenerRequest:
    """Give a request one's organisation made or received.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    statement = (
        reads.visible_requests(actor)
        .where(ScreenerRequest.id == id_)
        .options(joinedload(ScreenerRequest.organisation))
    )
    if lock:
        statement = statement.with_for_update(of=ScreenerRequest)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound("screener request")
    return found


async def list_requests(
    session: AsyncSession,
    actor: Actor,
    page: PageRequest,
    direction: Direction | None,
    state: ScreenerRequestState | None,
) -> tuple[list[ScreenerRequest], str | None]:
    """Give a page of the requests one's organisation made or received, newest first."""
    statement = (
        reads.visible_requests(actor)
        .options(joinedload(ScreenerRequest.organisation))
        .order_by(ScreenerRequest.id.desc())
        .limit(page.fetch)
    )
    if direction is Direction.IN:
        statement = statement.where(ScreenerRequest.seller_id == actor.organisation_id)
    if direction is Direction.OUT:
        statement = statement.where(ScreenerRequest.organisation_id == actor.organisation_id)
    if state is not None:
        statement = statement.where(ScreenerRequest.state == state)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(ScreenerRequest.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def decline_request(
    session: AsyncSession, actor: Actor, id_: int, answer: str | None
) -> ScreenerRequest:
    """Refuse a request one's organisation received.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor's organisation made it.
        Conflict: it is answered already.
    """
    request = await get_request(session, actor, id_, lock=True)
    require_seller(actor, request.seller_id)
    require_pending(request)
    request.answer = answer
    answer_request(session, actor, request, ScreenerRequestState.DECLINED)
    return request


async def cancel_request(session: AsyncSession, actor: Actor, id_: int) -> ScreenerRequest:
    """Take back a request one's organisation made.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor's organisation received it.
        Conflict: it is answered already.
    """
    request = await get_request(session, actor, id_, lock=True)
    if not actor.belongs_to(request.organisation_id):
        raise Forbidden("Only those who asked may do this.", code="not_the_asker")
    require_pending(request)
    answer_request(session, actor, request, ScreenerRequestState.CANCELLED)
    return request


def require_pending(request: ScreenerRequest) -> None:
    """Hold an act to a request that waits for its answer.

    Raises:
        Conflict: it has one.
    """
    if request.state is not ScreenerRequestState.PENDING:
        raise Conflict(
            f"The request is {request.state} already.", code="already_answered", state=request.state
        )


def answer_request(
    session: AsyncSession, actor: Actor, request: ScreenerRequest, state: ScreenerRequestState
) -> None:
    """Give a pending request its answer."""
    request.state = state
    request.answered_at = datetime.now(UTC)
    record(session, actor, f"screener_request.{state}", request)


def record(session: AsyncSession, actor: Actor, type_: str, request: ScreenerRequest) -> None:
    """Write a fact about a request, for both sides to know."""
    events.record(
        session,
        actor,
        type_,
        request.id,
        organisation_ids=[request.organisation_id, request.seller_id],
        data={"title_id": str(request.title_id)},
    )
