"""Organisations: who may come in, and what they say of themselves."""

from collections.abc import Mapping

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.accounts.people import add_person, refuse_nulls, require_admin_of
from app.accounts.schemas import OrganisationPatch, OrganisationSignUp
from app.actors import Actor
from app.errors import Conflict, NotFound
from app.models.accounts import Organisation, Person, Role, Standing
from app.pagination import PageRequest, bounded_int
from app.security import hash_password

ORDER = "id"


def visible_organisations(actor: Actor) -> Select[Organisation]:
    """Select what an actor may see: their own; the market's, once in it; all, for organisers."""
    statement = select(Organisation)
    if actor.is_organiser and actor.in_market:
        return statement
    visible = Organisation.id == actor.organisation_id
    if actor.in_market:
        visible = or_(visible, Organisation.standing == Standing.APPROVED)
    return statement.where(visible)


async def get_organisation(session: AsyncSession, actor: Actor, id_: int) -> Organisation:
    """Give an organisation.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    found = await session.scalar(visible_organisations(actor).where(Organisation.id == id_))
    if found is None:
        raise NotFound("organisation")
    return found


async def list_organisations(
    session: AsyncSession, actor: Actor, page: PageRequest, standing: Standing | None
) -> tuple[list[Organisation], str | None]:
    """Give a page of organisations, newest first."""
    statement = visible_organisations(actor).order_by(Organisation.id.desc()).limit(page.fetch)
    if standing is not None:
        statement = statement.where(Organisation.standing == standing)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(Organisation.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def sign_up(session: AsyncSession, wanted: OrganisationSignUp) -> tuple[Organisation, Person]:
    """Take a company in; it waits for the organisers.

    Raises:
        Conflict: somebody has this e-mail address already.
    """
    # Hashing waits its turn: before a connection is taken, so that others have it meanwhile.
    password_hash = await hash_password(wanted.person.password)
    organisation = Organisation(
        name=wanted.name,
        country=wanted.country,
        website=str(wanted.website) if wanted.website else None,
        standing=Standing.PENDING,
    )
    session.add(organisation)
    await session.flush()
    person = Person(
        organisation_id=organisation.id,
        email=wanted.person.email,
        name=wanted.person.name,
        role=Role.ADMIN,
        time_zone=wanted.person.time_zone,
        language=wanted.person.language,
        password_hash=password_hash,
    )
    await add_person(session, person)
    events.record(
        session,
        events.Doer(person.id, organisation.id),
        "organisation.signed_up",
        organisation.id,
        organisation_ids=[organisation.id],
        data={"name": organisation.name, "person_id": str(person.id)},
    )
    return organisation, person


async def update_organisation(
    session: AsyncSession, actor: Actor, organisation: Organisation, patch: OrganisationPatch
) -> Organisation:
    """Change what an organisation says of itself.

    Raises:
        Forbidden: the actor is none of its admins.
        Invalid: a member that must have a value was given null.
    """
    require_admin_of(actor, organisation.id)
    changes = patch.model_dump(exclude_unset=True, mode="json")
    refuse_nulls(changes, "name", "country")
    for name, value in changes.items():
        setattr(organisation, name, value)
    is_seen = organisation.standing is Standing.APPROVED
    data = {"changed": [*changes]}
    await _changed(session, actor, organisation, "organisation.updated", data, is_public=is_seen)
    return organisation


async def approve(session: AsyncSession, actor: Actor, organisation: Organisation) -> Organisation:
    """Let an organisation into the market; approving twice is approving once."""
    if organisation.standing is not Standing.APPROVED:
        organisation.standing = Standing.APPROVED
        await _changed(session, actor, organisation, "organisation.approved", {}, is_public=True)
    return organisation


async def suspend(session: AsyncSession, actor: Actor, organisation: Organisation) -> Organisation:
    """Shut an organisation out, whatever it was before.

    Raises:
        Conflict: it is the actor's own.
    """
    if actor.belongs_to(organisation.id):
        raise Conflict("You can't suspend your own organisation.", code="own_organisation")
    if organisation.standing is not Standing.SUSPENDED:
        was_seen = organisation.standing is Standing.APPROVED
        organisation.standing = Standing.SUSPENDED
        type_ = "organisation.suspended"
        await _changed(session, actor, organisation, type_, {}, is_public=was_seen)
    return organisation


async def _changed(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    type_: str,
    data: Mapping[str, object],
    *,
    is_public: bool,
) -> None:
    await session.flush()
    events.record(
        session,
        actor,
        type_,
        organisation.id,
        organisation_ids=[organisation.id],
        is_public=is_public,
        data=dict(data),
    )
