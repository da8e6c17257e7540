"""Entering the sandbox: who has a ticket is made there, or made anew as the live market says."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.accounts.oauth import InvalidRequest, UnsupportedGrantType
from app.accounts.sandbox.schemas import TicketOrganisation, TicketPerson
from app.accounts.sandbox.tickets import read_ticket
from app.accounts.sign_in import Door, Tokens, begin_session
from app.models.accounts import Organisation, Person, Standing
from app.models.profiles import BuyerProfile, SellerProfile

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Nobody's, by RFC 2606; an account has an address, and no two the same
_ADDRESS = "{}@sandbox.invalid"
# No hash of any password: they come in by ticket alone
_NO_PASSWORD = ""


async def enter(session: AsyncSession, door: Door, assertion: str | None) -> Tokens:
    """Give tokens for a ticket of the live market.

    Raises:
        UnsupportedGrantType: this is no sandbox.
        InvalidRequest: there is no ticket.
        InvalidGrant: the ticket is no good.
    """
    settings = door.settings
    if not settings.sandbox or settings.sandbox_key is None:
        raise UnsupportedGrantType("This is a live market. Tickets are good in its sandbox alone.")
    if not assertion:
        raise InvalidRequest("Give the ticket as assertion for this grant_type.")
    content = read_ticket(settings.sandbox_key, assertion, url=settings.public_url.rstrip("/"))
    # Of a company's people one enters at a time, or two would make it.
    subject = func.hashtextextended(f"sandbox:{content.organisation.id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(subject)))
    doer = events.Doer(content.person.id, content.organisation.id)
    organisation = await _bring_organisation(session, doer, content.organisation)
    person = await _bring_person(session, doer, content.person)
    return await begin_session(session, door, person.id, organisation.id)


async def _bring_organisation(
    session: AsyncSession, doer: events.Doer, told: TicketOrganisation
) -> Organisation:
    """Make a company, or call it as the live market does.

    Approval is taken over. What organisers decided otherwise here stays: they may have approved
    who still waits there, or suspended whoever was a nuisance.
    """
    as_told = {"name": told.name, "country": told.country, "is_organiser": told.is_organiser}
    organisation = await session.get(Organisation, told.id)
    if organisation is None:
        organisation = Organisation(id=told.id, standing=told.standing, **as_told)
        session.add(organisation)
        await session.flush()
        _record(session, doer, "organisation.entered", organisation, name=told.name)
    else:
        if told.standing is Standing.APPROVED and organisation.standing is Standing.PENDING:
            as_told["standing"] = told.standing
        if changed := _set(organisation, as_told):
            await session.flush()
            _record(session, doer, "organisation.updated", organisation, changed=changed)
    await _bring_profiles(session, doer, organisation, told)
    return organisation


async def _bring_profiles(
    session: AsyncSession, doer: events.Doer, organisation: Organisation, told: TicketOrganisation
) -> None:
    """Let a company that sells or buys do so here; what it says of itself it says anew."""
    for does, profile, what in (
        (told.sells, SellerProfile, "seller_profile.updated"),
        (told.buys, BuyerProfile, "buyer_profile.updated"),
    ):
        if does and await session.get(profile, organisation.id) is None:
            session.add(profile(organisation_id=organisation.id))
            await session.flush()
            _record(session, doer, what, organisation)


async def _bring_person(session: AsyncSession, doer: events.Doer, told: TicketPerson) -> Person:
    """Make a person, or give them the role they have now; who was removed here is back."""
    person = await session.get(Person, told.id)
    if person is None:
        person = Person(
            id=told.id,
            organisation_id=doer.organisation_id,
            email=_ADDRESS.format(told.id),
            password_hash=_NO_PASSWORD,
            time_zone=told.time_zone,
            language=told.language,
        )
        session.add(person)
    changed = _set(person, {"name": told.name, "role": told.role, "removed_at": None})
    await session.flush()
    events.record(
        session,
        doer,
        "person.entered",
        person.id,
        organisation_ids=[doer.organisation_id],
        data={
            "organisation_id": str(doer.organisation_id),
            "role": told.role,
            "changed": changed,
        },
    )
    return person


def _set(row: Organisation | Person, values: dict[str, object]) -> list[str]:
    """Set what is other than it was, and name it."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _record(
    session: AsyncSession,
    doer: events.Doer,
    type_: str,
    organisation: Organisation,
    **data: object,
) -> None:
    """Write a fact of a company, which the market may know where it sees the company itself."""
    is_seen = organisation.standing is Standing.APPROVED and not type_.startswith("buyer")
    events.record(
        session,
        doer,
        type_,
        organisation.id,
        organisation_ids=[organisation.id],
        is_public=is_seen,
        data=dict(data),
    )
