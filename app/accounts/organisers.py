"""Those who run the market: the first one is made by the operator, who needs nobody's approval."""

from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.accounts.schemas import OrganisationSignUp
from app.accounts.service import sign_up
from app.models.accounts import Person, Standing


async def create_organiser(session: AsyncSession, wanted: OrganisationSignUp) -> Person:
    """Sign a company up as the market's organiser, approved.

    Raises:
        Conflict: somebody has this e-mail address already.
    """
    organisation, person = await sign_up(session, wanted)
    organisation.is_organiser = True
    organisation.standing = Standing.APPROVED
    await session.flush()
    events.record(
        session,
        None,
        "organisation.approved",
        organisation.id,
        organisation_ids=[organisation.id],
        data={"is_organiser": True},
    )
    return person
