"""People: who speaks for an organisation, and how they come and go."""

from datetime import UTC, datetime

from sqlalchemy import Select, false, func, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app import events
from app.accounts.schemas import PersonPatch
from app.actors import Actor
from app.db import constraint_of
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models.accounts import IS_SOMEBODY, Organisation, Person, Role, Session
from app.pagination import PageRequest, bounded_int
from app.security import hash_password, password_matches

ORDER = "id"


def require_admin_of(actor: Actor, organisation_id: int) -> None:
    """Let only an organisation's own admins pass.

    Raises:
        NotFound: it is another company's business.
        Forbidden: it is the actor's company, but they are no admin.
    """
    if not actor.belongs_to(organisation_id):
        raise Forbidden("Only this organisation's own admins may do this.", code="not_your_own")
    if not actor.is_admin:
        raise Forbidden("Only your organisation's admins may do this.", code="not_an_admin")


def refuse_nulls(changes: dict[str, object], *names: str) -> None:
    """Refuse to clear what must have a value.

    Raises:
        Invalid: one of the names was given null.
    """
    for name in names:
        if name in changes and changes[name] is None:
            raise Invalid.field(f"/{name}", "must have a value; leave it out to keep it")


async def add_person(session: AsyncSession, person: Person) -> None:
    """Add a person.

    Raises:
        Conflict: somebody has this e-mail address already.
    """
    session.add(person)
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint_of(error) != "uq_people_email":
            raise
        raise Conflict(
            "Somebody has this e-mail address already. Sign in, or take another one.",
            code="email_taken",
        ) from None


def visible_people(actor: Actor, organisation_id: int) -> Select[Person]:
    """Select an organisation's people: for themselves and for organisers."""
    may = actor.belongs_to(organisation_id) or (actor.is_organiser and actor.in_market)
    return select(Person).where(
        Person.organisation_id == organisation_id,
        Person.removed_at.is_(None),
        IS_SOMEBODY,
        true() if may else false(),
    )


async def list_people(
    session: AsyncSession, actor: Actor, organisation_id: int, page: PageRequest
) -> tuple[list[Person], str | None]:
    """Give a page of an organisation's people, in the order they came.

    Raises:
        NotFound: the people of this organisation are not the actor's to see.
    """
    require_insight(actor, organisation_id)
    if await session.get(Organisation, organisation_id) is None:
        raise NotFound("organisation")
    statement = visible_people(actor, organisation_id).order_by(Person.id).limit(page.fetch)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(Person.id > after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


def require_insight(actor: Actor, organisation_id: int) -> None:
    """Let an organisation's own people and the organisers pass.

    Raises:
        NotFound: it is another company's business.
    """
    if not (actor.belongs_to(organisation_id) or (actor.is_organiser and actor.in_market)):
        raise NotFound("organisation")


async def get_person(
    session: AsyncSession, actor: Actor, organisation_id: int, person_id: int
) -> Person:
    """Give one of an organisation's people.

    Raises:
        NotFound: they aren't there, or aren't the actor's to see.
    """
    found = await session.scalar(
        visible_people(actor, organisation_id).where(Person.id == person_id)
    )
    if found is None:
        raise NotFound("person")
    return found


async def get_me(session: AsyncSession, actor: Actor) -> Person:
    """Give the actor's own row, with their organisation."""
    return await session.get_one(Person, actor.person_id, options=[joinedload(Person.organisation)])


async def update_me(
    session: AsyncSession, actor: Actor, person: Person, patch: PersonPatch
) -> None:
    """Change what a person says of themselves; a new password ends their other sessions.

    Raises:
        Invalid: the current password is missing or wrong, or a needed value was given null.
    """
    changes = patch.model_dump(exclude_unset=True, exclude={"password", "current_password"})
    refuse_nulls(changes, "name", "time_zone")
    for name, value in changes.items():
        setattr(person, name, value)
    if patch.password is not None:
        if not await password_matches(patch.current_password or "", person.password_hash):
            raise Invalid.field("/current_password", "is not your current password")
        person.password_hash = await hash_password(patch.password)
        await revoke_sessions(session, person.id, spare=actor.session_id)
    await session.flush()
    changed = [*changes, *(["password"] if patch.password else [])]
    record(session, actor, person, "person.updated", changed=changed)


async def set_role(session: AsyncSession, actor: Actor, person: Person, role: Role) -> Person:
    """Make a colleague an admin or a member.

    Raises:
        Conflict: nobody would be left to speak for the organisation.
    """
    require_admin_of(actor, person.organisation_id)
    if role is not Role.ADMIN:
        await _require_another_admin(session, person)
    person.role = role
    await session.flush()
    record(session, actor, person, "person.role_set", role=role)
    return person


async def remove_person(session: AsyncSession, actor: Actor, person: Person) -> None:
    """End a person's access; what they did stays.

    Raises:
        Conflict: nobody would be left to speak for the organisation.
    """
    require_admin_of(actor, person.organisation_id)
    await end_access(session, person)
    record(session, actor, person, "person.removed")


async def end_access(session: AsyncSession, person: Person) -> None:
    """Let a person in no more.

    Raises:
        Conflict: nobody would be left to speak for the organisation.
    """
    await _require_another_admin(session, person)
    person.removed_at = datetime.now(UTC)
    await revoke_sessions(session, person.id)
    await session.flush()


async def _require_another_admin(session: AsyncSession, person: Person) -> None:
    """Lock the organisation, so that two admins can't remove each other at once."""
    await session.execute(
        select(Organisation.id).where(Organisation.id == person.organisation_id).with_for_update()
    )
    others = await session.scalar(
        select(func.count())
        .select_from(Person)
        .where(
            Person.organisation_id == person.organisation_id,
            Person.role == Role.ADMIN,
            Person.removed_at.is_(None),
            Person.id != person.id,
        )
    )
    if person.role is Role.ADMIN and not others:
        raise Conflict(
            "This is the organisation's last admin. Make somebody else an admin first.",
            code="last_admin",
        )


async def revoke_sessions(
    session: AsyncSession, person_id: int, *, spare: int | None = None
) -> None:
    """End a person's sign-ins, but for the one spared."""
    await session.execute(
        update(Session)
        .where(Session.person_id == person_id, Session.revoked_at.is_(None))
        .where(Session.id != spare if spare is not None else true())
        .values(revoked_at=func.now())
    )


def record(
    session: AsyncSession,
    actor: Actor | events.Doer | None,
    person: Person,
    type_: str,
    **data: object,
) -> None:
    events.record(
        session,
        actor,
        type_,
        person.id,
        organisation_ids=[person.organisation_id],
        data={"organisation_id": str(person.organisation_id), **data},
    )
