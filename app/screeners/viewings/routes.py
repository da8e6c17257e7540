"""Viewings: opened by who signed in or has a link; what a viewer sees of their own."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.deps import MarketActor, SessionDep, SettingsDep, StoreDep
from app.ids import Id
from app.openapi import problems
from app.s3 import Store
from app.scopes import PEOPLE_ONLY
from app.screeners.grants.country import CountryDep
from app.screeners.ledger.keys import ledger_key
from app.screeners.viewings import opening, service
from app.screeners.viewings.answers import playback_of, viewing_of
from app.screeners.viewings.opening import Means, Opened, Place
from app.screeners.viewings.schemas import OpenedLink, Playback, ViewingOut
from app.settings import Settings
from app.transaction import TransactionRoute

router = APIRouter(tags=["viewings"], route_class=TransactionRoute, dependencies=[PEOPLE_ONLY])
_OPENED: dict[int | str, dict[str, Any]] = {
    200: {"model": Playback, "description": "Your viewing that lives goes on, with a new token."},
    201: {"description": "A new viewing; one of the grant's views is taken."},
}


def means_of(request: Request, settings: SettingsDep, country: CountryDep) -> Means:
    """Give from where somebody opens a viewing, and how long it may live."""
    client = request.client
    return Means(
        Place(
            address=client.host if client else "",
            country=country,
            user_agent=request.headers.get("user-agent", ""),
        ),
        lifetime=settings.viewing_lifetime,
        ledger_key=ledger_key(settings),
    )


MeansDep = Annotated[Means, Depends(means_of)]


@router.post(
    "/screeners/{screener_id}/playback",
    summary="Watch a screener",
    status_code=201,
    responses=_OPENED,
)
async def open_playback(
    session: SessionDep,
    store: StoreDep,
    settings: SettingsDep,
    actor: MarketActor,
    response: Response,
    means: MeansDep,
    screener_id: Id,
) -> Playback:
    """Open a viewing: for those with an open grant, and for the seller's own people.

    Show `watch_url` in a browser, or give `playlist_url` to a player of your own; the token in them
    is this viewing's alone. It lives for 12 hours, and never past the grant; whatever it opens ends
    within seconds when leave is taken back. Opening again while it lives goes on with it (200),
    gives it a new token, and takes no further view of a grant with a number of views.

    403 with `no_views_left`, `grant_not_begun`, `not_in_territory` or `country_unknown` where a
    grant is open but not now, or not here; 409 with `screener_not_ready` before the film was
    processed.
    """
    opened = await opening.open_viewing(session, actor, screener_id, means)
    return _told(opened, response, store, settings)


@router.post(
    "/screener-links/playback",
    summary="Watch by a link",
    status_code=201,
    responses=_OPENED | problems(403, 404),
)
async def open_link_playback(
    session: SessionDep,
    store: StoreDep,
    settings: SettingsDep,
    response: Response,
    means: MeansDep,
    link: OpenedLink,
) -> Playback:
    """Open a viewing for the holder of a link, who signs in nowhere: as for who does.

    The `token` in the body is the link's; the one in the answer is the viewing's. 404 once the link
    was revoked or has ended.
    """
    opened = await opening.open_by_link(session, link.token, means)
    return _told(opened, response, store, settings)


@router.get("/viewings/{viewing_id}", summary="Get a viewing of mine")
async def get_viewing(session: SessionDep, actor: MarketActor, viewing_id: Id) -> ViewingOut:
    """Give a sitting of your own: where you were last, and whether it still holds."""
    return viewing_of(await service.own_viewing(session, actor, viewing_id))


def _told(opened: Opened, response: Response, store: Store, settings: Settings) -> Playback:
    response.headers["Cache-Control"] = "private, no-store"
    if opened.is_new:
        response.headers["Location"] = f"/v1/viewings/{opened.facts.viewing_id}"
    else:
        response.status_code = 200
    return playback_of(opened.facts, opened.token, store, settings)
