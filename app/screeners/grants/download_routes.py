"""Downloads over HTTP: the file itself, where a grant says so."""

from fastapi import APIRouter

from app.deps import MarketActor, SessionDep, SettingsDep, StoreDep
from app.ids import Id
from app.openapi import problems
from app.scopes import scoped
from app.screeners.grants import downloads
from app.screeners.grants.country import CountryDep
from app.screeners.grants.schemas import Download, LinkToken
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["screeners"], route_class=TransactionRoute, dependencies=[scoped("screeners")]
)


@router.post("/screeners/{screener_id}/download", summary="Download a screener")
async def download_screener(
    session: SessionDep,
    store: StoreDep,
    settings: SettingsDep,
    actor: MarketActor,
    screener_id: Id,
    country: CountryDep,
) -> Download:
    """Give a URL of the file as it was uploaded: for its seller, and where a grant allows it.

    It is good for 15 minutes and never past the end of the grant; each is a fact in the seller's
    journal. Whoever has it can use it. 403 with `download_not_granted`, `grant_not_begun`,
    `country_unknown`, `not_in_territory`; 409 with `screener_not_ready`.
    """
    lifetime = settings.playback_url_lifetime
    return await downloads.download(session, store, actor, screener_id, country, lifetime)


@router.post(
    "/screener-links/download",
    summary="Download a screener by a link",
    responses=problems(403, 404),
)
async def download_by_link(
    session: SessionDep,
    store: StoreDep,
    settings: SettingsDep,
    wanted: LinkToken,
    country: CountryDep,
) -> Download:
    """Give a URL of the file that a link leads to, where it allows that; nobody need sign in.

    404 for a link that has ended; the rest is as where one is signed in.
    """
    lifetime = settings.playback_url_lifetime
    return await downloads.download_by_link(session, store, wanted.token, country, lifetime)
