"""Who of two companies attends a market, and what they hold already."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agendas.holding import held_within
from app.agendas.periods import period_of
from app.agendas.rules import Period
from app.meetings.editions import Edition
from app.meetings.fitting import Hold, Participant
from app.models.accounts import Organisation, Person, Standing
from app.models.agendas import AgendaEntry, EntryKind
from app.models.markets import Accreditation, AccreditationRole, Attendance, Place
from app.models.meetings import Meeting, MeetingRequest

# Who meets whom
OTHER_ROLE = {
    AccreditationRole.BUYER: AccreditationRole.SELLER,
    AccreditationRole.SELLER: AccreditationRole.BUYER,
}
Holds = dict[int, list[Hold]]


async def participants(
    session: AsyncSession, market_id: int, *which: ColumnElement[bool]
) -> list[Participant]:
    """Give people whose accreditation is good: they and their company are of the market still."""
    statement = (
        select(Accreditation, Person.organisation_id)
        .join(Accreditation.person)
        .join(Person.organisation)
        .where(
            Accreditation.market_id == market_id,
            Accreditation.revoked_at.is_(None),
            Person.removed_at.is_(None),
            Organisation.standing == Standing.APPROVED,
            *which,
        )
        .order_by(Person.id)
        .execution_options(populate_existing=True)
    )
    return [_participant(row, company) for row, company in await session.execute(statement)]


def _participant(row: Accreditation, organisation_id: int) -> Participant:
    return Participant(
        person_id=row.person_id,
        organisation_id=organisation_id,
        role=row.role,
        online=row.attendance is Attendance.ONLINE,
        days=frozenset(row.days),
        free=None if row.free is None else tuple(period_of(one) for one in row.free),
    )


async def asker_of(session: AsyncSession, request: MeetingRequest) -> Participant | None:
    """Give who asked, if they attend still as a buyer or a seller."""
    found = await participants(session, _market_of(request), Person.id == request.from_person_id)
    return next((one for one in found if one.role in OTHER_ROLE), None)


async def takers_of(
    session: AsyncSession, request: MeetingRequest, asker: Participant, person_id: int | None
) -> list[Participant]:
    """Give who of the asked could take it: the one named, or any of them in the fitting role."""
    which = [
        Person.organisation_id == request.to_organisation_id,
        Accreditation.role == OTHER_ROLE[asker.role],
    ]
    if person_id is not None:
        which.append(Person.id == person_id)
    return await participants(session, _market_of(request), *which)


def _market_of(request: MeetingRequest) -> int:
    if request.market_id is None:
        raise ValueError("a request outside any market has no participants")
    return request.market_id


async def holds_of(session: AsyncSession, edition: Edition, people: Collection[int]) -> Holds:
    """Give what people hold while a market lasts."""
    holds: Holds = {person_id: [] for person_id in people}
    if not edition.slots or not people:
        return holds
    within = Period(edition.slots[0].starts_at, edition.slots[-1].ends_at)
    statement = (
        select(
            AgendaEntry.holder_id,
            AgendaEntry.during,
            AgendaEntry.kind,
            Meeting.market_id,
            Place.hall_id,
        )
        .outerjoin(Meeting, Meeting.id == AgendaEntry.meeting_id)
        .outerjoin(Place, Place.id == Meeting.place_id)
        .where(held_within(people, within))
    )
    for holder_id, during, kind, market_id, hall_id in await session.execute(statement):
        here = kind is EntryKind.MEETING and market_id == edition.market.id
        holds[holder_id].append(Hold(period_of(during), here, hall_id if here else None))
    return holds
