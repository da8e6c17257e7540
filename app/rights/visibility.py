"""Who sees which offering and licence: every read starts from one of these."""

from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload, load_only, selectinload
from sqlalchemy.sql.base import ExecutableOption

from app.actors import Actor
from app.models.catalogue import Title
from app.models.rights import Licence, Offering
from app.rights.rules.states import LicenceState

# All that an answer shows.
WHOLE_OFFERING: tuple[ExecutableOption, ...] = (selectinload(Offering.holdbacks),)
WHOLE_LICENCE: tuple[ExecutableOption, ...] = (
    joinedload(Licence.title, innerjoin=True).load_only(Title.seller_id, Title.original_title),
    joinedload(Licence.seller, innerjoin=True),
    joinedload(Licence.licensee),
)
# A title's row is wide; the ledgers need no more of it.
TITLE_REF: tuple[ExecutableOption, ...] = (load_only(Title.seller_id, Title.original_title),)


def visible_offerings(actor: Actor, title: Title) -> Select[Offering]:
    """Select the offerings of a title the actor sees: its seller all, others what is for them."""
    statement = select(Offering).where(Offering.title_id == title.id)
    if actor.belongs_to(title.seller_id):
        return statement
    is_named = Offering.visible_to.contains([actor.organisation_id])
    return statement.where(or_(Offering.visible_to.is_(None), is_named))


def sold_by(actor: Actor) -> ColumnElement[bool]:
    """Tell of a licence whether the actor's organisation sold it."""
    return Licence.seller_id == actor.organisation_id


def bought_by(actor: Actor) -> ColumnElement[bool]:
    """Tell of a licence whether the actor's organisation bought it."""
    return Licence.licensee_id == actor.organisation_id


def visible_licences(actor: Actor) -> Select[Licence]:
    """Select the licences an actor may see: those of which their organisation is a side."""
    return select(Licence).where(or_(sold_by(actor), bought_by(actor)))


def in_state(state: LicenceState, today: date) -> ColumnElement[bool]:
    """Tell of a licence whether it stands so today: as `state_on` does, in SQL."""
    is_terminated = func.coalesce(Licence.terminated_on <= today, False)
    is_over = func.coalesce(func.upper(Licence.term) <= today, False)
    if state is LicenceState.TERMINATED:
        return is_terminated
    if state is LicenceState.EXPIRED:
        return ~is_terminated & is_over
    return ~is_terminated & ~is_over
