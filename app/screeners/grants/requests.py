"""Requests: a buyer asks to watch a title; a grant, a refusal or a change of mind answers it."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.actors import Actor
from app.db import constraint_of
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models.catalogue import Title
from app.models.screener_grants import ScreenerGrant, ScreenerRequest, ScreenerRequestState
from app.models.screeners import Screener, ScreenerState
from app.pagination import PageRequest, bounded_int
from app.screeners import reads
from app.screeners.grants.answering import answer_request, record, require_pending
from app.screeners.grants.recipients import Recipient, find_organisation, find_person
from app.screeners.grants.schemas import (
    Direction,
    RequestRecipient,
    ScreenerRequestGrant,
    ScreenerRequestIn,
)
from app.screeners.grants.service import give, require_grantable
from app.screeners.service import get_title, kept_screener

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
    # Who has watched as often as they may asks for more.
    used_up = (
        reads.open_grants()
        .with_only_columns(ScreenerGrant.screener_id)
        .where(reads.is_granted_to(actor), ScreenerGrant.views == ScreenerGrant.max_views)
    )
    screener_id = await session.scalar(
        reads.visible_screeners(actor)
        .with_only_columns(Screener.id)
        .where(Screener.title_id == title.id, Screener.id.not_in(used_up))
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
    """Give a request that one's organisation made or is to answer.

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
    """Give a page of the requests one's organisation made or is to answer, newest first."""
    statement = (
        reads.visible_requests(actor)
        .options(joinedload(ScreenerRequest.organisation))
        .order_by(ScreenerRequest.id.desc())
        .limit(page.fetch)
    )
    if direction is Direction.IN:
        statement = statement.where(reads.is_answered_by(actor))
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
    """Refuse a request that one's organisation is to answer.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor's organisation made it.
        Conflict: it is answered already.
    """
    request = await get_request(session, actor, id_, lock=True)
    await _require_answerer(session, actor, request)
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


async def grant_request(
    session: AsyncSession, actor: Actor, id_: int, wanted: ScreenerRequestGrant
) -> ScreenerGrant:
    """Let those who asked watch: everybody of their organisation, or the one who did.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor's organisation made it.
        Conflict: it is answered already, or nothing of the title can be granted to them.
        Invalid: the screener is not named, or none of the title's; or not on those terms.
    """
    request = await get_request(session, actor, id_)
    await _require_answerer(session, actor, request)
    require_pending(request)
    screener_id = await _screener_of(session, actor, request, wanted)
    screener = await kept_screener(session, actor, screener_id, lock=True)
    await require_grantable(session, screener)
    recipient = await _asker(session, screener, request, wanted.recipient)
    grant = await give(session, actor, screener, recipient, wanted)
    answer_request(session, actor, request, ScreenerRequestState.GRANTED)
    return grant


async def _require_answerer(session: AsyncSession, actor: Actor, request: ScreenerRequest) -> None:
    statement = select(ScreenerRequest.id).where(
        ScreenerRequest.id == request.id, reads.is_answered_by(actor)
    )
    if await session.scalar(statement) is None:
        raise Forbidden("Only those who were asked may do this.", code="not_the_seller")


async def _screener_of(
    session: AsyncSession, actor: Actor, request: ScreenerRequest, wanted: ScreenerRequestGrant
) -> int:
    """Take the screener that is named, or the only one of the title that is ready."""
    ready = select(Screener.id).where(
        Screener.title_id == request.title_id,
        Screener.state == ScreenerState.READY,
        reads.is_kept_by(actor),
    )
    found = (await session.scalars(ready)).all()
    if wanted.screener_id is None and not found:
        raise Conflict("The title has no screener that is ready.", code="screener_not_ready")
    if wanted.screener_id is None and len(found) > 1:
        detail = f"must be named: {len(found)} screeners of the title are ready"
        raise Invalid.field("/screener_id", detail)
    if wanted.screener_id is not None and wanted.screener_id not in found:
        raise Invalid.field("/screener_id", "must be a screener of the title that is ready")
    return wanted.screener_id or found[0]


async def _asker(
    session: AsyncSession, screener: Screener, request: ScreenerRequest, wanted: RequestRecipient
) -> Recipient:
    """Find those who asked, if they are in the market still."""
    if wanted is RequestRecipient.PERSON:
        recipient = Recipient(person=await find_person(session, screener, request.person_id))
    else:
        id_ = request.organisation_id
        recipient = Recipient(organisation=await find_organisation(session, screener, id_))
    if recipient == Recipient():
        raise Conflict("Whoever asked is no longer in the market.", code="asker_gone")
    return recipient
