"""Grants on other terms, and revoked: who is watching and no longer may is stopped."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.people import refuse_nulls
from app.actors import Actor
from app.errors import Conflict, Invalid
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import Screener
from app.models.viewings import Viewing, ViewingEnd
from app.screeners.grants.answering import answer_by_grant
from app.screeners.grants.schemas import GrantPatch
from app.screeners.grants.service import get_grant, one_at_a_time, record_grant, require_possible
from app.screeners.service import end_viewings
from app.trees import TERRITORIES


async def update_grant(
    session: AsyncSession, actor: Actor, screener: Screener, grant: ScreenerGrant, patch: GrantPatch
) -> None:
    """Change the terms of a grant; who is watching and no longer may is stopped.

    Raises:
        Conflict: it was revoked or has begun, or they have leave already for some of the time.
        Invalid: nobody may be given leave on those terms.
    """
    changes = _changes(grant, patch)
    if not changes:
        return
    starts_at = changes.get("starts_at", grant.starts_at)
    expires_at = changes.get("expires_at", grant.expires_at)
    if {"starts_at", "expires_at"} & changes.keys():
        require_possible(starts_at, expires_at, datetime.now(UTC))
    async with one_at_a_time(session, grant, starts_at, expires_at):
        for name, value in changes.items():
            setattr(grant, name, value)
    stopped = await _stop_who_may_no_longer(session, grant) if "territories" in changes else 0
    changed = sorted(changes)
    record_grant(
        session, actor, "screener.grant_updated", screener, grant, changed=changed, stopped=stopped
    )
    await answer_by_grant(session, actor, screener, grant)


def _changes(grant: ScreenerGrant, patch: GrantPatch) -> dict[str, Any]:
    if grant.revoked_at is not None:
        raise Conflict("The grant was revoked. Give another.", code="grant_revoked")
    given = patch.model_dump(include=patch.model_fields_set)
    refuse_nulls(given, "starts_at", "expires_at", "may_download")
    changes = {name: value for name, value in given.items() if value != getattr(grant, name)}
    if "starts_at" in changes:
        now = datetime.now(UTC)
        if grant.starts_at <= now:
            raise Conflict("The grant has begun: it can't begin later.", code="grant_begun")
        changes["starts_at"] = max(changes["starts_at"], now)
    if (changes.get("max_views") or grant.views) < grant.views:
        raise Invalid.field("/max_views", f"must be {grant.views} at least: so often it was opened")
    return changes


async def _stop_who_may_no_longer(session: AsyncSession, grant: ScreenerGrant) -> int:
    """End the viewings from where it may not be watched any more.

    Those that were opened until later than the grant lasts now end with it: each fetch asks.
    """
    if grant.territories is None:
        return 0
    allowed = TERRITORIES.parse(grant.territories)
    if allowed == TERRITORIES.everything:
        return 0
    inside = Viewing.country.in_(TERRITORIES.leaves_in(allowed))
    outside = or_(Viewing.country.is_(None), ~inside)
    return await end_viewings(session, ViewingEnd.REVOKED, Viewing.grant_id == grant.id, outside)


async def revoke_grant(
    session: AsyncSession, actor: Actor, screener_id: int, grant_id: int
) -> None:
    """End leave to watch, and what is being watched under it; revoking twice is revoking once.

    Raises:
        NotFound: there is no such screener or grant, or it is not the actor's to see.
        Forbidden: the actor neither sells nor administers it.
    """
    screener, grant = await get_grant(session, actor, screener_id, grant_id, lock=True)
    if grant.revoked_at is not None:
        return
    grant.revoked_at = datetime.now(UTC)
    # First the grant, then what was opened under it: nothing can be opened in between.
    await session.flush()
    stopped = await end_viewings(session, ViewingEnd.REVOKED, Viewing.grant_id == grant.id)
    record_grant(session, actor, "screener.grant_revoked", screener, grant, stopped=stopped)
