"""Invitations: a one-time way into an organisation."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.accounts.people import add_person, record, require_admin_of, require_insight
from app.accounts.schemas import InvitationAcceptance, InvitationIn
from app.actors import Actor
from app.errors import Conflict, NotFound
from app.models.accounts import Invitation, Person
from app.security import hash_password, new_token, token_hash
from app.settings import Settings


async def invite(
    session: AsyncSession,
    actor: Actor,
    organisation_id: int,
    wanted: InvitationIn,
    settings: Settings,
) -> tuple[Invitation, str]:
    """Invite a colleague; gives the invitation and the token that is shown this once.

    Raises:
        NotFound: the organisation is not the actor's.
        Conflict: somebody has this e-mail address already.
    """
    require_insight(actor, organisation_id)
    require_admin_of(actor, organisation_id)
    taken = await session.scalar(select(Person.id).where(func.lower(Person.email) == wanted.email))
    if taken is not None:
        raise Conflict("Somebody has this e-mail address already.", code="email_taken")
    token = new_token()
    invitation = Invitation(
        organisation_id=organisation_id,
        invited_by_id=actor.person_id,
        email=wanted.email,
        role=wanted.role,
        token_hash=token_hash(token),
        expires_at=datetime.now(UTC) + settings.invitation_lifetime,
    )
    session.add(invitation)
    await session.flush()
    events.record(
        session,
        actor,
        "invitation.created",
        invitation.id,
        organisation_ids=[organisation_id],
        data={"role": wanted.role},
    )
    return invitation, token


async def accept_invitation(session: AsyncSession, wanted: InvitationAcceptance) -> Person:
    """Turn an invitation into a person.

    Raises:
        NotFound: no such invitation is open.
        Conflict: somebody took the e-mail address meanwhile.
    """
    invitation = await session.scalar(
        select(Invitation)
        .where(Invitation.token_hash == token_hash(wanted.token))
        .where(Invitation.accepted_at.is_(None), Invitation.expires_at > func.now())
        .with_for_update()
    )
    if invitation is None:
        raise NotFound("invitation")
    invitation.accepted_at = datetime.now(UTC)
    person = Person(
        organisation_id=invitation.organisation_id,
        email=invitation.email,
        name=wanted.name,
        role=invitation.role,
        time_zone=wanted.time_zone,
        language=wanted.language,
        password_hash=await hash_password(wanted.password),
    )
    await add_person(session, person)
    joined = events.Doer(person.id, person.organisation_id)
    record(session, joined, person, "person.joined", role=person.role)
    return person
