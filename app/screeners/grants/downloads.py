"""Downloads: the file itself, for the seller's own people and where a grant says so."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.errors import Forbidden
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import Screener
from app.s3 import Store
from app.screeners import rules
from app.screeners.grants.access import find_link, read_leaves, refusal_of
from app.screeners.grants.rules import Leave, Refusal, why_not
from app.screeners.grants.schemas import Download
from app.screeners.reads import is_granted_to
from app.screeners.service import get_screener, record, require_ready
from app.security import token_hash


async def download(
    session: AsyncSession,
    store: Store,
    actor: Actor,
    screener_id: int,
    country: str | None,
    lifetime: timedelta,
) -> Download:
    """Sign a URL of the file as it was uploaded, that outlives neither `lifetime` nor the grant.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
        Conflict: it isn't ready.
        Forbidden: it may be watched only, or not now, or not here.
    """
    screener = await get_screener(session, actor, screener_id)
    require_ready(screener)
    leave = None
    if not actor.belongs_to(screener.organisation_id):
        theirs = and_(ScreenerGrant.screener_id == screener.id, is_granted_to(actor))
        leave = await _choose(session, theirs, country)
    _record(session, actor, screener, leave, country)
    return _signed(store, screener, leave, lifetime)


async def download_by_link(
    session: AsyncSession, store: Store, token: str, country: str | None, lifetime: timedelta
) -> Download:
    """Sign a URL of the file that a link leads to.

    Raises:
        NotFound: it is no link of ours, it has ended, or its screener left the market.
        Forbidden: it may be watched only, or not now, or not here.
    """
    screener, _ = await find_link(session, token)
    leave = await _choose(session, ScreenerGrant.token_hash == token_hash(token), country)
    _record(session, None, screener, leave, country)
    return _signed(store, screener, leave, lifetime)


async def _choose(session: AsyncSession, which: ColumnElement[bool], country: str | None) -> Leave:
    """Choose the grant that allows it longest; how often they watched is no matter."""
    leaves, now = await read_leaves(session, and_(which, ScreenerGrant.may_download))
    refused = {
        leave: refusal
        for leave in leaves
        if (refusal := why_not(leave, now, country)) not in (None, Refusal.NO_VIEWS_LEFT)
    }
    allowing = [leave for leave in leaves if leave not in refused]
    if allowing:
        return max(allowing, key=lambda leave: leave.expires_at)
    if refused:
        raise refusal_of(refused, country)
    raise Forbidden(
        "You may watch it, and not have the file. Ask the seller.", code="download_not_granted"
    )


def _record(
    session: AsyncSession,
    actor: Actor | None,
    screener: Screener,
    leave: Leave | None,
    country: str | None,
) -> None:
    record(
        session,
        actor,
        "screener.downloaded",
        screener,
        grantees=[actor.organisation_id] if actor else [],
        grant_id=str(leave.grant_id) if leave else None,
        country=country,
    )


def _signed(store: Store, screener: Screener, leave: Leave | None, lifetime: timedelta) -> Download:
    now = datetime.now(UTC).replace(microsecond=0)
    # A grant that ends within the second: S3 signs for one at least.
    lives = rules.url_lifetime(now, leave.expires_at if leave else None, lifetime)
    lives = max(lives, timedelta(seconds=1))
    url = store.sign_playback(
        screener.object_key,
        screener.content_type,
        rules.content_disposition(screener.file_name, "attachment"),
        lives,
    )
    return Download(
        url=url,
        expires_at=now + lives,
        file_name=screener.file_name,
        content_type=screener.content_type,
        size_bytes=screener.size_bytes,
        checksum=screener.checksum,
    )
