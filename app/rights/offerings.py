"""Offerings: what a seller offers of a title now, how, to whom, and what they hold back."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.errors import Invalid, NotFound
from app.models.accounts import Organisation, Standing
from app.models.profiles import BuyerProfile
from app.models.rights import Holdback, Offering
from app.pagination import PageRequest
from app.rights.freeing import refresh_free_boxes
from app.rights.obstacles import outside_holdings
from app.rights.offering_schemas import Guidance, HoldbackIn, OfferingIn, OfferingPatch
from app.rights.rows import box_of, columns_of
from app.rights.rules.boxes import Box
from app.rights.service import (
    LawBrokenError,
    changes_of,
    get_own_title,
    get_title,
    list_rows,
    require_room,
    under_the_laws,
)
from app.rights.visibility import WHOLE_OFFERING, visible_offerings


async def list_offerings(
    session: AsyncSession, actor: Actor, title_id: int, page: PageRequest
) -> tuple[list[Offering], str | None, int]:
    """Give a page of what of a title is offered to the actor, newest first; and who sells it.

    Raises:
        NotFound: there is no such title, or it is not the actor's to see.
    """
    title = await get_title(session, actor, title_id)
    statement = visible_offerings(actor, title).options(*WHOLE_OFFERING)
    return *await list_rows(session, statement, Offering.id, page), title.seller_id


async def get_offering(
    session: AsyncSession, actor: Actor, title_id: int, id_: int
) -> tuple[Offering, int]:
    """Give an offering with its holdbacks, and who sells it.

    Raises:
        NotFound: there is no such title or offering, or it is not the actor's to see.
    """
    title = await get_title(session, actor, title_id, noun="offering")
    statement = visible_offerings(actor, title).where(Offering.id == id_)
    found = await session.scalar(statement.options(*WHOLE_OFFERING))
    if found is None:
        raise NotFound("offering")
    return found, title.seller_id


async def get_own_offering(
    session: AsyncSession, actor: Actor, title_id: int, id_: int
) -> Offering:
    """Give an offering to change, and make those who change the title's ledgers take turns.

    Raises:
        NotFound: there is no such title or offering, or it is not the actor's to see.
        Forbidden: another company sells the title.
    """
    await get_own_title(session, actor, title_id, lock=True, noun="offering")
    offering, _ = await get_offering(session, actor, title_id, id_)
    return offering


async def create_offering(
    session: AsyncSession, actor: Actor, title_id: int, wanted: OfferingIn
) -> Offering:
    """Offer some of what one holds of a title.

    Raises:
        NotFound: there is no such title, or it is not the actor's to see.
        Forbidden: another company sells it.
        Invalid: it is for somebody who does not buy here, or never long enough.
        Conflict: some of it is not held, or the title has as many as it may.
    """
    await get_own_title(session, actor, title_id, lock=True)
    await require_room(session, Offering, title_id)
    _require_long_enough(wanted.box, wanted.min_days)
    await _require_buyers(session, wanted.visible_to)
    offering = Offering(
        title_id=title_id,
        exclusivity=wanted.exclusivity,
        min_days=wanted.min_days,
        price=_price(wanted.price),
        visible_to=wanted.visible_to,
        note=wanted.note,
        holdbacks=_holdbacks(title_id, wanted.holdbacks),
        **columns_of(wanted.box),
    )
    try:
        async with under_the_laws(session):
            session.add(offering)
    except LawBrokenError:
        raise await outside_holdings(session, title_id, wanted.box) from None
    await refresh_free_boxes(session, [title_id])
    _record(session, actor, "offering.created", offering)
    return offering


async def update_offering(
    session: AsyncSession, actor: Actor, offering: Offering, patch: OfferingPatch
) -> None:
    """Change an offering; what the patch leaves out stays.

    Raises:
        Invalid: it is for somebody who does not buy here, or never long enough.
        Conflict: some of it is not held.
    """
    changes = _changes(offering, patch)
    if not changes:
        return
    title_id, box = offering.title_id, patch.box(box_of(offering, offering.term))
    _require_long_enough(box, changes.get("min_days", offering.min_days))
    await _require_buyers(session, changes.get("visible_to"))
    try:
        async with under_the_laws(session):
            for name, value in changes.items():
                setattr(offering, name, value)
            # Holdbacks are part of their offering: its version counts this edit, too.
            offering.updated_at = datetime.now(UTC)
    except LawBrokenError:
        raise await outside_holdings(session, title_id, box) from None
    await refresh_free_boxes(session, [title_id])
    _record(session, actor, "offering.updated", offering, changed=sorted(changes))


async def delete_offering(session: AsyncSession, actor: Actor, offering: Offering) -> None:
    """Offer it no longer; its holdbacks go with it, what was sold stays sold."""
    await session.delete(offering)
    await session.flush()
    await refresh_free_boxes(session, [offering.title_id])
    _record(session, actor, "offering.deleted", offering)


def _changes(offering: Offering, patch: OfferingPatch) -> dict[str, Any]:
    given = patch.given()
    if "price" in given:
        given["price"] = _price(patch.price)
    if "holdbacks" in given:
        wanted = _holdbacks(offering.title_id, given.pop("holdbacks"))
        if list(map(_said, wanted)) != list(map(_said, offering.holdbacks)):
            return changes_of(offering, given) | {"holdbacks": wanted}
    return changes_of(offering, given)


def _price(price: Guidance | None) -> dict[str, Any] | None:
    return price.model_dump(mode="json") if price else None


def _holdbacks(title_id: int, wanted: list[HoldbackIn]) -> list[Holdback]:
    return [
        Holdback(title_id=title_id, is_hard=one.hard, reason=one.reason, **columns_of(one.box))
        for one in wanted
    ]


def _said(holdback: Holdback) -> tuple[object, ...]:
    return box_of(holdback, holdback.term), holdback.is_hard, holdback.reason


def _require_long_enough(box: Box, min_days: int) -> None:
    if min_days > box.term.days:
        raise Invalid.field("/min_days", "is longer than the term of the offering")


async def _require_buyers(session: AsyncSession, ids: list[int] | None) -> None:
    """Hold those an offering is for to the buyers of the market."""
    if not ids:
        return
    buyers = await session.scalars(
        select(Organisation.id)
        .join(BuyerProfile, BuyerProfile.organisation_id == Organisation.id)
        .where(Organisation.id.in_(ids), Organisation.standing == Standing.APPROVED)
    )
    unknown = set(ids).difference(buyers)
    if unknown:
        raise Invalid(
            "The request can't be taken as it is: see errors.",
            errors=[
                {"pointer": f"/visible_to/{place}", "detail": "must be a buyer of the market"}
                for place, id_ in enumerate(ids)
                if id_ in unknown
            ],
        )


def _record(
    session: AsyncSession, actor: Actor, type_: str, offering: Offering, **data: object
) -> None:
    events.record(
        session,
        actor,
        type_,
        offering.id,
        organisation_ids=[actor.organisation_id],
        data={"title_id": str(offering.title_id), **data},
    )
