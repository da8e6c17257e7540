"""Companies that the organisers bring from their own registers, known by their references there.

What an import of companies means: the organisers' back office has let a company in (it paid, was
accredited), and the market is to have it. So they are approved at once, and have nobody yet; an
import of people invites their first. A company describes itself from the day its first person has
joined: what the register says otherwise after that is told, and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.models.accounts import Organisation, Person, Standing
from app.partners.bulk import references
from app.partners.bulk.landing import Outcome
from app.partners.bulk.references import COMPANY
from app.partners.bulk.schemas import CompanyIn

ITS_OWN = "says it otherwise of itself: its own people do that since they joined"


@dataclass(frozen=True, slots=True)
class Company:
    """What became of one: `kept` names what it says otherwise of itself."""

    id: int
    outcome: Outcome
    kept: Sequence[str] = ()


async def upsert_companies(
    session: AsyncSession, actor: Actor, wanted: Sequence[CompanyIn]
) -> list[Company]:
    """Make the companies that are new, and describe anew those that nobody speaks for yet."""
    known = await references.known(session, actor, COMPANY, [each.reference for each in wanted])
    there = await _there(session, list(known.values()))
    new = {each.reference: _made(each) for each in wanted if each.reference not in known}
    session.add_all(new.values())
    await session.flush()
    named = {reference: organisation.id for reference, organisation in new.items()}
    references.name(session, actor, COMPANY, named)
    done = []
    for each in wanted:
        if (made := new.get(each.reference)) is not None:
            _record(session, actor, made, "organisation.signed_up", name=made.name)
            _record(session, actor, made, "organisation.approved")
            done.append(Company(made.id, Outcome.CREATED))
        else:
            done.append(_changed(session, actor, *there[known[each.reference]], each))
    await session.flush()
    return done


async def _there(session: AsyncSession, ids: Sequence[int]) -> dict[int, tuple[Organisation, bool]]:
    """Give companies, each with whether anybody speaks for it."""
    has_people = exists().where(Person.organisation_id == Organisation.id)
    found = await session.execute(
        select(Organisation, has_people)
        .where(Organisation.id.in_(ids))
        .order_by(Organisation.id)
        .with_for_update(of=Organisation)
    )
    return {organisation.id: (organisation, spoken_for) for organisation, spoken_for in found}


def _made(wanted: CompanyIn) -> Organisation:
    return Organisation(**_facts(wanted), standing=Standing.APPROVED)


def _facts(wanted: CompanyIn) -> dict[str, str | None]:
    return wanted.model_dump(mode="json", exclude={"reference"})


def _changed(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    spoken_for: bool,  # noqa: FBT001  # a column of the row
    wanted: CompanyIn,
) -> Company:
    facts = _facts(wanted)
    changed = [name for name, value in facts.items() if getattr(organisation, name) != value]
    if spoken_for or not changed:
        return Company(organisation.id, Outcome.UNCHANGED, changed)
    for name in changed:
        setattr(organisation, name, facts[name])
    _record(session, actor, organisation, "organisation.updated", changed=changed)
    return Company(organisation.id, Outcome.UPDATED)


def _record(
    session: AsyncSession, actor: Actor, organisation: Organisation, type_: str, **data: object
) -> None:
    events.record(
        session,
        actor,
        type_,
        organisation.id,
        organisation_ids=[organisation.id, actor.organisation_id],
        data=data,
    )
