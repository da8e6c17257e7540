"""What must hold before a request is answered: whose turn it is, and that it still waits."""

from datetime import datetime

from app.actors import Actor
from app.agendas.rules import Period
from app.errors import Conflict, Forbidden, Invalid
from app.meetings import reads
from app.models.meetings import MeetingRequest, MeetingRequestState, RequestSide


def require_side(actor: Actor, request: MeetingRequest) -> None:
    """Let the two sides pass.

    Raises:
        Forbidden: the actor only looks on.
    """
    if not (
        actor.belongs_to(request.from_organisation_id)
        or actor.belongs_to(request.to_organisation_id)
    ):
        raise Forbidden(
            "You see this request because you run the market; only the two sides may answer it.",
            code="not_a_side",
        )


def require_asked_side(actor: Actor, request: MeetingRequest) -> None:
    """Let those who were asked pass.

    Raises:
        Forbidden: the actor is none of them.
    """
    require_side(actor, request)
    if not actor.belongs_to(request.to_organisation_id):
        raise Forbidden(
            "Your side asked; the other side answers. You can cancel the request.",
            code="not_the_asked",
        )


def require_asking_side(actor: Actor, request: MeetingRequest) -> None:
    """Let those who asked pass.

    Raises:
        Forbidden: the actor is none of them.
    """
    if not actor.belongs_to(request.from_organisation_id):
        raise Forbidden(
            "The other side asked, so it may cancel the request; you can decline it.",
            code="not_the_asker",
        )


def require_turn(actor: Actor, request: MeetingRequest) -> None:
    """Let those pass whose answer a request waits for.

    Raises:
        Forbidden: it waits for the other side's, or the actor only looks on.
    """
    if request.awaits is RequestSide.ASKED:
        require_asked_side(actor, request)
        return
    require_side(actor, request)
    if not actor.belongs_to(request.from_organisation_id):
        raise Forbidden(
            "You proposed other times, and it is for those who asked to answer. You can decline.",
            code="not_your_turn",
        )


def require_pending(request: MeetingRequest, now: datetime) -> None:
    """Hold an answer to a request that waits for one.

    Raises:
        Conflict: it has one, or its time is over.
    """
    state = state_at(request, now)
    if state is not MeetingRequestState.PENDING:
        raise Conflict(f"The request is {state} already.", code="not_pending", state=state)


def state_at(request: MeetingRequest, now: datetime) -> MeetingRequestState:
    """Tell how a request stands: one whose time is over has expired, swept or not."""
    if request.state is MeetingRequestState.PENDING and request.expires_at <= now:
        return MeetingRequestState.EXPIRED
    return request.state


def require_proposed(request: MeetingRequest, period: Period) -> None:
    """Hold a time to those the asker proposed, if any.

    Raises:
        Invalid: it lies outside each of them.
    """
    proposed = reads.proposed_periods(request)
    if proposed and not any(one.covers(period) for one in proposed):
        raise Invalid.field(
            "/starts_at",
            "must lie, up to ends_at, inside one of the proposed times. If none suits, decline and "
            "say what would, or ask for a meeting yourself.",
            code="not_proposed",
        )
