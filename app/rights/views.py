"""From rows of the ledgers to what is shown of them, and to whom."""

from datetime import date

from app.accounts.schemas import OrganisationRef
from app.actors import Actor
from app.models.rights import Holdback, Holding, Licence, Offering
from app.money import Money
from app.rights.holding_schemas import HoldingOut
from app.rights.licence_schemas import HoldbackWarning, LicenceOut, Licensee, SoldTitle
from app.rights.offering_schemas import Guidance, HoldbackOut, OfferingOut
from app.rights.rows import box_of, term_of
from app.rights.rules.boxes import Box
from app.rights.rules.states import state_on
from app.rights.schemas import BoxOut, told


def show_holding(holding: Holding) -> HoldingOut:
    """Show a holding, to its seller."""
    return HoldingOut(
        **told(box_of(holding, holding.term)),
        id=holding.id,
        title_id=holding.title_id,
        licensor=holding.licensor,
        note=holding.note,
        source=holding.source,
        created_at=holding.created_at,
        updated_at=holding.updated_at,
    )


def show_offering(offering: Offering, seller_id: int, actor: Actor) -> OfferingOut:
    """Show an offering; whom else it is shown to is for its seller to know."""
    to_seller = actor.belongs_to(seller_id)
    return OfferingOut(
        **told(box_of(offering, offering.term)),
        id=offering.id,
        title_id=offering.title_id,
        exclusivity=offering.exclusivity,
        min_days=offering.min_days,
        price=Guidance.model_validate(offering.price) if offering.price else None,
        holdbacks=[_holdback(holdback) for holdback in offering.holdbacks],
        note=offering.note,
        visible_to=offering.visible_to if to_seller else None,
        source=offering.source if to_seller else None,
        created_at=offering.created_at,
        updated_at=offering.updated_at,
    )


def _holdback(holdback: Holdback) -> HoldbackOut:
    return HoldbackOut(
        **told(box_of(holdback, holdback.term)), hard=holdback.is_hard, reason=holdback.reason
    )


def show_licence(licence: Licence, actor: Actor, today: date) -> LicenceOut:
    """Show a licence to one of its two sides, as it stands on a day."""
    amount, currency = licence.fee_amount, licence.fee_currency
    return LicenceOut(
        **told(box_of(licence, licence.term)),
        id=licence.id,
        state=state_on(today, term_of(licence.term), licence.terminated_on),
        title=SoldTitle.model_validate(licence.title),
        seller=OrganisationRef.model_validate(licence.seller),
        licensee=show_licensee(licence),
        exclusive=licence.exclusive,
        fee=Money(amount=amount, currency=currency) if amount is not None and currency else None,
        terminated_on=licence.terminated_on,
        note=licence.note if actor.belongs_to(licence.seller_id) else None,
        created_at=licence.created_at,
        updated_at=licence.updated_at,
    )


def show_licensee(licence: Licence) -> Licensee:
    """Show who bought."""
    if licence.licensee is not None:
        return Licensee.model_validate(licence.licensee)
    return Licensee(id=None, name=licence.licensee_name or "")


def show_warning(holdback: Holdback, boxes: list[Box]) -> HoldbackWarning:
    """Show a soft holdback that was sold into, and where."""
    return HoldbackWarning(
        code="held_back",
        offering_id=holdback.offering_id,
        reason=holdback.reason,
        boxes=[BoxOut(**told(box)) for box in boxes],
    )
