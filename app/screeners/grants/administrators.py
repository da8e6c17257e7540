"""Who looks after a screener for its seller: a second company that grants, answers and watches."""

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.errors import Conflict, Invalid, NotFound
from app.models.accounts import Organisation, Standing
from app.models.profiles import BuyerProfile, SellerProfile
from app.models.screeners import Screener, ScreenerState
from app.models.viewings import Viewing, ViewingEnd
from app.screeners.service import end_viewings, kept_screener, own_screener, record

OVER = (ScreenerState.EXPIRED, ScreenerState.REJECTED, ScreenerState.WITHDRAWN)


async def get_administrator(session: AsyncSession, actor: Actor, screener_id: int) -> Organisation:
    """Give who administers a screener.

    Raises:
        NotFound: nobody does, or the screener is not the actor's to see.
        Forbidden: the actor may watch it, no more.
    """
    screener = await kept_screener(session, actor, screener_id)
    found = await session.get(Organisation, screener.administrator_id or 0)
    if found is None:
        raise NotFound("administrator")
    return found


async def put_administrator(
    session: AsyncSession, actor: Actor, screener_id: int, organisation_id: int
) -> Organisation:
    """Hand a screener to a second company to administer; one that did so before no longer does.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
        Forbidden: the actor does not sell it.
        Conflict: there is nothing left to administer.
        Invalid: there is no such company of the market.
    """
    screener = await own_screener(session, actor, screener_id, lock=True)
    if screener.state in OVER:
        raise Conflict(
            f"The screener is {screener.state}; nobody can watch it any more.",
            code="screener_over",
            state=screener.state,
        )
    organisation = await _company(session, screener, organisation_id)
    if screener.administrator_id != organisation.id:
        await _end(session, actor, screener)
        screener.administrator_id = organisation.id
        _record(session, actor, "screener.administrator_set", screener)
    return organisation


async def delete_administrator(session: AsyncSession, actor: Actor, screener_id: int) -> None:
    """Take a screener back; the grants that were given stay. Doing it twice is doing it once.

    Raises:
        NotFound: there is no such screener, or it is not the actor's to see.
        Forbidden: the actor does not sell it.
    """
    screener = await own_screener(session, actor, screener_id, lock=True)
    await _end(session, actor, screener)
    screener.administrator_id = None


async def _end(session: AsyncSession, actor: Actor, screener: Screener) -> None:
    """Stop those of the company before who watch as its people; recorded while it is known."""
    if screener.administrator_id is None:
        return
    await end_viewings(
        session,
        ViewingEnd.REVOKED,
        Viewing.screener_id == screener.id,
        Viewing.organisation_id == screener.administrator_id,
        Viewing.grant_id.is_(None),
    )
    _record(session, actor, "screener.administrator_ended", screener)


async def _company(session: AsyncSession, screener: Screener, id_: int) -> Organisation:
    of_company = Organisation.id
    found = await session.scalar(
        select(Organisation).where(
            Organisation.id == id_,
            Organisation.standing == Standing.APPROVED,
            Organisation.id != screener.organisation_id,
            or_(
                exists().where(SellerProfile.organisation_id == of_company),
                exists().where(BuyerProfile.organisation_id == of_company),
            ),
        )
    )
    if found is None:
        raise Invalid.field(
            "/organisation_id", "must be another company that sells or buys in the market"
        )
    return found


def _record(session: AsyncSession, actor: Actor, type_: str, screener: Screener) -> None:
    administrator_id = str(screener.administrator_id)
    record(session, actor, type_, screener, administrator_id=administrator_id)
