"""Grants: who may watch a screener, on which terms, and until they no longer may."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.actors import Actor
from app.catalogue.visibility import in_market
from app.db import constraint_of
from app.errors import Conflict, Invalid, NotFound
from app.models.accounts import Person
from app.models.catalogue import Title
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import Screener
from app.pagination import PageRequest, bounded_int
from app.screeners.grants import rules
from app.screeners.grants.answering import answer_by_grant
from app.screeners.grants.recipients import Recipient, company_of, find_recipient
from app.screeners.grants.schemas import GrantIn, TermsIn
from app.screeners.service import kept_screener, record, require_ready

ORDER = "id"
ONE_AT_A_TIME = "ex_screener_grants_one_at_a_time_"


# Giving ---------------------------------------------------------------------------------------


async def create_grant(
    session: AsyncSession, actor: Actor, screener_id: int, wanted: GrantIn
) -> tuple[ScreenerGrant, str | None]:
    """Give leave to watch, and the secret of a link; that answers a request for the title.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
        Forbidden: the actor neither sells nor administers it.
        Conflict: it isn't ready, its title isn't in the market, or such a grant is open.
        Invalid: no such recipient may be given leave, or not for that time.
    """
    screener = await kept_screener(session, actor, screener_id, lock=True)
    await require_grantable(session, screener)
    recipient = await find_recipient(session, screener, wanted)
    grant = await give(session, actor, screener, recipient, wanted)
    await answer_by_grant(session, actor, screener, grant)
    return grant, recipient.token


async def require_grantable(session: AsyncSession, screener: Screener) -> None:
    """Hold a grant to a screener that can be watched, of a title that the market sees.

    Raises:
        Conflict: it can't, or doesn't.
    """
    require_ready(screener)
    if not await session.scalar(select(in_market()).where(Title.id == screener.title_id)):
        raise Conflict("Publish the title first.", code="title_not_published")


async def give(
    session: AsyncSession, actor: Actor, screener: Screener, recipient: Recipient, terms: TermsIn
) -> ScreenerGrant:
    """Give leave to watch a screener, of which the caller holds the lock.

    Raises:
        Conflict: they have leave already for some of the time.
        Invalid: nobody may be given leave for that time.
    """
    now = datetime.now(UTC)
    begins = max(terms.starts_at or now, now)
    require_possible(begins, terms.expires_at, now)
    grant = recipient.grant()
    grant.screener_id = screener.id
    grant.granted_by_id = actor.person_id
    grant.expires_at = terms.expires_at
    grant.max_views = terms.max_views
    grant.territories = terms.territories
    grant.may_download = terms.may_download
    if begins > now:
        grant.starts_at = begins  # else by the database's clock, which is asked again
    async with one_at_a_time(session, grant, begins, grant.expires_at):
        session.add(grant)
    record_grant(session, actor, "screener.granted", screener, grant)
    return grant


def require_possible(starts_at: datetime, expires_at: datetime, now: datetime) -> None:
    """Hold a grant to a time that lies ahead.

    Raises:
        Invalid: it doesn't.
    """
    if not rules.may_end(expires_at, now):
        raise Invalid.field("/expires_at", "must lie ahead, by two years at most")
    if expires_at <= starts_at:
        raise Invalid.field("/starts_at", "must come before expires_at")


@asynccontextmanager
async def one_at_a_time(
    session: AsyncSession, grant: ScreenerGrant, starts_at: datetime, expires_at: datetime
) -> AsyncIterator[None]:
    """Write what is done to a grant, which the database refuses where the recipient has another.

    Raises:
        Conflict: they have leave already for some of that time.
    """
    organisation, person = grant.organisation, grant.person
    others = select(ScreenerGrant.id).where(
        ScreenerGrant.screener_id == grant.screener_id,
        ScreenerGrant.organisation_id == (organisation.id if organisation else None),
        ScreenerGrant.person_id == (person.id if person else None),
        ScreenerGrant.token_hash.is_(None),
        ScreenerGrant.revoked_at.is_(None),
        ScreenerGrant.starts_at < expires_at,
        ScreenerGrant.expires_at > starts_at,
        ScreenerGrant.id != (grant.id or 0),
    )
    try:
        async with session.begin_nested():
            yield
    except IntegrityError as error:
        if not (constraint_of(error) or "").startswith(ONE_AT_A_TIME):
            raise
        raise Conflict(
            "They were granted it for some of that time already. Change that grant, or revoke it "
            "and give another.",
            code="already_granted",
            grant_id=str(await session.scalar(others.limit(1))),
        ) from None


# Finding --------------------------------------------------------------------------------------


def _of(screener: Screener) -> Select[ScreenerGrant]:
    return (
        select(ScreenerGrant)
        .where(ScreenerGrant.screener_id == screener.id)
        .options(
            joinedload(ScreenerGrant.organisation),
            joinedload(ScreenerGrant.person).joinedload(Person.organisation),
        )
    )


async def list_grants(
    session: AsyncSession, actor: Actor, screener_id: int, page: PageRequest
) -> tuple[list[ScreenerGrant], str | None]:
    """Give a page of a screener's grants, newest first, revoked and ended ones too.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
        Forbidden: the actor neither sells nor administers it.
    """
    screener = await kept_screener(session, actor, screener_id)
    statement = _of(screener).order_by(ScreenerGrant.id.desc()).limit(page.fetch)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(ScreenerGrant.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def get_grant(
    session: AsyncSession, actor: Actor, screener_id: int, grant_id: int, *, lock: bool = False
) -> tuple[Screener, ScreenerGrant]:
    """Give a grant and its screener; `lock` makes those who change it take turns.

    Raises:
        NotFound: there is no such screener or grant, or it is not the actor's to see.
        Forbidden: the actor neither sells nor administers it.
    """
    screener = await kept_screener(session, actor, screener_id, lock=lock)
    statement = _of(screener).where(ScreenerGrant.id == grant_id)
    if lock:
        statement = statement.with_for_update(of=ScreenerGrant)
    grant = await session.scalar(statement)
    if grant is None:
        raise NotFound("grant")
    return screener, grant


def record_grant(
    session: AsyncSession,
    actor: Actor,
    type_: str,
    screener: Screener,
    grant: ScreenerGrant,
    **data: object,
) -> None:
    """Write a fact about a grant, for who keeps the screener and the recipient's company."""
    company_id = company_of(grant)
    person_id = grant.person.id if grant.person else None
    record(
        session,
        actor,
        type_,
        screener,
        grantees=[] if company_id is None else [company_id],
        grant_id=str(grant.id),
        organisation_id=str(company_id) if company_id else None,
        person_id=str(person_id) if person_id else None,
        expires_at=grant.expires_at.isoformat().replace("+00:00", "Z"),
        **data,
    )
