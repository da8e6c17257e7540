"""Selling: licences made, amended and terminated. The database refuses what is sold already."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.errors import Conflict, Invalid
from app.models.accounts import Organisation, Standing
from app.models.rights import Holdback, Licence
from app.money import Money
from app.rights.freeing import refresh_free_boxes
from app.rights.licence_schemas import LicenceIn, LicencePatch, TerminationIn
from app.rights.obstacles import (
    already_licensed,
    held_back,
    outside_holdings,
    refusal_of_holdbacks,
)
from app.rights.rows import box_of, columns_of, term_of
from app.rights.rules.boxes import Box
from app.rights.rules.chain import outside
from app.rights.rules.states import may_end
from app.rights.service import (
    Law,
    LawBrokenError,
    changes_of,
    get_own_title,
    under_the_laws,
)

# What a licence takes from others
TAKES = frozenset({"territories", "media", "languages", "term", "exclusive"})
# Where something soft is sold into: the holdbacks, and what of each.
Warnings = list[tuple[Holdback, list[Box]]]


async def create_licence(
    session: AsyncSession, actor: Actor, title_id: int, wanted: LicenceIn
) -> tuple[Licence, Warnings]:
    """Sell some of what one holds of a title; give what is to be minded, too.

    Raises:
        NotFound: there is no such title, or it is not the actor's to see.
        Forbidden: another company sells it.
        Invalid: nobody of the market is called so.
        Conflict: some of it is sold already, not held, or held back.
    """
    title = await get_own_title(session, actor, title_id, lock=True)
    seller, licensee = await _sides(session, title.seller_id, wanted.licensee_id)
    warnings = await _heed_holdbacks(session, title_id, [wanted.box])
    licence = Licence(
        title=title,
        seller=seller,
        licensee=licensee,
        licensee_name=wanted.licensee_name,
        exclusive=wanted.exclusive,
        note=wanted.note,
        **_fee(wanted.fee),
        **columns_of(wanted.box),
    )
    try:
        async with under_the_laws(session):
            session.add(licence)
    except LawBrokenError as broken:
        raise await _refusal(
            session, title_id, wanted.box, broken.law, exclusive=wanted.exclusive
        ) from None
    await refresh_free_boxes(session, [title_id])
    _record(session, actor, "licence.created", licence)
    return licence, warnings


async def update_licence(
    session: AsyncSession, actor: Actor, licence: Licence, patch: LicencePatch
) -> Warnings:
    """Amend a licence; what the patch leaves out stays. Give what is to be minded.

    Raises:
        Conflict: some of it is sold already, not held, or held back; or it is terminated, and what
            it took can't change any more.
    """
    changes = _changes(licence, patch)
    if not changes:
        return []
    id_, title_id = licence.id, licence.title_id
    before = box_of(licence, licence.term)
    after = patch.box(before)
    exclusive = changes.get("exclusive", licence.exclusive)
    if TAKES.intersection(changes):
        _require_unterminated(licence)
    # What was sold before something was held back stays sold.
    warnings = await _heed_holdbacks(session, title_id, outside(after, [before]))
    try:
        async with under_the_laws(session):
            for name, value in changes.items():
                setattr(licence, name, value)
    except LawBrokenError as broken:
        raise await _refusal(
            session, title_id, after, broken.law, exclusive=exclusive, apart_from=id_
        ) from None
    await refresh_free_boxes(session, [title_id])
    _record(session, actor, "licence.updated", licence, changed=_told(changes))
    return warnings


async def terminate_licence(
    session: AsyncSession, actor: Actor, licence: Licence, wanted: TerminationIn
) -> None:
    """End a licence before its term; ending it twice for the same day is ending it once.

    Raises:
        Invalid: the day is none of its term.
        Conflict: it is terminated for another day.
    """
    if licence.terminated_on == wanted.on:
        return
    _require_unterminated(licence)
    if not may_end(wanted.on, term_of(licence.term)):
        raise Invalid.field("/on", "must be a day of the licence's term")
    licence.terminated_on = wanted.on
    licence.terminated_at = datetime.now(UTC)
    licence.note = wanted.note or licence.note
    await session.flush()
    await refresh_free_boxes(session, [licence.title_id])
    _record(session, actor, "licence.terminated", licence, terminated_on=wanted.on.isoformat())


def _changes(licence: Licence, patch: LicencePatch) -> dict[str, Any]:
    given = patch.given()
    if "fee" in given:
        given |= _fee(given.pop("fee"))
    return changes_of(licence, given)


def _fee(fee: Money | None) -> dict[str, Any]:
    return {
        "fee_amount": fee.amount if fee else None,
        "fee_currency": fee.currency if fee else None,
    }


def _told(changes: dict[str, Any]) -> list[str]:
    """Name what changed as the API does; the seller's note is not the licensee's to know of."""
    names = {"fee" if name.startswith("fee_") else name for name in changes}
    return sorted(names - {"note"})


def _require_unterminated(licence: Licence) -> None:
    if licence.terminated_on is not None:
        raise Conflict(
            f"The licence is terminated as of {licence.terminated_on}. What is sold anew is a new "
            "licence.",
            code="licence_terminated",
            terminated_on=licence.terminated_on.isoformat(),
        )


async def _sides(
    session: AsyncSession, seller_id: int, licensee_id: int | None
) -> tuple[Organisation, Organisation | None]:
    """Give who sells and, if it is a company of the market, who buys."""
    ids = [seller_id] if licensee_id is None else [seller_id, licensee_id]
    rows = await session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    found = {row.id: row for row in rows}
    licensee = found.get(licensee_id) if licensee_id else None
    is_let_in = licensee is not None and licensee.standing is Standing.APPROVED
    if licensee_id is not None and (not is_let_in or licensee_id == seller_id):
        raise Invalid.field("/licensee_id", "must be another company of the market")
    return found[seller_id], licensee


async def _heed_holdbacks(session: AsyncSession, title_id: int, boxes: list[Box]) -> Warnings:
    found = await held_back(session, title_id, boxes) if boxes else []
    if hard := [one for one in found if one[0].is_hard]:
        raise refusal_of_holdbacks(hard)
    return found


async def _refusal(
    session: AsyncSession,
    title_id: int,
    box: Box,
    law: Law,
    *,
    exclusive: bool,
    apart_from: int | None = None,
) -> Conflict:
    if law is Law.NOTHING_IS_SOLD_TWICE:
        return await already_licensed(
            session, title_id, box, exclusive=exclusive, apart_from=apart_from
        )
    return await outside_holdings(session, title_id, box)


def _record(
    session: AsyncSession, actor: Actor, type_: str, licence: Licence, **data: object
) -> None:
    """Write a fact about a licence, for both sides to know."""
    sides = {licence.seller_id, licence.licensee_id} - {None}
    events.record(
        session,
        actor,
        type_,
        licence.id,
        organisation_ids=[side for side in sides if side is not None],
        data={"title_id": str(licence.title_id), "seller_id": str(licence.seller_id), **data},
    )


def today() -> date:
    """Give the day by which licences are over or not: the same one all over the world."""
    return datetime.now(UTC).date()
