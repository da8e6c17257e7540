"""Requests for meetings: ask, accept, decline, cancel."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.deps import IfNoneMatchDep, LanguagesDep, MarketActor, PageDep, SessionDep, SettingsDep
from app.etags import NOT_MODIFIED, tagged, unless_known
from app.ids import Id
from app.meetings import responding, service, suggesting
from app.meetings.schemas import (
    MeetingRequestAcceptance,
    MeetingRequestCancellation,
    MeetingRequestCounter,
    MeetingRequestDecline,
    MeetingRequestDirection,
    MeetingRequestIn,
    MeetingRequestOut,
    MeetingRequestSlot,
    OpeningOut,
)
from app.meetings.views import show_opening, show_requests
from app.models.meetings import MeetingRequest, MeetingRequestState
from app.openapi import problems
from app.pagination import ItemPage
from app.profiles.answers import languages_for
from app.scopes import PEOPLE_ONLY, scoped
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["meetings"], route_class=TransactionRoute, dependencies=[scoped("meetings")]
)


def reading_of(actor: MarketActor, asked: LanguagesDep) -> tuple[str, ...]:
    """Give the languages to name titles in: those asked for, else what the person reads."""
    return languages_for(actor, asked)


ReadingDep = Annotated[tuple[str, ...], Depends(reading_of)]


@router.post(
    "/meeting-requests", summary="Ask for a meeting", status_code=201, dependencies=[PEOPLE_ONLY]
)
async def create_meeting_request(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    response: Response,
    languages: ReadingDep,
    wanted: MeetingRequestIn,
) -> MeetingRequestOut:
    """Ask a seller for a meeting where you buy, or a buyer where you sell; at a market if you like.

    It holds nobody's time until it has a meeting. Unanswered, it expires: after the market's limit,
    or at the end of the last proposed time if that is earlier. At a market both sides attend, one
    as a buyer and one as a seller, and proposed times hold slots of it.

    409 `already_asked` while your request to the same organisation and person waits for an answer
    (`meeting_request_id` names it), `too_many_pending` while as many of yours do as may (`quota`:
    the market's, or 100), `market_not_open`, `market_over` when its last slot is too near. 422
    `not_a_counterpart` for a seller who asks a seller or a buyer who asks a buyer, `not_attending`
    where nobody of theirs attends in the other role, `no_slot` for a time without one. 403
    `no_profile` for those who neither sell nor buy, `not_accredited`, `may_not_ask` by the market's
    rule of who asks.
    """
    request = await service.create_request(session, actor, wanted, settings)
    response.headers["Location"] = f"/v1/meeting-requests/{request.id}"
    return await _shown(session, response, request, languages)


@router.get("/meeting-requests", summary="List meeting requests")
async def list_meeting_requests(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    page: PageDep,
    languages: ReadingDep,
    direction: Annotated[
        MeetingRequestDirection | None,
        Query(description="`in`: your organisation was asked; `out`: it asked."),
    ] = None,
    state: Annotated[MeetingRequestState | None, Query()] = None,
    market_id: Annotated[Id | None, Query(description="Those at one market.")] = None,
) -> ItemPage[MeetingRequestOut]:
    """List what your organisation asked and was asked, newest first; organisers see everybody's."""
    rows, cursor = await service.list_requests(session, actor, page, direction, state, market_id)
    response.headers.update(page.link(cursor))
    return ItemPage(items=await show_requests(session, rows, languages), next_cursor=cursor)


@router.get(
    "/meeting-requests/{request_id}",
    summary="Get a meeting request",
    response_model=MeetingRequestOut,
    responses=NOT_MODIFIED,
)
async def get_meeting_request(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    request_id: Id,
    languages: ReadingDep,
    if_none_match: IfNoneMatchDep,
) -> MeetingRequestOut | Response:
    """Give a request of either side's, with the meeting it became; organisers see everybody's."""
    request = await service.get_request(session, actor, request_id)
    (shown,) = await show_requests(session, [request], languages)
    return unless_known(response, shown, request.version, if_none_match)


@router.get(
    "/meeting-requests/{request_id}/slots",
    summary="Times free for both",
    responses=problems(409),
)
async def list_openings(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    request_id: Id,
    page: PageDep,
    minutes: Annotated[
        int,
        Query(ge=5, le=480, description="How long; at a market slots have their own length."),
    ] = 30,
) -> ItemPage[OpeningOut]:
    """List the next times that suit both, each on the clock of both; none of them is held.

    At a market they are its slots, inside the proposed times while the request is pending, for
    which both are free, can walk from what they have before and to what they have after, and some
    place is free. 409 `not_pending` for a request that needs no time, `asker_gone`,
    `market_not_open`.
    """
    length = timedelta(minutes=minutes)
    rows, cursor = await suggesting.suggest(session, actor, request_id, page, length)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[show_opening(row) for row in rows], next_cursor=cursor)


@router.post("/meeting-requests/{request_id}/accept", summary="Accept a meeting request")
async def accept_meeting_request(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    request_id: Id,
    languages: ReadingDep,
    wanted: MeetingRequestAcceptance,
) -> MeetingRequestOut:
    """Meet: makes the meeting, and holds the time of one person of each side. Who it waits for may.

    The time lies inside one of the proposed ones; where none was proposed, it is yours to name. At
    a market it is a slot, and a place is taken with it: the seller's own, or else a shared one, or
    a room online as soon as one of you attends online. Without a time, a market's request waits as
    `accepted` for the schedule, which treats proposed times as preferred.

    Nobody is ever in two places: 409 `time_taken` where one of the two holds something else then,
    or no place is left that both could walk to, and `free_times` are the next times that suit both
    (and have a place). 409 `not_pending` for a request that was answered, cancelled or has expired
    (`state` says which), `asker_gone` where whoever asked is not at the market now,
    `market_not_open`. 422 `not_proposed` for a time outside the proposed ones, `not_a_slot`,
    `too_late` by the market's lead, `not_attending`. 403 `not_the_asked` and `not_your_turn`.
    """
    request = await responding.accept_request(session, actor, request_id, wanted)
    return await _shown(session, response, request, languages)


@router.post("/meeting-requests/{request_id}/counter", summary="Propose other times")
async def counter_meeting_request(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    response: Response,
    request_id: Id,
    languages: ReadingDep,
    wanted: MeetingRequestCounter,
) -> MeetingRequestOut:
    """Answer a pending request with other times: then it waits for the other side (`awaits`).

    Whoever of the asked proposes is the one who comes, unless somebody was asked for. The request's
    time to expire begins anew. 409 `not_pending`; 403 `not_the_asked` and `not_your_turn`; 422
    `no_slot` for a time without a slot of the market.
    """
    request = await responding.counter_request(session, actor, request_id, wanted, settings)
    return await _shown(session, response, request, languages)


@router.post("/meeting-requests/{request_id}/schedule", summary="Give an accepted request a slot")
async def schedule_meeting_request(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    request_id: Id,
    languages: ReadingDep,
    wanted: MeetingRequestSlot,
) -> MeetingRequestOut:
    """Take one of the market's slots at once for a request that waits for the schedule.

    Either side may, and the organisers. 409 `not_accepted` for a request that waits for no time,
    `time_taken` with `free_times` as for accepting, `asker_gone`, `market_not_open`; 422
    `not_a_slot`, `too_late`, `not_attending`.
    """
    request = await responding.schedule_request(session, actor, request_id, wanted.starts_at)
    return await _shown(session, response, request, languages)


@router.post("/meeting-requests/{request_id}/decline", summary="Decline a meeting request")
async def decline_meeting_request(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    request_id: Id,
    languages: ReadingDep,
    wanted: MeetingRequestDecline | None = None,
) -> MeetingRequestOut:
    """Refuse to meet, and say why or what would suit instead. The asked side only.

    409 `not_pending` for a request that was answered, cancelled or has expired.
    """
    answer = wanted.answer if wanted else None
    request = await responding.decline_request(session, actor, request_id, answer)
    return await _shown(session, response, request, languages)


@router.post("/meeting-requests/{request_id}/cancel", summary="Cancel a request or its meeting")
async def cancel_meeting_request(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    request_id: Id,
    languages: ReadingDep,
    wanted: MeetingRequestCancellation | None = None,
) -> MeetingRequestOut:
    """Take your request back while it is pending; once it is accepted, either side calls it off.

    Calling off frees both agendas and the place at once; the meeting stays to be seen, cancelled.
    409 `meeting_over` for one that has ended, `not_pending` where there is nothing left to cancel.
    """
    answer = wanted.answer if wanted else None
    request = await responding.cancel_request(session, actor, request_id, answer)
    return await _shown(session, response, request, languages)


async def _shown(
    session: AsyncSession, response: Response, request: MeetingRequest, languages: tuple[str, ...]
) -> MeetingRequestOut:
    (shown,) = await show_requests(session, [request], languages)
    return tagged(response, shown, request.version)
