"""Who may watch a screener now: the one place that says so.

The people of an organisation under its grants and their own, the holder of a link under that; the
seller's and the administrator's own people without any.

Who opens a viewing asks here first, then writes its row, then takes the view: of two who open the
last one at once the database lets one. An `Allowed` with a `viewing_id` continues that viewing and
takes none. A viewing of the same person under another grant (`uq_viewings_open_person`) is for the
opener to end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.catalogue.visibility import in_market
from app.db import constraint_of
from app.errors import Forbidden, NotFound
from app.models.catalogue import Title
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import Screener, ScreenerState
from app.models.viewings import Viewing
from app.screeners.grants.rules import Leave, Refusal, best_of, told_first, why_not
from app.screeners.reads import is_granted_to, living_viewings, open_grants
from app.screeners.service import get_screener, keeps, require_ready
from app.security import token_hash

VIEWS = "ck_screener_grants_views_are_as_many_as_given"
TOLD = {
    Refusal.NO_VIEWS_LEFT: "It was watched as often as it was granted. Ask the seller for more.",
    Refusal.NOT_IN_TERRITORY: "It was not granted to be watched where you are. Ask the seller.",
    Refusal.COUNTRY_UNKNOWN: "It was granted to be watched in some countries, and yours can't be "
    "told. Leave your VPN or Tor, if you use one; else ask the organisers of the market.",
    Refusal.NOT_BEGUN: "It may be watched later: see starts_at.",
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """Somebody may watch a screener: under which grant, until when."""

    screener: Screener
    # None: one of the seller's or the administrator's own people
    grant_id: int | None
    expires_at: datetime | None
    # Their viewing under it that lives, to be continued
    viewing_id: int | None
    # Of a link: whom it was given to
    recipient_name: str | None = None


class WatchingRefused(Forbidden):
    """403: they were granted it, but may not watch it now, or here."""

    def __init__(self, refusal: Refusal, **extra: Any) -> None:  # noqa: ANN401  # as `Problem`'s
        """Say why, and what would help."""
        super().__init__(TOLD[refusal], code=refusal.value, **extra)
        self.refusal = refusal


async def may_watch(
    session: AsyncSession, actor: Actor, screener_id: int, country: str | None
) -> Allowed:
    """Find under which grant a person may watch a screener now, in a country (None: unknown).

    Raises:
        NotFound: there is no such screener, or it is not theirs to see.
        Conflict: it isn't ready.
        WatchingRefused: they were granted it, but not now or not here.
    """
    screener = await get_screener(session, actor, screener_id)
    require_ready(screener)
    if keeps(actor, screener):
        viewing_id = await session.scalar(
            living_viewings()
            .with_only_columns(Viewing.id)
            .where(Viewing.screener_id == screener.id, Viewing.person_id == actor.person_id)
            .where(Viewing.grant_id.is_(None))
        )
        return Allowed(screener, None, None, viewing_id)
    leave = await _choose(
        session,
        and_(ScreenerGrant.screener_id == screener.id, is_granted_to(actor)),
        Viewing.person_id == actor.person_id,
        country,
        "screener",
    )
    return Allowed(screener, leave.grant_id, leave.expires_at, leave.viewing_id)


async def may_watch_by_link(session: AsyncSession, token: str, country: str | None) -> Allowed:
    """Find what the holder of a link's secret may watch now, in a country (None: unknown).

    Raises:
        NotFound: it is no link of ours, it has ended, or its screener left the market.
        WatchingRefused: not now, or not here.
    """
    screener, recipient_name = await find_link(session, token)
    leave = await _choose(
        session,
        ScreenerGrant.token_hash == token_hash(token),
        Viewing.person_id.is_(None),
        country,
        "link",
    )
    return Allowed(screener, leave.grant_id, leave.expires_at, leave.viewing_id, recipient_name)


async def find_link(session: AsyncSession, token: str) -> tuple[Screener, str | None]:
    """Give the screener that an open link leads to, and whom the link was given to.

    Raises:
        NotFound: it is no link of ours, it has ended, or its screener left the market.
    """
    row = (
        await session.execute(
            open_grants()
            .join(Screener, Screener.id == ScreenerGrant.screener_id)
            .join(Title, Title.id == Screener.title_id)
            .with_only_columns(Screener, ScreenerGrant.recipient_name)
            .where(ScreenerGrant.token_hash == token_hash(token))
            .where(Screener.state == ScreenerState.READY, in_market())
        )
    ).one_or_none()
    if row is None:
        raise NotFound("link")
    return row[0], row[1]


async def take_view(session: AsyncSession, allowed: Allowed) -> None:
    """Count a view of a grant: the database refuses one more than were given.

    Raises:
        NotFound: the grant was revoked or ended meanwhile.
        WatchingRefused: somebody else took the last view.
    """
    if allowed.grant_id is None:
        return
    try:
        async with session.begin_nested():
            taken = await session.scalar(
                update(ScreenerGrant)
                .where(ScreenerGrant.id == allowed.grant_id, ScreenerGrant.revoked_at.is_(None))
                .where(ScreenerGrant.expires_at > func.clock_timestamp())
                .values(views=ScreenerGrant.views + 1)
                .returning(ScreenerGrant.id)
                .execution_options(synchronize_session=False)
            )
    except IntegrityError as error:
        if constraint_of(error) != VIEWS:
            raise
        raise WatchingRefused(Refusal.NO_VIEWS_LEFT) from None
    if taken is None:
        raise NotFound("screener")


async def read_leaves(
    session: AsyncSession, which: ColumnElement[bool], viewer: ColumnElement[bool] | None = None
) -> tuple[list[Leave], datetime]:
    """Read open grants, each with the viewer's viewing under it that lives; and the time."""
    viewing_id = (
        living_viewings()
        .with_only_columns(Viewing.id)
        .where(Viewing.grant_id == ScreenerGrant.id, false() if viewer is None else viewer)
        .scalar_subquery()
    )
    # The hour of now, not of the transaction's beginning: a grant may be younger.
    found = await session.execute(
        open_grants()
        .with_only_columns(
            func.clock_timestamp(),
            ScreenerGrant.id,
            ScreenerGrant.starts_at,
            ScreenerGrant.expires_at,
            ScreenerGrant.max_views,
            ScreenerGrant.views,
            ScreenerGrant.territories,
            viewing_id,
        )
        .where(which)
    )
    rows = found.all()
    return [Leave(*row[1:]) for row in rows], rows[0][0] if rows else datetime.now(UTC)


async def _choose(
    session: AsyncSession,
    which: ColumnElement[bool],
    viewer: ColumnElement[bool],
    country: str | None,
    noun: str,
) -> Leave:
    """Choose among open grants the best that lets its recipient watch now."""
    leaves, now = await read_leaves(session, which, viewer)
    if not leaves:
        raise NotFound(noun)  # it ended between two statements
    refused = {leave: refusal for leave in leaves if (refusal := why_not(leave, now, country))}
    if allowing := [leave for leave in leaves if leave not in refused]:
        return best_of(allowing)
    raise refusal_of(refused, country)


def refusal_of(refused: Mapping[Leave, Refusal], country: str | None) -> WatchingRefused:
    """Write why none of some grants lets its recipient watch."""
    refusal = told_first(refused.values())
    if refusal is Refusal.NOT_BEGUN:
        first = min(leave.starts_at for leave in refused).isoformat().replace("+00:00", "Z")
        return WatchingRefused(refusal, starts_at=first)
    if refusal is Refusal.NOT_IN_TERRITORY and country:
        return WatchingRefused(refusal, country=country)
    return WatchingRefused(refusal)
