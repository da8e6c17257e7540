"""Where players tell what was watched."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.db import Database
from app.errors import Conflict, TooManyRequests
from app.hot import HotRoute
from app.limits import Bearers, RateLimit
from app.models.viewings import ViewingEnd
from app.openapi import problems
from app.screeners.heartbeats import closing
from app.screeners.heartbeats.batch import Full, Over, Unknown, Written
from app.screeners.heartbeats.schemas import HeartbeatsIn, HeartbeatsOut
from app.screeners.heartbeats.writer import Writer
from app.screeners.ledger.keys import ledger_key
from app.screeners.viewings.access import ViewingOver, no_such_viewing
from app.screeners.viewings.fetching import fetched, token_of, viewing_id_of
from app.security import token_hash
from app.transaction import JSON, require_media_type

HEADERS = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
_TEXT = {"schema": {"type": "string"}}

router = APIRouter(tags=["viewings"], route_class=HotRoute, dependencies=[Depends(fetched)])


def _said(said: HeartbeatsIn) -> None:
    """Document the body."""


@router.post(
    "/viewings/{viewing_id}/heartbeats",  # noqa: FAST003  # a hot endpoint takes the request alone
    summary="Tell what was watched",
    response_model=HeartbeatsOut,
    responses={200: {"headers": {"Referrer-Policy": _TEXT}}, **problems(401, 403)},
    dependencies=[Depends(_said)],
)
async def send_heartbeats(request: Request) -> Response:
    """Say what of the film was watched since the last time, every five seconds or so.

    It is in the ledger when this answers. Repeat what was not answered, with its `sequence`: it
    counts once. What can't be true is written down as it was said, and counted by no report. Send
    one request after the other: one that comes after a later one is taken for a repetition.

    403 with `viewing_over` once the viewing is over; `reason` says why: `expired`, `revoked`,
    `withdrawn`. Stop the film then.
    """
    token, viewing_id = token_of(request), viewing_id_of(request)
    require_media_type(request, (JSON,))
    said = _read(await request.body())
    await _limit(request, token)
    writer: Writer = request.app.state.heartbeats
    outcome = await writer.write(said.of(viewing_id, token_hash(token)))
    if isinstance(outcome, Unknown):
        raise no_such_viewing()
    bearers: Bearers = request.app.state.bearers
    bearers.note(token, f"viewing:{viewing_id}")
    if isinstance(outcome, Over):
        await _close(request, viewing_id)
        raise ViewingOver(ViewingEnd(outcome.reason))
    if isinstance(outcome, Full):
        raise Conflict("The ledger of this viewing takes no more entries.", code="viewing_full")
    return Response(_told(outcome), media_type=JSON, headers=HEADERS)


def _told(written: Written) -> str:
    return HeartbeatsOut(
        accepted=written.accepted,
        implausible=written.implausible,
        position_ms=written.position_milliseconds,
        expires_at=written.expires_at,
    ).model_dump_json()


def _read(body: bytes) -> HeartbeatsIn:
    try:
        return HeartbeatsIn.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(
            [item | {"loc": ("body", *_place(item["loc"]))} for item in error.errors()]
        ) from None


def _place(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Leave out of a place which kind of beat it was taken for: the body has no such member."""
    return loc[:2] + loc[3:] if loc[:1] == ("beats",) else loc


async def _limit(request: Request, token: str) -> None:
    limit: RateLimit = request.app.state.heartbeat_limit
    verdict = await limit.hit(token_hash(token).hex())
    if not verdict.is_allowed:
        raise TooManyRequests(
            f"That was more than {limit.amount} heartbeats of one viewing in a minute. Gather them "
            f"into one request, and wait {verdict.wait} s.",
            retry_after=verdict.wait,
        )


async def _close(request: Request, viewing_id: int) -> None:
    """Have the ledger say that it has ended: who asks once more finds it closed."""
    database: Database = request.app.state.database
    key = ledger_key(request.app.state.settings)
    async with database.session() as session, session.begin():
        await closing.close(session, key, viewing_id)
