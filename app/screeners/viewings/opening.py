"""Opening a viewing: by somebody who signed in, or by the holder of a link."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.models.viewings import Viewing, ViewingEnd
from app.screeners.grants.access import (
    Allowed,
    may_watch,
    may_watch_by_link,
    take_view,
)
from app.screeners.ledger import entries
from app.screeners.service import record
from app.screeners.viewings.facts import Facts, facts_of
from app.security import new_token, token_hash

MAX_USER_AGENT = 300
# What of a film is left then, are its credits.
SEEN = 0.95


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody watches: their address, its country if known, and with what."""

    address: str
    country: str | None
    user_agent: str


@dataclass(frozen=True, slots=True)
class Means:
    """What opening needs to know beside who opens what."""

    place: Place
    # How long a viewing lives, where its grant does
    lifetime: timedelta
    ledger_key: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """An open viewing: whether it was opened now, and its new token."""

    facts: Facts
    token: str
    is_new: bool


async def open_viewing(
    session: AsyncSession, actor: Actor, screener_id: int, means: Means
) -> Opened:
    """Open a viewing for a person, or continue theirs that lives.

    Raises:
        NotFound: there is no such screener, or it is not theirs to see.
        Conflict: it isn't ready.
        Forbidden: they were granted it, but not now or not here.
    """
    await _queue(session, f"{screener_id}:{actor.person_id}")
    allowed = await may_watch(session, actor, screener_id, means.place.country)
    return await _open(session, actor, allowed, means)


async def open_by_link(session: AsyncSession, link: str, means: Means) -> Opened:
    """Open a viewing for the holder of a link, or continue theirs that lives.

    Raises:
        NotFound: it is no link of ours, or has ended.
        Forbidden: not now, or not here.
    """
    await _queue(session, token_hash(link).hex())
    allowed = await may_watch_by_link(session, link, means.place.country)
    return await _open(session, None, allowed, means)


async def _queue(session: AsyncSession, subject: str) -> None:
    """Let two openings of one person follow each other: the second one continues the first's."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))"),
        {"subject": f"viewing:{subject}"},
    )


async def _open(
    session: AsyncSession, actor: Actor | None, allowed: Allowed, means: Means
) -> Opened:
    token = new_token()
    viewing = await _living(session, allowed)
    is_new = viewing is None
    if viewing is None:
        await _end_others(session, actor, allowed)
        await take_view(session, allowed)
        viewing = _new(actor, allowed, means.lifetime)
        viewing.position_milliseconds = await _left_off(session, actor, allowed)
    place = means.place
    viewing.token_hash = token_hash(token)
    viewing.address, viewing.country = place.address, place.country
    viewing.user_agent = place.user_agent[:MAX_USER_AGENT]
    viewing.last_seen_at = datetime.now(UTC)
    session.add(viewing)
    await session.flush()
    fact = entries.opened(viewing) if is_new else entries.continued(viewing)
    await entries.append(session, means.ledger_key, viewing, fact)
    if is_new:
        _record(session, actor, allowed, viewing)
    row = (await session.execute(facts_of(viewing.id))).mappings().one()
    return Opened(Facts.of(row), token, is_new=is_new)


async def _living(session: AsyncSession, allowed: Allowed) -> Viewing | None:
    """Give the viewing to continue, unless it ended this moment."""
    if allowed.viewing_id is None:
        return None
    return await session.scalar(
        select(Viewing)
        .where(Viewing.id == allowed.viewing_id, Viewing.ended_at.is_(None))
        .with_for_update()
    )


async def _end_others(session: AsyncSession, actor: Actor | None, allowed: Allowed) -> None:
    """End what this viewer has open: it ran out, or was under a grant that is not the best now."""
    await session.execute(
        update(Viewing)
        .where(_theirs(actor, allowed), Viewing.ended_at.is_(None))
        .values(
            ended_at=func.least(Viewing.expires_at, func.now()),
            end_reason=ViewingEnd.EXPIRED,
        )
        .execution_options(synchronize_session=False)
    )


async def _left_off(session: AsyncSession, actor: Actor | None, allowed: Allowed) -> int:
    """Give where this viewer was in the film when last they watched; its beginning, at its end."""
    last = await session.scalar(
        select(Viewing.position_milliseconds)
        .where(_theirs(actor, allowed))
        .order_by(Viewing.id.desc())
        .limit(1)
    )
    length = allowed.screener.duration_milliseconds or 0
    return last if last is not None and last < length * SEEN else 0


def _theirs(actor: Actor | None, allowed: Allowed) -> ColumnElement[bool]:
    """Select this viewer's sittings over this screener."""
    if actor is None:
        return and_(Viewing.grant_id == allowed.grant_id, Viewing.person_id.is_(None))
    return and_(Viewing.screener_id == allowed.screener.id, Viewing.person_id == actor.person_id)


def _new(actor: Actor | None, allowed: Allowed, lifetime: timedelta) -> Viewing:
    ends_at = datetime.now(UTC) + lifetime
    return Viewing(
        screener_id=allowed.screener.id,
        grant_id=allowed.grant_id,
        person_id=actor.person_id if actor else None,
        organisation_id=actor.organisation_id if actor else None,
        expires_at=min(ends_at, allowed.expires_at or ends_at),
    )


def _record(session: AsyncSession, actor: Actor | None, allowed: Allowed, viewing: Viewing) -> None:
    record(
        session,
        actor,
        "screener.playback_opened",
        allowed.screener,
        grantees=[actor.organisation_id] if actor else [],
        viewing_id=str(viewing.id),
    )
