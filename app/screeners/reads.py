"""Who sees which screener, grant and request: every read starts from one of these."""

from sqlalchemy import Select, and_, func, or_, select

from app.actors import Actor
from app.catalogue.visibility import in_market
from app.models.catalogue import Title
from app.models.screeners import Screener, ScreenerGrant, ScreenerRequest, ScreenerState


def visible_titles(actor: Actor) -> Select[Title]:
    """Select what an actor may see: their own titles, and the market's."""
    return select(Title).where(or_(Title.seller_id == actor.organisation_id, in_market()))


def open_grants() -> Select[ScreenerGrant]:
    """Select the grants that hold now."""
    return select(ScreenerGrant).where(
        ScreenerGrant.revoked_at.is_(None), ScreenerGrant.expires_at > func.now()
    )


def visible_screeners(actor: Actor) -> Select[Screener]:
    """Select what an actor may see: their own screeners, and those they may watch now."""
    granted = (
        open_grants()
        .with_only_columns(ScreenerGrant.screener_id)
        .where(ScreenerGrant.organisation_id == actor.organisation_id)
    )
    may_watch = and_(
        Screener.state == ScreenerState.READY,
        Screener.id.in_(granted),
        Screener.title_id.in_(select(Title.id).where(in_market())),
    )
    return select(Screener).where(or_(Screener.organisation_id == actor.organisation_id, may_watch))


def visible_requests(actor: Actor) -> Select[ScreenerRequest]:
    """Select what an actor may see: the requests their organisation made or received."""
    return select(ScreenerRequest).where(
        or_(
            ScreenerRequest.organisation_id == actor.organisation_id,
            ScreenerRequest.seller_id == actor.organisation_id,
        )
    )
