"""What an organisation calls the companies and people that it brought."""

from collections.abc import Collection, Mapping
from typing import Literal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.models.bulk import PartnerReference

Noun = Literal["company", "person"]
COMPANY: Noun = "company"
PERSON: Noun = "person"
# An import's batch and a request about one reference take turns: both would take it for new.
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")


async def known(
    session: AsyncSession, actor: Actor, noun: Noun, references: Collection[str]
) -> Mapping[str, int]:
    """Give what is known by these references, and keep others from giving them meanwhile."""
    await session.execute(_TURN, {"subject": f"{noun} references of {actor.organisation_id}"})
    subject = (
        PartnerReference.organisation_id if noun == COMPANY else PartnerReference.invitation_id
    )
    found = await session.execute(
        select(PartnerReference.reference, subject).where(
            PartnerReference.owner_id == actor.organisation_id,
            PartnerReference.noun == noun,
            PartnerReference.reference.in_(references),
        )
    )
    return {reference: id_ for reference, id_ in found if id_ is not None}


def name(session: AsyncSession, actor: Actor, noun: Noun, references: Mapping[str, int]) -> None:
    """Give something that is new its reference."""
    column = "organisation_id" if noun == COMPANY else "invitation_id"
    session.add_all(
        PartnerReference(
            owner_id=actor.organisation_id, noun=noun, reference=reference, **{column: id_}
        )
        for reference, id_ in references.items()
    )
