"""People who are invited by the list: colleagues by their company's admins, others by organisers.

What an import of people means: somebody else's register knows who comes. A person cannot be made,
for nobody but they chooses their password and says yes; so each row is an invitation, and the way
in (its token) stands in the report for whoever imports to send on. Admins invite to their own
company. Organisers invite to a company that they brought, until its first person has joined: from
then on that is its own admins' business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.models.accounts import Invitation, Person
from app.partners.bulk import references
from app.partners.bulk.landing import Outcome
from app.partners.bulk.references import COMPANY, PERSON
from app.partners.bulk.schemas import PersonIn
from app.security import new_token, token_hash

EMAIL_TAKEN = "is the address of somebody who is here already"
NO_COMPANY = "is no company that you brought: import it first, or leave it out for your own"
HAS_PEOPLE = "has people of its own, whose admins invite others"
JOINED = "is otherwise here: the person has joined, and says it"


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of one: the token where there is a new one, or why not."""

    outcome: Outcome
    invitation: Invitation | None = None
    token: str | None = None
    # A member, and what is wrong with it
    problem: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is there before a batch goes in."""

    taken: frozenset[str]
    companies: Mapping[str, int]
    spoken_for: frozenset[int]
    invitations: Mapping[str, Invitation]


async def upsert_people(
    session: AsyncSession, actor: Actor, wanted: Sequence[PersonIn], lifetime: timedelta
) -> list[Invited]:
    """Invite those who are new, and anew those whose invitation says something else by now."""
    ground = await _ground(session, actor, wanted)
    done = [_invited(session, actor, each, ground, lifetime) for each in wanted]
    await session.flush()
    made: dict[str, int] = {}
    for each, invited in zip(wanted, done, strict=True):
        if invited.invitation is None or invited.token is None:
            continue
        if invited.outcome is Outcome.CREATED:
            made[each.reference] = invited.invitation.id
        events.record(
            session,
            actor,
            "invitation.created",
            invited.invitation.id,
            organisation_ids=[invited.invitation.organisation_id, actor.organisation_id],
            data={"role": invited.invitation.role},
        )
    references.name(session, actor, PERSON, made)
    await session.flush()
    return done


async def _ground(session: AsyncSession, actor: Actor, wanted: Sequence[PersonIn]) -> _Ground:
    known = await references.known(session, actor, PERSON, [each.reference for each in wanted])
    named = {each.company_reference for each in wanted if each.company_reference}
    companies = await references.known(session, actor, COMPANY, named)
    emails = [each.email for each in wanted]
    taken = await session.scalars(
        select(func.lower(Person.email)).where(func.lower(Person.email).in_(emails))
    )
    spoken_for = await session.scalars(
        select(Person.organisation_id).where(Person.organisation_id.in_(companies.values()))
    )
    found = await session.scalars(
        select(Invitation)
        .where(Invitation.id.in_(known.values()))
        .order_by(Invitation.id)
        .with_for_update()
    )
    invitations = {invitation.id: invitation for invitation in found}
    return _Ground(
        frozenset(taken),
        companies,
        frozenset(spoken_for),
        {reference: invitations[id_] for reference, id_ in known.items()},
    )


def _invited(
    session: AsyncSession,
    actor: Actor,
    wanted: PersonIn,
    ground: _Ground,
    lifetime: timedelta,
) -> Invited:
    company_id = actor.organisation_id
    if wanted.company_reference is not None:
        found = ground.companies.get(wanted.company_reference)
        if found is None:
            return Invited(Outcome.REFUSED, problem=("company_reference", NO_COMPANY))
        company_id = found
    facts = {"organisation_id": company_id, "email": wanted.email, "role": wanted.role}
    before = ground.invitations.get(wanted.reference)
    if before is not None:
        differs = any(getattr(before, name) != value for name, value in facts.items())
        if before.accepted_at is not None:
            told = ("email", JOINED) if differs else None
            return Invited(Outcome.UNCHANGED, before, problem=told)
        if not differs and before.expires_at > datetime.now(UTC):
            return Invited(Outcome.UNCHANGED, before)
    if company_id != actor.organisation_id and company_id in ground.spoken_for:
        return Invited(Outcome.REFUSED, problem=("company_reference", HAS_PEOPLE))
    if wanted.email in ground.taken:
        return Invited(Outcome.REFUSED, problem=("email", EMAIL_TAKEN))
    invitation = before or Invitation(accepted_at=None)
    token = new_token()
    for name, value in facts.items():
        setattr(invitation, name, value)
    invitation.invited_by_id = actor.person_id
    invitation.token_hash = token_hash(token)
    invitation.expires_at = datetime.now(UTC) + lifetime
    session.add(invitation)
    return Invited(Outcome.UPDATED if before else Outcome.CREATED, invitation, token)
