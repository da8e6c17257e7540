"""Who sees which screener, grant and request: every read starts from one of these."""

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.actors import Actor
from app.catalogue.visibility import in_market
from app.models.catalogue import Title
from app.models.screener_grants import ScreenerGrant, ScreenerRequest
from app.models.screeners import Screener, ScreenerState
from app.models.viewings import Viewing


def visible_titles(actor: Actor) -> Select[Title]:
    """Select what an actor may see: their own titles, and the market's."""
    return select(Title).where(or_(Title.seller_id == actor.organisation_id, in_market()))


def open_grants() -> Select[ScreenerGrant]:
    """Select the grants that hold now or will, whether or not any views are left."""
    return select(ScreenerGrant).where(
        ScreenerGrant.revoked_at.is_(None), ScreenerGrant.expires_at > func.now()
    )


def is_granted_to(actor: Actor) -> ColumnElement[bool]:
    """Tell of a grant whether it lets an actor watch: they themselves, or their organisation."""
    return or_(
        ScreenerGrant.organisation_id == actor.organisation_id,
        ScreenerGrant.person_id == actor.person_id,
    )


def is_kept_by(actor: Actor) -> ColumnElement[bool]:
    """Tell of a screener whether the actor's organisation sells or administers it."""
    return or_(
        Screener.organisation_id == actor.organisation_id,
        Screener.administrator_id == actor.organisation_id,
    )


def visible_screeners(actor: Actor) -> Select[Screener]:
    """Select what an actor may see: what they sell or administer, and what was granted to them."""
    granted = open_grants().with_only_columns(ScreenerGrant.screener_id).where(is_granted_to(actor))
    may_watch = and_(
        Screener.state == ScreenerState.READY,
        Screener.id.in_(granted),
        Screener.title_id.in_(select(Title.id).where(in_market())),
    )
    return select(Screener).where(or_(is_kept_by(actor), may_watch))


def living_viewings() -> Select[Viewing]:
    """Select the viewings that go on, or may."""
    return select(Viewing).where(Viewing.ended_at.is_(None), Viewing.expires_at > func.now())


def visible_requests(actor: Actor) -> Select[ScreenerRequest]:
    """Select what an actor may see: the requests their organisation made or is to answer."""
    return select(ScreenerRequest).where(
        or_(ScreenerRequest.organisation_id == actor.organisation_id, is_answered_by(actor))
    )


def is_answered_by(actor: Actor) -> ColumnElement[bool]:
    """Tell of a request whether the actor may answer it: for the seller, or as who administers."""
    administered = select(Screener.title_id).where(
        Screener.administrator_id == actor.organisation_id, Screener.state == ScreenerState.READY
    )
    return or_(
        ScreenerRequest.seller_id == actor.organisation_id,
        ScreenerRequest.title_id.in_(administered),
    )
