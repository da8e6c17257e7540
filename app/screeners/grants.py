"""Grants: who may watch a screener until when, and the short-lived URL to watch it at."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.actors import Actor
from app.catalogue.visibility import in_market
from app.errors import Conflict, Invalid, NotFound
from app.models.accounts import Organisation, Standing
from app.models.catalogue import Title
from app.models.screeners import (
    Screener,
    ScreenerGrant,
    ScreenerRequest,
    ScreenerRequestState,
    ScreenerState,
)
from app.pagination import PageRequest, bounded_int
from app.s3 import Store
from app.screeners import reads, rules
from app.screeners.requests import answer_request
from app.screeners.schemas import GrantIn, Playback
from app.screeners.service import get_screener, own_screener, record
from app.settings import Settings

ORDER = "id"


async def create_grant(
    session: AsyncSession, actor: Actor, screener_id: int, wanted: GrantIn
) -> ScreenerGrant:
    """Give an organisation leave to watch; that answers its pending request for the title.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
        Forbidden: the actor does not sell the title.
        Conflict: it isn't ready, its title isn't in the market, or such a grant is open.
        Invalid: no such organisation may be given leave, or not until then.
    """
    # Locked, so that two grants to one organisation come one after the other.
    screener = await own_screener(session, actor, screener_id, lock=True)
    require_ready(screener)
    if await session.scalar(select(in_market()).where(Title.id == screener.title_id)) is False:
        raise Conflict("Publish the title first.", code="title_not_published")
    organisation = await _grantee(session, screener, wanted.organisation_id)
    now = datetime.now(UTC)
    if not rules.may_end(wanted.expires_at, now):
        raise Invalid.field("/expires_at", "must lie ahead, by two years at most")
    await _require_no_open_grant(session, screener, organisation)
    grant = ScreenerGrant(
        screener_id=screener.id,
        organisation=organisation,
        granted_by_id=actor.person_id,
        expires_at=wanted.expires_at,
    )
    session.add(grant)
    await session.flush()
    _record(session, actor, "screener.granted", screener, grant)
    await _answer_request(session, actor, screener, organisation)
    return grant


def require_ready(screener: Screener) -> None:
    """Hold an act to a screener that can be watched.

    Raises:
        Conflict: it can't.
    """
    if screener.state is not ScreenerState.READY:
        raise Conflict(
            f"The screener is {screener.state}; only a ready one can be watched.",
            code="screener_not_ready",
            state=screener.state,
        )


async def _grantee(session: AsyncSession, screener: Screener, id_: int) -> Organisation:
    organisation = await session.scalar(
        select(Organisation).where(
            Organisation.id == id_, Organisation.standing == Standing.APPROVED
        )
    )
    if organisation is None or id_ == screener.organisation_id:
        raise Invalid.field("/organisation_id", "must be another company of the market")
    return organisation


async def _require_no_open_grant(
    session: AsyncSession, screener: Screener, organisation: Organisation
) -> None:
    found = await session.scalar(
        reads.open_grants().where(
            ScreenerGrant.screener_id == screener.id,
            ScreenerGrant.organisation_id == organisation.id,
        )
    )
    if found is not None:
        raise Conflict(
            "They may watch it already. To change until when, revoke that grant and give another.",
            code="already_granted",
            grant_id=str(found.id),
        )


async def _answer_request(
    session: AsyncSession, actor: Actor, screener: Screener, organisation: Organisation
) -> None:
    request = await session.scalar(
        select(ScreenerRequest)
        .where(
            ScreenerRequest.title_id == screener.title_id,
            ScreenerRequest.organisation_id == organisation.id,
            ScreenerRequest.state == ScreenerRequestState.PENDING,
        )
        .with_for_update()
    )
    if request is not None:
        answer_request(session, actor, request, ScreenerRequestState.GRANTED)


async def list_grants(
    session: AsyncSession, actor: Actor, screener_id: int, page: PageRequest
) -> tuple[list[ScreenerGrant], str | None]:
    """Give a page of a screener's grants, newest first, revoked and ended ones too.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
        Forbidden: the actor does not sell the title.
    """
    screener = await own_screener(session, actor, screener_id)
    statement = (
        select(ScreenerGrant)
        .where(ScreenerGrant.screener_id == screener.id)
        .options(joinedload(ScreenerGrant.organisation))
        .order_by(ScreenerGrant.id.desc())
        .limit(page.fetch)
    )
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(ScreenerGrant.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def revoke_grant(
    session: AsyncSession, actor: Actor, screener_id: int, grant_id: int
) -> None:
    """End leave to watch; revoking twice is revoking once.

    Raises:
        NotFound: there is no such screener or grant, or it is not the actor's to see.
        Forbidden: the actor does not sell the title.
    """
    screener = await own_screener(session, actor, screener_id, lock=True)
    grant = await session.scalar(
        select(ScreenerGrant).where(
            ScreenerGrant.id == grant_id, ScreenerGrant.screener_id == screener.id
        )
    )
    if grant is None:
        raise NotFound("grant")
    if grant.revoked_at is None:
        grant.revoked_at = datetime.now(UTC)
        _record(session, actor, "screener.grant_revoked", screener, grant)


async def open_playback(
    session: AsyncSession, store: Store, settings: Settings, actor: Actor, screener_id: int
) -> Playback:
    """Sign a URL to watch at, that outlives neither the setting nor the grant.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to watch.
        Conflict: it isn't ready.
    """
    screener = await get_screener(session, actor, screener_id)
    require_ready(screener)
    ends_at = None
    if not actor.belongs_to(screener.organisation_id):
        ends_at = await _grant_end(session, actor, screener)
    now = datetime.now(UTC).replace(microsecond=0)
    lifetime = rules.url_lifetime(now, ends_at, settings.playback_url_lifetime)
    if not lifetime:
        raise NotFound("screener")
    url = store.sign_playback(
        screener.object_key,
        screener.content_type,
        rules.content_disposition(screener.file_name),
        lifetime,
    )
    record(session, actor, "screener.playback_opened", screener, grantees=[actor.organisation_id])
    return Playback(url=url, expires_at=now + lifetime, content_type=screener.content_type)


async def _grant_end(session: AsyncSession, actor: Actor, screener: Screener) -> datetime | None:
    ends_at: datetime | None = await session.scalar(
        reads.open_grants()
        .with_only_columns(func.max(ScreenerGrant.expires_at))
        .where(
            ScreenerGrant.screener_id == screener.id,
            ScreenerGrant.organisation_id == actor.organisation_id,
        )
    )
    # It ended between two statements: as good as never.
    return ends_at or datetime.now(UTC)


def _record(
    session: AsyncSession, actor: Actor, type_: str, screener: Screener, grant: ScreenerGrant
) -> None:
    record(
        session,
        actor,
        type_,
        screener,
        grantees=[grant.organisation_id],
        grant_id=str(grant.id),
        organisation_id=str(grant.organisation_id),
        expires_at=grant.expires_at.isoformat().replace("+00:00", "Z"),
    )
