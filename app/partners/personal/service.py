"""Leaving the market for good: what says who somebody is goes, what they did stays a number's."""

from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import people
from app.actors import Actor
from app.models.accounts import Invitation, LoginFailure, Person, Session
from app.models.calendars import CalendarFeed
from app.models.journal import IdempotencyKey

NAME = "Somebody who left"
# Nobody's, by RFC 2606; an account has an address, and no two the same
_ADDRESS = "{}@left.invalid"
# No hash of any password
_NO_PASSWORD = ""


async def leave(session: AsyncSession, actor: Actor, person: Person) -> None:
    """Erase who a person is, and end their access.

    Raises:
        Conflict: nobody would be left to speak for their organisation.
    """
    email = person.email or ""
    await people.end_access(session, person)
    person.name = NAME
    person.email = _ADDRESS.format(person.id)
    person.password_hash = _NO_PASSWORD
    person.language = None
    person.time_zone = "UTC"
    await session.flush()
    await session.execute(delete(Session).where(Session.person_id == person.id))
    await session.execute(delete(CalendarFeed).where(CalendarFeed.person_id == person.id))
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.owner_id == person.id))
    await session.execute(delete(Invitation).where(func.lower(Invitation.email) == email.lower()))
    account = f"account:{email.strip().lower()}"
    await session.execute(delete(LoginFailure).where(LoginFailure.subject == account))
    people.record(session, actor, person, "person.erased")
