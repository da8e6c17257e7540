"""Whom a screener is granted to."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.errors import Invalid
from app.models.accounts import IS_SOMEBODY, Organisation, Person, Standing
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import Screener
from app.screeners.grants.schemas import GrantIn
from app.security import new_token, token_hash


@dataclass(frozen=True, slots=True)
class Recipient:
    """An organisation, one of its people, or whoever has a link with a secret."""

    organisation: Organisation | None = None
    person: Person | None = None
    name: str | None = None
    token: str | None = None

    def grant(self) -> ScreenerGrant:
        """Begin a grant to them."""
        return ScreenerGrant(
            organisation=self.organisation,
            person=self.person,
            recipient_name=self.name,
            token_hash=token_hash(self.token) if self.token else None,
        )


async def find_recipient(session: AsyncSession, screener: Screener, wanted: GrantIn) -> Recipient:
    """Find whom a grant is to be for.

    Raises:
        Invalid: they are nobody of the market, or of the seller's own.
    """
    if wanted.link is not None:
        return Recipient(name=wanted.link.recipient_name, token=new_token())
    if wanted.person_id is not None:
        person = await find_person(session, screener, wanted.person_id)
        if person is None:
            detail = "must be a person of another company of the market"
            raise Invalid.field("/person_id", detail)
        return Recipient(person=person)
    organisation = await find_organisation(session, screener, wanted.organisation_id or 0)
    if organisation is None:
        raise Invalid.field("/organisation_id", "must be another company of the market")
    return Recipient(organisation=organisation)


async def find_organisation(
    session: AsyncSession, screener: Screener, id_: int
) -> Organisation | None:
    """Find a company of the market, other than the seller."""
    found: Organisation | None = await session.scalar(
        select(Organisation).where(
            Organisation.id == id_,
            Organisation.standing == Standing.APPROVED,
            Organisation.id != screener.organisation_id,
        )
    )
    return found


async def find_person(session: AsyncSession, screener: Screener, id_: int) -> Person | None:
    """Find somebody of such a company who has not been removed."""
    found: Person | None = await session.scalar(
        select(Person)
        .join(Person.organisation)
        .where(
            Person.id == id_,
            Person.removed_at.is_(None),
            IS_SOMEBODY,
            Organisation.standing == Standing.APPROVED,
            Organisation.id != screener.organisation_id,
        )
        .options(joinedload(Person.organisation))
    )
    return found


def company_of(grant: ScreenerGrant) -> int | None:
    """Name the organisation whose people, or one of whose people, a grant is to; a link: none."""
    if grant.person is not None:
        return grant.person.organisation_id
    return grant.organisation_id
