"""How requests are answered, and who is told."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.errors import Conflict
from app.models.screener_grants import ScreenerGrant, ScreenerRequest, ScreenerRequestState
from app.models.screeners import Screener
from app.screeners.grants.recipients import company_of


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


async def answer_by_grant(
    session: AsyncSession, actor: Actor, screener: Screener, grant: ScreenerGrant
) -> None:
    """Have a grant to a company, or to the person of it who asked, answer their request."""
    asked = select(ScreenerRequest).where(
        ScreenerRequest.title_id == screener.title_id,
        ScreenerRequest.organisation_id == company_of(grant),
        ScreenerRequest.state == ScreenerRequestState.PENDING,
    )
    if grant.person_id is not None:
        asked = asked.where(ScreenerRequest.person_id == grant.person_id)
    request = await session.scalar(asked.with_for_update())
    if request is not None:
        answer_request(session, actor, request, ScreenerRequestState.GRANTED)


def record(session: AsyncSession, actor: Actor, type_: str, request: ScreenerRequest) -> None:
    """Write a fact about a request, for both sides to know, and for who answers it."""
    events.record(
        session,
        actor,
        type_,
        request.id,
        organisation_ids=[request.organisation_id, request.seller_id, actor.organisation_id],
        data={"title_id": str(request.title_id)},
    )
