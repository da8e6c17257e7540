"""Calendars that programs subscribe to: their private addresses, and who reads by them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.authentication import find_person
from app.errors import Conflict, NotFound
from app.models.accounts import Person
from app.models.calendars import CalendarFeed
from app.pagination import PageRequest, bounded_int
from app.security import new_token, token_hash

ORDER = "id"
# More than anybody has calendar programs
MAX_FEEDS = 20
# A program asks every quarter of an hour, or minute: a note of each would be a write of each.
NOTED_EVERY = timedelta(minutes=1)


async def create_feed(session: AsyncSession, actor: Actor, name: str) -> tuple[CalendarFeed, str]:
    """Make a private address of the actor's agenda, and give it with its secret.

    Raises:
        Conflict: they have as many as they may.
    """
    # Their own row, so that two requests of one person come one after the other.
    await session.execute(
        select(Person.id).where(Person.id == actor.person_id).with_for_update(key_share=True)
    )
    good = select(func.count()).where(
        CalendarFeed.person_id == actor.person_id, CalendarFeed.revoked_at.is_(None)
    )
    if (await session.execute(good)).scalar_one() >= MAX_FEEDS:
        raise Conflict(
            f"You have {MAX_FEEDS} calendar feeds. Revoke one that you no longer use.",
            code="too_many_feeds",
        )
    token = new_token()
    feed = CalendarFeed(person_id=actor.person_id, name=name, token_hash=token_hash(token))
    session.add(feed)
    await session.flush()
    _record(session, actor, "calendar_feed.created", feed)
    return feed, token


async def list_feeds(
    session: AsyncSession, actor: Actor, page: PageRequest
) -> tuple[list[CalendarFeed], str | None]:
    """Give a page of the actor's own feeds, newest first, revoked ones too."""
    statement = (
        select(CalendarFeed)
        .where(CalendarFeed.person_id == actor.person_id)
        .order_by(CalendarFeed.id.desc())
        .limit(page.fetch)
    )
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(CalendarFeed.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def revoke_feed(session: AsyncSession, actor: Actor, id_: int) -> None:
    """Let an address lead nowhere; revoking twice is revoking once.

    Raises:
        NotFound: it isn't there, or isn't the actor's own.
    """
    feed = await session.scalar(
        select(CalendarFeed)
        .where(CalendarFeed.id == id_, CalendarFeed.person_id == actor.person_id)
        .with_for_update()
    )
    if feed is None:
        raise NotFound("calendar feed")
    if feed.revoked_at is None:
        feed.revoked_at = datetime.now(UTC)
        _record(session, actor, "calendar_feed.revoked", feed)


async def reader_of(session: AsyncSession, token: str) -> Actor:
    """Give whose agenda an address leads to, as they stand now, and note that it was read.

    Raises:
        NotFound: it is no address of ours, was revoked, or its owner is not in the market now.
    """
    feed = await session.scalar(
        select(CalendarFeed).where(
            CalendarFeed.token_hash == token_hash(token), CalendarFeed.revoked_at.is_(None)
        )
    )
    actor = await find_person(session, feed.person_id) if feed else None
    if feed is None or actor is None or not actor.in_market:
        raise NotFound("calendar feed")
    now = datetime.now(UTC)
    if feed.last_read_at is None or feed.last_read_at < now - NOTED_EVERY:
        feed.last_read_at = now
    return actor


def _record(session: AsyncSession, actor: Actor, type_: str, feed: CalendarFeed) -> None:
    events.record(
        session,
        actor,
        type_,
        feed.id,
        organisation_ids=[actor.organisation_id],
        data={"person_id": str(feed.person_id)},
    )
