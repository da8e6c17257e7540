"""One title, company or person, known by its bringer's own reference, at once."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.catalogue.bulk import Outcome, upsert_many
from app.catalogue.indexing import row_of
from app.catalogue.rules import Complaint, missing_to_publish
from app.catalogue.schemas import TitleIn
from app.errors import Conflict, Invalid, NotFound, PreconditionFailed
from app.etags import require_match
from app.models.accounts import Organisation
from app.models.catalogue import Title, TitleState
from app.partners.bulk import references
from app.partners.bulk.companies import ITS_OWN, upsert_companies
from app.partners.bulk.landing import Outcome as Made
from app.partners.bulk.people import Invited, upsert_people
from app.partners.bulk.references import COMPANY
from app.partners.bulk.schemas import CompanyFacts, CompanyIn, PersonFacts, PersonIn

# Of two requests about a reference that is new, the second finds what the first made.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")


async def find_title(session: AsyncSession, actor: Actor, reference: str) -> int:
    """Give the id of the actor's own title of a reference.

    Raises:
        NotFound: they have none.
    """
    found = await session.scalar(_ids(actor, reference))
    if found is None:
        raise NotFound("title")
    return found


async def put_title(
    session: AsyncSession,
    actor: Actor,
    reference: str,
    wanted: TitleIn,
    if_match: str | None,
    *,
    publish: bool,
) -> tuple[int, bool]:
    """Have the actor's title of a reference say what is wanted; tell its id, and if it is new.

    What is left out is emptied, but for texts in languages that are not named: those stay. With
    nothing new to say the title, its version and the journal are left alone.

    Raises:
        Invalid: the body has another reference, or the title can't be so.
        PreconditionFailed: it changed since, or was never there.
    """
    subject = f"title of {actor.organisation_id}: {reference}"
    await session.execute(_ALONE, {"subject": subject})
    before = await session.execute(
        _ids(actor, reference).with_only_columns(Title.version, Title.state)
    )
    version, state = before.one_or_none() or (None, None)
    _require_version(version, if_match)
    whole = _named(wanted, reference)
    if state is TitleState.PUBLISHED:
        # It has a text: none is taken away here.
        _refuse(missing_to_publish(row_of(whole), 1))
    [done] = await upsert_many(session, actor, actor.organisation_id, [whole], publish=publish)
    if done.outcome is Outcome.REFUSED or (publish and done.complaints):
        _refuse(done.complaints)
    return done.title_id or 0, done.outcome is Outcome.CREATED


def _refuse(complaints: Iterable[Complaint]) -> None:
    """Say what is wrong with a title, if anything is.

    Raises:
        Invalid: something is.
    """
    errors = [{"pointer": f"/{name}", "detail": told} for name, told in complaints]
    if errors:
        raise Invalid("The title can't be so: see errors.", errors=errors)


def _ids(actor: Actor, reference: str) -> Select[int]:
    return select(Title.id).where(
        Title.seller_id == actor.organisation_id, Title.reference == reference
    )


def _require_version(version: int | None, if_match: str | None) -> None:
    if version is not None:
        require_match(if_match, version)
    elif if_match is not None:
        raise PreconditionFailed("There is no such title yet. Leave If-Match out to make one.")


def _named(wanted: TitleIn, reference: str) -> TitleIn:
    """Give a title by the reference of its address, with every member as good as given.

    Raises:
        Invalid: the body names another one.
    """
    if wanted.reference not in (None, reference):
        raise Invalid.field("/reference", "is another one than the address names; leave it out")
    whole = wanted.model_copy(update={"reference": reference})
    whole.model_fields_set.update(TitleIn.model_fields)
    return whole


async def put_company(
    session: AsyncSession,
    actor: Actor,
    reference: str,
    wanted: CompanyFacts,
    if_match: str | None,
) -> tuple[Organisation, bool]:
    """Have the company of a reference described so; tell whether it is new.

    Raises:
        PreconditionFailed: it changed since, or was never there.
        Conflict: it describes itself.
    """
    there = await references.known(session, actor, COMPANY, [reference])
    before = await session.get(Organisation, there[reference]) if there else None
    _require_version(before.version if before else None, if_match)
    row = CompanyIn.model_validate({"reference": reference, **wanted.model_dump(mode="json")})
    [done] = await upsert_companies(session, actor, [row])
    if done.kept:
        raise Conflict(
            "The company describes itself since its first person has joined.",
            code="describes_itself",
            errors=[{"pointer": f"/{name}", "detail": ITS_OWN} for name in done.kept],
        )
    return await session.get_one(Organisation, done.id), done.outcome is Made.CREATED


async def put_person(
    session: AsyncSession, actor: Actor, reference: str, wanted: PersonFacts, lifetime: timedelta
) -> Invited:
    """Have the person of a reference invited so.

    Raises:
        Invalid: they can't be.
    """
    row = PersonIn.model_validate({"reference": reference, **wanted.model_dump()})
    [done] = await upsert_people(session, actor, [row], lifetime)
    if done.outcome is Made.REFUSED and done.problem is not None:
        name, told = done.problem
        raise Invalid.field(f"/{name}", told)
    return done
